"""Where the files lie that the program reads and that are no Python: templates/, postgres/, neo4j/, dashboards/."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
