"""HTTP layer shared by all routes.

Protocol, middleware, dependencies, problems, tables and OpenAPI.
"""
