"""Fits of models and versions."""
