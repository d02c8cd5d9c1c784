"""Make or migrate Superset's own database, its roles and its administrator: run by Superset's Python, and by nothing else.

One process does what `superset db upgrade`, `superset fab create-admin` and `superset init` do in three, each of which takes
half a minute to start; and the password comes from the environment, not from a command line that others could read.
"""

import os
from pathlib import Path

import flask_migrate
import superset
from superset.app import create_app
from superset.extensions import db

app = create_app()
with app.app_context():
    flask_migrate.upgrade(str(Path(superset.__file__).parent / "migrations"))
    roles = app.appbuilder.sm
    app.appbuilder.add_permissions(update_perms=True)
    roles.sync_role_definitions()
    password = os.environ["SUPERSET_ADMIN_PASSWORD"]
    admin = roles.find_user(username="admin")
    if admin:
        roles.reset_password(admin.id, password)
    else:
        roles.add_user("admin", "Admin", "clickvault", "admin@localhost", roles.find_role("Admin"), password=password)
    db.session.commit()
print("superset is prepared")
