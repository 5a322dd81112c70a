"""Why an installer failed, in one of its own lines, and the cure; it has one exit code for everything."""

from __future__ import annotations

import re

PYTHON = (
    r"requires a different Python|Requires-Python|requires Python|does not satisfy Python|depends on Python"
)
COMPILER = (
    r"Python\.h|pg_config|mysql_config|cargo.*not found|error: command .*(gcc|cc|clang|g\+\+)|"
    r"No such file or directory: '(gcc|cc|clang|x86_64-linux-gnu-gcc)'|Unknown compiler"
)
INDEX = (
    r"Failed to establish|Connection refused|Could not connect|error sending request|dns error|"
    r"Temporary failure in name|Failed to fetch|Network is unreachable|ConnectTimeout|ConnectionError|"
    r"from versions: none"
)
CURES = (
    (PYTHON, "set DEPLOY_PYTHON to an interpreter that it takes, or pin a version for this one"),
    (
        COMPILER,
        "it has no wheel for this host and cannot be compiled there: pin a version that has one, or install a compiler",
    ),
    (INDEX, "no index that has it answers there: see the network, or set DEPLOY_WHEELHOUSE=yes"),
)


def reason(lines: list[str]) -> str:
    """The first telling line with its cure; without one the last lines."""
    for pattern, cure in CURES:
        for line in lines:
            if re.search(pattern, line):
                return "%s; %s" % (line.strip()[:300], cure)
    return "; ".join(line.strip() for line in lines[-4:] if line.strip())
