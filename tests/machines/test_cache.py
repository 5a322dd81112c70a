"""What is expensive is made once, whoever asks for it at the same time and whatever became of an earlier try."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from tests.machines.cache import UNUSED, kept


def test_of_many_that_want_a_tree_at_once_one_makes_it_and_all_have_it_whole(tmp_path: Path) -> None:
    start, makers = Barrier(4), []

    def make(begun: Path) -> None:
        makers.append(begun)
        time.sleep(0.2)  # enough for the others to come
        (begun / "made").touch()

    def want(_: int) -> list[str]:
        start.wait()
        return [path.name for path in kept(tmp_path / "tree", make).iterdir()]

    with ThreadPoolExecutor(4) as workers:
        assert list(workers.map(want, range(4))) == [["made"]] * 4
    assert len(makers) == 1


def test_a_tree_that_a_killed_process_began_is_begun_again(tmp_path: Path) -> None:
    (tmp_path / "tree.begun").mkdir()
    (tmp_path / "tree.begun/half").touch()
    kept(tmp_path / "tree", lambda begun: (begun / "whole").touch())
    assert [path.name for path in (tmp_path / "tree").iterdir()] == ["whole"]
    assert not (tmp_path / "tree.begun").exists()


def test_a_new_tree_takes_the_place_of_those_that_nobody_asked_for_in_a_month(tmp_path: Path) -> None:
    for name in ("old", "used"):
        kept(tmp_path / name, lambda begun: None)
    for name in ("old", "used"):
        os.utime(tmp_path / name, (0, time.time() - UNUSED - 60))
    kept(tmp_path / "used", lambda begun: None)
    assert (tmp_path / "old").exists()
    kept(tmp_path / "new", lambda begun: None)
    assert {path.name for path in tmp_path.iterdir() if path.is_dir()} == {"used", "new"}
