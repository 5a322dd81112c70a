"""Environment and Host: what the dotenv layers say, parsed once into types that cannot be wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .secret import Secret


@dataclass(frozen=True)
class Origin:
    """Where a value came from: a file (relative to the project) and a 1-based line, or `process`, or `default`."""

    source: str
    line: int | None = None

    def __str__(self) -> str:
        return self.source if self.line is None else f"{self.source}:{self.line}"


@dataclass(frozen=True)
class Variable:
    """One application key. `secret` says whether it must be masked; the text is wrapped in any case."""

    name: str
    value: Secret
    origin: Origin
    secret: bool = False


@dataclass(frozen=True)
class Host:
    """One host of an environment. `local:` hosts have `address == "local"` and `is_local`."""

    address: str
    user: str | None = None
    port: int | None = None
    roles: tuple[str, ...] = ()
    """Role names in lower case; hosts of the plain DEPLOY_HOSTS carry the role `app`."""
    primary: bool = False
    is_local: bool = False

    @property
    def name(self) -> str:
        """As written in DEPLOY_HOSTS; unique within an environment."""
        if self.is_local:
            return "local:"
        user = f"{self.user}@" if self.user else ""
        bracketed = f"[{self.address}]" if ":" in self.address else self.address
        return f"{user}{bracketed}{f':{self.port}' if self.port else ''}"


@dataclass(frozen=True)
class Settings:
    """The DEPLOY_ keys, typed. Field `x_y` holds `DEPLOY_X_Y`; product documentation gives each key's meaning."""

    path: str
    source: str = "commit"
    branch: str | None = None
    keep_releases: int = 5
    shared_dirs: tuple[str, ...] = ()
    shared_files: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    python: str = "python3"
    requirements: tuple[str, ...] = ()
    """Empty: the first found of uv.lock, requirements.lock, requirements.txt."""
    vendor_install: str = "wheel"
    postinstall: str | None = None
    migrate: str | None = None
    wait_for: tuple[str, ...] | None = None
    """None: DATABASE_URL when present."""
    wait_timeout: float = 120.0
    restart: str | None = None
    health_url: str | None = None
    health_timeout: float = 30.0
    health_host: str | None = None
    health_expect: str | None = None
    role_restart: tuple[tuple[str, str], ...] = ()
    """(role, command) of DEPLOY_RESTART_<ROLE>."""
    role_health_url: tuple[tuple[str, str], ...] = ()
    batch: str = "all"
    """As written and validated: a number, a percentage such as `25%`, or `all`."""
    confirm: bool = False
    ssh_config: str | None = None
    host_keys: str = "strict"
    vendor_policy: str = "pushed"
    vendor_local_urls: bool = False
    installer: str = "auto"
    wheelhouse: bool = False
    parallel: int = 16
    from_process: tuple[str, ...] = ()
    allow_dirty: bool = False
    env_group: str | None = None
    step_timeout: float = 3600.0
    connect_timeout: float = 10.0
    decrypt: str | None = None
    notify: str | None = None
    logs: str | None = None
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Environment:
    """One environment, complete and valid. Printable without leaking."""

    name: str
    root: Path
    """The project: the directory that holds fabfile.py and environments/."""
    hosts: tuple[Host, ...]
    """Every host of every role once, in the order written; the first is the primary."""
    settings: Settings
    variables: tuple[Variable, ...] = ()
    """Application keys, sorted by name."""
    warnings: tuple[str, ...] = ()
    origins: tuple[tuple[str, Origin], ...] = field(default=(), repr=False)
    """Origin of every DEPLOY_ key that was set."""
    secret_settings: tuple[Variable, ...] = field(default=(), repr=False)
    """The DEPLOY_ keys whose texts must be masked, e.g. a DEPLOY_NOTIFY that DEPLOY_SECRETS names."""

    @property
    def primary(self) -> Host:
        return self.hosts[0]

    @property
    def taken_from_process(self) -> tuple[str, ...]:
        """Keys whose value the process environment gave (DEPLOY_FROM_PROCESS)."""
        origins = (*self.origins, *((variable.name, variable.origin) for variable in self.variables))
        return tuple(name for name, origin in origins if origin.source == "process")

    def get(self, name: str) -> Variable | None:
        """The application key `name`, or None."""
        return next((variable for variable in self.variables if variable.name == name), None)

    def revealed(self) -> dict[str, str]:
        """Application keys with their texts, for the one place that ships them."""
        return {variable.name: variable.value.reveal() for variable in self.variables}


def load_environment(name: str, *, root: Path, process: Mapping[str, str] | None = None) -> Environment:
    """The environment `name` of the project at `root`, complete and valid.

    `process` is the process environment; only keys named in DEPLOY_FROM_PROCESS are taken from it. Raises
    UsageError for a name that is no environment, ConfigurationError with every problem of every layer at once.
    """
    from .loading import draft

    return draft(name, root.resolve(), process or {}).environment()
