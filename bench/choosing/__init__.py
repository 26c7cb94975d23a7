"""Choosing k: tables with a known number of segments, to fit the rule and score it."""
