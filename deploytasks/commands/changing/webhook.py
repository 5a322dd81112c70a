"""A POST whose whole exchange, redirects included, comes before one deadline."""

from __future__ import annotations

import http.client
import time
import urllib.request
from typing import Any

from ...remote.exchange import Timed


def post(url: str, data: bytes, seconds: float) -> None:
    """`data`, which is JSON, has been taken by `url`, through the proxy that the process environment names.

    Raises OSError (TimeoutError when `seconds` are over), ValueError or http.client.HTTPException.
    """
    headers = {"Content-Type": "application/json", "User-Agent": "deploytasks"}
    asked = urllib.request.Request(url, data, headers)
    opener = urllib.request.build_opener(*handlers(time.monotonic() + seconds), Unread)
    try:
        opener.open(asked, timeout=seconds).close()
    except urllib.error.URLError as error:
        raise error.reason if isinstance(error.reason, OSError) else error from None


class Unread(urllib.request.HTTPRedirectHandler):
    """Follows redirects, a few, without reading what comes with them."""

    def redirect_request(self, request: urllib.request.Request, answer: Any, *more: Any) -> Any:
        answer.close()
        return super().redirect_request(request, answer, *more)


def handlers(ends: float) -> tuple[urllib.request.BaseHandler, ...]:
    """Handlers of HTTP and HTTPS whose connections end at `ends`."""

    class Plain(http.client.HTTPConnection):
        def connect(self) -> None:
            super().connect()
            self.sock: Any = Timed(self.sock, ends)

    class Secure(http.client.HTTPSConnection):
        def connect(self) -> None:
            super().connect()
            self.sock: Any = Timed(self.sock, ends)

    class PlainHandler(urllib.request.HTTPHandler):
        def http_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
            return self.do_open(Plain, request)

    class SecureHandler(urllib.request.HTTPSHandler):
        def https_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
            return self.do_open(Secure, request)

    return PlainHandler(), SecureHandler()
