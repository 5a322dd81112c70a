"""Stdlib-only programs that run on the host, sent there over stdin (Python ≥ 3.8)."""
