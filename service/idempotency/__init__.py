"""Requests that are sent twice and must count once."""
