"""Who is told what, once, in the platform."""
