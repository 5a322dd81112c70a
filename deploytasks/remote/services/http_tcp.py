"""`tcp://` and `http(s)://`: services that are asked without a login of their own."""

from __future__ import annotations

import http.client

from deploytasks.remote import exchange
from deploytasks.remote.services import verdict
from deploytasks.remote.services.wire import Wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn
    from urllib.parse import SplitResult


def tcp(url: SplitResult, timeout: float) -> NoReturn:
    """Raise a verdict.Attempt: whether the port takes a connection."""
    if not url.hostname or not url.port:
        raise verdict.misconfigured(
            "its URL names no host and port", "write tcp://host:port", verdict.PERMANENT
        )
    with Wire((url.hostname, url.port), timeout):
        raise verdict.ready("tcp")


def web(url: SplitResult, timeout: float) -> NoReturn:
    """Raise a verdict.Attempt: whether the URL answers 2xx."""
    try:
        status, _ = exchange.get(url.geturl(), timeout, most=0)
    except http.client.HTTPException as error:
        raise verdict.not_yet("no HTTP answer (%s)" % type(error).__name__) from None
    if 200 <= status < 300:
        raise verdict.ready("http")
    if status in (401, 403):
        raise verdict.refused("answered %d" % status, "correct the credentials in the URL")
    if status == 404:
        raise verdict.misconfigured("answered 404", "correct the path of the URL")
    raise verdict.not_yet("answered %d" % status, "see its log")
