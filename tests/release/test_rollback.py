"""Rolling back five hosts: code, packages and settings are the old ones; and from every odd state a failure leaves."""

from __future__ import annotations

import getpass
import shutil
import socket
from collections.abc import Iterator

import pytest

from tests.release.project import Plain, make_plain
from tests.release.site import Site
from tests.rig import Farm, farm


@pytest.fixture(scope="module")
def five_hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    with farm(tmp_path_factory.mktemp("five"), count=5) as made:
        yield made


@pytest.fixture(scope="module")
def released(five_hosts: Farm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A project with two releases that differ in pages, packages and settings, on five hosts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))
        site = Site(make_plain(tmp_path_factory.mktemp("rollback")), five_hosts, "site")
        site.project.write("requirements.txt", "./vendor/lib\n")
        site.project.commit()
        release(site, "one")
        site.project.lib_says("two")
        release(site, "two")
        yield site


@pytest.fixture
def five(released: Site) -> Iterator[Site]:
    """The five hosts as they were after the second release, whatever the test before did."""
    kept = {path: path.with_name("kept") for path in released.paths()}
    for path, copy in kept.items():
        shutil.copytree(path, copy, symlinks=True)
    yield released
    configure(released, "two")
    for path, copy in kept.items():
        shutil.rmtree(path)
        copy.rename(path)


def configure(site: Site, word: str) -> None:
    """Settings that say `word`; the restart remembers what it was told."""
    site.configure(GREETING=word, DEPLOY_RESTART="echo $GREETING >> ../../shared/restarts")


def release(site: Site, word: str) -> str:
    """A release whose page and settings say `word`."""
    configure(site, word)
    site.project.write("page.txt", word + "\n")
    site.project.commit()
    return site.project.deploy()


def ids(site: Site) -> list[str]:
    """The releases of host1, oldest first."""
    return sorted(path.name for path in (site.paths()[0] / "releases").iterdir())


def words(site: Site) -> set[str]:
    """What page, package and settings say, over all hosts."""
    asked = "cat page.txt; python -c 'import lib; print(lib.TEXT)'; . ./.env; echo $GREETING"
    return {" ".join(site.on(host, asked).split()) for host in site.farm.hosts}


def states(site: Site) -> dict[str, str]:
    """Each release with its mark."""
    listed = site.project.fab("releases", "--env=staging", "--json").document["releases"]
    return {one["id"]: one["state"] for one in listed}


def rollback(site: Site, *more: str) -> tuple[int, str]:
    done = site.project.fab("rollback", "--env=staging", *more)
    assert site.unlocked()
    return done.code, done.err


def test_pages_packages_and_settings_are_the_old_ones_on_five_hosts(five: Site) -> None:
    old, new = ids(five)
    assert words(five) == {"two two two"}
    done = five.project.fab("rollback", "--env=staging", "--json")
    assert done.code == 0, done.err
    assert five.currents() == [old] * 5
    assert words(five) == {"one one one"}
    assert done.document["revision"] == (five.paths()[0] / "releases" / old / "REVISION").read_text().strip()
    told = [(host["release"], host["outcome"]) for host in done.document["hosts"]]
    assert told == [(old, "rolled back")] * 5
    restarts = {(path / "shared/restarts").read_text() for path in five.paths()}
    assert restarts == {"one\ntwo\none\n"}  # each restart had the settings of the release it started
    assert states(five) == {old: "good", new: "bad"}


def test_the_release_left_is_bad_until_it_is_chosen_and_deploying_it_again_warns(five: Site) -> None:
    old, new = ids(five)
    assert rollback(five)[0] == 0
    again, refused = rollback(five)
    assert again == 1 and "no earlier good release" in refused
    assert rollback(five, f"--to={new}")[0] == 0
    assert five.currents() == [new] * 5 and states(five) == {old: "bad", new: "good"}
    assert rollback(five, f"--to={old}")[0] == 0
    deployed = five.project.fab("deploy", "--env=staging")
    assert deployed.code == 0 and f"deployed before and marked bad ({new})" in deployed.err


