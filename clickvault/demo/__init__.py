"""The demonstration: a world that is generated, goes on, and passes through the pipeline."""
