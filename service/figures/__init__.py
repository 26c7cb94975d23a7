"""Figures of datasets, recommendations, versions and comparisons, and the HTML report."""
