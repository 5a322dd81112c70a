"""The local steps: the vendor gate, and what is built here to be shipped."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from . import install, source, vendor
from .errors import UsageError
from .plan import Built, Plan


def gate(plan: Plan) -> vendor.Gate:
    """Pass the vendored dependencies through the gate. Raises UsageError with every finding and its cure."""
    assert plan.revision is not None
    settings = plan.environment.settings
    allow = plan.options.allow_dirty or settings.allow_dirty
    passed = vendor.gate(
        plan.environment.root,
        plan.revision.commit,
        source=settings.source,
        policy=settings.vendor_policy,
        local_urls=settings.vendor_local_urls,
        allow_dirty=allow,
    )
    if passed.findings:
        raise UsageError("\n".join(str(finding) for finding in passed.findings))
    return passed


def build(
    plan: Plan, stack: ExitStack, passed: vendor.Gate, facts: install.Facts, note: Callable[[str], None]
) -> Built:
    """Stage exactly what ships and build the vendored wheels; the staged tree is kept for us until `stack` ends."""
    assert plan.revision is not None
    staged = source.stage(plan.environment, plan.revision, dependencies=passed.dependencies)
    tree = stack.enter_context(staged)
    bundle = install.build(tree, plan.environment, facts=facts)
    for line in bundle.lines:
        note(line)
    return Built(tree, bundle, passed.dirty)
