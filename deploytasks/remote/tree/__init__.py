"""The tree of a release: looked at, made ready, sealed."""

from __future__ import annotations
