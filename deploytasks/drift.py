"""What the hosts run now, and whether they agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .errors import DISAGREE, OK, UNREACHABLE
from .fleet import failure_of
from .observer import Observer
from .operation import Operation
from .plan import Plan
from .report import HostOutcome, Report
from .sites import fleet_of
from .steps import opening


@dataclass(frozen=True)
class HostStatus:
    """One host, as it describes itself."""

    host: str
    release: str | None
    revision: str | None = None
    vendored: tuple[tuple[str, str], ...] = ()
    """(path, commit) of every vendored dependency."""
    dependency_key: str | None = None
    environment_fingerprint: str | None = None
    at: str | None = None
    who: str | None = None
    dirty: bool = False
    bad: bool = False
    lock: Mapping[str, Any] | None = None
    free_bytes: int = 0
    edited: tuple[str, ...] = ()
    """Shipped paths that were edited on the host."""
    problem: str | None = None

    def document(self) -> dict[str, Any]:
        return {
            "host": self.host,
            "release": self.release,
            "outcome": "unknown" if self.problem else "ok",
            "revision": self.revision,
            "vendored": dict(self.vendored),
            "dependency_key": self.dependency_key,
            "environment_fingerprint": self.environment_fingerprint,
            "at": self.at,
            "who": self.who,
            "dirty": self.dirty,
            "bad": self.bad,
            "lock": self.lock,
            "free_bytes": self.free_bytes,
            "edited": list(self.edited),
            "problem": self.problem,
        }


def status(plan: Plan, *, observer: Observer | None = None) -> Report:
    """Ask every host what it serves. Exit code 0 when they agree and nothing was edited, else 6;
    4 for one out of reach.
    """
    shared = [*plan.environment.settings.shared_dirs, *plan.environment.settings.shared_files]
    asked = [
        opening.open_root(plan),
        Operation("provenance"),
        Operation("read_lock"),
        Operation("edited", {"shared": shared}),
    ]
    with fleet_of(plan, observer) as fleet:
        answers = fleet.each(dict.fromkeys(plan.hosts, asked), together=False)
    found = tuple(
        HostStatus(host.name, None, problem=str(failure))
        if (failure := failure_of(host, asked, results))
        else described(host.name, [result.value for result in results])
        for host, results in answers.items()
    )
    return summed_up(plan, found)


def described(host: str, values: Sequence[Any]) -> HostStatus:
    """A host's answers as one value."""
    served, lock, edited = values[1], values[2], values[3]
    vendored = tuple((entry["path"], entry["commit"]) for entry in served.get("vendored", ()))
    known = {
        name: served.get(name)
        for name in ("revision", "dependency_key", "environment_fingerprint", "at", "who")
    }
    release = served["release"]
    problem = (
        None if release is None or served["present"] else f"current points to {release}, which is not there"
    )
    return HostStatus(
        host,
        release,
        vendored=vendored,
        dirty=bool(served.get("dirty")),
        lock=lock,
        free_bytes=served["free_bytes"],
        bad=bool(served.get("marks", {}).get("bad")),
        edited=tuple(edited),
        problem=problem,
        **known,
    )


def summed_up(plan: Plan, found: Sequence[HostStatus]) -> Report:
    """The report of a status: what differs between the hosts is the error."""
    problems = [host.problem for host in found if host.problem]
    reached = [host for host in found if not host.problem]
    drift = differences(reached)
    edited = [
        f"{host.host}: {len(host.edited)} shipped file(s) edited on the host, first {host.edited[0]}"
        for host in reached
        if host.edited
    ]
    code = DISAGREE if drift or edited or (problems and reached) else UNREACHABLE if problems else OK
    releases = {host.release for host in reached}
    release = releases.pop() if len(releases) == 1 else None
    outcomes = tuple(
        HostOutcome(host.host, host.release, "unknown" if host.problem else "ok", host.revision)
        for host in found
    )
    message = "\n".join([*drift, *edited, *problems]) or None
    revision = next((host.revision for host in reached if release and host.revision), None)
    return Report(
        "status",
        plan.environment.name,
        revision,
        release,
        code,
        message,
        (),
        outcomes,
        extra={"status": [host.document() for host in found]},
    )


def differences(found: Sequence[HostStatus]) -> list[str]:
    """What hosts disagree about, in words."""
    words = {"release": "releases", "vendored": "vendored pins", "environment_fingerprint": "environments"}
    problems = []
    for name, plural in words.items():
        values = {getattr(host, name) for host in found}
        if len(values) > 1:
            listed = (
                ", ".join(f"{host.host} {getattr(host, name) or 'none'}" for host in found)
                if name == "release"
                else ", ".join(host.host for host in found)
            )
            problems.append(
                f"hosts run different {plural}: {listed}; deploy again, or roll back with --limit"
            )
    return problems


def lines(report: Report) -> list[str]:
    """A line per host, for people."""
    shown = []
    for host in report.extra["status"]:
        marks = [name for name in ("dirty", "bad") if host[name]]
        marks += [f"{len(host['edited'])} edited"] if host["edited"] else []
        marks += ["locked"] if host["lock"] else []
        vendored = " ".join(
            f"{path.rpartition('/')[2]}@{commit[:7]}" for path, commit in host["vendored"].items()
        )
        free = f"{host['free_bytes'] / 1e9:.1f} GB free"
        shown.append(
            f"{host['host']:<24} {host['release'] or 'no release':<24} {host['at'] or '':<26} {vendored} {free}"
            f" {' '.join(marks)}".rstrip()
        )
    return shown
