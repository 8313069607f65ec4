"""From an accepted interest to a signed agreement, its milestones and its outcome."""
