"""clickvault: a ClickHouse-native, engine-driven pipeline for streams of events, and a kit for declaring others."""

__version__ = "0.1.0"
