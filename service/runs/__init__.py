"""Whole datasets placed in segments."""
