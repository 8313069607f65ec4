"""Tests that look at the pages with a real browser."""
