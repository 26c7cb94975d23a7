"""The HTTP server: one process or several on the same port, and the steps before serving."""
