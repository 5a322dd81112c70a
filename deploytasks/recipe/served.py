"""What a host serves, at a closer look: files, settings, and whether application and services answer; as values."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .shape import shaped


@dataclass(frozen=True)
class ServedSettings:
    """{name: fingerprint} of the settings that a host serves, as they are and as they were written."""

    release: str | None
    keys: Mapping[str, str]
    written: Mapping[str, str]
    foreign: tuple[int, ...]
    """Lines of `.env` that are not ours."""

    @classmethod
    def of(cls, value: Any) -> ServedSettings:
        return shaped(cls, value)

    @property
    def edited(self) -> tuple[str, ...]:
        """What was changed by hand since the deploy: names of keys, or `line <number>`."""
        changed = (
            name for name in {*self.keys, *self.written} if self.keys.get(name) != self.written.get(name)
        )
        return (*sorted(changed), *(f"line {number}" for number in self.foreign))


@dataclass(frozen=True)
class Edited:
    """Shipped paths that were edited on the host."""

    paths: tuple[str, ...]

    @classmethod
    def of(cls, value: Any) -> Edited:
        return shaped(cls, {"paths": value})


@dataclass(frozen=True)
class Health:
    """What is wrong with the answers of the health URLs."""

    problems: tuple[str, ...]

    @classmethod
    def of(cls, value: Any) -> Health:
        return shaped(cls, {"problems": value})


@dataclass(frozen=True)
class Service:
    """What a service answered; a code is that of the command line, 0 for one that can be used."""

    code: int
    text: str
    warning: str = ""


@dataclass(frozen=True)
class Services:
    """What every service answered."""

    services: Mapping[str, Service]

    @classmethod
    def of(cls, value: Any) -> Services:
        return shaped(cls, {"services": value})

    @property
    def warnings(self) -> tuple[str, ...]:
        return tuple(one.warning for one in self.services.values() if one.warning)


@dataclass(frozen=True)
class Files:
    """{path: (git mode, size, content id)} of what a host serves."""

    entries: Mapping[str, tuple[int, int, str]]

    @classmethod
    def of(cls, value: Any) -> Files:
        try:
            packed = json.loads(zlib.decompress(base64.b64decode(value)))
        except zlib.error as error:
            raise ValueError(str(error)) from error
        return cls(
            {
                str(path): (int(mode), int(size), str(content))
                for path, (mode, size, content) in packed.items()
            }
        )
