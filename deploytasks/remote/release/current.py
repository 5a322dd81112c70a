"""The release that a host serves: where `current` leads."""

from __future__ import annotations

import os


def served(root: str) -> str | None:
    """The id that `current` names, or None."""
    current = os.path.join(root, "current")
    return os.path.basename(os.readlink(current)) if os.path.islink(current) else None
