"""Settings of a machine's user that speak of other installs leak into none of ours."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploytasks.cache import cache_root
from deploytasks.remote.venv.variables import stray
from tests.install.host import Host, package, write
from tests.release.project import BIN, Plain, make_plain
from tests.rig import own_mounts

ELSEWHERE = {
    "PIP_USER": "1",
    "PIP_TARGET": "{}/target",
    "PIP_PREFIX": "{}/prefix",
    "PIP_REQUIRE_VIRTUALENV": "1",
    "PIP_DRY_RUN": "1",
    "PIP_NO_DEPS": "1",
    "PIP_PYTHON": "/nowhere/python",
    "UV_PYTHON": "3.8",
    "UV_SYSTEM_PYTHON": "1",
    "UV_BREAK_SYSTEM_PACKAGES": "1",
    "UV_PROJECT_ENVIRONMENT": "{}/project",
    "UV_EXCLUDE_NEWER": "2001-01-01",
    "UV_CONSTRAINT": "/nowhere/constraints.txt",
    "VIRTUAL_ENV": "/nowhere/venv",
    "PYTHONHOME": "/nowhere",
    "PYTHONUSERBASE": "{}/base",
}
CONF = "[global]\nuser = true\nrequire-virtualenv = true\n"


def test_variables_of_the_user_that_say_where_and_what_to_install_are_passed_over(
    tree: Path, host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package(tree, "inhouse", dependencies='["six==1.17.0"]')
    for name, value in ELSEWHERE.items():
        monkeypatch.setenv(name, value.format(tmp_path / "elsewhere"))
    release = host.deploy(tree)
    monkeypatch.undo()
    assert host.run(release, "python", "-c", "import inhouse, six; print(six.__version__)") == "1.17.0"
    assert not (tmp_path / "elsewhere").exists()


def test_a_pip_conf_that_installs_for_the_user_is_overruled(
    tree: Path, host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package(tree, "inhouse")
    write(tree / "requirements.txt", "idna==3.10\n")
    kept = Path("~/.config/pip/pip.conf").expanduser()
    own = tmp_path / "home/.config/pip/pip.conf"
    text = kept.read_text() if kept.is_file() else "[global]\n"
    write(own, text.replace("[global]\n", CONF))
    monkeypatch.setenv("PIP_CONFIG_FILE", str(own))
    release = host.deploy(tree)
    assert host.run(release, "python", "-c", "import idna, inhouse; print(inhouse.TEXT)") == "one"


@pytest.mark.parametrize(
    "name",
    [
        *(
            "PIP_INDEX_URL",
            "PIP_EXTRA_INDEX_URL",
            "PIP_FIND_LINKS",
            "PIP_TRUSTED_HOST",
            "PIP_CERT",
            "PIP_PROXY",
        ),
        *("PIP_CONFIG_FILE", "PIP_CACHE_DIR", "PIP_DEFAULT_TIMEOUT", "PIP_RETRIES", "PIP_KEYRING_PROVIDER"),
        *(
            "UV_DEFAULT_INDEX",
            "UV_INDEX_PRIVATE_PASSWORD",
            "UV_NATIVE_TLS",
            "UV_HTTP_TIMEOUT",
            "UV_CACHE_DIR",
        ),
        *(
            "UV_INSECURE_HOST",
            "UV_OFFLINE",
            "UV_CONCURRENT_DOWNLOADS",
            "PIP_ONLY_BINARY",
            "HTTPS_PROXY",
            "PATH",
        ),
    ],
)
def test_variables_that_say_from_where_are_kept(name: str) -> None:
    assert stray({name: "x"}) == []


@pytest.mark.parametrize("name", ELSEWHERE)
def test_variables_that_say_where_to_are_not(name: str) -> None:
    assert stray({name: "x"}) == [name]


def test_a_user_without_a_name_and_a_home_deploys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container that runs with any number for its user."""
    project: Plain = make_plain(tmp_path)
    project.environment("dev", DEPLOY_HOSTS="local:", DEPLOY_PATH=".deploy/dev", DEPLOY_VENDOR_INSTALL="path")
    nobody = tmp_path / "passwd"
    nobody.write_text("somebody:x:4711:4711::/nonexistent:/bin/sh\n")
    words = own_mounts(f"mount --bind {nobody} /etc/passwd")
    given = {"PATH": f"{BIN}:{os.environ['PATH']}", "GIT_CONFIG_GLOBAL": os.devnull, "LC_ALL": "C"}
    done = subprocess.run(
        [*words, str(BIN / "fab"), "deploy", "--env=dev"],
        cwd=project.root,
        env=given,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_cache_without_a_home_is_private_to_the_user(tmp_path: Path) -> None:
    nobody = tmp_path / "passwd"
    nobody.write_text("")
    ask = "import os; from deploytasks.cache import cache_root; print(cache_root(os.environ))"
    done = subprocess.run(
        [*own_mounts(f"mount --bind {nobody} /etc/passwd"), sys.executable, "-c", ask],
        env={"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == str(tmp_path / f"deploytasks-{os.getuid()}"), done.stderr
    assert cache_root({"XDG_CACHE_HOME": "/x"}) == Path("/x/deploytasks")
