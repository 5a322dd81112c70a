"""Settings: the DEPLOY_ keys, typed, each with the function that reads its text and with its meaning."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from . import parsers

PARSER = "parser"


def key(parse: Callable[[str], Any], default: Any) -> Any:
    """A field of Settings whose text `parse` reads; it raises parsers.Wrong with what would be right."""
    return field(default=default, metadata={PARSER: parse})


@dataclass(frozen=True)
class Settings:
    """The DEPLOY_ keys, typed. Field `x_y` holds `DEPLOY_X_Y`, `role_x_y` pairs of a role and its `DEPLOY_X_Y_<ROLE>`.

    A default stands in brackets; without one, None and () mean that nothing is done. README's table holds these texts.
    """

    path: str = field(metadata={PARSER: parsers.deploy_path})
    """Absolute directory on the host; for `local:` also relative to the project. Required."""
    source: str = key(parsers.choice("commit", "worktree"), "commit")
    """`commit`: what is committed (default); `worktree`: what is on disk, less what git ignores."""
    branch: str | None = key(parsers.branch, None)
    """Only revisions contained in this branch may be deployed."""
    exclude: tuple[str, ...] = key(parsers.words, ())
    """Rsync patterns of what is not shipped, besides `.git`, `__pycache__` and `*.pyc`."""
    shared_dirs: tuple[str, ...] = key(parsers.shared_paths, ())
    """Directories of the release that are links to `shared/`, for what outlives it."""
    shared_files: tuple[str, ...] = key(parsers.shared_paths, ())
    """Files of the release that are links to `shared/`."""
    keep_releases: int = key(parsers.count, 5)
    """Good releases kept, current included (5)."""
    python: str = key(parsers.interpreter, "python3")
    """Interpreter on the host (`python3`)."""
    requirements: tuple[str, ...] = key(parsers.paths_in_release, ())
    """Requirements files (the first found of `uv.lock`, `requirements.lock`, `requirements.txt`)."""
    vendor_install: str = key(parsers.choice("wheel", "path", "none"), "wheel")
    """`wheel`: private packages are built here and installed there (default); `path`: their sources are put
    on the import path; `none`: left to `postinstall`."""
    vendor_paths: tuple[str, ...] = key(parsers.paths_in_release, ())
    """Exactly these directories go on the import path, in this order; what lies in them is not built (those that
    `vendor/vendor.pth` lists, else found: `src/` or flat)."""
    installer: str = key(parsers.choice("auto", "uv", "pip"), "auto")
    """`uv`, `pip`, or `auto`: uv when the host has it (default)."""
    wheelhouse: bool = key(parsers.yes_no, False)
    """`yes` ships every wheel, for hosts without an index (`no`)."""
    vendor_policy: str = key(parsers.vendor_policy, "pushed")
    """Pins that may be deployed: `any`, `pushed` (default), `tag`, `branch:<name>`."""
    vendor_local_urls: bool = key(parsers.yes_no, False)
    """`yes` allows submodules whose URL is a path (`no`)."""
    postinstall: str | None = key(parsers.text, None)
    """Command run in the new release on each host (`./postinstall` when there is one)."""
    backup: str | None = key(parsers.text, None)
    """Command run once, on the primary host, before migrate; it must write the file `$DEPLOYTASKS_BACKUP`."""
    keep_backups: int = key(parsers.count, 5)
    """Backups kept in `shared/backups` (5)."""
    migrate: str | None = key(parsers.text, None)
    """Command run once, on the primary host, before publish."""
    wait_for: tuple[str, ...] | None = key(parsers.names, None)
    """Keys that hold URLs of services to wait for (`DATABASE_URL`)."""
    wait_timeout: float = key(parsers.seconds, 120.0)
    """Seconds in which those services must be ready (120)."""
    restart: str | None = key(parsers.text, None)
    """Command run on each host after publish."""
    role_restart: tuple[tuple[str, str], ...] = ()
    """`DEPLOY_RESTART` of the hosts of a role, for which the plain key does not hold."""
    processes: tuple[tuple[str, int], ...] = key(parsers.processes, ())
    """Processes of the `Procfile` that run on each host, e.g. `web worker=2`, as units of systemd; instead of
    `DEPLOY_RESTART`."""
    role_processes: tuple[tuple[str, tuple[tuple[str, int], ...]], ...] = ()
    """`DEPLOY_PROCESSES` of the hosts of a role, for which the plain key does not hold."""
    stop_timeout: float = key(parsers.seconds, 30.0)
    """Seconds that an old process has to finish in (30)."""
    health_url: str | None = key(parsers.http_url, None)
    """URL that is asked from the host itself after restart; must answer 2xx."""
    role_health_url: tuple[tuple[str, str], ...] = ()
    """`DEPLOY_HEALTH_URL` of the hosts of a role, for which the plain key does not hold."""
    health_timeout: float = key(parsers.seconds, 30.0)
    """Seconds in which the health URL must answer 2xx (30)."""
    health_host: str | None = key(parsers.host_header, None)
    """Host header of the health request."""
    health_headers: tuple[tuple[str, str], ...] = key(parsers.headers, ())
    """Further headers of the health request, `Name: value`, one a line."""
    health_expect: str | None = key(parsers.text, None)
    """Text that the health answer must contain; `{release}` stands for the release."""
    health_settle: float = key(parsers.seconds_or_none, 3.0)
    """Seconds (3) that answers must stay good where no `{release}` in `DEPLOY_HEALTH_EXPECT` tells which
    release answers."""
    batch: str = key(parsers.batch, "all")
    """Hosts published at a time: a number, a percentage such as `25%`, or `all` (default)."""
    parallel: int = key(parsers.count, 16)
    """Hosts worked on at once (16)."""
    confirm: bool = key(parsers.yes_no, False)
    """`yes`: ask before this environment changes; `--yes` answers (`no`)."""
    from_process: tuple[str, ...] = key(parsers.process_names, ())
    """Keys that the process environment overrides; each must be set there and not be empty, but for those
    written `KEY?`."""
    allow_dirty: bool = key(parsers.yes_no, False)
    """`yes`: as with `--allow-dirty`, always (`no`)."""
    env_group: str | None = key(parsers.one_word, None)
    """Group that may read `.env`, when the application runs as another user."""
    ssh_config: str | None = key(parsers.text, None)
    """An ssh_config file (yours and the system's)."""
    host_keys: str = key(parsers.choice("strict", "accept-new"), "strict")
    """`strict`: unknown and changed host keys are refused (default); `accept-new`: unknown ones are
    taken."""
    step_timeout: float = key(parsers.seconds, 3600.0)
    """Seconds that a step may take on a host (3600)."""
    connect_timeout: float = key(parsers.seconds, 10.0)
    """Seconds that a connection to a host may take (10)."""
    decrypt: str | None = key(parsers.text, None)
    """Command that prints an encrypted layer, e.g. `sops -d {file}`."""
    secrets: tuple[str, ...] = key(parsers.names, ())
    """Further keys to mask; `*_PASSWORD`, `*_SECRET`, `*_KEY`, `*_TOKEN`, `*_DSN` and URLs with a password
    always are."""
    notify: str | None = key(parsers.text, None)
    """Command or http URL that is given the report as JSON."""
    logs: str | None = key(parsers.text, None)
    """What `fab logs` shows: files, or a command."""


PARSERS: Mapping[str, Callable[[str], Any]] = {
    one.name: one.metadata[PARSER] for one in fields(Settings) if PARSER in one.metadata
}
"""Every field of Settings but those that hold the keys of roles."""
REQUIRED = {
    "DEPLOY_HOSTS": "the hosts, e.g. deploy@www1.example.com, or local: for this machine",
    "DEPLOY_PATH": "the directory on the host, e.g. /srv/app",
}
KNOWN = ("DEPLOY_HOSTS", *(f"DEPLOY_{name.upper()}" for name in PARSERS))


def is_ours(key: str) -> bool:
    return key.startswith("DEPLOY_")


def applications(texts: Mapping[str, str]) -> dict[str, str]:
    """The keys that are the application's."""
    return {key: text for key, text in texts.items() if not is_ours(key)}
