"""What the events are: one package a domain. Declarations only, no I/O."""
