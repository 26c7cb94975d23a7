"""Measures the service as its users meet it: real processes, on one machine, beside the usual way of doing the same."""
