"""Nothing on a host is removed, written or served through a link that leads elsewhere."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from deploytasks.remote import trash
from deploytasks.remote.agent.state import State
from deploytasks.remote.failure import Failure
from deploytasks.remote.lock import lock, takeover
from deploytasks.remote.release import history, prune, release
from deploytasks.remote.release.current import served
from deploytasks.remote.release.inventory import former, inventory
from deploytasks.remote.tree.prepare import prepare
from deploytasks.remote.venv import collect, venv
from tests.remote.conftest import NEW, OLD
from tests.rig import wait_until

NOBODY = 65534


def precious(state: State) -> bool:
    own = Path(state.root).parent / "own"
    return sorted(path.name for path in own.rglob("*")) == ["deep", "precious"]


def test_a_shared_directory_in_another_keeps_what_is_in_it(state: State) -> None:
    shared = Path(state.root) / "shared"
    (shared / "media/uploads").mkdir(parents=True)
    (shared / "media/uploads/photo").write_text("data")
    (shared / "media/list.txt").write_text("data")
    for names in (
        ["media", "media/uploads"],
        ["media/uploads", "media"],
        ["./media", "media/uploads/", "media"],
    ):
        release.link_shared(state, NEW, names, ["media/list.txt"])
    top = Path(state.root) / "releases" / NEW
    assert (top / "media/uploads/photo").read_text() == "data" and (
        top / "media/list.txt"
    ).read_text() == "data"
    assert os.readlink(top / "media") == "../../shared/media"


def test_a_shipped_link_above_a_shared_path_is_refused_and_nothing_below_it_removed(state: State) -> None:
    top = Path(state.root) / "releases" / NEW
    (top / "data").symlink_to("../../../own")
    with pytest.raises(Failure, match="data is a link in the tree, so that shared/data/deep cannot"):
        release.link_shared(state, NEW, ["data/deep"])
    assert precious(state)


@pytest.mark.parametrize("name", ["../../../own", "{own}", "own/../../../../own", ".deploytasks/x"])
def test_a_shared_path_that_leads_out_of_the_release_is_refused(state: State, name: str) -> None:
    with pytest.raises(Failure, match="cannot be shared"):
        release.link_shared(state, NEW, [name.format(own=Path(state.root).parent / "own")])
    assert precious(state)


@pytest.mark.parametrize(
    "written",
    [
        f"releases/{OLD}",
        f"releases/{OLD}/",
        f"./releases//{OLD}/.",
        f"{{root}}/releases/{OLD}",
        f"releases/../releases/{OLD}/",
        "latest",
    ],
)
def test_what_is_served_is_where_current_leads_however_it_is_written(state: State, written: str) -> None:
    root = Path(state.root)
    (root / "latest").symlink_to(f"releases/{OLD}/")
    (root / "current").unlink()
    (root / "current").symlink_to(written.format(root=root))
    assert served(state.root) == OLD and not inventory(state)["dangling"]
    assert prune.prune(state, [OLD, NEW]) == {"retired": [NEW]}
    assert (root / "current").is_dir()


def test_what_is_served_is_found_where_releases_lie_elsewhere(state: State) -> None:
    root = Path(state.root)
    (root / "releases").rename(root.parent / "disk")
    (root / "releases").symlink_to(root.parent / "disk")
    assert served(state.root) == OLD
    (root / "releases" / OLD).rename(root.parent / "moved")
    (root / "releases" / OLD).symlink_to(root.parent / "moved")
    assert served(state.root) == OLD


def test_a_current_that_leads_to_no_release_is_put_back_by_a_failed_deploy(state: State) -> None:
    root = Path(state.root)
    (root / "current").unlink()
    (root / "current").symlink_to("../own")
    assert served(state.root) is None
    release.publish(state, NEW)
    assert served(state.root) == NEW
    release.publish(state, None)
    assert os.readlink(root / "current") == "../own"


def test_a_spare_tree_that_is_a_link_is_none(state: State) -> None:
    spare = Path(state.root) / ".deploytasks/spare"
    spare.mkdir()
    (spare / NEW).symlink_to("../../../own")
    assert former(state.root) == str(Path(state.root) / "releases" / OLD)
    prepare(state, "20260103000000-ccccccc", owner(), "", "")
    assert precious(state)


def owner() -> dict[str, object]:
    return {"project": "p", "environment": "e", "identities": ["1"]}


USES: dict[str, Callable[[State], object]] = {
    "trash": lambda state: trash.retire(state, f"{state.root}/releases/{NEW}"),
    "spare": lambda state: prune.prune(state, [NEW]),
    "sessions": lambda state: lock.enter_session(state.root, "run1", os.getpid()),
    "bundles": lambda state: prepare(state, "20260103000000-ccccccc", owner(), "", ""),
}


@pytest.mark.parametrize("name", USES)
def test_a_directory_of_the_tools_that_is_a_link_is_refused(state: State, name: str) -> None:
    (Path(state.root) / ".deploytasks" / name).symlink_to("../../own")
    with pytest.raises(Failure, match=f"/.deploytasks/{name} is not a directory; see what it is"):
        USES[name](state)
    assert precious(state)


@pytest.mark.parametrize("name", ["lock.guard", "history.jsonl", "sessions/run1/4242"])
def test_a_file_of_the_tools_that_is_a_link_is_not_written_through(state: State, name: str) -> None:
    place = Path(state.root) / ".deploytasks" / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.unlink(missing_ok=True)
    place.symlink_to(Path(state.root).parent / "own/deep/precious")
    with pytest.raises(Failure, match="is not a file; see what it is"):
        history.append(state.root, {"command": "x"})
        lock.beat(state.root, "run1")
        os.close(lock.open_file(str(place), os.O_WRONLY | os.O_TRUNC))
    assert (Path(state.root).parent / "own/deep/precious").read_text() == "kept"
    place.unlink()


def test_the_private_directory_itself_may_not_be_a_link(state: State) -> None:
    root = Path(state.root)
    (root / ".deploytasks").rename(root / "aside")
    (root / ".deploytasks").symlink_to("../own")
    with pytest.raises(Failure, match=r"/\.deploytasks is not a directory"):
        lock.freeze(state.root, "why", {})
    assert precious(state)
    (root / ".deploytasks").unlink()
    (root / "aside").rename(root / ".deploytasks")


@pytest.mark.parametrize("token", ["/own", "../../../own", "..", ".", "", "a/b"])
def test_a_token_that_is_a_path_is_no_token(state: State, token: str) -> None:
    root = Path(state.root)
    place = root / ".deploytasks/lock"
    named = token.replace("/own", str(root.parent / "own")) if token.startswith("/") else token
    place.write_text(json.dumps({"token": named, "kind": "run", "heartbeat": 0, "boot_id": "x"}))
    answer = takeover.acquire(state.root, "run2", {})
    assert not answer["acquired"] and answer["holder"]["kind"] == "rubbish" and precious(state)
    takeover.break_lock(state.root, answer["holder"]["token"], {"command": "unlock"})
    assert takeover.acquire(state.root, "run2", {})["acquired"]
    lock.release(state.root, "run2")


def test_what_is_deleted_is_never_what_a_link_leads_to(state: State) -> None:
    top = Path(state.root) / "releases" / NEW
    locked = top / "sealed"
    locked.mkdir()
    (locked / "link").symlink_to(Path(state.root).parent / "own")
    (locked / "file").symlink_to(Path(state.root).parent / "own/deep/precious")
    (Path(state.root).parent / "own/deep/precious").chmod(0o640)
    locked.chmod(0o555)
    (Path(state.root) / "releases/link").symlink_to("../../own")
    trash.retire(state, str(top))
    trash.retire(state, str(Path(state.root) / "releases/link"))
    trash.empty(state.root)
    place = Path(state.root) / ".deploytasks/trash"
    wait_until(lambda: not os.listdir(place), "the trash is empty", 30)
    assert precious(state)
    assert (Path(state.root).parent / "own/deep/precious").stat().st_mode & 0o777 == 0o640


def test_a_link_in_a_directory_without_w_is_deleted_and_what_it_leads_to_keeps_its_mode(
    tmp_path: Path,
) -> None:
    """As an ordinary user, who owns both: root is never told to make anything writable."""
    (tmp_path / "trash/sealed").mkdir(parents=True)
    (tmp_path / "python").write_text("kept")
    (tmp_path / "trash/sealed/python").symlink_to(tmp_path / "python")
    (tmp_path / "python").chmod(0o755)
    (tmp_path / "trash/sealed").chmod(0o555)
    for path in (tmp_path / "trash", tmp_path / "trash/sealed", tmp_path / "python"):
        os.chown(path, NOBODY, NOBODY) if os.getuid() == 0 else None
    descriptor = os.open(tmp_path / "trash", os.O_RDONLY)
    child = os.fork()
    if child == 0:
        os.chdir(tmp_path / "trash")  # where it would delete if it went nowhere
        sys.argv[1:] = [str(descriptor)]
        os.setuid(NOBODY) if os.getuid() == 0 else None
        exec(trash.DELETE, {})
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert list((tmp_path / "trash").iterdir()) == []
    assert (tmp_path / "python").stat().st_mode & 0o777 == 0o755


def test_a_venv_that_is_a_link_goes_without_what_it_leads_to(state: State) -> None:
    venvs = Path(state.root) / "venvs"
    venvs.mkdir()
    (Path(state.root).parent / "own").chmod(0o700)
    (venvs / f"own-{NEW}").symlink_to("../../own")
    venv.discard(str(venvs / f"own-{NEW}"))
    (venvs / ("0" * 24)).symlink_to("../../own")
    collect.collect(state, [OLD])
    assert not (venvs / ("0" * 24)).is_symlink() and precious(state)
    assert (Path(state.root).parent / "own").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("name", ["venvs.json", "environments.json"])
def test_a_kept_release_keeps_its_venvs_also_one_of_an_earlier_version(state: State, name: str) -> None:
    venvs = Path(state.root) / "venvs"
    for key in "012":
        (venvs / (key * 24)).mkdir(parents=True)
    (Path(state.root) / "releases" / OLD / ".deploytasks" / name).write_text(json.dumps(["1" * 24]))
    collect.collect(state, [OLD, NEW])
    assert [path.name for path in venvs.iterdir() if path.name != ".trash"] == ["1" * 24]


@pytest.mark.parametrize("name", ["venvs.json", "environments.json"])
def test_the_venvs_stay_when_it_cannot_be_read_which_are_needed(state: State, name: str) -> None:
    venvs = Path(state.root) / "venvs"
    (venvs / ("0" * 24)).mkdir(parents=True)
    (Path(state.root) / "releases" / OLD / ".deploytasks" / name).write_text("[{}]")
    with pytest.raises(Failure, match=r"json does not hold"):
        collect.collect(state, [OLD])
    assert (venvs / ("0" * 24)).is_dir()
