"""Dendrograms of hierarchical versions."""
