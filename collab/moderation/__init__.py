"""What members report and moderators hold back: needs and capabilities of a region."""
