"""Variables of a machine's user that speak to pip, uv and Python of other installs than ours."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

OURS = {"PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0"}
"""What overrules a pip.conf."""
PYTHONS = ("PYTHONHOME", "PYTHONUSERBASE", "VIRTUAL_ENV", "CONDA_PREFIX", "__PYVENV_LAUNCHER__")
FROM_WHERE = (
    *(
        "INDEX",
        "FIND_LINKS",
        "HOST",
        "CERT",
        "PROXY",
        "CACHE",
        "TIMEOUT",
        "RETRIES",
        "KEYRING",
        "CONFIG_FILE",
    ),
    *("TLS", "HTTP", "OFFLINE", "CONCURRENT", "BINARY", "NETRC", "TOKEN", "PASSWORD", "USERNAME"),
)
"""Words of variables that say from where packages come, which holds for ours too."""


def stray(environ: Mapping[str, str]) -> list[str]:
    """Names of variables that would send an install of ours elsewhere, or make another one of it."""
    told = [name for name in environ if name.startswith(("PIP_", "UV_"))]
    others = [name for name in told if not any(word in name for word in FROM_WHERE)]
    return sorted(others + [name for name in PYTHONS if name in environ])


def without_stray(words: list[str], environ: Mapping[str, str]) -> list[str]:
    """The words that run `words` without those variables."""
    options = [word for name in stray(environ) for word in ("-u", name)]
    return ["env", *options, *words] if options else words
