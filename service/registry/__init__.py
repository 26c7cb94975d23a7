"""Model registry: models, versions, aliases."""
