"""environments/schema.toml: what the application expects of its keys."""

from __future__ import annotations

import pytest

from .conftest import Project

FILE = "environments/prod.env"

BROKEN_RULES = {
    "a wrong type": ('[A]\ntype = "integer"', "A=hunter2", "1: A is not of type integer; correct it"),
    "a wrong type with a description": (
        '[A]\ntype = "boolean"\ndescription = "debug mode"',
        "A=hunter2",
        "1: A is not of type boolean (debug mode); correct it",
    ),
    "a wrong URL": ('[A]\ntype = "url"', "A=hunter2", "1: A is not of type url; correct it"),
    "a wrong address": ('[A]\ntype = "email"', "A=hunter2", "1: A is not of type email; correct it"),
    "a wrong number": ('[A]\ntype = "number"', "A=1,5", "1: A is not of type number; correct it"),
    "a pattern": (
        "[A]\npattern = '[a-z]{50}'",
        "A=hunter2",
        "1: A does not match its pattern in environments/schema.toml; correct it",
    ),
    "a missing key": ("[A]\nrequired = true", "B=1", "1: A is missing; set it"),
    "a key that is missing here": ('[A]\nrequired_in = ["prod"]', "B=1", "1: A is missing; set it"),
    "a forbidden key": ('[A]\nforbid_in = ["prod"]', "A=hunter2", "1: A must not be set in prod; remove it"),
    "a reference in a secret by rule": (
        "[A]\nsecret = true",
        "A=${hunter2}",
        (
            "1: A is a secret with ${…} in it, which is replaced even in single quotes; "
            "choose another secret, or encode it"
        ),
    ),
}


@pytest.mark.parametrize(("rules", "content", "problem"), BROKEN_RULES.values(), ids=BROKEN_RULES.keys())
def test_a_broken_rule_is_a_problem_at_load(project: Project, rules: str, content: str, problem: str) -> None:
    project.write("schema.toml", rules)
    project.write("prod.env", content)
    assert project.problems() == (f"{FILE}:{problem}",)


@pytest.mark.parametrize(
    ("rules", "content"),
    [
        ('[A]\ntype = "integer"', "A=-12"),
        ('[A]\ntype = "number"', "A=1.5"),
        ('[A]\ntype = "boolean"', "A=True"),
        ('[A]\ntype = "url"', "A=postgres://u@h/d"),
        ('[A]\ntype = "email"', "A=a@b"),
        ("[A]\npattern = '[a-z]+'", "A=abc"),
        ('[A]\nrequired_in = ["staging"]', ""),
        ('[A]\nforbid_in = ["staging"]', "A=1"),
        ("[A]\nrequired = true", "A="),
    ],
)
def test_a_kept_rule_is_no_problem(project: Project, rules: str, content: str) -> None:
    project.write("staging.env", "")
    project.write("schema.toml", rules)
    project.write("prod.env", content)
    assert project.load().name == "prod"


BAD_SCHEMAS = {
    "no TOML": (
        "[A\n",
        "cannot be read (Expected ']' at the end of a table declaration (at line 1, column 3)); correct it",
    ),
    "no table": ("A = 1", "A is no table; write [A]"),
    "an unknown field": (
        "[A]\nrequird = true",
        (
            "[A] requird is unknown; use type, required, required_in, secret, pattern, "
            "default, description, must_differ_between, forbid_in"
        ),
    ),
    "a field of a wrong type": ("[A]\nsecret = 'yes'", "[A] secret is not a bool; correct it"),
    "an unknown type": (
        "[A]\ntype = 'int'",
        "[A] type is unknown; use one of string, integer, number, boolean, url, email",
    ),
    "a bad pattern": (
        "[A]\npattern = '('",
        (
            "[A] pattern is no regular expression (missing ), unterminated subpattern at "
            "position 0); correct it"
        ),
    ),
    "an environment that does not exist": (
        "[A]\nrequired_in = ['production']",
        "[A] required_in names production, which is no environment; use prod",
    ),
    "a key of the tool": (
        "[DEPLOY_PATH]\nrequired = true",
        "[DEPLOY_PATH] is a key of the tool, which knows its type; remove it",
    ),
}


@pytest.mark.parametrize(("content", "problem"), BAD_SCHEMAS.values(), ids=BAD_SCHEMAS.keys())
def test_a_bad_schema_is_a_problem(project: Project, content: str, problem: str) -> None:
    project.write("schema.toml", content)
    assert project.problems() == (f"environments/schema.toml:1: {problem}",)


def test_a_default_is_used_where_nobody_sets_the_key(project: Project) -> None:
    project.write(
        "schema.toml", '[A]\ndefault = "1"\nrequired = true\n[B]\ndefault = "2"\nforbid_in = ["prod"]\n'
    )
    project.write("staging.env", "A=3\n")
    variable = project.load().get("A")
    assert variable is not None and str(variable.origin) == "environments/schema.toml"
    assert project.load().revealed() == {"A": "1"}
    assert project.load("staging").revealed() == {"A": "3", "B": "2"}


def test_a_default_is_checked_like_any_value(project: Project) -> None:
    project.write("schema.toml", '[A]\ndefault = "hunter2"\ntype = "integer"\n')
    assert project.problems() == ("environments/schema.toml: A is not of type integer; correct it",)


def test_a_key_may_be_made_a_secret(project: Project) -> None:
    project.write("schema.toml", "[CODE]\nsecret = true\n")
    project.write("prod.env", "CODE=hunter2\n")
    variable = project.load().get("CODE")
    assert variable is not None and variable.secret


def test_environments_that_must_differ_are_refused_when_they_share_a_value(project: Project) -> None:
    project.write("schema.toml", '[SECRET_KEY]\nmust_differ_between = ["staging", "prod"]\n')
    project.write("dev.env", "SECRET_KEY=hunter2hunter2\n")
    project.write("staging.env", "SECRET_KEY=hunter2hunter2\n")
    project.write("prod.local.env", "SECRET_KEY=hunter2hunter2\n")
    assert project.problems() == (
        "environments/prod.local.env:1: SECRET_KEY has the same value in staging; give each environment its own",
    )
    assert project.problems("staging") == (
        "environments/staging.env:1: SECRET_KEY has the same value in prod; give each environment its own",
    )
    assert project.load("dev").name == "dev"
    project.write("prod.local.env", "SECRET_KEY=another one entirely\n")
    assert project.load().name == "prod"
