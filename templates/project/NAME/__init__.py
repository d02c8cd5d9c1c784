"""The domain NAME: its event types; marts, checks, dashboards and samples lie beside this file."""

from clickvault.contract import Domain

from . import orders

DOMAIN = Domain("NAME", orders)
