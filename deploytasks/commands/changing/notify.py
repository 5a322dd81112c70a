"""DEPLOY_NOTIFY: somebody is given the report as JSON. A notification that fails never changes how a run ended."""

from __future__ import annotations

import http.client
import json
import subprocess

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
            from .webhook import post

            post(target, data, PATIENCE)
            return ()
        subprocess.run(
            shell_line(target).words,
            input=data,
            cwd=environment.root,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=PATIENCE,
            check=True,
        )
    except (OSError, ValueError, http.client.HTTPException, subprocess.SubprocessError) as error:
        return (f"DEPLOY_NOTIFY failed ({reason(error)}); try it by hand",)
    return ()


def reason(error: Exception) -> str:
    """Why a notification failed, without the address, which may be a secret."""
    if isinstance(error, TimeoutError | subprocess.TimeoutExpired):
        return f"no answer within {PATIENCE:g} s"
    code = getattr(error, "code", None)
    return f"answered {code}" if code else type(getattr(error, "reason", error)).__name__
