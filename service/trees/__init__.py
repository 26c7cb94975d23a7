"""The trees behind hierarchical versions."""
