"""Whole process routes across organisations."""
