"""The local steps: the vendor gate, and what is built here to be shipped. One does not wait for the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial

from .. import packages, source, vendored
from ..errors import DeployError, UsageError
from ..recipe.context import Built
from ..recipe.plan import Plan


@dataclass(frozen=True)
class Passed:
    """What the gate let pass: its tree, which is being staged, and how to look up what stays behind."""

    tree: Future[source.Tree]
    news: Future[bool]
    """Whether something is staged that was not the last time; known earlier than the tree.

    Without that one file takes 1.2 times as long 50 ms away.
    """
    left_behind: Callable[[], tuple[str, ...]]
    notes: tuple[str, ...] = ()
    dirty: bool = False


def gate(plan: Plan, stack: ExitStack) -> Passed:
    """Pass the vendored dependencies through the gate. Raises UsageError with every finding and its cure.

    The staged tree is kept for us until `stack` ends.
    """
    assert plan.revision is not None
    root, settings = plan.environment.root, plan.environment.settings
    found = vendored.obtained(root, plan.revision.commit, settings.vendor_local_urls)
    with ExitStack() as own:
        held = own.enter_context(ExitStack())
        pool = own.enter_context(ThreadPoolExecutor(1))
        news: Future[bool] = Future()
        staged = source.stage(plan.environment, plan.revision, dependencies=found, told=news.set_result)
        tree = pool.submit(held.enter_context, staged)
        passed = vendored.judged(
            root,
            found,
            source=settings.source,
            policy=settings.vendor_policy,
            local_urls=settings.vendor_local_urls,
            allow_dirty=plan.options.allow_dirty or settings.allow_dirty,
        )
        if passed.findings:
            raise UsageError("\n".join(str(finding) for finding in passed.findings))
        committed = settings.source == "commit"
        stack.push(own.pop_all())
    left = partial(vendored.not_shipped, root, found) if committed else tuple
    return Passed(tree, news, left, passed.notes, passed.dirty)


def build(plan: Plan, passed: Passed, facts: packages.Facts, note: Callable[[str], None]) -> Built:
    """Stage exactly what ships and build the vendored wheels."""
    tree = passed.tree.result()
    bundle = packages.build(tree, plan.environment, facts=facts)
    for line in bundle.lines:
        note(line)
    return Built(tree, bundle, passed.dirty)


@contextmanager
def looking_behind(passed: Passed, note: Callable[[str], None]) -> Iterator[None]:
    """While the block runs, which mostly waits for hosts, look up what stays behind; it is noted at the end.

    The way out of a block that fails does not wait for it.
    """
    pool = ThreadPoolExecutor(1)
    left = pool.submit(passed.left_behind)
    try:
        yield
        wait((left,))
    finally:
        pool.shutdown(wait=False)
        for line in said(left) if left.done() else ():
            note(line)


def said(left: Future[tuple[str, ...]]) -> tuple[str, ...]:
    """What stays behind, or why that is not known."""
    try:
        return left.result()
    except DeployError as failure:
        return (f"what is not shipped is not known: {failure}",)
    except Exception as bug:  # nothing of the deploy stands on it
        return (f"what is not shipped is not known: {type(bug).__name__}: {bug}",)
