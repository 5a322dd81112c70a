"""What a host says of itself before anything changes."""

from __future__ import annotations
