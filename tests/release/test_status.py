"""`fab status`: what each host serves, whether hosts agree, and what was edited there by hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.release.project import Run, make_plain
from tests.release.site import Site
from tests.rig import Farm

KEYS = {"DEPLOY_VENDOR_INSTALL": "path", "DEPLOY_SHARED_DIRS": "media", "GREETING": "good morning"}


@pytest.fixture(scope="module")
def pair(three_hosts: Farm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A project released on host1 and host2; tests leave it as they find it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        site = Site(make_plain(tmp_path_factory.mktemp("pair")), three_hosts, "pair")
        site.configure("host1", "host2", **KEYS)
        site.project.write("media/tracked.txt", "x")
        site.project.commit()
        site.project.deploy()
        yield site


@contextmanager
def edited(path: Path, text: str | None) -> Iterator[None]:
    """A file with another text, or removed, for a while."""
    before = path.read_text()
    path.unlink() if text is None else path.write_text(text)
    try:
        yield
    finally:
        path.write_text(before)


def status(site: Site) -> Run:
    return site.project.fab("status", "--env=staging", "--json")


def told(done: Run) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = done.document["status"]
    return found


def test_hosts_without_a_release_are_no_trouble(staging: Site) -> None:
    done = staging.project.fab("status", "--env=staging")
    assert (done.code, done.err) == (0, "")
    assert [line.split("  ")[0] for line in done.out.splitlines()] == ["host1", "host2", "host3"]
    assert done.out.count("no release") == 3


def test_equal_hosts_are_described_and_exit_0(pair: Site) -> None:
    done = status(pair)
    assert done.code == 0, done.err
    one, two = told(done)
    assert one["release"] == pair.currents()[0] and one["revision"] == two["revision"]
    assert one["vendored"].keys() == {"vendor/lib", "vendor/lib/vendor/deep"}
    assert one["settings_fingerprint"] == two["settings_fingerprint"]
    assert one["dependency_key"] and one["free_bytes"] > 0 and one["lock"] is None
    shown = pair.project.fab("status", "--env=staging").out.splitlines()
    for part in (one["release"], " ago", one["who"], "lib@", "packages ", "settings ", "GB free"):
        assert part in shown[0] and part in shown[1]


def test_what_was_edited_by_hand_is_named_and_exit_6(pair: Site) -> None:
    top = pair.current(pair.farm.hosts[1])
    settings = (top / ".env").read_text().replace("good morning", "good night")
    package = top / "vendor/lib/lib/__init__.py"
    with (
        edited(top / "page.txt", "hotfix\n"),
        edited(package, None),
        edited(top / ".env", settings + "# me\n"),
    ):
        done = status(pair)
    assert done.code == 6
    one, two = told(done)
    assert (one["edited"], one["env_edited"]) == ([], [])
    assert two["edited"] == ["page.txt", "vendor/lib/lib/__init__.py"]
    assert two["env_edited"] == ["GREETING", f"line {len(settings.splitlines()) + 1}"]
    assert "host2: 2 shipped file(s) edited on the host, first page.txt" in done.err
    assert "host2: .env was edited on the host: GREETING" in done.err
    assert "good night" not in done.out + done.err


def test_a_removed_env_file_is_an_edit(pair: Site) -> None:
    with edited(pair.current(pair.farm.hosts[0]) / ".env", None):
        done = status(pair)
    assert done.code == 6 and "host1: .env was edited on the host: GREETING" in done.err


def test_a_file_that_was_only_touched_or_is_shared_is_no_edit(pair: Site) -> None:
    (pair.current(pair.farm.hosts[0]) / "page.txt").touch()
    (pair.path(pair.farm.hosts[0]) / "shared/media/new.txt").write_text("uploaded")
    assert status(pair).code == 0


def test_a_current_that_leads_nowhere_and_a_freeze_are_said(pair: Site) -> None:
    release = pair.current(pair.farm.hosts[0])
    assert pair.project.fab("lock", "--env=staging", "--message=audit", "--limit=host2").code == 0
    release.rename(release.with_name("aside"))
    done = pair.project.fab("status", "--env=staging")
    release.with_name("aside").rename(release)
    assert pair.project.fab("unlock", "--env=staging", "--yes").code == 0
    assert done.code == 6
    assert f"current points to {release.name}, which is not there" in done.err
    assert "frozen by" in done.out and "audit" in done.out


def test_a_host_out_of_reach_is_exit_4_alone_and_6_beside_others(pair: Site) -> None:
    host = pair.farm.hosts[1]
    host.stop()
    try:
        beside = pair.project.fab("status", "--env=staging")
        alone = pair.project.fab("status", "--env=staging", "--limit=host2")
    finally:
        host.start()
    assert (beside.code, alone.code) == (6, 4)
    assert "host2" in alone.err and pair.currents()[0] in beside.out


def test_hosts_that_serve_different_code_pins_and_settings_disagree(staging: Site) -> None:
    staging.configure("host1", "host2", **KEYS)
    old = staging.project.deploy()
    new = staging.project.deploy("staging", "--limit=host2")
    done = status(staging)
    assert done.code == 6
    assert f"hosts run different releases: host1 {old}, host2 {new}" in done.err
    assert "environments" not in done.err and "pins" not in done.err  # equal settings, though of two runs
    staging.project.lib_says("two")
    staging.configure("host1", "host2", **{**KEYS, "GREETING": "good night", "EXTRA": "1"})
    staging.project.deploy("staging", "--limit=host2")
    done = status(staging)
    assert done.code == 6
    assert "hosts run different vendored pins: host1, host2" in done.err
    assert "hosts run different environments: EXTRA, GREETING" in done.err
