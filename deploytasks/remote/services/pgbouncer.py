"""What PgBouncer means: it gives everything the one code 08P01, and only the text tells."""

from __future__ import annotations

from deploytasks.remote.services import verdict

UNKNOWN = ("no such database", "does not exist")
REFUSING = ("authentication", "password", "no such user", "login rejected")
FULL = ("no more connections", "query_wait_timeout", "too many")


def meant(text: str) -> verdict.Attempt:
    """The verdict.Attempt that a text of PgBouncer is."""
    said, low = "PgBouncer: %s" % text, text.lower()
    if any(words in low for words in UNKNOWN):
        return verdict.misconfigured(said, "correct the database in the URL, or PgBouncer's [databases]")
    if any(words in low for words in REFUSING):
        return verdict.refused(said, "correct the user and password in the URL, or PgBouncer's auth_file")
    if any(words in low for words in FULL):
        return verdict.not_yet(
            said, "raise max_client_conn or the pool's size, or close idle clients", busy=True
        )
    return verdict.not_yet(said, "see that the server behind PgBouncer runs")
