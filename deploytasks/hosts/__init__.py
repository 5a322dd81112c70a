"""Conversations with hosts: one agent each, many at once."""
