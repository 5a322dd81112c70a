"""A revision becomes a staged directory that holds exactly what ships."""

from __future__ import annotations

from .manifest import Entry, Manifest
from .revision import Revision, check_branch, identities, refuse_reserved, resolve_revision
from .stage import stage
from .tree import Tree

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
