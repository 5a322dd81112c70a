"""What is wrong with the interpreter, the installer and the room of a host, found by a check. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..config.environment import Environment
from ..remote.venv.wheel import same_python
from .bundle import Bundle
from .installers import ON_HOSTS


def tool_findings(facts: Mapping[str, Any], environment: Environment, bundle: Bundle | None) -> Iterator[str]:
    """`<what is wrong>; <next move>` for each thing that would fail the install."""
    wanted, python = environment.settings.installer, environment.settings.python
    if not facts["python"]:
        if facts["trouble"]:  # else said already: the interpreter itself is missing
            yield f"{python} cannot start: {facts['trouble']}; mend it there, or set DEPLOY_PYTHON"
        return
    kinds = ON_HOSTS.values() if wanted == "auto" else [ON_HOSTS[wanted]]
    reasons = [kind.lacking(facts, python) for kind in kinds]
    if all(reasons):
        yield reasons[-1]
    if bundle is None:
        return
    if bundle.requires_python and not satisfies(facts["python"], bundle.requires_python):
        yield f"{python} is {facts['python']}, the project requires {bundle.requires_python}; set DEPLOY_PYTHON"
    if bundle.made_for is not None and not same_python(bundle.made_for, facts):
        other = f"{bundle.made_for['python']} on {bundle.made_for['platform']}"
        yield (
            f"{python} is {facts['python']} on {facts['platform']}, the wheelhouse is for the first host's {other}; "
            "make the hosts alike, or set DEPLOY_WHEELHOUSE=no"
        )
    yield from room_findings(facts, bundle)


def room_findings(facts: Mapping[str, Any], bundle: Bundle) -> Iterator[str]:
    """Whether a new environment has room; what it takes at least is known."""
    if bundle.mode == "none" or bundle.key(facts) in facts["venvs"]:
        return
    if facts["free_bytes"] < bundle.size:
        megabytes = f"{facts['free_bytes'] // 1024**2} MB free, the packages take at least {bundle.size // 1024**2} MB"
        yield f"{megabytes}; make room"
    if facts["has_inodes"] and facts["free_inodes"] < bundle.files:
        yield f"{facts['free_inodes']} inodes free, the packages take at least {bundle.files}; make room"


def satisfies(version: str, clauses: str) -> bool:
    """Whether a Python version fulfils a `requires-python`; a release candidate counts as the release."""
    from packaging.specifiers import SpecifierSet
    from packaging.version import Version

    return SpecifierSet(clauses).contains(Version(version.rstrip("+")).base_version)
