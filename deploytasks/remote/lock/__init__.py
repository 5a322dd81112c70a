"""The lock of a host: taken, held, taken over, given back."""

from __future__ import annotations
