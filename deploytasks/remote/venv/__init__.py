"""Virtual environments and what fills them."""

from __future__ import annotations
