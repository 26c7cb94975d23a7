"""Models, versions, aliases."""
