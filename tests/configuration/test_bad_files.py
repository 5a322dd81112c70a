"""Every way in which a dotenv file can be wrong is refused with its file, its line and a cure, and without a value."""

from __future__ import annotations

import pytest

from deploytasks.errors import UsageError

from .conftest import Project

PEM = "PRIVATE_KEY=-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\nkqhki/G9w0=\n-----END PRIVATE KEY-----\n"
FILE = "environments/prod.env"

BAD_FILES = {
    "a line without =": (
        "A=1\nhunter2\n",
        ["2: has no `=`; write NAME=value, NAME= for an empty value, and a value of several lines in quotes"],
    ),
    "a line without = before a comment": (
        "hunter2 # A=1\n",
        ["1: has no `=`; write NAME=value, NAME= for an empty value, and a value of several lines in quotes"],
    ),
    "a name with a dash": (
        "A-B=hunter2\n",
        ["1: what stands before `=` is no name; use letters, digits and _, and no digit first"],
    ),
    "a name with a digit first": (
        "1A=hunter2\n",
        ["1: what stands before `=` is no name; use letters, digits and _, and no digit first"],
    ),
    "a name of two words": (
        "A B=hunter2\nC=1\n",
        ["1: what stands before `=` is no name; use letters, digits and _, and no digit first"],
    ),
    "a key twice, the line counted from the top of the file": (
        "A=hunter2\n\n# note\n\nA=hunter3\n",
        ["5: A stands in line 1 already; keep one of them"],
    ),
    "a quote that nobody closes": (
        "A='hunter2\nB=1\n",
        ["1: A cannot be read; close the quote, and write nothing behind it"],
    ),
    "text behind a quote": (
        "A='hunter2' hunter3\n",
        ["1: A cannot be read; close the quote, and write nothing behind it"],
    ),
    "a quote that ends in another key's quote": (
        "\nA='hunter2\nB=1\nC='2'\nD=3\n",
        ["2: A cannot be read, and with it B, C; close the quote, and write nothing behind it"],
    ),
    "a quote that is closed by another key's last one": (
        "A='hunter2\nB=1\nC=2'\nD=3\n",
        ["1: the quote of A swallows B, C; close it in its own line"],
    ),
    "a private key without quotes": (
        PEM,
        [
            "2: has no `=`; write NAME=value, NAME= for an empty value, and a value of several lines in quotes",
            "3: what stands before `=` is no name; use letters, digits and _, and no digit first",
            "4: has no `=`; write NAME=value, NAME= for an empty value, and a value of several lines in quotes",
        ],
    ),
    "a byte order mark": (
        b"\xef\xbb\xbfA=1\n",
        ["1: begins with a byte order mark; save it as UTF-8 without BOM"],
    ),
    "carriage returns": (b"A=1\nB=2\r\nC=3\r\n", ["2: has a carriage return; save it with Unix line ends"]),
    "a NUL byte": (b"A=1\nB=2\0\n", ["2: has a NUL byte; remove it"]),
    "Latin-1": ("A=1\nB=2\nC=Zürich\n".encode("latin-1"), ["3: is not UTF-8; save it as UTF-8"]),
    "a reference to nothing": (
        "A=x${B}\n",
        ["1: A refers to B, which is not set; set it above, or write ${NAME:-default}"],
    ),
    "a reference to itself": (
        "A=x${A}\n",
        ["1: A refers to itself in a circle; write one of the values out"],
    ),
    "a circle of references": (
        "A=${B}\nB=${C}\nC=${A}\n",
        [
            "1: A refers to itself in a circle; write one of the values out",
            "2: B refers to itself in a circle; write one of the values out",
        ],
    ),
    "a reference to a later line": (
        "A=${B}\nB=1\n",
        ["1: A refers to B, which is set only further down; move it up"],
    ),
    "a reference in a secret": (
        "B=1\nSECRET_KEY='ab${B}cd${hunter2}'\n",
        [
            (
                "2: SECRET_KEY is a secret with ${…} in it, which is replaced even in single quotes; "
                "choose another secret, or encode it"
            )
        ],
    ),
    "a reference in a key that DEPLOY_SECRETS names": (
        "PIN='${hunter2}'\nDEPLOY_SECRETS=PIN\n",
        [
            (
                "1: PIN is a secret with ${…} in it, which is replaced even in single quotes; "
                "choose another secret, or encode it"
            )
        ],
    ),
    "a reference to nothing in a URL with a password": (
        "A='postgres://u:ab${hunter2}@h/d'\n",
        ["1: A refers to a key that is not set above it; set it before, or write `${` as %24%7B"],
    ),
    "a value that bash and python-dotenv read differently": (
        'A="it\'s $hunter2"\n',
        [
            (
                "1: A holds quotes, backslashes and `$` in a mix that python-dotenv, bash and dash read differently; "
                "encode it, e.g. as base64, or choose another value"
            )
        ],
    ),
    "a secret put into a command line": (
        "DB_PASSWORD=hunter2\nDB_URL=mysql://u:${DB_PASSWORD}@h/d\nDEPLOY_MIGRATE='x ${DB_PASSWORD:-y} ${DB_URL}'\n",
        [
            (
                "3: DEPLOY_MIGRATE puts DB_PASSWORD where the host's process list shows it; "
                "write $DB_PASSWORD without braces, for the host's shell to replace"
            ),
            (
                "3: DEPLOY_MIGRATE puts DB_URL where the host's process list shows it; "
                "write $DB_URL without braces, for the host's shell to replace"
            ),
        ],
    ),
    "a name that belongs to bash": (
        "B=1\nUID=hunter2\n",
        ["2: UID is a variable of bash itself, which does not take it from a file; choose another name"],
    ),
}


