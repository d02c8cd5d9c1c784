"""Ingestion, watched over: waiting until ClickHouse has pulled what was sent, and loading new S3 objects.

The rows go from the broker and from S3 into ClickHouse by themselves; this package decides when it is done, looks after
what the engines drop or can't read, and records up to where everything is landed (ops.positions).
"""

from clickvault.ingest.kafka import FATAL, close_earlier_epochs, group_of, ingest_kafka
from clickvault.ingest.objects import ingest_s3
from clickvault.ingest.result import Ingested

__all__ = ["FATAL", "Ingested", "close_earlier_epochs", "group_of", "ingest_kafka", "ingest_s3"]
