"""The coordinator's view of the alliance."""
