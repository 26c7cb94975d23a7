"""Recommendations of the number of segments."""
