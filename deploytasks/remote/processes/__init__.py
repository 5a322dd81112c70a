"""The processes of a release: from its Procfile to units of systemd, asked and stopped."""

from __future__ import annotations
