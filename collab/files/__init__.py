"""Files beside a need: kept under their hash, released to one party at a time."""
