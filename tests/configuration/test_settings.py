"""Every DEPLOY_ key has a type; what does not fit it is refused before any host is contacted."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from deploytasks.config.settings import PARSERS, Settings

from .conftest import Project

NOT_OUR_OWN = "is /, a home directory or the project itself; choose a directory of its own, e.g. /srv/app"
UNSAFE = "holds characters that are not safe in a path; use letters, digits, blanks and / . _ + @ -"
CLIMBS = "has a part that is `..` or begins with `-`; write the directory out"
NO_COUNT = "is no whole number from 1 up; write one, e.g. 5"
NO_URL = "is no http:// or https:// URL; write one, e.g. http://127.0.0.1:8000/health"
NO_HEADER = "has a line that is no header; write Name: value, one a line, e.g. X-Forwarded-Proto: https"
NO_SECONDS = "is no number of seconds above 0; write one, e.g. 30"
NO_BATCH = "is no size of a batch; write a number from 1 up, a percentage such as 25%, or all"
YES_NO = "is none of its values; write yes or no"
OUTSIDE = "names a path outside the release; write relative ones without `..`, e.g. media"
NOT_A_WORD = "is more than one word, or begins with `-`; write one name"
NOT_NAMES = "holds more than names of keys; write them with spaces between, e.g. DATABASE_URL REDIS_URL"

WRONG = [
    ("DEPLOY_PATH", "/", NOT_OUR_OWN),
    ("DEPLOY_PATH", "//", NOT_OUR_OWN),
    ("DEPLOY_PATH", ".", NOT_OUR_OWN),
    ("DEPLOY_PATH", "/root/", NOT_OUR_OWN),
    ("DEPLOY_PATH", "/home", NOT_OUR_OWN),
    ("DEPLOY_PATH", "/home/deploy", NOT_OUR_OWN),
    ("DEPLOY_PATH", "/Users/ann/", NOT_OUR_OWN),
    (
        "DEPLOY_PATH",
        "srv/app",
        "is relative, which only local: hosts may have; write the directory on the host, e.g. /srv/app",
    ),
    ("DEPLOY_PATH", "/srv/../etc", CLIMBS),
    ("DEPLOY_PATH", "/srv/-rf", CLIMBS),
    ("DEPLOY_PATH", "~/app", UNSAFE),
    ("DEPLOY_PATH", "'/srv/app '", UNSAFE),
    ("DEPLOY_PATH", "'/srv/$(id)'", UNSAFE),
    ("DEPLOY_PATH", "'/srv/a\nb'", UNSAFE),
    ("DEPLOY_PATH", "", UNSAFE),
    ("DEPLOY_SOURCE", "tree", "is none of its values; write commit or worktree"),
    ("DEPLOY_BRANCH", "--upload-pack=x", "is no name of a branch; write one, e.g. main"),
    ("DEPLOY_BRANCH", "a..b", "is no name of a branch; write one, e.g. main"),
    ("DEPLOY_KEEP_RELEASES", "0", NO_COUNT),
    ("DEPLOY_KEEP_RELEASES", "five", NO_COUNT),
    ("DEPLOY_PARALLEL", "-1", NO_COUNT),
    ("DEPLOY_SHARED_DIRS", "/media", OUTSIDE),
    ("DEPLOY_SHARED_DIRS", "'media ../logs'", OUTSIDE),
    ("DEPLOY_SHARED_FILES", ".", OUTSIDE),
    (
        "DEPLOY_SHARED_FILES",
        "'a.txt .env'",
        "names .env, which deploytasks writes in every release; take that out",
    ),
    (
        "DEPLOY_SHARED_DIRS",
        ".venv/lib",
        "names .venv, which deploytasks writes in every release; take that out",
    ),
    ("DEPLOY_REQUIREMENTS", "../requirements.txt", OUTSIDE),
    ("DEPLOY_PYTHON", "'python3 -I'", NOT_A_WORD),
    ("DEPLOY_PYTHON", "", "names no interpreter; write one, e.g. python3.12"),
    ("DEPLOY_VENDOR_INSTALL", "pip", "is none of its values; write wheel, path or none"),
    ("DEPLOY_WAIT_FOR", "DATABASE_URL,REDIS_URL", NOT_NAMES),
    ("DEPLOY_SECRETS", "*_PIN", NOT_NAMES),
    ("DEPLOY_FROM_PROCESS", "A,B", NOT_NAMES),
    ("DEPLOY_WAIT_TIMEOUT", "0", NO_SECONDS),
    ("DEPLOY_HEALTH_TIMEOUT", "30s", NO_SECONDS),
    ("DEPLOY_STEP_TIMEOUT", "1e3", NO_SECONDS),
    ("DEPLOY_CONNECT_TIMEOUT", "-5", NO_SECONDS),
    ("DEPLOY_HEALTH_URL", "localhost:8000", NO_URL),
    ("DEPLOY_HEALTH_URL", "http://:8000/", NO_URL),
    ("DEPLOY_HEALTH_URL", "http://127.0.0.1:80000/", NO_URL),
    ("DEPLOY_HEALTH_URL", "http://[::1/", NO_URL),
    ("DEPLOY_HEALTH_URL", "http://127.0.0.1/gesund\u00e4", NO_URL),
    ("DEPLOY_HEALTH_HOST", "'a\nX-Header: b'", NOT_A_WORD),
    (
        "DEPLOY_HEALTH_HOST",
        "b\u00fccher.example",
        "has characters that no header may have; write the name as DNS has it, xn--…",
    ),
    ("DEPLOY_HEALTH_SETTLE", "-1", NO_SECONDS),
    ("DEPLOY_HEALTH_HEADERS", "'X-Forwarded-Proto=https'", NO_HEADER),
    ("DEPLOY_HEALTH_HEADERS", "'X A: b'", NO_HEADER),
    ("DEPLOY_HEALTH_HEADERS", "'host: b'", "names the header Host; write it in DEPLOY_HEALTH_HOST"),
    ("DEPLOY_ENV_GROUP", "-R", NOT_A_WORD),
    ("DEPLOY_BATCH", "0", NO_BATCH),
    ("DEPLOY_BATCH", "0%", NO_BATCH),
    ("DEPLOY_BATCH", "101%", NO_BATCH),
    ("DEPLOY_BATCH", "1.5", NO_BATCH),
    ("DEPLOY_BATCH", "half", NO_BATCH),
    ("DEPLOY_CONFIRM", "true", YES_NO),
    ("DEPLOY_ALLOW_DIRTY", "1", YES_NO),
    ("DEPLOY_WHEELHOUSE", "", YES_NO),
    ("DEPLOY_VENDOR_LOCAL_URLS", "Yes", YES_NO),
    ("DEPLOY_HOST_KEYS", "no", "is none of its values; write strict or accept-new"),
    ("DEPLOY_VENDOR_POLICY", "branch:", "is none of its values; write any, pushed, tag or branch:<name>"),
    ("DEPLOY_INSTALLER", "poetry", "is none of its values; write auto, uv or pip"),
    (
        "DEPLOY_WAIT_FOR",
        "DATABSE_URL",
        "names DATABSE_URL, which is not set; set it, or did you mean DATABASE_URL?",
    ),
    (
        "DEPLOY_RESTART_WORKRE",
        "x",
        "is for a role that has no hosts; set DEPLOY_HOSTS_WORKRE, or did you mean worker?",
    ),
    ("DEPLOY_HEALTH_URL_WORKER", "x", NO_URL),
    ("DEPLOY_PTAH", "/srv", "is unknown; did you mean DEPLOY_PATH?"),
    ("DEPLOY_HOSTS_worker", "a", "is unknown; did you mean DEPLOY_HOSTS_WORKER?"),
    ("DEPLOY_COLOUR", "red", "is unknown; name keys of the application otherwise"),
]


@pytest.mark.parametrize(("key", "value", "what"), WRONG, ids=[f"{key}={value!r}" for key, value, _ in WRONG])
def test_a_wrong_value_is_refused_with_what_would_be_right(
    project: Project, key: str, value: str, what: str
) -> None:
    project.write("prod.env", f"DATABASE_URL=x\nDEPLOY_HOSTS_WORKER=jobs.example.com\n{key}={value}\n")
    assert project.problems() == (f"environments/prod.env:3: {key} {what}",)


RIGHT: list[tuple[str, str, Any]] = [
    ("path", "'/srv/my app'", "/srv/my app"),
    ("path", "/srv//app/./web/", "/srv/app/web"),
    ("source", "worktree", "worktree"),
    ("branch", "release/1.x", "release/1.x"),
    ("branch", "", None),
    ("keep_releases", "12", 12),
    ("backup", "'pg_dump --file=x'", "pg_dump --file=x"),
    ("keep_backups", "3", 3),
    ("vendor_paths", "'vendor/lib vendor/src/x'", ("vendor/lib", "vendor/src/x")),
    ("shared_dirs", "'media ./var/log/'", ("media", "var/log")),
    ("shared_files", "config.ini", ("config.ini",)),
    ("exclude", "'*.md docs'", ("*.md", "docs")),
    ("python", "/opt/python3.12/bin/python", "/opt/python3.12/bin/python"),
    (
        "requirements",
        "'requirements/base.txt requirements/prod.txt'",
        ("requirements/base.txt", "requirements/prod.txt"),
    ),
    ("vendor_install", "none", "none"),
    ("vendor_paths", "'vendor/lib/python ./vendor/src'", ("vendor/lib/python", "vendor/src")),
    ("backup", "'pg_dump > $BACKUP'", "pg_dump > $BACKUP"),
    ("keep_backups", "3", 3),
    ("postinstall", "'make install && true'", "make install && true"),
    ("migrate", "", None),
    ("wait_for", "", ()),
    ("wait_for", "DATABASE_URL", ("DATABASE_URL",)),
    ("wait_timeout", "2.5", 2.5),
    ("restart", "'systemctl restart app'", "systemctl restart app"),
    ("health_url", "http://[::1]:8000/", "http://[::1]:8000/"),
    ("health_timeout", "5", 5.0),
    ("health_host", "www.example.com", "www.example.com"),
    ("health_expect", "'release {release}'", "release {release}"),
    ("health_settle", "0", 0.0),
    ("health_settle", "1.5", 1.5),
    (
        "health_headers",
        '"X-Forwarded-Proto: https\nAuthorization:Basic a:b"',
        (("X-Forwarded-Proto", "https"), ("Authorization", "Basic a:b")),
    ),
    ("health_headers", "", ()),
    ("batch", "25%", "25%"),
    ("batch", "all", "all"),
    ("confirm", "yes", True),
    ("ssh_config", "environments/ssh_config", "environments/ssh_config"),
    ("host_keys", "accept-new", "accept-new"),
    ("vendor_policy", "branch:main", "branch:main"),
    ("vendor_local_urls", "yes", True),
    ("installer", "uv", "uv"),
    ("wheelhouse", "no", False),
    ("parallel", "4", 4),
    ("from_process", "DATABASE_URL", ("DATABASE_URL",)),
    ("allow_dirty", "yes", True),
    ("env_group", "www-data", "www-data"),
    ("step_timeout", "60", 60.0),
    ("connect_timeout", "3", 3.0),
    ("decrypt", "'sops -d {file}'", "sops -d {file}"),
    ("notify", "https://example.com/hook", "https://example.com/hook"),
    ("logs", "'log/a.log log/b.log'", "log/a.log log/b.log"),
    ("secrets", "DATABASE_URL", ("DATABASE_URL",)),
    ("processes", "'web worker=2'", (("web", 1), ("worker", 2))),
    ("stop_timeout", "5", 5.0),
]


@pytest.mark.parametrize(
    ("name", "value", "expected"), RIGHT, ids=[f"{name}={value!r}" for name, value, _ in RIGHT]
)
def test_a_right_value_becomes_its_type(project: Project, name: str, value: str, expected: Any) -> None:
    project.write("prod.env", f"DATABASE_URL=x\nDEPLOY_{name.upper()}={value}\n")
    assert getattr(project.load(DATABASE_URL="x").settings, name) == expected


def test_every_setting_has_a_parser_and_a_right_value_here() -> None:
    of_roles = {"role_restart", "role_health_url", "role_processes"}
    assert (
        {field.name for field in fields(Settings)} - of_roles
        == set(PARSERS)
        == {name for name, _, _ in RIGHT}
    )


def test_what_is_not_set_has_its_default(project: Project) -> None:
    assert project.load().settings == Settings("/srv/app")


def test_hosts_and_path_are_required(project: Project) -> None:
    project.write("common.env", "")
    assert project.problems() == (
        (
            "environments/prod.env:1: DEPLOY_HOSTS is missing; set it to the hosts, e.g. deploy@www1.example.com, "
            "or local: for this machine"
        ),
        "environments/prod.env:1: DEPLOY_PATH is missing; set it to the directory on the host, e.g. /srv/app",
    )


def test_the_keys_of_a_role_are_kept_with_it(project: Project) -> None:
    project.write(
        "prod.env",
        "DEPLOY_HOSTS_WORKER=jobs\nDEPLOY_RESTART_WORKER='svc restart jobs'\n"
        "DEPLOY_HEALTH_URL_WORKER=http://127.0.0.1:1/\n",
    )
    settings = project.load().settings
    assert settings.role_restart == (("worker", "svc restart jobs"),)
    assert settings.role_health_url == (("worker", "http://127.0.0.1:1/"),)
    assert (settings.restart, settings.health_url) == (None, None)


def test_processes_and_a_restart_command_exclude_each_other(project: Project) -> None:
    project.write("prod.env", "DEPLOY_PROCESSES='web worker=2'\nDEPLOY_RESTART=true\n")
    assert project.problems() == (
        "environments/prod.env:1: DEPLOY_PROCESSES starts what DEPLOY_RESTART would restart; take one of them out",
    )


def test_a_local_host_may_have_a_relative_path(project: Project) -> None:
    project.write("prod.env", "DEPLOY_HOSTS=local:\nDEPLOY_PATH=.deploy/dev\n")
    assert project.load().settings.path == ".deploy/dev"


@pytest.mark.parametrize("path", ["{root}", "{home}"])
def test_a_local_host_is_not_deployed_onto_the_project_or_the_home_directory(
    project: Project, path: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    project.write(
        "prod.env", f"DEPLOY_HOSTS=local:\nDEPLOY_PATH={path.format(root=project.root, home=home)}\n"
    )
    assert project.problems() == (f"environments/prod.env:2: DEPLOY_PATH {NOT_OUR_OWN}",)
