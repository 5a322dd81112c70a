"""Operations at the beginning of a run: what is read of a host, and what makes the release there."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from ..config.canonical import canonical
from ..errors import StepFailed
from ..failures import HostFailure, failure_of
from ..operation import Operation, Result
from ..source.ships import exclusions
from . import services

if TYPE_CHECKING:
    from ..config.environment import Host
    from ..plan import Plan, StepContext
    from ..source import Tree


def open_root(plan: Plan) -> Operation:
    """The first operation of every conversation: where the deployment is, and the application's environment."""
    return Operation("open", {"root": str(plan.layout.root), "environment": plan.environment.revealed()})


def check(plan: Plan, host: Host) -> list[Operation]:
    """Read everything a check decides on, in one round trip."""
    settings = plan.environment.settings
    asked = {
        "python": settings.python,
        "shared_files": list(settings.shared_files),
        "env_group": settings.env_group,
        "salt": plan.identity.run_id,
    }
    tools = {"python": settings.python, "installer": settings.installer}
    return [
        open_root(plan),
        Operation("facts", asked, "check", "read the host"),
        Operation("install_facts", tools, "", "read the interpreter"),
        Operation("provenance"),
    ]


def fingerprints(plan: Plan) -> dict[str, str]:
    """{key: fingerprint} of the application's keys, salted with this run's id; remote/inventory.py makes the same."""
    salt = plan.identity.run_id.encode()
    return {
        name: hashlib.pbkdf2_hmac("sha256", text.encode("utf-8", "surrogateescape"), salt, 100).hex()
        for name, text in plan.environment.revealed().items()
    }


def tool_facts(asked: Future[tuple[Result, ...]]) -> Callable[[], Mapping[str, Any]]:
    """What the host says of its interpreter, waited for when it is first needed."""

    def wait() -> Mapping[str, Any]:
        results = asked.result()
        if len(results) < 3 or not results[2].ok:
            raise StepFailed("the host could not be read, so that no wheels can be chosen for it")
        value: Mapping[str, Any] = results[2].value
        return value

    return wait


def unread(plan: Plan, answers: Mapping[Host, Sequence[Result]]) -> list[HostFailure]:
    """What kept hosts from being read, of those that were not; `answers` begin with those of `check`."""
    found = (failure_of(host, check(plan, host), results) for host, results in answers.items())
    return [failure for failure in found if failure]


def basis(read: Sequence[Result]) -> str:
    """The digest of the tree that a release would begin with, by the answers to `check`; empty when there is none."""
    digest: str = read[1].value["inventory"]["basis"]
    return digest


def prepare(context: StepContext) -> list[Operation]:
    """Make the directory that the upload fills."""
    assert context.built is not None
    tree, former = context.built.tree, context.inventory["basis"]
    arguments = {
        "release": context.release,
        "owner": dict(context.plan.identity.owner),
        "digest": tree.digest,
        "basis": former,
        **(what_ships(tree, former) if former else {}),
    }
    return [Operation("prepare", arguments, "prepare", f"prepare {context.release}")]


def what_ships(tree: Tree, former: str) -> dict[str, Any]:
    """How a host whose release begins with the tree `former` is told what ships: shortly, where that one is known."""
    changes = tree.since(former)
    return {"manifest": tree.manifest.packed} if changes is None else {"changes": changes}


def upload(context: StepContext) -> list[Operation]:
    """Make the release hold exactly the staged tree, and the bundle lie beside it.

    A host that has nothing yet is told meanwhile what ships.
    """
    assert context.built is not None
    target = context.layout.release(context.release)
    excludes = exclusions(context.environment.settings.exclude)
    source = str(context.built.tree.path)
    fresh, alone = not context.inventory["basis"], len(context.plan.hosts) == 1
    divided = context.built.tree.divided if fresh and alone else ()
    tree = {
        "source": source,
        "target": str(target),
        "excludes": excludes,
        "prepared": True,
        "divided": divided,
    }
    brought = [Operation("upload", tree, "upload", "rsync", alongside=True), *services.ship_bundle(context)]
    if not fresh:
        return brought
    told = {"manifest": context.built.tree.manifest.packed}
    return [Operation("ships", told, "", "say what ships", alongside=True), *brought]


def link_shared(context: StepContext) -> list[Operation]:
    """Seal the uploaded tree, write its environment, link what outlives releases."""
    assert context.built is not None
    from ..provenance import provenance

    settings, release = context.environment.settings, context.release
    sealed = {"release": release, "provenance": provenance(context)}
    text = canonical(context.environment.revealed())
    shared = {
        "release": release,
        "directories": list(settings.shared_dirs),
        "files": list(settings.shared_files),
    }
    return [
        Operation("seal", sealed, "", "check the upload", brief=True),
        Operation(
            "write_environment",
            {"release": release, "text": text, "group": settings.env_group},
            "",
            "write .env",
            brief=True,
        ),
        Operation("link_shared", shared, "link_shared", "link shared", brief=True),
    ]


def postinstall(context: StepContext) -> list[Operation]:
    """Run DEPLOY_POSTINSTALL, or the tree's own executable `postinstall`."""
    assert context.built is not None
    from ..shell import command, shell_line

    line = context.environment.settings.postinstall
    if line:
        return [context.in_release(shell_line(line), step="postinstall")]
    if context.built.tree.manifest.executable("postinstall"):
        return [context.in_release(command("./postinstall"), step="postinstall")]
    return []


def migrate(context: StepContext) -> list[Operation]:
    """Run DEPLOY_MIGRATE, once, on the primary host."""
    from ..shell import shell_line

    line = context.environment.settings.migrate
    if not line:
        return []
    remembered = Operation("mark", {"release": context.release, "migrated": True})
    return [remembered, context.in_release(shell_line(line), step="migrate")]
