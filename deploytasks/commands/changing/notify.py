"""DEPLOY_NOTIFY: somebody is given the report as JSON. A notification that fails never changes how a run ended."""

from __future__ import annotations

import json
import subprocess
import urllib.request

from ...config.environment import Environment
from ...report import Report
from ...shell import shell_line

PATIENCE = 10.0
"""Seconds for a notification."""


def notify(environment: Environment, report: Report) -> tuple[str, ...]:
    """Post the report to the URL, or pipe it into the command, of DEPLOY_NOTIFY; answers a note when that failed."""
    target = environment.settings.notify
    if not target:
        return ()
    data = json.dumps(report.document()).encode()
    try:
        if target.startswith(("http://", "https://")):
            asked = urllib.request.Request(
                target, data, {"Content-Type": "application/json", "User-Agent": "deploytasks"}
            )
            with urllib.request.urlopen(asked, timeout=PATIENCE):
                return ()
        words = shell_line(target).words
        subprocess.run(
            words,
            input=data,
            cwd=environment.root,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=PATIENCE,
            check=True,
        )
    except (OSError, urllib.error.URLError, subprocess.SubprocessError) as error:
        return (f"DEPLOY_NOTIFY failed ({type(error).__name__}); try it by hand",)
    return ()
