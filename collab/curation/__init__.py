"""How the vocabulary grows: members propose, the secretariat reviews, the platform lays over."""
