"""What a deploy would bring, read from git and from the hosts by read-only probes; nothing is guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from .. import vendored
from ..config.environment import Host
from ..errors import OK, PENDING
from ..hosts.failures import HostsFailed
from ..hosts.lock import describe
from ..hosts.observer import Observer, Silent
from ..hosts.site import fleet_of
from ..operation import Operation, Result
from ..recipe.answers import Provenance, answer
from ..recipe.check import fingerprints, read_host
from ..recipe.context import Built
from ..recipe.facts import HostFacts, ToolFacts
from ..recipe.plan import Plan
from ..recipe.recipe import applies
from ..recipe.served import Files
from ..report import HostOutcome, Report
from . import brought, build, readings, schema
from .changing.transaction import utc_now
from .check import findings


def preview(plan: Plan, *, steps: bool = False, observer: Observer | None = None) -> Report:
    """Compare the plan with what every host serves. Exit code 0 for nothing to do, 10 for changes pending.

    With `steps` the report says which step would run where. Raises UsageError when the gate refuses a dependency,
    HostsFailed when a host cannot be asked.
    """
    with ExitStack() as stack:
        passed = build.gate(plan, stack)
        notes = list(passed.notes)
        fleet = stack.enter_context(fleet_of(plan, observer or Silent()))
        files = Operation("manifest", read=Files.of)
        asked = {host: fleet.start(host, [*read_host(plan, host), files]) for host in plan.hosts}
        facts = readings.tool_facts(asked[plan.hosts[0]])
        with build.looking_behind(passed, notes.append):
            built = build.build(plan, passed, facts, notes.append)
            answers = {host: future.result() for host, future in asked.items()}
        if unread := readings.unread(plan, answers):
            raise HostsFailed(unread)
        hosts = [host_content(plan, built, host, results) for host, results in answers.items()]
        found = findings.of_hosts(plan, answers, built, utc_now().timestamp(), fleet.noise())
        return summed_up(plan, built, hosts, [*notes, *found.warnings], found.problems, steps)


def host_content(plan: Plan, built: Built, host: Host, results: Sequence[Result]) -> dict[str, Any]:
    """What a deploy would bring to one host."""
    facts, tools = answer(HostFacts, results), answer(ToolFacts, results)
    served = answer(Provenance, results)
    files = file_changes(answer(Files, results).entries, built)
    moved = (
        vendored.changes(dict(facts.inventory.vendored), built.tree.dependencies) if served.release else ()
    )
    commits = brought.commits(plan, served.revision)
    key = built.bundle.key(tools.said)
    dependencies = None if served.dependency_key in (key, f"own-{served.release}") else key
    environment = environment_changes(plan, facts.environment_keys)
    pending = (
        not served.release
        or any(files.values())
        or bool(moved)
        or commits["from"] != commits["to"]
        or bool(dependencies and key != served.dependency_key)
        or any(environment.values())
    )
    return {
        "host": host.name,
        "release": served.release,
        "pending": pending,
        "commits": commits,
        "files": files,
        "vendored": [change.document() for change in moved],
        "vendored_lines": [line for change in moved for line in change.lines()],
        "dependencies": "unchanged"
        if not dependencies
        else "present"
        if key in tools.venvs
        else "to be installed",
        "environment": environment,
        "migrations": schema.planned(plan.environment, served.revision, built),
        "lock": describe(facts.lock.said) if facts.lock else None,
    }


def file_changes(old: Mapping[str, Sequence[Any]], built: Built) -> dict[str, list[str]]:
    """Paths added, changed (content, kind or executable bit, as git tells them) and deleted."""
    new = built.tree.manifest.entries
    changed = [path for path, entry in new.items() if path in old and tuple(old[path]) != entry]
    return {"added": sorted(set(new) - set(old)), "changed": changed, "deleted": sorted(set(old) - set(new))}


def environment_changes(plan: Plan, there: Mapping[str, str] | None) -> dict[str, list[str]]:
    """Names of application keys that come, go or change; values are compared by salted fingerprint only."""
    if there is None:
        return {"added": sorted(one.name for one in plan.environment.variables), "changed": [], "removed": []}
    here = fingerprints(plan)
    return {
        "added": sorted(set(here) - set(there)),
        "removed": sorted(set(there) - set(here)),
        "changed": sorted(name for name in set(here) & set(there) if here[name] != there[name]),
    }


def summed_up(
    plan: Plan,
    built: Built,
    hosts: Sequence[dict[str, Any]],
    notes: Sequence[str],
    problems: Sequence[str],
    steps: bool,
) -> Report:
    """The report of a plan."""
    pending = any(host["pending"] for host in hosts)
    outcomes = tuple(
        HostOutcome(host["host"], host["release"], "pending" if host["pending"] else "unchanged")
        for host in hosts
    )
    disagree = len({host["release"] for host in hosts}) > 1
    said = [*notes, *(f"would fail: {problem}" for problem in problems)]
    said += ["the hosts serve different releases now"] if disagree else []
    assert plan.revision is not None
    return Report(
        "plan",
        plan.environment.name,
        plan.revision.commit,
        None,
        PENDING if pending else OK,
        None,
        (),
        outcomes,
        notes=tuple(said),
        from_process=plan.environment.taken_from_process,
        extra={"plan": list(hosts), "recipe": recipe_of(plan) if steps else [], "tree": built.tree.digest},
    )


def recipe_of(plan: Plan) -> list[dict[str, Any]]:
    """Each step with the hosts that it would run on."""
    return [
        {
            "step": step.name,
            "scope": step.scope,
            "hosts": [host.name for host in plan.hosts if applies(step, host)],
        }
        for step in plan.recipe
    ]
