"""The readiness wait: each service asked in its own protocol."""

from __future__ import annotations
