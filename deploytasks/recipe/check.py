"""What is read of a host at the beginning of a run."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from ..operation import Operation
from .answers import Provenance
from .facts import HostFacts, ToolFacts
from .processes import processes_of
from .sudo import wanted

if TYPE_CHECKING:
    from ..config.environment import Host
    from .plan import Plan


def open_root(plan: Plan) -> Operation:
    """The first operation of every conversation: where the deployment is."""
    return Operation("open", {"root": str(plan.layout.root)})


def open_with_variables(plan: Plan) -> Operation:
    """The same with the application's variables, for what writes them or runs something with them.

    What goes on with a release that is there already loads its own (`publish.own_environment`).
    """
    opened = open_root(plan)
    return replace(opened, arguments={**opened.arguments, "environment": plan.environment.revealed()})


def read_host(plan: Plan, host: Host) -> list[Operation]:
    """Read everything a check decides on, in one round trip."""
    settings = plan.environment.settings
    asked = {
        "python": settings.python,
        "shared_files": list(settings.shared_files),
        "env_group": settings.env_group,
        "salt": plan.identity.run_id,
        "sudo": [one.document() for _, one in wanted(settings, host) if one.readable],
        "managed": bool(processes_of(settings, host)),
    }
    tools = {"python": settings.python, "installer": settings.installer}
    return [
        open_root(plan),
        Operation("facts", asked, "check", "read the host", read=HostFacts.of),
        Operation("install_facts", tools, "", "read the interpreter", read=ToolFacts.of),
        Operation("provenance", read=Provenance.of),
    ]


def fingerprints(plan: Plan) -> dict[str, str]:
    """{key: fingerprint} of the application's keys, salted with this run's id; remote/inventory.py makes the same."""
    salt = plan.identity.run_id.encode()
    return {
        name: hashlib.pbkdf2_hmac("sha256", text.encode("utf-8", "surrogateescape"), salt, 100).hex()
        for name, text in plan.environment.revealed().items()
    }
