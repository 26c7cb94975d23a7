"""The page at `/`: static files that know the service by its public API alone."""