@pytest.mark.parametrize(("content", "expected"), BAD_FILES.values(), ids=BAD_FILES.keys())
def test_a_bad_file_is_refused_without_its_values(
    project: Project, content: str | bytes, expected: list[str]
) -> None:
    project.write("prod.env", content)
    found = project.problems()
    assert found == tuple(f"{FILE}:{problem}" for problem in expected)
    assert "hunter" not in "\n".join(found)
    assert "MII" not in "\n".join(found)


def test_all_layers_tell_all_their_problems_at_once(project: Project) -> None:
    project.write("common.env", "DEPLOY_HOSTS=-oProxyCommand=x\nDEPLOY_PTAH=/srv/app\nA='x\n")
    project.write("prod.env", b"DEPLOY_BATCH=0\nA\r\n")
    project.write("prod.local.env", "B=1\nB=2\nDEPLOY_WAIT_FOR=DATABASE_URL\n")
    assert project.problems() == (
        "environments/common.env:3: A cannot be read; close the quote, and write nothing behind it",
        "environments/prod.env:2: has a carriage return; save it with Unix line ends",
        (
            "environments/prod.env:2: has no `=`; write NAME=value, NAME= for an empty value, "
            "and a value of several lines in quotes"
        ),
        "environments/prod.local.env:2: B stands in line 1 already; keep one of them",
        "environments/prod.env:1: DEPLOY_PATH is missing; set it to the directory on the host, e.g. /srv/app",
        (
            "environments/common.env:1: DEPLOY_HOSTS has no host as word 1; write [user@]host[:port], "
            "IPv6 as user@[::1]:22, or local: for this machine; several with spaces between, "
            "or as a range: web[01-40].example.com"
        ),
        "environments/common.env:2: DEPLOY_PTAH is unknown; did you mean DEPLOY_PATH?",
        (
            "environments/prod.env:1: DEPLOY_BATCH is no size of a batch; write a number from 1 up, "
            "a percentage such as 25%, or all"
        ),
        "environments/prod.local.env:3: DEPLOY_WAIT_FOR names DATABASE_URL, which is not set; set it, or take it out",
    )


def test_a_key_that_could_not_be_read_is_not_called_missing_too(project: Project) -> None:
    project.write("common.env", "DEPLOY_HOSTS='a\nDEPLOY_PATH=/srv\nA='1'\n")
    assert project.problems() == (
        (
            "environments/common.env:1: DEPLOY_HOSTS cannot be read, and with it DEPLOY_PATH, A; "
            "close the quote, and write nothing behind it"
        ),
    )


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "--env: is missing; use one of prod, staging"),
        ("production", "environments/production.env: does not exist; use one of prod, staging"),
        ("common", "--env: 'common' cannot be the name of an environment; use one of prod, staging"),
        ("../prod", "--env: '../prod' cannot be the name of an environment; use one of prod, staging"),
        ("Prod", "--env: 'Prod' cannot be the name of an environment; use one of prod, staging"),
        ("prod.local", "--env: 'prod.local' cannot be the name of an environment; use one of prod, staging"),
        ("prod\n", "--env: 'prod\\n' cannot be the name of an environment; use one of prod, staging"),
    ],
)
def test_a_name_that_is_no_environment_is_answered_with_those_that_exist(
    project: Project, name: str, message: str
) -> None:
    project.write("staging.env", "")
    with pytest.raises(UsageError) as refused:
        project.load(name)
    assert (str(refused.value), refused.value.exit_code) == (message, 2)
    assert not project.host.was_contacted()


def test_a_project_without_environments_is_told_to_write_one(project: Project) -> None:
    (project.root / "environments" / "prod.env").unlink()
    with pytest.raises(UsageError) as refused:
        project.load("prod")
    message = "environments/prod.env: does not exist; write environments/dev.env, or run `init`"
    assert str(refused.value) == message


def test_a_layer_that_is_a_directory_is_a_problem(project: Project) -> None:
    (project.root / "environments" / "prod.local.env").mkdir()
    assert project.problems() == (
        "environments/prod.local.env:1: cannot be read (Is a directory); look at its type and permissions",
    )
