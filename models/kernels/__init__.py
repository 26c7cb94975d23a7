"""Compiled numeric kernels, and plain reference implementations for tests."""
