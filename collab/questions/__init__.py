"""Questions about a need to a provider and its answers: what an answer left open, settled."""
