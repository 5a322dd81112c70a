"""The release that a host serves: where `current` leads."""

import os


def served(root):
    """The id that `current` names, or None."""
    current = os.path.join(root, "current")
    return os.path.basename(os.readlink(current)) if os.path.islink(current) else None
