"""What the env tasks print: the same facts as lines or as one document."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ..config.entries import Difference, Entry, differences, entries, explanation
from ..config.loading import Draft
from ..errors import FAILED, OK, worst
from . import console

if TYPE_CHECKING:
    from ..commands.remote_settings import ServedEnvironment


def listing(drafts: Sequence[Draft], *, as_json: bool) -> int:
    """Each environment with its hosts and its path."""
    if as_json:
        found = [
            {
                "environment": draft.name,
                "hosts": [host.name for host in draft.hosts],
                "path": draft.fields.get("path"),
                "problems": len(draft.problems),
            }
            for draft in drafts
        ]
        return console.document(document("env.list", None, environments=found))
    for name, hosts, path in aligned(
        (draft.name, " ".join(host.name for host in draft.hosts), draft.fields.get("path", ""))
        for draft in drafts
    ):
        console.result(f"{name}  {hosts}  {path}".rstrip())
    for draft in drafts:
        if draft.problems:
            console.trouble(f"{draft.name}: {problems(draft)}; run `env.check --env={draft.name}`")
    return OK


def shown(draft: Draft, key: bytes, *, as_json: bool) -> int:
    """Every key with its value or mask and its origin."""
    found = entries(draft, key)
    if as_json:
        keys = [entry.document() for entry in found]
        return console.document(document("env.show", draft.name, keys=keys, warnings=list(draft.warnings)))
    for name, text, origin in aligned((entry.key, entry.shown, str(entry.origin)) for entry in found):
        console.result(f"{name}  {text}  {origin}")
    for warning in draft.warnings:
        console.trouble(f"warning: {warning}")
    return OK


def checked(drafts: Sequence[Draft], unread: Sequence[str], *, as_json: bool) -> int:
    """Every problem and every doubt; the exit code, 1 when there is a problem."""
    code = FAILED if any(draft.problems for draft in drafts) else OK
    if as_json:
        found = [
            {"environment": draft.name, "problems": list(draft.problems), "warnings": list(draft.warnings)}
            for draft in drafts
        ]
        return console.document(
            document("env.check", None, code, environments=found, warnings=list(unread)), code
        )
    for draft in drafts:
        for line in (*draft.problems, *(f"warning: {warning}" for warning in draft.warnings)):
            console.trouble(line)
        console.result(f"{draft.name}: {problems(draft)}")
    for line in unread:
        console.trouble(f"warning: {line}")
    return code


def compared(left: Draft, right: Draft, key: bytes, *, as_json: bool) -> int:
    """How two environments differ, a line per key."""
    found = differences(left, right, key)
    if as_json:
        listed = [one.document() for one in found]
        return console.document(document("env.diff", None, a=left.name, b=right.name, differences=listed))
    for what, name, text in aligned((one.what, one.key, sides(one, left.name, right.name)) for one in found):
        console.result(f"{what}  {name}  {text}".rstrip())
    if not found:
        console.result(f"{left.name} and {right.name} do not differ")
    return OK


def on_hosts(here: str, there: str, found: Sequence[ServedEnvironment], *, as_json: bool) -> int:
    """How each host of `there` differs from what is written as `here`; the exit code, for hosts out of reach."""
    code = worst(one.exit_code for one in found)
    if as_json:
        hosts = [one.document() for one in found]
        return console.document(document("env.diff", there, code, a=here, b=there, hosts=hosts), code)
    for one in found:
        if one.problem:
            console.trouble(one.problem)
            continue
        named = ((word, getattr(one, word)) for word in ("missing", "extra", "different", "edited"))
        said = "; ".join(f"{word}: {', '.join(names)}" for word, names in named if names)
        console.result(f"{one.host}  {one.release or 'no release'}  {said or f'the same as {here}'}")
    return code


def sides(one: Difference, left: str, right: str) -> str:
    """Both sides of a difference, as far as they are there."""
    if one.what == "equal secret" and one.left:
        return f"the same {one.left.shown} in {left} and {right}"
    found = ((name, entry) for name, entry in ((left, one.left), (right, one.right)) if entry)
    typed = one.what == "type"
    return ", ".join(f"{name}: {entry.shown}{f' ({entry.kind})' if typed else ''}" for name, entry in found)


def explained(drafts: Sequence[Draft], name: str, key: bytes, *, as_json: bool) -> int:
    """The winner of a key and those it won over, newest first, in each environment."""
    said = [(draft, explanation(draft, name, key)) for draft in drafts]
    if as_json:
        found = [
            {
                "environment": draft.name,
                "winner": layers[-1].document() if layers else None,
                "losers": [entry.document() for entry in layers[-2::-1]],
            }
            for draft, layers in said
        ]
        return console.document(document("env.explain", None, key=name, environments=found))
    rows = [row for draft, layers in said for row in explanation_rows(draft.name, layers)]
    for environment, verdict, text, origin in aligned(rows):
        console.result(f"{environment}  {verdict}  {text}  {origin}".rstrip())
    return OK


def explanation_rows(environment: str, layers: Sequence[Entry]) -> Iterable[tuple[str, str, str, str]]:
    """The winner first."""
    if not layers:
        return [(environment, "not set", "", "")]
    verdicts = ("wins", *("loses" for _ in layers[1:]))
    return [
        (environment, verdict, entry.shown, str(entry.origin))
        for verdict, entry in zip(verdicts, reversed(layers), strict=True)
    ]


def document(command: str, environment: str | None, code: int = OK, **facts: Any) -> dict[str, Any]:
    """The head that every document has, and what this one is about."""
    outcome = "ok" if code == OK else "failed"
    head = {"schema": 1, "command": command, "environment": environment, "outcome": outcome}
    return {**head, "exit_code": code, "error": None, **facts}


def problems(draft: Draft) -> str:
    """How many, in words."""
    count = len(draft.problems)
    return "no problems" if not count else "1 problem" if count == 1 else f"{count} problems"


def aligned(rows: Iterable[Sequence[str]]) -> list[list[str]]:
    """Rows whose columns, but the last, are as wide as their widest cell of at most 60 characters."""
    rows = list(rows)
    widths = [
        max((len(cell) for cell in column if len(cell) <= 60), default=0)
        for column in zip(*rows, strict=True)
    ]
    return [
        [*(cell.ljust(width) for cell, width in zip(row[:-1], widths, strict=False)), row[-1]] for row in rows
    ]
