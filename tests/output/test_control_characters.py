"""What a terminal would obey comes from hosts, repositories, files and options, and is shown, not obeyed."""

from __future__ import annotations

import json
import re

import pytest

from deploytasks.output.visible import visible
from tests.release.project import Plain

CLEAR = "\x1b[2Jgone"
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain → text\twith\nlines", "plain → text\twith\nlines"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("over\rwritten", "over\\rwritten"),
        ("\x9b31m", "\\x9b31m"),
        ("a\u202eb\u2066", "a\\u202eb\\u2066"),
        ("\udcff", "\\udcff"),
        ("family: 👩\u200d👧", "family: 👩\u200d👧"),
    ],
    ids=ascii,
)
def test_a_character_that_is_obeyed_is_written_as_python_writes_it(text: str, shown: str) -> None:
    assert visible(text) == shown


def printed(project: Plain, *words: str) -> str:
    """All that a task prints, which obeys nothing."""
    done = project.fab(*words, "--env=dev")
    text = done.out + done.err
    assert not OBEYED.search(text), ascii(text)
    return text


def test_subjects_names_output_holders_and_options_are_shown(local: Plain) -> None:
    local.environment("dev", DEPLOY_HOSTS="local:", DEPLOY_PATH=".deploy/dev", DEPLOY_LOGS="sh ./postinstall")
    local.deploy("dev")
    local.write(f"{CLEAR}.txt", "x")
    local.write("postinstall", "#!/bin/sh\nprintf 'postinstall \\033[2Jgone\\n'\n", 0o755)
    local.commit(f"Subject {CLEAR}")
    shown = ascii(CLEAR)[1:-1]
    assert printed(local, "plan").count(shown) == 2
    assert printed(local, "deploy").count(shown) == 1
    assert shown in printed(local, "logs")
    assert shown in printed(local, "run", r"printf '\033[2Jgone'")
    assert shown in printed(local, "rollback", f"--to={CLEAR}")
    assert printed(local, "deploy", f"--revision={CLEAR}")
    assert printed(local, "plan", f"--limit={CLEAR}")
    assert printed(local, "lock", f"--message={CLEAR}")
    assert shown in printed(local, "deploy")
    assert shown in printed(local, "status")
    assert shown in printed(local, "unlock", "--yes")
    assert printed(local, "releases")


def test_what_stands_in_a_history_is_shown(local: Plain) -> None:
    local.deploy("dev")
    path = local.root / ".deploy/dev/.deploytasks/history.jsonl"
    entry = json.loads(path.read_text().splitlines()[-1])
    path.write_text(json.dumps({**entry, "who": CLEAR, "outcome": CLEAR}) + "\n")
    assert printed(local, "releases").count(ascii(CLEAR)[1:-1]) == 2


def test_json_escapes_it_itself(local: Plain) -> None:
    local.deploy("dev")
    local.commit(f"Subject {CLEAR} \x9b \u202e")
    done = local.fab("plan", "--env=dev", "--json")
    assert not OBEYED.search(done.out)
    assert CLEAR in done.document["plan"][0]["commits"]["added"][0]
