"""Quality: whether the figures can be trusted, asked of the data by checks and kept with history.

A check is one template in templates/quality/ (rendered over all contracts) or a domain's folder quality/ (about its
events): checks.py reads it, results.py runs it and keeps what came of it in ops.quality_results.
In the flow it comes last: it reads what `reconcile` has found, instead of counting all a second time.
"""

from clickvault.quality.checks import Check, all_checks, find, objects, query
from clickvault.quality.results import Result, breaches, latest, require, run, runs

__all__ = ["Check", "Result", "all_checks", "breaches", "find", "latest", "objects", "query", "require", "run", "runs"]
