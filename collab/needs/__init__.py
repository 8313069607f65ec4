"""What members ask for."""
