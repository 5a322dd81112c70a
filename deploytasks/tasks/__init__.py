"""Thin tasks: each is a sentence of parse, plan, show, execute, exit."""
