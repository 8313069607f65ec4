"""Lists and the shipped dataset brought in, and taken out again."""
