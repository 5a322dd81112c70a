"""Names at the root of a release that belong to the tool, never to the shipped tree."""

TOOL_NAMES = frozenset((".deploytasks", ".venv", ".env", "environment.json", "REVISION"))
