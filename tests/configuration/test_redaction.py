"""Secrets do not survive in any text, whatever form they are printed in; nothing else is changed."""

from __future__ import annotations

import base64
import html
import json
import pprint
import random
import shlex
import subprocess
import traceback
import urllib.parse
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploytasks.config.canonical import canonical
from deploytasks.config.environment import Origin, Variable
from deploytasks.config.redaction import Redactor
from deploytasks.config.secret import Secret, is_secret

KEY = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0\nBAQEFAASCBKcwggSjAgEAAoI\n-----END PRIVATE KEY-----\n"
SECRETS = {
    "DJANGO_KEY": "django-insecure-$#k(@&^!=+x%'9\"\\z",
    "DB_PASSWORD": "pa ss/wö:rd@%41",
    "SIGNING_KEY": KEY,
    "LONG_TOKEN": "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyz0123456789+/", k=4000)),
    "SIX_TOKEN": "q7$z!x",
    "COMMA_TOKEN": "a,b=c#d ~e{f}\t\x1bg",
    "DATABASE_URL": "postgresql://app:s3cr%2Ft-w0rd@db.example.com/app",
}
FORMS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "quoted by a shell": shlex.quote,
    "in Python": repr,
    "in Python, in ASCII": ascii,
    "in JSON": json.dumps,
    "in JSON with its letters": lambda text: json.dumps(text, ensure_ascii=False),
    "percent-encoded": lambda text: urllib.parse.quote(text, safe=""),
    "as a query": urllib.parse.quote_plus,
    "as a path": urllib.parse.quote,
    "in base64": lambda text: base64.b64encode(text.encode()).decode(),
    "in URL-safe base64": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "in HTML": html.escape,
    "in .env": lambda text: canonical({"X": text}),
    "line by line": lambda text: "\n".join(f"log: {line}" for line in text.splitlines()),
}
BASE64 = {"in base64", "in URL-safe base64"}


def variables(texts: dict[str, str]) -> Iterable[Variable]:
    return [
        Variable(name, Secret(text), Origin("environments/prod.env", 1), True) for name, text in texts.items()
    ]


def remains(secret: str, text: str) -> bool:
    """Whether any six letters of a secret in a row are left in a text."""
    return any(secret[start : start + 6] in text for start in range(len(secret) - 5))


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_masked_in_every_form(name: str, form: Callable[[str], str]) -> None:
    secret = SECRETS[name]
    if form is FORMS["in .env"] and name == "DJANGO_KEY":
        secret = SECRETS[name].replace("'", "")
    shown = Redactor(variables({name: secret})).text(f"before {form(secret)} after")
    assert shown.startswith("before ") and shown.endswith(" after")
    assert f"[{name}]" in shown
    assert not any(remains(line, shown) for line in secret.splitlines())


def test_a_secret_is_masked_where_it_is_part_of_a_longer_base64_text() -> None:
    redactor = Redactor(variables({"DB_PASSWORD": "correct-horse-battery"}))
    for user in ("a", "ab", "abc", "abcd"):
        header = base64.b64encode(f"{user}:correct-horse-battery!".encode()).decode()
        shown = redactor.text(f"Authorization: Basic {header}")
        hidden = base64.b64encode(b"correct-horse-battery").decode()
        assert "[DB_PASSWORD]" in shown and not remains(hidden, shown)


def test_the_password_of_a_url_is_masked_alone_too_encoded_and_decoded() -> None:
    redactor = Redactor(variables({"DATABASE_URL": SECRETS["DATABASE_URL"]}))
    said = "{'PASSWORD': 's3cr/t-w0rd', 'HOST': 'db.example.com', 'raw': 's3cr%2Ft-w0rd'}"
    assert (
        redactor.text(said)
        == "{'PASSWORD': '[DATABASE_URL]', 'HOST': 'db.example.com', 'raw': '[DATABASE_URL]'}"
    )


