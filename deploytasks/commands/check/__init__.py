"""All that would fail a deploy, each with its cure."""
