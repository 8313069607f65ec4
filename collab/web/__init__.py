"""Pages and the JSON API; the only Flask code besides app.py and cli.py."""
