"""Vendored dependencies, on real repositories."""
