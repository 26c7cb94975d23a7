"""Compiled numeric kernels, and the plain reference implementations with which tests compare them."""
