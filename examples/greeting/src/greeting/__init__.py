"""What the house says to its visitors."""

from words import WELCOME

from .message import MESSAGE


def text():
    """The greeting of the front page."""
    return f"{WELCOME}: {MESSAGE}"
