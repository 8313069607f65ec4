"""What is shared: capabilities, runs and their evidence."""
