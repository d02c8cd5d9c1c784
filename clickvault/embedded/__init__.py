"""The embedded stack: real engines from PyPI wheels as child processes, on loopback, for one machine.

`stack` is the entry point (`up`, `down`, `status`); each store has a module that starts it and checks its health;
`front` is the HTTP server that makes chDB look like a clickhouse-server. The CLI, the servers that run beside the
stack (Airflow, Superset) and `init --new-epoch` import this package; to the pipeline's steps the stores are URLs in `clickvault.settings`.
"""
