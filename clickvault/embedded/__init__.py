"""The embedded stack: real engines from PyPI wheels as child processes, on loopback, for one machine.

`stack` is the way in (`up`, `down`, `status`); one module a store knows how to start it and how to ask for its health;
`front` is the HTTP server that makes chDB look like a clickhouse-server. Nothing outside this package imports it
except the CLI: to everything else the stores are URLs in `clickvault.settings`.
"""
