"""The readiness wait on the host: real logins until every service is usable, or it is clear that it never will be."""

import random
import socket
import threading
import time
import urllib.parse

from deploytasks.remote import mysql, postgresql, redis, sqlite, verdict

SCHEMES = {
    "postgres": "postgresql",
    "postgresql": "postgresql",
    "postgis": "postgresql",
    "psql": "postgresql",
    "pgsql": "postgresql",
    "sqlite": "sqlite",
    "sqlite3": "sqlite",
    "spatialite": "sqlite",
    "tcp": "tcp",
    "mysql": "mysql",
    "mariadb": "mysql",
    "mysql2": "mysql",
    "mysqlgis": "mysql",
    "redis": "redis",
    "rediss": "redis",
    "unix": "redis",
    "http": "http",
    "https": "http",
}
SIGHTINGS, CONFIRM_SECONDS, APART = 3, 5.0, 1.0
FAST, SLOW = 0.4, 5.0
CURES = {
    verdict.NOT_READY: "not ready",
    verdict.REFUSED: "refuses the credentials",
    verdict.MISCONFIGURED: "is misconfigured",
}


def wait(state, services, timeout=120.0, fresh=False, migrates=False, created=False, base="", once=False):
    """Wait for all services at once; answers {service: {"code", "text", "warning"}}. `once` asks each a single time.

    Services travel as {name: {"url", "usable"}}; `usable` ones must be fit for the migration that follows.
    """
    watches = [
        Watch(state, name, one["url"], one["usable"] and migrates, timeout, fresh, created, base, once)
        for name, one in sorted(services.items())
    ]
    threads = [threading.Thread(target=watch.run, daemon=True) for watch in watches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = {watch.name: watch.answer for watch in watches}
    codes = [answer["code"] for answer in found.values()]
    code = next(
        (one for one in (verdict.REFUSED, verdict.MISCONFIGURED, verdict.NOT_READY) if one in codes), 0
    )
    error = "; ".join("%s %s" % (name, answer["text"]) for name, answer in found.items() if answer["code"])
    return {
        "__result__": {
            "ok": code == 0,
            "code": code,
            "value": found,
            "error": error,
            "kind": "service" if code else "",
        }
    }


class Watch:
    """One service under watch."""

    def __init__(self, state, name, url, usable, timeout, fresh, created, base, once):
        self.state, self.name, self.usable, self.fresh = state, name, usable, fresh
        self.created, self.base, self.once, self.timeout = created, base, once, timeout
        try:
            self.url = urllib.parse.urlsplit(url)
        except ValueError:
            self.url = None
        self.scheme = self.url.scheme.split("+")[0].lower() if self.url else ""
        self.begun = time.monotonic()
        self.line = []  # [text, first seen, last seen, times] in order: what was seen, for the last message
        self.answer = None

    def run(self):
        try:
            self.answer = self.watch()
        except Exception as bug:
            self.answer = {
                "code": 3,
                "text": "%s in the probe; please report it" % type(bug).__name__,
                "warning": "",
            }

    def watch(self):
        if self.url is None:
            return self.ended(
                verdict.MISCONFIGURED, "its URL cannot be read; correct it, percent-encode special characters"
            )
        if self.scheme not in SCHEMES:
            known = ", ".join(sorted(SCHEMES))
            return self.ended(
                verdict.MISCONFIGURED,
                "scheme %r is unknown; use one of %s (tcp://host:port only connects)" % (self.scheme, known),
            )
        server, since, pause, sightings = None, 0.0, 0.05, []
        while True:
            now = self.attempt()
            clock = time.monotonic()
            if now.kind == verdict.UNTRIED:
                return self.ended(
                    0,
                    "reached, login not tried: %s" % now.text,
                    "%s: reached, login not tried: %s" % (self.name, now.text),
                )
            if now.kind == verdict.READY:
                if (
                    self.once
                    or self.scheme in ("sqlite", "sqlite3", "spatialite")
                    or (server == now.server and clock - since >= APART)
                ):
                    return self.ended(0, "ready")
                if server != now.server:
                    server, since = now.server, clock
                pause = max(0.01, since + APART - clock)
            else:
                server = None
                self.saw(now)
                sightings = [*sightings, clock] if now.kind == verdict.SUSPECT else []
                sure = (
                    len(sightings) >= SIGHTINGS and clock - sightings[0] >= CONFIRM_SECONDS and not self.fresh
                )
                if now.kind == verdict.PERMANENT or sure or self.once:
                    return self.ended(now.code, self.told(now))
                pause = min(pause * 1.6, SLOW if now.busy or now.text == "no answer" else FAST)
            if clock - self.begun + pause >= self.timeout or self.state.cancelled():
                return self.ended(now.code or verdict.NOT_READY, self.told(now))
            time.sleep(pause * random.uniform(0.8, 1.0) if now.kind != verdict.READY else pause)

    def attempt(self):
        left = max(0.5, min(5.0, self.timeout - (time.monotonic() - self.begun)))
        try:
            kind = SCHEMES[self.scheme]
            if kind == "postgresql":
                postgresql.attempt(self.url, left, self.usable)
            elif kind == "sqlite":
                sqlite.attempt(self.url, self.state.root, self.base, self.created)
            elif kind == "mysql":
                mysql.attempt(self.url, left, self.usable)
            elif kind == "redis":
                redis.attempt(self.url, left)
            elif kind == "http":
                redis.ask_http(self.url, left)
            else:
                self.reach(left)
        except verdict.Attempt as answer:
            return answer
        except (OSError, EOFError) as error:
            return verdict.not_yet(postgresql.why(error))
        except ValueError:
            return verdict.misconfigured(
                "its URL cannot be read", "correct it; percent-encode special characters", verdict.PERMANENT
            )
        raise AssertionError("an attempt always ends with what it says")

    def reach(self, timeout):
        """A TCP connection: all there is to know of `tcp://`."""
        if not self.url.hostname or not self.url.port:
            raise verdict.misconfigured(
                "its URL names no host and port", "write tcp://host:port", verdict.PERMANENT
            )
        socket.create_connection((self.url.hostname, self.url.port), timeout).close()
        raise verdict.ready("tcp")

    def saw(self, now):
        clock = time.monotonic() - self.begun
        if self.line and self.line[-1][0] == now.text:
            self.line[-1][2:] = [clock, self.line[-1][3] + 1]
        else:
            self.line.append([now.text, clock, clock, 1])
            self.state.emit("%s: %s" % (self.name, now.text))

    def told(self, now):
        """The time-line and the cure."""
        seen = ", then ".join(
            "%s for %.0f s (%d×)" % (text, last - first, times) for text, first, last, times in self.line[-4:]
        )
        elapsed = time.monotonic() - self.begun
        head = "%s after %.0f s" % (CURES.get(now.code, "not ready"), elapsed)
        return "%s: %s; %s" % (head, seen or "nothing seen", now.cure or "see its log")

    def ended(self, code, text, warning=""):
        return {
            "code": code,
            "text": text,
            "warning": warning,
            "seconds": round(time.monotonic() - self.begun, 2),
        }
