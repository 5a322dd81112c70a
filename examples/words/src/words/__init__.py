"""The words that the house uses everywhere."""

WELCOME = "Welcome"
