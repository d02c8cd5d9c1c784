"""Airflow: the pipeline as DAGs. What the files in dags/ are made of, and the processes that run them.

`tasks` are the bodies of tasks: one call into a stage each, the same that the command line makes. `dags` is what all DAGs share
(retries, pools, assets, alerts), `callbacks` tells people how a run ended, `connections` hands the stores' addresses over.
`server` starts and stops Airflow beside the embedded stack, each process behind `masked`.

Only `dags` imports Airflow, and what runs inside of it: without Airflow installed everything else works.
"""
