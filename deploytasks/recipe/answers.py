"""What hosts answer, as values. Each is made of JSON in one place, its `of`, which an Operation has as its `read`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from ..operation import Result
from .release import Release, is_release_id
from .shape import shaped

T = TypeVar("T")


def found(kind: type[T], results: Iterable[Result]) -> T | None:
    """The answer of a type among the results of a host; None when it did not come to it."""
    return next((one.value for one in results if isinstance(one.value, kind)), None)


def answer(kind: type[T], results: Iterable[Result]) -> T:
    """The answer of a type among the results of a host that did all that it was asked."""
    value = found(kind, results)
    assert value is not None, f"no {kind.__name__} was asked for"
    return value


@dataclass(frozen=True)
class Pin:
    """A vendored dependency of a release."""

    path: str
    commit: str


@dataclass(frozen=True)
class Marks:
    """What a host remembers of a release since it was made."""

    verified: bool = False
    bad: bool = False
    migrated: bool = False


@dataclass(frozen=True)
class Provenance:
    """What a host serves, and what that release says of itself: fields of release.json, as far as it has them."""

    release: str | None
    free_bytes: int
    present: bool = True
    dependency_key: str | None = None
    revision: str | None = None
    environment_fingerprint: str | None = None
    at: str | None = None
    who: str | None = None
    dirty: bool = False
    vendored: tuple[Pin, ...] = ()
    marks: Marks = Marks()

    @classmethod
    def of(cls, value: Any) -> Provenance:
        return shaped(cls, value)


@dataclass(frozen=True)
class KnownRelease(Marks):
    """A release on a host. `provenance` is what it says of itself, where that was asked for."""

    id: str = field(kw_only=True)
    revision: str | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Inventory:
    """The releases of a host; what `current` names, whether that is there or `dangling`.

    `basis` is the digest of the tree that its next release begins with, empty without one; `vendored` {path: commit} of
    what is served.
    """

    current: str | None
    dangling: bool
    releases: tuple[KnownRelease, ...]
    basis: str
    vendored: Mapping[str, str]

    @classmethod
    def of(cls, value: Any) -> Inventory:
        return shaped(cls, value)

    @property
    def served(self) -> str | None:
        """The release that the host serves; None when it serves none or `current` dangles."""
        return None if self.dangling else self.current

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(one.id for one in self.releases)

    @property
    def ours(self) -> list[Release]:
        """Its releases in the order of their ids; foreign names in releases/ are none."""
        return [Release(one.id, one.verified, one.bad) for one in self.releases if is_release_id(one.id)]

    def with_good(self, release: str) -> Inventory:
        """The same with one more release, a good one."""
        return replace(self, releases=(*self.releases, KnownRelease(verified=True, id=release)))


NOTHING = Inventory(None, False, (), "", {})
"""Of a host that was not asked."""


@dataclass(frozen=True)
class LockHolder:
    """Who holds the lock of a host. `said` is all of it, for people and for JSON."""

    token: str
    kind: str = ""
    alive: bool = False
    """Whether the agent of a run still works on the host."""
    condemned: bool = False
    """Another run is just about to take it over."""
    said: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, value: Any) -> LockHolder | None:
        """None for nobody. Whatever else stands in a lock, it can be shown and broken."""
        if value is None:
            return None
        said = dict(value)
        token, kind = (str(said.get(name, "")) for name in ("token", "kind"))
        return cls(token, kind, bool(said.get("alive")), bool(said.get("condemned")), said)


@dataclass(frozen=True)
class Tried:
    """Whether a try to take a lock was one in time."""

    acquired: bool


@dataclass(frozen=True)
class Acquired:
    """What became of one try to take a lock: who has it instead, or from whom it was taken over."""

    acquired: bool
    holder: LockHolder | None = None
    took_over: LockHolder | None = None

    @classmethod
    def of(cls, value: Any) -> Acquired:
        holder, old = (LockHolder.of(value.get(name)) for name in ("holder", "took_over"))
        return cls(shaped(Tried, value).acquired, holder, old)


@dataclass(frozen=True)
class History:
    """Lines of history.jsonl, oldest first."""

    entries: tuple[Mapping[str, Any], ...]

    @classmethod
    def of(cls, value: Any) -> History:
        """What is no object is none of ours."""
        return shaped(cls, {"entries": [one for one in value if isinstance(one, dict)]})

    @property
    def last_run(self) -> str | None:
        """The run that wrote the newest line."""
        return self.entries[-1].get("run") if self.entries else None

    def tells_end_of(self, run: str) -> bool:
        """Whether another run took over the lock of this one, or broke it."""
        return any(entry.get("of") == run for entry in self.entries)


@dataclass(frozen=True)
class Tidied:
    """The end of a deploy; what could not be pruned."""

    problem: str | None = None

    @classmethod
    def of(cls, value: Any) -> Tidied:
        return shaped(cls, value or {})
