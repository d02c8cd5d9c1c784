"""The stores that the pipeline talks to: connect, translate errors, quote, once each."""
