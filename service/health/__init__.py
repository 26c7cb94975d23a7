"""Health checks, metrics and release of the service."""
