"""The readiness wait, on real servers."""
