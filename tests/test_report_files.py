"""`--report`: one file for a browser, a job summary or a program, and what is in it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from deploytasks.errors import UsageError
from deploytasks.output.html import html
from deploytasks.output.markdown import markdown
from deploytasks.output.report import table
from deploytasks.output.report_file import FORMS, form_of, write
from deploytasks.report import HostOutcome, Report, StepOutcome

RELEASE = "20261125120000-abcdef1"
STEPS = (
    StepOutcome("build", "", "ok", 1.5, 0.0, 100.0),
    StepOutcome("upload", "web1", "ok", 2.0, 0.1, 101.5),
    StepOutcome("postinstall", "web2", "failed", 0.5, 0.1, 103.5),
)
RELEASED = {
    "commits": {"added": ["abcdef1 Sell <b>umbrellas</b> | `now`"], "removed": []},
    "vendored": [{"path": "vendor/greeting", "added": ["9999999 Greet in Dutch"], "removed": []}],
    "environment": {"added": ["MAIL_HOST"], "changed": [], "removed": []},
}
REPORT = Report(
    "deploy",
    "prod",
    "abcdef1" + "0" * 33,
    RELEASE,
    1,
    "web2: postinstall: `./postinstall` ended with exit code 1",
    ("web2: \x1b[31mno STATIC_ROOT\x1b[0m ```",),
    tuple(HostOutcome(f"web{n}", RELEASE, "unchanged") for n in (1, 2)),
    STEPS,
    extra={"released": RELEASED},
)


class Page(HTMLParser):
    """What a browser would be given: tags that are open at the end, and what is loaded from elsewhere."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loads: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loads += [f"{tag} {value}" for name, value in attrs if name in ("src", "href", "data", "action")]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_loads_nothing_and_shows_text_of_the_outside_as_text() -> None:
    text = html(REPORT)
    page = Page(text)
    assert page.loads == [] and page.open == []
    assert "Sell &lt;b&gt;umbrellas&lt;/b&gt;" in text and r"\x1b[31mno STATIC_ROOT" in text
    assert "@import" not in text and "url(" not in text


def test_the_time_line_has_a_row_for_each_host_and_a_bar_for_each_step() -> None:
    text = html(REPORT)
    bars = re.findall(r'<rect class="(\w+)" x="([\d.]+)".*?<title>(.*?)</title>', text)
    assert [(kind, name) for kind, _, name in bars] == [
        ("a", "build on here: ok, 1.50 s"),
        ("b", "upload on web1: ok, 2.00 s"),
        ("bad", "postinstall on web2: failed, 0.50 s"),
    ]
    assert [float(left) for _, left, _ in bars] == sorted(float(left) for _, left, _ in bars)


def test_markdown_shows_the_same_and_nothing_in_it_is_markup() -> None:
    text = markdown(REPORT)
    assert text.startswith("## ❌ deploy prod\n")
    assert r"- + abcdef1 Sell \<b\>umbrellas\</b\> \| \`now\`" in text
    assert "````text\n" in text and r"\x1b[31mno STATIC\_ROOT" not in text
    assert f"| web1 | {RELEASE} | unchanged |" in text


def test_json_is_the_document_of_the_command(tmp_path: Path) -> None:
    assert write(str(tmp_path / "r.json"), REPORT) == ""
    document = json.loads((tmp_path / "r.json").read_text())
    assert document == REPORT.document()
    assert [step["began"] for step in document["steps"]] == [0.0, 1.5, 3.5]


@pytest.mark.parametrize(
    "name", ["report.txt", "report", "nosuch/report.html", "a" * 300 + "/x.html", "there.md"]
)
def test_a_file_that_cannot_be_written_is_refused_before_anything_begins(name: str, tmp_path: Path) -> None:
    (tmp_path / "there.md").mkdir()
    with pytest.raises(UsageError, match=r"^--report: "):
        form_of(str(tmp_path / name))


def test_a_file_that_cannot_be_written_in_the_end_is_said_and_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "r.html").mkdir()
    assert "cannot be written" in write(str(tmp_path / "r.html"), REPORT)
    assert "cannot be written" in write(str(tmp_path / "nosuch/r.md"), REPORT)
    assert [path.name for path in tmp_path.iterdir()] == ["r.html"]


def test_credentials_in_urls_are_masked_in_every_form() -> None:
    said = "See https://bob:hunter2pass@git.example/x?private_token=abcdef0123"
    report = replace(
        REPORT, error=said, details=(said,), notes=(said,), extra={"released": {"commits": {"added": [said]}}}
    )
    for form in FORMS.values():
        text = form(report)
        assert "hunter2pass" not in text and "abcdef0123" not in text and "git.example" in text


def test_changes_that_are_pending_are_no_failure() -> None:
    assert "changes pending, exit code 10" in markdown(replace(REPORT, exit_code=10, error=None))


def test_many_hosts_that_are_alike_are_one_row_and_what_differs_is_named() -> None:
    hosts = [HostOutcome(f"web{n:02}.example.com", RELEASE, "deployed") for n in range(1, 65)]
    hosts[12] = replace(hosts[12], release=None, outcome="unknown")
    assert table(replace(REPORT, hosts=tuple(hosts))) == [
        f"web[01-12,14-64].example.com  {RELEASE}    deployed",
        "web13.example.com             -                         unknown",
    ]


def test_a_deploy_writes_its_report(tmp_path: Path) -> None:
    """By the commands themselves, on this machine."""
    project = tmp_path / "project"
    (project / "environments").mkdir(parents=True)
    (project / "fabfile.py").write_text("from deploytasks import namespace\n\nns = namespace()\n")
    (project / "environments/dev.env").write_text(
        "DEPLOY_HOSTS=local:\nDEPLOY_PATH=.deploy\nDEPLOY_VENDOR_INSTALL=none\n"
    )
    (project / ".gitignore").write_text(".deploy/\n")
    env = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache"), "HOME": str(tmp_path)}
    git = ("git", "-c", "user.name=A", "-c", "user.email=a@example.com")
    for words in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "Begin")):
        subprocess.run([*git, *words], cwd=project, check=True, env=env)
    for words in ("plan --env=dev --report=plan.md", "deploy --env=dev --report=../deploy.html"):
        subprocess.run(
            [Path(sys.executable).with_name("fab"), *words.split()],
            cwd=project,
            env=env,
            check=words.startswith("deploy"),
        )
    assert "plan dev" in (project / "plan.md").read_text()
    assert '<rect class="' in (tmp_path / "deploy.html").read_text()
    words = "deploy --env=dev --revision=nosuch --report=../deploy.html"
    done = subprocess.run([Path(sys.executable).with_name("fab"), *words.split()], cwd=project, env=env)
    assert done.returncode == 2 and not (tmp_path / "deploy.html").exists()