def test_releases_say_who_did_what_when_and_how_it_ended(five: Site) -> None:
    old, new = ids(five)
    assert rollback(five)[0] == 0
    told = five.project.fab("releases", "--env=staging", "--json").document
    [*_, deployed, rolled_back] = told["history"]
    assert (deployed["command"], deployed["release"], deployed["outcome"]) == ("deploy", new, "ok")
    assert (rolled_back["command"], rolled_back["release"], rolled_back["outcome"]) == ("rollback", old, "ok")
    for entry in (deployed, rolled_back):
        assert entry["revision"].startswith(entry["release"][-7:])
        assert entry["who"] == getpass.getuser() and entry["from"] == socket.gethostname()
        assert entry["seconds"] > 0 and entry["at"].endswith("Z")
    shown = five.project.fab("releases", "--env=staging").out
    assert f"{new}  bad" in shown and f"{old}  good" in shown and "rollback" in shown


def test_a_host_that_lacks_the_target_is_named_with_limit_before_any_flip(five: Site) -> None:
    old, new = ids(five)
    shutil.rmtree(five.paths()[3] / "releases" / old)
    code, err = rollback(five)
    assert code == 1
    assert f"host4: release {old} is not there" in err and "--limit=host1,host2,host3,host5" in err
    assert five.currents() == [new] * 5
    code, err = rollback(five, "--limit=host1,host2,host3,host5")
    assert code == 0, err
    assert five.currents() == [old, old, old, new, old]


def test_it_works_after_a_failed_deploy_and_when_current_leads_nowhere(five: Site) -> None:
    old, new = ids(five)
    restart = 'echo $GREETING >> ../../shared/restarts; [ "$GREETING" = two ]'
    five.configure(GREETING="three", DEPLOY_RESTART=restart)
    assert five.project.fab("deploy", "--env=staging").code == 1
    assert five.currents() == [new] * 5 and words(five) == {"two two two"}
    restarts = {(path / "shared/restarts").read_text() for path in five.paths()}
    # the way back was made with the old settings; hosts that were told to stop had not begun with the new ones, and
    # one that was not yet switched had nothing to restart
    back, stopped, untouched = "one\ntwo\nthree\ntwo\n", "one\ntwo\ntwo\n", "one\ntwo\n"
    assert back in restarts <= {back, stopped, untouched}
    five.configure()
    for path in five.paths():
        shutil.rmtree(path / "releases" / new)
    code, err = rollback(five)
    assert code == 0, err
    assert five.currents() == [old] * 5 and words(five) == {"one one one"}


def test_the_services_of_the_target_are_asked_first_with_its_own_settings(five: Site) -> None:
    old, new = ids(five)
    broken = five.paths()[0] / "releases" / old / "environment.json"
    text = broken.read_text()
    five.configure(DEPLOY_WAIT_FOR="CACHE_URL", CACHE_URL="tcp://127.0.0.1:1")
    broken.write_text(text.replace("{", '{"CACHE_URL":"nonsense://127.0.0.1",', 1))
    code, err = rollback(five)
    assert code == 78 and "CACHE_URL" in err
    assert five.currents() == [new] * 5
    broken.write_text(text.replace("{", '{"CACHE_URL":"tcp://127.0.0.1:1",', 1))
    code, err = rollback(five)
    assert code == 0 and "CACHE_URL" in err and "rolled back all the same" in err
    assert five.currents() == [old] * 5


def test_a_rollback_that_fails_on_one_host_leaves_all_on_what_they_served(five: Site) -> None:
    old, new = ids(five)
    five.configure(DEPLOY_RESTART=f'[ "$DEPLOYTASKS_HOST" != host4 ] || [ "$DEPLOYTASKS_RELEASE" != {old} ]')
    code, err = rollback(five)
    assert code == 1 and "host4: restart" in err
    assert five.currents() == [new] * 5


def test_a_rollback_that_is_undone_leaves_every_release_as_good_as_it_was(local: Plain) -> None:
    first, second = local.deploy("dev"), local.deploy("dev")
    history = local.root / ".deploy/dev/.deploytasks/history.jsonl"
    history.rename(history.with_name("aside"))
    history.mkdir()
    assert local.fab("rollback", "--env=dev").code == 1
    history.rmdir()
    history.with_name("aside").rename(history)
    known = local.fab("releases", "--env=dev", "--json").document["releases"]
    assert [(one["id"], one["state"]) for one in known] == [(second, "good"), (first, "good")]
    assert (local.root / ".deploy/dev/current").resolve().name == second
