"""Customers of a dataset."""
