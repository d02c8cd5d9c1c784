"""Superset's configuration, beside the embedded stack and in the container. Superset reads it; nothing of clickvault does.

Everything that differs, and every secret, comes from the environment: superset_server.py and docker-compose.yml set it.
"""

import os

SECRET_KEY = os.environ["SUPERSET_SECRET_KEY"]
SQLALCHEMY_DATABASE_URI = os.environ["SUPERSET_DATABASE_URI"]
WTF_CSRF_ENABLED = True
RATELIMIT_ENABLED = False
TALISMAN_ENABLED = False  # it answers on 127.0.0.1 alone, without TLS
SESSION_COOKIE_SAMESITE = "Lax"
# Marts change when they are built, and not when a cache ends.
CACHE_CONFIG = {"CACHE_TYPE": "NullCache"}
DATA_CACHE_CONFIG = {"CACHE_TYPE": "NullCache"}
FILTER_STATE_CACHE_CONFIG = {"CACHE_TYPE": "SupersetMetastoreCache", "CACHE_DEFAULT_TIMEOUT": 86_400}
EXPLORE_FORM_DATA_CACHE_CONFIG = {"CACHE_TYPE": "SupersetMetastoreCache", "CACHE_DEFAULT_TIMEOUT": 86_400}