def test_what_a_shell_traces_and_what_python_raises_comes_out_masked() -> None:
    redactor = Redactor(variables(SECRETS))
    for name in ("DJANGO_KEY", "DB_PASSWORD", "SIX_TOKEN", "COMMA_TOKEN", "SIGNING_KEY"):
        traced = subprocess.run(
            ("bash", "-xc", 'A="$X"; printf %q "$A"; echo; env'),
            env={"X": SECRETS[name], "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=True,
        )
        assert not any(
            remains(line, redactor.text(traced.stdout + traced.stderr)) for line in SECRETS[name].splitlines()
        )
    try:
        raise RuntimeError(pprint.pformat({"settings": SECRETS}, width=100_000))
    except RuntimeError:
        shown = redactor.text(traceback.format_exc())
    assert not any(remains(line, shown) for text in SECRETS.values() for line in text.splitlines())


@pytest.mark.parametrize(
    "text",
    [
        "PIN=1234",
        "PIN='1234'",
        'PIN="1234"',
        "'PIN': '1234'",
        '"PIN": "1234"',
        "PIN: 1234",
        "export PIN=1234;",
        "pin = 1234",
    ],
)
def test_a_short_secret_is_masked_as_the_value_of_its_key(text: str) -> None:
    assert Redactor(variables({"PIN": "1234"})).text(text) == text.replace("1234", "[masked]")


@pytest.mark.parametrize(
    "text",
    [
        "port 1234",
        "MYPIN=1234",
        "MY_PIN=1234",
        "PIN=12345",
        "PIN2=1234",
        "20261234123456-abcdef1",
        "10.0.12.34:1234",
        "PIN",
        "PIN=",
    ],
)
def test_a_short_secret_is_left_alone_elsewhere(text: str) -> None:
    assert Redactor(variables({"PIN": "1234"})).text(text) == text


def test_ids_hosts_paths_and_revisions_are_never_altered() -> None:
    secret = variables(
        {
            "A_KEY": "202601",
            "B_KEY": "example",
            "C_KEY": "/srv/app",
            "D_KEY": "abcdef",
            "E_KEY": "example.com!",
        }
    )
    revision = "abcdef0123456789abcdef0123456789abcdef01"
    kept = ("deploy@www1.example.com", "/srv/app/shop", revision)
    said = f"deploy@www1.example.com: /srv/app/shop/releases/20260101120000-abcdef0 {revision}"
    redactor = Redactor(secret, kept=kept)
    assert redactor.text(said) == said
    assert (
        redactor.text("example 202601 /srv/app example.com! abcdef")
        == "[B_KEY] [A_KEY] [C_KEY] [E_KEY] [D_KEY]"
    )


def test_what_is_no_secret_is_left_alone() -> None:
    open_value = Variable("DEBUG_MODE", Secret("hunter2hunter2"), Origin("x"), False)
    assert Redactor([open_value]).text("hunter2hunter2") == "hunter2hunter2"
    assert Redactor([]).text("anything") == "anything"
    assert Redactor(variables({"A_KEY": ""})).text("A_KEY=") == "A_KEY="


def streamed(redactor: Redactor, chunks: Iterable[str]) -> str:
    stream = redactor.stream()
    return "".join([*(stream.feed(chunk) for chunk in chunks), stream.flush()])


OVERLAPPING = {
    "A_KEY": "abcdef",
    "B_KEY": "abcdefghij",
    "C_KEY": "xabcdef",
    "D_KEY": "efghijabc\nabcdef",
    "PIN": "12ab",
}
TEXT = (
    "abcdef abcdefghij abcdefgh xabcdefghij xabcde efghijabc\nabcdef PIN=12ab PIN = '12ab' PIN=12 "
    "abcdefghijabc\nabc PIN"
)


def test_a_secret_that_is_cut_in_two_anywhere_is_still_masked() -> None:
    redactor = Redactor(variables(OVERLAPPING))
    whole = redactor.text(TEXT)
    assert whole == streamed(redactor, list(TEXT))
    for cut in range(len(TEXT)):
        assert streamed(redactor, (TEXT[:cut], TEXT[cut:])) == whole


@given(st.lists(st.text(st.sampled_from("abcdefghijx12PIN=\n "), max_size=12), max_size=12))
def test_a_stream_shows_what_the_whole_text_would(chunks: list[str]) -> None:
    redactor = Redactor(variables(OVERLAPPING))
    assert streamed(redactor, chunks) == redactor.text("".join(chunks))


def test_a_stream_holds_back_nothing_that_begins_no_secret() -> None:
    stream = Redactor(variables(SECRETS)).stream()
    assert stream.feed("Operations to perform:\n") == "Operations to perform:\n"
    assert stream.feed("  Apply all migrations: django-in") == "  Apply all migrations: "
    assert stream.feed("side\n") == "django-inside\n"


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        ("DB_PASSWORD", "x", True),
        ("PASSWORD", "x", True),
        ("CLIENT_SECRET", "x", True),
        ("SECRET_KEY", "x", True),
        ("API_TOKEN", "x", True),
        ("SENTRY_DSN", "x", True),
        ("db_password", "x", True),
        ("PIN", "x", True),
        ("KEYBOARD", "x", False),
        ("PASSWORD_FILE", "x", False),
        ("MONKEY", "x", False),
        ("URL", "postgres://app:x@h/d", True),
        ("URL", "redis://:x@h", True),
        ("URL", "postgres://u:p/w@h/d", True),
        ("URL", "postgresql:///d?user=u&password=x", True),
        ("URL", "https://h/?api_key=x", True),
        ("URL", "postgres://app@h/d", False),
        ("URL", "http://h:8000/users/@me", False),
        ("URL", "postgres://app:@h/d", False),
        ("URL", "sqlite:////srv/app.db", False),
        ("TIME", "12:30@noon", False),
    ],
)
def test_a_key_is_secret_by_its_name_by_deploy_secrets_or_as_a_url_with_a_password(
    name: str, value: str, secret: bool
) -> None:
    assert is_secret(name, value, ("PIN",)) is secret


def test_a_secret_shows_nothing_of_itself(tmp_path: Path) -> None:
    secret = Secret("hunter2hunter2")
    assert f"{secret} {secret!r} {secret:>40}".count("hunter2") == 0
    with pytest.raises(TypeError):
        json.dumps(secret)
    assert secret.reveal() == "hunter2hunter2"
