"""Idempotency keys: a repeated request takes effect once."""
