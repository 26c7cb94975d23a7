"""Pictures of datasets, recommendations, versions and comparisons."""
