"""Requirements and vendored packages become wheels, for a venv on the host."""

from __future__ import annotations

from .bundle import Bundle, Facts, build
from .findings import tool_findings

__all__ = ["Bundle", "Facts", "build", "tool_findings"]
