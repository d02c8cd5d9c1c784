"""ClickHouse's HTTP protocol in front of chDB, for one machine. What it serves is written down in docs/front.md.

app         one HTTP request: log in, read, run, stream the answer, cancel when the client leaves
protocol    what a request says: parameters, headers, settings; what an answer says about itself
access      the two logins, and what the reader may run
statements  what a client's text says, by the engine's own parser
types       the structure of a client's table: names and types
fence       what of the machine's files the process can open
zones       time zones for the engine's ORC
engine      chDB: connections, errors, running queries and their cancelling
sessions    connections that live from request to request
results     a statement's answer as chunks of bytes
inserts     data from a request body into a table
compression HTTP encodings both ways, and ClickHouse's own frames
"""
