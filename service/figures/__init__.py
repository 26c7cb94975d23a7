"""Pictures of datasets, recommendations and versions."""
