"""Customer tables."""
