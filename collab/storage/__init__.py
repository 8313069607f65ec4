"""The SQL side of the kernel: engine, unit of work, outbox, record of acts, migrations, backup."""
