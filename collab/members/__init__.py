"""Who takes part: organisations, people, regions."""
