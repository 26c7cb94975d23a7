"""Measures the service as its users meet it.

Real processes, on one machine, beside the usual way of doing the same.
"""
