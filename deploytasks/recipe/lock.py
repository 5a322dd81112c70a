"""The lock of a host: taken for a run, or for good by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..operation import Operation
from .answers import Acquired, Inventory, LockHolder
from .check import open_root, open_with_variables

if TYPE_CHECKING:
    from .plan import Plan

READ_LOCK = Operation("read_lock", read=LockHolder.of)
INVENTORY = Operation("inventory", read=Inventory.of)


def acquire(plan: Plan, gone: str) -> list[Operation]:
    """Take the lock and read what the host has under it; of the run `gone` it is known that it has ended."""
    arguments = {"token": plan.identity.run_id, "holder": dict(plan.identity.holder), "gone": gone}
    opened = open_root(plan) if plan.revision is None else open_with_variables(plan)
    return [opened, Operation("acquire", arguments, "lock", "take the lock", read=Acquired.of), INVENTORY]


def freeze(plan: Plan, message: str) -> list[Operation]:
    """Take the lock by hand, so that no run gets it before it is broken."""
    asked = {"message": message, "holder": dict(plan.identity.holder)}
    return [open_root(plan), Operation("freeze", asked, "lock")]
