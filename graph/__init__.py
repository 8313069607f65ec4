"""Graphs of organisations and techniques on NetworkX; knows nothing of the platform."""
