"""What is asked of the hosts, and when: a list of rounds. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..config.environment import Host
from ..operation import Request
from .plan import batches
from .recipe import Recipe, Step, applies
from .restart import still

if TYPE_CHECKING:
    from .context import StepContext


@dataclass(frozen=True)
class Round:
    """What hosts are asked at one time. Every one of them has done it before any is asked the next."""

    work: Mapping[Host, tuple[Request, ...]]
    switches: bool = False
    """Its hosts may serve another release afterwards."""
    frees: bool = False
    """Its hosts give their locks back in it: afterwards nothing is put back any more."""


def rounds(recipe: Recipe, contexts: Sequence[StepContext], batch: str) -> tuple[Round, ...]:
    """The steps on locked hosts: left of the bar all hosts together, right of it batch by batch, the earlier of which
    are asked again in the end.

    A host that is alone has nobody to wait for: it is asked for all that is right of the bar, and what is brief before
    it, at once.
    """
    left = [Round(work_of(steps, contexts)) for steps in groups(recipe.left_of_bar())]
    parts = batches(contexts, batch)
    right = [Round(work_of(recipe.right_of_bar(), part), switches=True) for part in parts]
    if len(contexts) > 1:
        return (*left, *right, *asked_again(right[:-1]))
    (context,) = contexts
    asked = operations(recipe.left_of_bar(), context)
    last = max((at for at, one in enumerate(asked, 1) if not one.brief), default=0)
    brief = Round({context.host: asked[last:]})
    return Round({context.host: asked[:last]}), joined((brief, *right))


def asked_again(earlier: Sequence[Round]) -> Iterator[Round]:
    """Whether hosts that were verified before others still answer."""
    again = {host: tuple(still(asked)) for each in earlier for host, asked in each.work.items()}
    if any(again.values()):
        yield Round(again)


def ended(before: Sequence[Round], endings: Mapping[Host, Sequence[Request]]) -> tuple[Round, ...]:
    """Rounds followed by every host's ending, whose last operation gives the lock back: when all hosts have done the
    rest, so that until then all of them can be put back.
    """
    marks = Round({host: tuple(asked[:-1]) for host, asked in endings.items()})
    freed = Round({host: tuple(asked[-1:]) for host, asked in endings.items()}, frees=True)
    all_of_it = (*before, marks, freed)
    return all_of_it if len(endings) > 1 else (joined(all_of_it),)


def joined(one_host: Sequence[Round]) -> Round:
    """The rounds of a single host as one."""
    (host,) = {host for each in one_host for host in each.work}
    asked = tuple(operation for each in one_host for operation in each.work.get(host, ()))
    return Round(
        {host: asked},
        switches=any(each.switches for each in one_host),
        frees=any(each.frees for each in one_host),
    )


def groups(steps: Sequence[Step]) -> Iterator[tuple[Step, ...]]:
    """Steps that several hosts are asked for together."""
    waiting: list[Step] = []
    for step in steps:
        waiting.append(step)
        if not step.joins_next:
            yield tuple(waiting)
            waiting = []
    if waiting:
        yield tuple(waiting)


def work_of(steps: Sequence[Step], contexts: Sequence[StepContext]) -> dict[Host, tuple[Request, ...]]:
    """What every host is asked to do for some steps."""
    return {context.host: operations(steps, context) for context in contexts}


def operations(steps: Sequence[Step], context: StepContext) -> tuple[Request, ...]:
    """What one host is asked to do for some steps, in order."""
    return tuple(
        operation for step in steps if applies(step, context.host) for operation in step.build(context)
    )
