"""Authentication and authorization: API keys, tenants, scopes and rate limits."""
