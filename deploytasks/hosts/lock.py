"""The lock as the control side sees it: who we are, who holds it, and the guard of the upload."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ..remote import pids
from ..shell import command

CI_URLS = ("CI_JOB_URL", "BUILD_URL", "BUILDKITE_BUILD_URL", "CIRCLE_BUILD_URL", "DRONE_BUILD_LINK")


def run_holder(
    *, user: str, machine: str, process: Mapping[str, str], run_id: str, revision: str | None, reason: str
) -> dict[str, Any]:
    """The lock's content that says who holds it. `process` is the process environment, read for the CI
    run's address.
    """
    pid = os.getpid()
    control = {**whereabouts(), "pid": pid, "start": pids.start_time(pid)}
    return {
        "user": user,
        "machine": machine,
        "ci_url": ci_url(process),
        "reason": reason,
        "revision": revision,
        "run_id": run_id,
        "control": control,
    }


def whereabouts() -> dict[str, str]:
    """Where pids mean what they mean here: this machine, this boot, this container."""
    return {"machine_id": pids.machine_id(), "boot_id": pids.boot_id(), "namespace": pids.namespace()}


def has_ended(holder: Mapping[str, Any]) -> bool:
    """Whether a run was started on this very machine and its process is gone: it will not give its lock back."""
    control = holder.get("control") or {}
    here = whereabouts()
    same = bool(here["boot_id"]) and all(control.get(name) == value for name, value in here.items())
    return holder.get("kind") == "run" and same and not pids.alive(control.get("pid"), control.get("start"))


def ci_url(process: Mapping[str, str]) -> str | None:
    """The address of the CI run that we are, where the CI system tells."""
    if "GITHUB_RUN_ID" in process:
        server, repository = process.get("GITHUB_SERVER_URL", ""), process.get("GITHUB_REPOSITORY", "")
        return f"{server}/{repository}/actions/runs/{process['GITHUB_RUN_ID']}"
    return next((process[name] for name in CI_URLS if process.get(name)), None)


def describe(holder: Mapping[str, Any]) -> str:
    """Who holds a lock, since when and why, for people."""
    if holder.get("kind") == "rubbish":
        return str(holder["reason"])
    what = "frozen" if holder.get("kind") == "freeze" else "locked"
    who = f"{holder.get('user', '?')}@{holder.get('machine', '?')}"
    reason = f" ({holder['reason']})" if holder.get("reason") else ""
    since = f" since {holder['started']}" if holder.get("started") else ""
    age = holder.get("age")
    heartbeat = f", last heartbeat {age:.0f} s ago" if age is not None and holder.get("kind") == "run" else ""
    run = f", {holder['ci_url']}" if holder.get("ci_url") else ""
    return f"{what} by {who}{reason}{since}{heartbeat}{run}"


def guard(root: str, token: str) -> str:
    """A shell line that fails unless this run holds the lock of the host, and records its own session there."""
    private = f"{root}/.deploytasks"
    holds = command("grep", "-q", "-F", f'"token":"{token}"', f"{private}/lock").shell
    folder = command(f"{private}/sessions/{token}").shell
    # field 22 of /proc/<pid>/stat is the start time; the shell's own name, `sh`, has no blank to count
    note = f"mkdir -p {folder} && cut -d' ' -f22 /proc/$$/stat > {folder}/$$ 2>/dev/null"
    return f"{holds} && {{ {note} || true; }}"
