"""What is asked of the hosts when, by value: barriers left of the bar, batches right of it, endings after all else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from deploytasks.config.loading import load_environment
from deploytasks.operation import Operation
from deploytasks.recipe.context import StepContext
from deploytasks.recipe.plan import Identity, Plan
from deploytasks.recipe.recipe import Recipe, Step
from deploytasks.recipe.rounds import Round, ended, rounds

Told = list[tuple[dict[str, str], str]]


def step(name: str, *, brief: bool = False, **attributes: bool) -> Step:
    """A step that asks for one operation of its name."""
    return Step(name, "each-host", lambda context: [Operation(name, brief=brief)], **attributes)  # type: ignore[arg-type]


RECIPE = Recipe(
    (
        step("lock", by_engine=True),
        step("prepare", joins_next=True),
        step("upload"),
        Step("migrate", "primary-host", lambda context: [Operation("migrate")]),
        step("link", brief=True, joins_next=True),
        step("publish", switches=True),
        step("verify"),
    )
)


@pytest.fixture
def contexts(tmp_path: Path) -> Sequence[StepContext]:
    """Those of hosts a, b and c."""
    (tmp_path / "environments").mkdir()
    (tmp_path / "environments/staging.env").write_text("DEPLOY_HOSTS='a b c'\nDEPLOY_PATH=/srv/shop\n")
    environment = load_environment("staging", root=tmp_path, process={})
    plan = Plan(environment, RECIPE, None, environment.hosts, Identity("me", "here", "1", {}, {}))
    return [StepContext(plan, host, "20260101000000-abcdef0") for host in environment.hosts]


def endings(contexts: Sequence[StepContext]) -> dict[object, list[Operation]]:
    return {context.host: [Operation("mark"), Operation("record"), Operation("free")] for context in contexts}


def told(planned: Sequence[Round]) -> Told:
    """Rounds as words: what each host is asked, and what that means for it."""
    return [
        (
            {host.name: " ".join(one.name for one in asked) for host, asked in each.work.items()},
            "switches" * each.switches + "frees" * each.frees,
        )
        for each in planned
    ]


def test_several_hosts_wait_for_each_other_after_every_step_but_the_quick_ones(
    contexts: Sequence[StepContext],
) -> None:
    assert told(rounds(RECIPE, contexts, "2")) == [
        (dict.fromkeys("abc", "prepare upload"), ""),
        ({"a": "migrate", "b": "", "c": ""}, ""),
        (dict.fromkeys("abc", "link"), ""),
        (dict.fromkeys("ab", "publish verify"), "switches"),
        ({"c": "publish verify"}, "switches"),
        (dict.fromkeys("ab", "verify"), ""),
    ]


def test_one_host_is_told_at_once_what_nobody_has_to_wait_for(contexts: Sequence[StepContext]) -> None:
    assert told(rounds(RECIPE, contexts[:1], "all")) == [
        ({"a": "prepare upload migrate"}, ""),
        ({"a": "link publish verify"}, "switches"),
    ]


def test_no_host_gives_its_lock_back_before_every_host_has_done_all_else(
    contexts: Sequence[StepContext],
) -> None:
    right = [one for one in rounds(RECIPE, contexts, "all") if one.switches]
    assert told(ended(right, endings(contexts))) == [  # type: ignore[arg-type]
        (dict.fromkeys("abc", "publish verify"), "switches"),
        (dict.fromkeys("abc", "mark record"), ""),
        (dict.fromkeys("abc", "free"), "frees"),
    ]


def test_one_host_switches_and_ends_in_one_round(contexts: Sequence[StepContext]) -> None:
    right = rounds(RECIPE, contexts[:1], "all")[1:]
    assert told(ended(right, endings(contexts[:1]))) == [  # type: ignore[arg-type]
        ({"a": "link publish verify mark record free"}, "switchesfrees")
    ]
