"""SCRAM-SHA-256 without channel binding (RFC 5802 and 7677), as PostgreSQL carries it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import stringprep
import struct
import unicodedata

from deploytasks.remote.services import verdict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from deploytasks.remote.services.postgresql import Login


def login(connection: Login, offered: bytes) -> None:
    """Prove the password and let the server prove that it knows it; `connection` sends and receives messages."""
    if b"SCRAM-SHA-256" not in offered.split(b"\0"):
        raise verdict.untried("offers no SCRAM-SHA-256")
    nonce = secrets.token_urlsafe(18)
    bare = "n=,r=" + nonce
    first = ("n,," + bare).encode()
    connection.send(b"p", b"SCRAM-SHA-256\0" + struct.pack("!I", len(first)) + first)
    challenge = connection.message()[1][4:].decode()
    fields = dict(part.split("=", 1) for part in challenge.split(","))
    if not fields["r"].startswith(nonce):
        raise verdict.misconfigured(
            "answers the login with another's nonce", "see what stands between here and the server"
        )
    salted = hashlib.pbkdf2_hmac(
        "sha256", prepared(connection.password).encode(), base64.b64decode(fields["s"]), int(fields["i"])
    )
    without = "c=biws,r=" + fields["r"]
    signed = ",".join((bare, challenge, without)).encode()
    client = hmac.new(salted, b"Client Key", "sha256").digest()
    signature = hmac.new(hashlib.sha256(client).digest(), signed, "sha256").digest()
    proof = base64.b64encode(bytes(a ^ b for a, b in zip(client, signature))).decode()
    connection.send(b"p", (without + ",p=" + proof).encode())
    final = connection.message()[1][4:].decode()
    server = hmac.new(hmac.new(salted, b"Server Key", "sha256").digest(), signed, "sha256").digest()
    if final != "v=" + base64.b64encode(server).decode():
        raise verdict.misconfigured(
            "does not know the password itself", "see what stands between here and the server"
        )


def prepared(password: str) -> str:
    """The password as SASLprep makes it (RFC 4013), so that it is the one the server has stored."""
    mapped = "".join(
        " " if stringprep.in_table_c12(one) else one for one in password if not stringprep.in_table_b1(one)
    )
    return unicodedata.normalize("NFKC", mapped)
