"""Segment profiles and names."""
