"""Releases on a host: what there is, what is served, what becomes of them."""

from __future__ import annotations
