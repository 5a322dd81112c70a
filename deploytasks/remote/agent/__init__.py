"""The agent: one conversation, its state and its children."""

from __future__ import annotations
