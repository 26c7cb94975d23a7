"""Comparisons of two versions of a model on the same customers."""
