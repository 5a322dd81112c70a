"""What may be written in a DEPLOY_ key: one function for each form, from the text to its type."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from ..remote.names import TOOL_NAMES

HOME = re.compile(r"/root|/var/root|(?:/usr|/var|/export)?/(?:home|Users)(?:/[^/]+)?")

NOT_OUR_OWN = "is /, a home directory or the project itself; choose a directory of its own, e.g. /srv/app"


class Wrong(ValueError):
    """What is wrong with a value; next move. Never holds the value: it might be a secret in the wrong place."""


def text(text: str) -> str | None:
    """Any text; None for an empty one, which switches off what an earlier layer set."""
    return text or None


def words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def choice(*allowed: str) -> Callable[[str], str]:
    """A parser for one of several words."""

    def parse(text: str) -> str:
        if text not in allowed:
            raise Wrong(f"is none of its values; write {', '.join(allowed[:-1])} or {allowed[-1]}")
        return text

    return parse


def yes_no(text: str) -> bool:
    return choice("yes", "no")(text) == "yes"


def count(text: str) -> int:
    if not re.fullmatch(r"0*[1-9][0-9]{0,8}", text):
        raise Wrong("is no whole number from 1 up; write one, e.g. 5")
    return int(text)


def seconds(text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]+)?", text) or float(text) <= 0:
        raise Wrong("is no number of seconds above 0; write one, e.g. 30")
    return float(text)


def seconds_or_none(text: str) -> float:
    return 0.0 if re.fullmatch(r"0{1,9}(\.0+)?", text) else seconds(text)


def headers(text: str) -> tuple[tuple[str, str], ...]:
    """Headers of a request, one a line."""
    lines = [line for line in text.splitlines() if line.strip()]
    found = [re.fullmatch(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x20-\x7e\t]*)", line) for line in lines]
    pairs = tuple((one[1], one[2].strip()) for one in found if one)
    if len(pairs) < len(lines):
        raise Wrong(
            "has a line that is no header; write Name: value, one a line, e.g. X-Forwarded-Proto: https"
        )
    if any(name.lower() == "host" for name, _ in pairs):
        raise Wrong("names the header Host; write it in DEPLOY_HEALTH_HOST")
    return pairs


def batch(text: str) -> str:
    if not re.fullmatch(r"all|[1-9][0-9]{0,8}|(?:100|[1-9][0-9]?)%", text):
        raise Wrong("is no size of a batch; write a number from 1 up, a percentage such as 25%, or all")
    return text


def names(text: str) -> tuple[str, ...]:
    """Names of keys."""
    found = words(text)
    if not all(re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) for name in found):
        raise Wrong(
            "holds more than names of keys; write them with spaces between, e.g. DATABASE_URL REDIS_URL"
        )
    return found


def process_names(text: str) -> tuple[str, ...]:
    """Names of keys of the process environment; one that may be missing there ends with `?`."""
    names(" ".join(word.removesuffix("?") for word in words(text)))
    return words(text)


def processes(text: str) -> tuple[tuple[str, int], ...]:
    """Names of processes, each with how many of it run."""
    found = [re.fullmatch(r"([A-Za-z0-9_-]+)(?:=([1-9][0-9]{0,2}))?", word) for word in words(text)]
    if not all(found):
        raise Wrong("holds more than processes; write their names in the Procfile, e.g. web worker=2")
    pairs = tuple((one[1], int(one[2] or 1)) for one in found if one)
    if len(dict(pairs)) < len(pairs):
        raise Wrong("names a process twice; write how many behind its name, e.g. worker=2")
    return pairs


def one_word(text: str) -> str | None:
    """A name without spaces that is no option."""
    if text.startswith("-") or re.search(r"[\s\x00-\x1f\x7f]", text):
        raise Wrong("is more than one word, or begins with `-`; write one name")
    return text or None


def host_header(text: str) -> str | None:
    """A name, with a port or not, as it can stand in a header."""
    if not text.isascii():
        raise Wrong("has characters that no header may have; write the name as DNS has it, xn--…")
    return one_word(text)


def interpreter(text: str) -> str:
    if not text or one_word(text) is None:
        raise Wrong("names no interpreter; write one, e.g. python3.12")
    return text


def branch(text: str) -> str | None:
    """A name of a git branch, by git's own rules."""
    if text and not is_branch(text):
        raise Wrong("is no name of a branch; write one, e.g. main")
    return text or None


def is_branch(name: str) -> bool:
    """Whether git takes `name` for a branch."""
    if name.startswith("-") or name.endswith(".") or re.search(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{", name):
        return False
    return all(part and not part.startswith(".") and not part.endswith(".lock") for part in name.split("/"))


def vendor_policy(text: str) -> str:
    kind, colon, name = text.partition(":")
    if text not in ("any", "pushed", "tag") and not (kind == "branch" and colon and is_branch(name)):
        raise Wrong("is none of its values; write any, pushed, tag or branch:<name>")
    return text


def http_url(text: str) -> str | None:
    if text and not is_http_url(text):
        raise Wrong("is no http:// or https:// URL; write one, e.g. http://127.0.0.1:8000/health")
    return text or None


def is_http_url(text: str) -> bool:
    """Whether an HTTP request can be made of `text`."""
    if not re.fullmatch(r"https?://[^/\s]+[\x21-\x7e]*", text):
        return False
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
        return bool((host.isascii() and host) or host.encode("idna")) and parts.port != 0
    except ValueError:
        return False


def paths_in_release(text: str) -> tuple[str, ...]:
    """Relative paths that stay in the release."""
    found = words(text)
    for path in found:
        if path.startswith(("/", "-", "~")) or ".." in path.split("/") or not path.strip("./"):
            raise Wrong("names a path outside the release; write relative ones without `..`, e.g. media")
    return tuple(path.rstrip("/").removeprefix("./") for path in found)


def shared_paths(text: str) -> tuple[str, ...]:
    """Paths in a release that may be links to shared/."""
    found = paths_in_release(text)
    ours = sorted({path.partition("/")[0] for path in found} & TOOL_NAMES)
    if ours:
        raise Wrong(f"names {', '.join(ours)}, which deploytasks writes in every release; take that out")
    return found


def deploy_path(text: str) -> str:
    """DEPLOY_PATH without empty parts; whether it may be relative is asked where the hosts are known."""
    if not re.fullmatch(r"[A-Za-z0-9/._+@ -]+", text) or text != text.strip():
        raise Wrong(
            "holds characters that are not safe in a path; use letters, digits, blanks and / . _ + @ -"
        )
    parts = [part for part in text.split("/") if part not in ("", ".")]
    if ".." in parts or any(part.startswith("-") for part in parts):
        raise Wrong("has a part that is `..` or begins with `-`; write the directory out")
    path = ("/" if text.startswith("/") else "") + "/".join(parts)
    if path in ("", "/") or HOME.fullmatch(path):
        raise Wrong(NOT_OUR_OWN)
    return path
