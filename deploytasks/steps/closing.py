"""Operations at the end of a run: publish, restart, verify, marks, history, the way back, the closing table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..errors import DISAGREE, OK
from ..operation import Operation, Result
from ..release import Release, is_release_id, to_prune
from ..report import HostOutcome
from ..shell import shell_line
from . import opening

if TYPE_CHECKING:
    from ..config.environment import Host
    from ..config.settings import Settings
    from ..fleet import Fleet
    from ..plan import Plan, StepContext


READ_BACK = Operation("provenance")
"""What a host serves in the end, asked of the host itself."""
CHANGED = {"deploy": "deployed", "rollback": "rolled back"}


def publish(context: StepContext) -> list[Operation]:
    """Repoint `current` with one rename(2), so that it is never missing."""
    return [Operation("publish", {"release": context.release}, "publish", f"publish {context.release}")]


def restart(context: StepContext) -> list[Operation]:
    """Run the restart command of every role that the host has."""
    lines = restart_lines(context.environment.settings, context.host)
    return [context.in_release(shell_line(line), step="restart", role=role) for role, line in lines]


def restart_lines(settings: Settings, host: Host) -> list[tuple[str, str]]:
    """(role, command): DEPLOY_RESTART for the hosts of DEPLOY_HOSTS, DEPLOY_RESTART_<ROLE> for those of a role."""
    lines = [("app", settings.restart)] if settings.restart else []
    return [(role, line) for role, line in (*lines, *settings.role_restart) if role in host.roles]


def verify(context: StepContext) -> list[Operation]:
    """Ask the health URL of every role that the host has, from the host itself."""
    settings = context.environment.settings
    urls = [settings.health_url] if "app" in context.host.roles and settings.health_url else []
    urls += [url for role, url in settings.role_health_url if role in context.host.roles]
    expect = settings.health_expect.replace("{release}", context.release) if settings.health_expect else None
    asked = {"timeout": settings.health_timeout, "host_header": settings.health_host, "expect": expect}
    return [Operation("verify", {"url": url, **asked}, "verify", f"GET {url}") for url in urls]


def known_releases(inventory: Mapping[str, Any]) -> list[Release]:
    """The releases of a host's inventory; foreign names in releases/ are none."""
    return [
        Release(entry["id"], good=bool(entry.get("verified")), bad=bool(entry.get("bad")))
        for entry in inventory["releases"]
        if is_release_id(entry["id"])
    ]


def retire(inventory: Mapping[str, Any], current: str | None, keep: int) -> list[Operation]:
    """Retire what is beyond the kept releases, and the environments that no kept release refers to."""
    releases, kept = retiring(inventory, current, keep)
    return [
        Operation("prune", {"releases": releases}, "prune", f"prune {len(releases)} release(s)"),
        Operation("collect", {"keep": kept}, "", "collect environments"),
    ]


def tidy(inventory: Mapping[str, Any], current: str | None, keep: int) -> Operation:
    """The same at the end of a deploy, which it never makes fail."""
    releases, kept = retiring(inventory, current, keep)
    return Operation(
        "tidy", {"releases": releases, "keep": kept}, "prune", f"prune {len(releases)} release(s)"
    )


def retiring(inventory: Mapping[str, Any], current: str | None, keep: int) -> tuple[list[str], list[str]]:
    """(releases to retire, releases that stay)."""
    releases = known_releases(inventory)
    retired = to_prune(releases, current, keep)
    kept = sorted({release.id for release in releases} | ({current} if current else set()))
    return list(retired), [name for name in kept if name not in retired]


def untidied(answers: Mapping[Host, Sequence[Result]]) -> Iterator[str]:
    """What could not be pruned at the end of a deploy, per host."""
    for host, results in answers.items():
        for result in results:
            if isinstance(result.value, dict) and result.value.get("problem"):
                yield f"{host.name}: could not prune: {result.value['problem']}; see `fab prune`"


def succeeded(context: StepContext, entry: Mapping[str, Any], *, prune: bool) -> list[Operation]:
    """After every host verified: the release is good, old ones go, the history knows, the lock is given back.

    `told` finds among the results what the host serves.
    """
    old: Sequence[Operation] = ()
    if prune:
        new = {"id": context.release, "verified": True}
        inventory = {**context.inventory, "releases": [*context.inventory["releases"], new]}
        old = [tidy(inventory, context.release, context.environment.settings.keep_releases)]
    good = Operation("mark", {"release": context.release, "verified": True, "bad": False})
    return [good, *old, *farewell(entry)]


