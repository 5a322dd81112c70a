"""verify: what answers is the new release, and it goes on answering until the run ends."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deploytasks.remote.agent.state import State
from deploytasks.remote.failure import Failure
from deploytasks.remote.release.health import verify
from tests.release.application import Answer, Application, application
from tests.release.project import Plain
from tests.release.site import Site


@pytest.fixture
def app(project: Plain) -> Iterator[Application]:
    with application(project.root / ".deploy/dev/current") as made:
        yield made


def configure(project: Plain, app: Application, **keys: object) -> None:
    more = {"DEPLOY_HEALTH_URL": app.url, "DEPLOY_HEALTH_TIMEOUT": 1, "DEPLOY_HEALTH_SETTLE": 0.2, **keys}
    project.environment("dev", DEPLOY_HOSTS="local:", DEPLOY_PATH=".deploy/dev", **more)


def once(release: str) -> object:
    """Answers well for the release `release`, and for another a single time."""

    def answer(served: str, count: int) -> Answer:
        return (200, "ok") if served == release or count == 1 else (503, "gone")

    return answer


def test_an_answer_that_does_not_last_is_not_taken_for_the_release(project: Plain, app: Application) -> None:
    """As after a reload: the old worker answers once more, then there is nobody."""
    configure(project, app)
    first = project.deploy("dev")
    app.answer = once(first)
    failed = project.fab("deploy", "--env=dev", "--json")
    assert failed.code == 1, failed.err
    assert "answered well, then answered 503 after 1 s" in failed.document["error"]
    assert [(one["release"], one["outcome"]) for one in failed.document["hosts"]] == [(first, "unchanged")]


def test_the_first_and_the_last_good_answer_are_the_settle_time_apart(
    project: Plain, app: Application
) -> None:
    configure(project, app, DEPLOY_HEALTH_SETTLE=0)
    assert app.count(project.deploy("dev")) == 1
    configure(project, app)
    assert app.count(project.deploy("dev")) > 2


def test_a_release_that_the_answer_names_needs_no_settling(project: Plain, app: Application) -> None:
    configure(project, app, DEPLOY_HEALTH_SETTLE=1000, DEPLOY_HEALTH_EXPECT="{release}")
    assert app.count(project.deploy("dev")) == 1


def test_an_answer_of_another_release_is_not_good(project: Plain, app: Application) -> None:
    configure(project, app, DEPLOY_HEALTH_EXPECT="{release}")
    first = project.deploy("dev")
    app.answer = lambda release, count: (200, first)
    failed = project.fab("deploy", "--env=dev", "--json")
    assert failed.code == 1 and "answered 200 without" in failed.document["error"]


def test_a_gap_while_it_restarts_is_waited_through(project: Plain, app: Application) -> None:
    configure(project, app, DEPLOY_HEALTH_TIMEOUT=30)
    app.answer = lambda release, count: (502, "") if count in (2, 3) else (200, "")
    assert app.count(project.deploy("dev")) > 4


def test_what_settles_after_the_time_for_the_first_answer_is_good(app: Application) -> None:
    assert verify(State(), app.url, timeout=0.3, settle=0.6)["attempts"] > 2
    with pytest.raises(Failure, match=r"answered 500 after 0\.1 s"):
        app.answer = lambda release, count: (500, "")
        verify(State(), app.url, timeout=0.1)


def test_further_headers_are_sent_and_never_shown(project: Plain, app: Application) -> None:
    headers = "X-Forwarded-Proto: https\nAuthorization: Bearer t0psecret"
    configure(project, app, DEPLOY_HEALTH_HEADERS=headers, DEPLOY_HEALTH_HOST="www.example.com")
    project.deploy("dev")
    sent = app.asked[-1][2]
    assert (sent["X-Forwarded-Proto"], sent["Authorization"], sent["Host"]) == (
        "https",
        "Bearer t0psecret",
        "www.example.com",
    )
    shown = project.fab("env.show", "--env=dev").out
    assert "DEPLOY_HEALTH_HEADERS" in shown and "t0psecret" not in shown


def test_a_role_has_a_health_url_of_its_own(project: Plain, app: Application) -> None:
    urls = {"DEPLOY_HEALTH_URL": f"{app.url}/app", "DEPLOY_HEALTH_URL_WORKER": f"{app.url}/worker"}
    configure(project, app, DEPLOY_HOSTS_WORKER="local:", **urls, DEPLOY_HEALTH_SETTLE=0)
    project.deploy("dev")
    assert [path for _, path, _ in app.asked] == ["/health/app", "/health/worker"]


def test_a_host_that_dies_while_later_batches_are_published_is_found(staging: Site) -> None:
    host1 = staging.farm.hosts[0]
    with application(staging.path(host1) / "current") as app:
        asked = {"DEPLOY_HEALTH_URL": app.url, "DEPLOY_HEALTH_TIMEOUT": 1, "DEPLOY_HEALTH_SETTLE": 0}
        staging.configure("host1", "host2", DEPLOY_BATCH=1, **asked)
        first = staging.project.deploy()
        assert app.count(first) == 3
        app.answer = lambda release, count: (200 if release == first or count < 3 else 503, "")
        failed = staging.project.fab("deploy", "--env=staging", "--json")
    assert failed.code == 1 and "host1: verify" in failed.document["error"]
    assert staging.currents()[:2] == [first, first]


def test_status_and_check_say_that_an_application_is_dead(project: Plain, app: Application) -> None:
    configure(project, app, DEPLOY_HEALTH_EXPECT="{release}")
    assert project.fab("status", "--env=dev", "--json").document["status"][0]["serves"] is None
    release = project.deploy("dev")
    alive = project.fab("status", "--env=dev", "--json")
    assert alive.code == 0 and alive.document["status"][0]["serves"] is True
    for answer, said in ((502, "answered 502"), (200, f"answered 200 without '{release}'")):
        app.answer = lambda served, count, status=answer: (status, "an old worker")
        dead = project.fab("status", "--env=dev", "--json")
        assert (dead.code, dead.document["status"][0]["serves"]) == (6, False)
        assert f"local:: {app.url}: {said}; the application does not serve" in dead.err
    assert "does not serve" in project.fab("status", "--env=dev").out
    check = project.fab("check", "--env=dev")
    assert check.code == 0 and "the application does not serve now" in check.err  # the cure may be a deploy


def test_status_asks_the_url_of_a_role_and_asks_twice_before_it_complains(
    project: Plain, app: Application
) -> None:
    worker = {"DEPLOY_HOSTS_WORKER": "local:", "DEPLOY_HEALTH_URL_WORKER": f"{app.url}/worker"}
    configure(project, app, **worker, DEPLOY_HEALTH_SETTLE=0)
    release = project.deploy("dev")
    asked = app.count(release)
    app.answer = lambda served, count: (503 if count == asked + 2 else 200, "")
    assert project.fab("status", "--env=dev").code == 0
    assert [path for _, path, _ in app.asked[asked:]] == ["/health", "/health/worker", "/health/worker"]
