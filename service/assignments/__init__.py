"""Customers placed in segments."""
