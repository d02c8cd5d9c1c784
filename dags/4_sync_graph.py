"""Brings the graph up to the vault, measures it, and writes the scores back to ClickHouse and the vault.

Woken by a load. What did not change is not measured again. Neo4j where NEO4J_URI is set, networkx otherwise.
"""

from clickvault.airflow import tasks
from clickvault.airflow.dags import GRAPH, GRAPH_POOL, VAULT, pipeline, step

with pipeline("4_sync_graph", __doc__, schedule=[VAULT], tags=["graph"], minutes=120):  # an Airflow DAG
    step(tasks.measure_graph, pool=GRAPH_POOL, outlets=[GRAPH])()
