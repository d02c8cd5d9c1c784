"""Dashboards as code: declared once, in a domain's folder dashboards/, shown in the report, Superset, Metabase and Tableau.

model.py is what a file may say, load.py reads and checks it, questions.py is what each tile asks (the one place where its
SQL is made), formulas.py how rows are put together. Targets take `load(renderer)` and nothing else.
"""

from clickvault.dashboards.load import load
from clickvault.dashboards.model import Dashboard, Filter, Tile
from clickvault.dashboards.questions import Asked, Metric

__all__ = ["Asked", "Dashboard", "Filter", "Metric", "Tile", "load"]
