"""Plain Python that every slice may use; knows no Flask, no SQL and no other slice."""
