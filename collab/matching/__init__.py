"""Who can do a step, with a verdict and a reason for every criterion."""
