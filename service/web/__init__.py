"""HTTP layer shared by all routes: protocol, middleware, dependencies, problems, tables and OpenAPI."""
