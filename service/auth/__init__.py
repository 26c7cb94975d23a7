"""Who may do what: keys, the tenants they belong to, their scopes."""
