"""What is shipped: a revision, staged as a directory that holds exactly its files."""

from __future__ import annotations

from .manifest import Entry, Manifest
from .revision import Revision, check_branch, identities, refuse_reserved, resolve_revision
from .stage import Tree, stage

__all__ = [
    "Entry",
    "Manifest",
    "Revision",
    "Tree",
    "check_branch",
    "identities",
    "refuse_reserved",
    "resolve_revision",
    "stage",
]
