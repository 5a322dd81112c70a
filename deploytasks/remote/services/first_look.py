"""A look at the services while a deploy begins: a success is the first of the two that the wait asks for."""

from __future__ import annotations

import threading
import time

from deploytasks.remote.services import verdict
from deploytasks.remote.services.service import Service
from deploytasks.remote.services.wait import LONGEST

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from deploytasks.remote.agent.state import State


def look(state: State, services: dict[str, Any], migrates: bool = False) -> None:
    """Ask every service once, in the background; `state.sightings` is {url: (server, when)} of those that can be used.

    Nothing else is made of it: what is wrong is for the wait to say.
    """
    for name, one in services.items():
        service = Service(name, one["url"], one["usable"] and migrates, state.root, "", False)
        threading.Thread(target=see, args=(state, service, one["url"]), daemon=True).start()


def see(state: State, service: Service, url: str) -> None:
    attempt = service.ask(LONGEST)
    if attempt.kind == verdict.READY and attempt.server is not None:
        state.sightings[url] = attempt.server, time.monotonic()