def bad(release: str) -> Operation:
    """The release is never counted by prune nor chosen by rollback."""
    return Operation("mark", {"release": release, "bad": True, "verified": False}, "", "mark bad")


def flip_back(context: StepContext) -> list[Operation]:
    """The host serves what it served before: code, dependencies and environment, restarted and verified."""
    back = Operation(
        "publish", {"release": context.previous}, "publish", f"back to {context.previous or 'no release'}"
    )
    if context.previous is None:
        return [back]
    old = replace(context, release=context.previous, built=None)
    return [back, own_environment(context.previous), *restart(old), *verify(old)]


def own_environment(release: str) -> Operation:
    """What follows runs with the environment that `release` was deployed with."""
    return Operation("load_environment", {"release": release}, "", "load the release's environment")


def served(inventory: Mapping[str, Any]) -> str | None:
    """The release that a host serves, None when it serves none or `current` dangles."""
    return None if inventory["dangling"] else inventory["current"]


def give_back(entry: Mapping[str, Any]) -> list[Operation]:
    """Record what happened and give the lock back."""
    return [
        Operation("record", {"entry": dict(entry)}, "", "history"),
        Operation("release_lock", {}, "", "unlock"),
    ]


def farewell(entry: Mapping[str, Any]) -> list[Operation]:
    """The last operations of a run that succeeded."""
    return [READ_BACK, *give_back(entry)]


def told(results: Sequence[Result]) -> Mapping[str, Any]:
    """What a host said that it serves, in its results up to `farewell`."""
    said: Mapping[str, Any] = results[-len(farewell({}))].value
    return said


def entry(plan: Plan, release: str | None, outcome: str, seconds: float, error: str | None) -> dict[str, Any]:
    """One line of history.jsonl: who did what, with the outcome."""
    known = {
        "command": plan.command,
        "environment": plan.environment.name,
        "release": release,
        "outcome": outcome,
    }
    who = {
        "revision": plan.revision.commit if plan.revision else None,
        "who": plan.identity.who,
        "from": plan.identity.machine,
    }
    why = {"error": error.splitlines()[0][:300]} if error else {}
    return {**known, **who, "run": plan.identity.run_id, "seconds": round(seconds, 2), **why}


def read_back(fleet: Fleet, plan: Plan, hosts: Sequence[Host]) -> dict[Host, Mapping[str, Any]]:
    """What each of the hosts serves; those that cannot be asked are left out."""
    opened = opening.open_root(plan)  # which an interrupted run may not have come to
    asked = {host: [opened, READ_BACK] for host in hosts if host in fleet.runners}
    answers = fleet.each(asked, resume=True, together=False)
    return {host: results[-1].value for host, results in answers.items() if results and results[-1].ok}


def outcomes(
    plan: Plan, release: str | None, code: int, served: Mapping[Host, Mapping[str, Any]]
) -> tuple[HostOutcome, ...]:
    """The closing table; `unknown` for a host that could not be asked."""
    found = []
    for host in plan.hosts:
        value = served.get(host)
        if value is None:
            found.append(HostOutcome(host.name, None, "unknown"))
            continue
        changed = value["release"] == release and code in (OK, DISAGREE)
        outcome = CHANGED.get(plan.command, "unchanged") if changed else "unchanged"
        found.append(HostOutcome(host.name, value["release"], outcome, value.get("revision")))
    return tuple(found)


def strays(
    fleet: Fleet, plan: Plan, expected: Mapping[str, str | None], hosts: Sequence[HostOutcome]
) -> tuple[str, ...]:
    """Hosts that serve something else than they should after this run, though no other run has been there since."""
    found = {one.host: one.release for one in hosts if one.outcome != "unknown"}
    odd = [
        host for host in plan.hosts if found.get(host.name) != expected.get(host.name, found.get(host.name))
    ]
    asked = [Operation("read_lock"), Operation("history", {"limit": 1})]
    answers = fleet.each(dict.fromkeys(odd, asked), resume=True, together=False)
    run = plan.identity.run_id
    ours = [
        host.name
        for host, results in answers.items()
        if all(one.ok for one in results) and not results[0].value and last_run(results[1].value) == run
    ]
    return tuple(
        f"{name}: serves {found[name]} and not {expected.get(name)}; see what moved `current` there, then deploy again"
        for name in ours
    )


def last_run(history: Sequence[Mapping[str, Any]]) -> str | None:
    """The run that wrote the newest line of a history."""
    return history[-1].get("run") if history else None
