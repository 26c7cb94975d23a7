"""Datasets built from transactions: a ledger aggregates them by customer."""
