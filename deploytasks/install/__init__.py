"""Dependencies: what is built and bundled here, so that the host installs an immutable, keyed environment."""

from __future__ import annotations

from .bundle import Bundle, Facts, build
from .tools import tool_findings

__all__ = ["Bundle", "Facts", "build", "tool_findings"]
