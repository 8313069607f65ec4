"""The SQL side of the kernel: engine, unit of work, outbox, grants."""
