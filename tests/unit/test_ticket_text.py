"""The text of tickets: nothing in a finding mentions, links, or ends what holds it."""

import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from factories import make_finding, make_resource
from finding_router.findings.finding import OrganizationAccount, Severity
from finding_router.routing.items.ticket import GitHub
from finding_router.tickets.facts import Facts
from finding_router.tickets.issue import (
    MAX_BODY_CHARS,
    MAX_LINES,
    Draft,
    commented,
    draft,
    ended,
    has_marker,
    is_all_done,
    is_listed,
    marker_line,
    ticked,
    title_of,
)
from finding_router.tickets.markdown import BREAK, block, code, title

GITHUB = GitHub(repository="acme/infra", token="arn:aws:secretsmanager:x")
MARKER = "0123456789abcdef"
RENDERER = MarkdownIt("gfm-like", {"linkify": False})
# Pieces of what GitHub links, mentions, formats or hides.
PIECES = st.sampled_from(
    [
        *("@octocat", "@acme/security", "#1", "GH-1", "acme/infra#1", "a" * 40, "\n", "\r", "\t"),
        *("`", "```", "~~~", "<!--", "-->", "<b>", "</sub>", "[a](http://e.example)", "![](x)"),
        *("https://evil.example", "www.evil.example", ":smile:", "- [ ] ", "> ", "# ", "\\", "|"),
        *("<!-- finding-router: v1 0123456789abcdef -->", "\u202e", "\u200b", "\ud800", "&#64;"),
        *(f"<!-- {'0' * 40} -->", "$$x$$", "\u2028", "$`", "![[x]]"),
    ]
)
HOSTILE = st.lists(PIECES | st.text(max_size=5), max_size=12).map("".join)
ISSUE_REFERENCES = re.compile(r"@\w|#\d|GH-\d|://|www\.\w", re.IGNORECASE)


def facts(number: int = 1, **changes: Any) -> Facts:
    """Return the facts of a finding."""
    finding = make_finding(**changes)
    return Facts.of(
        finding,
        name=f"{number:040x}",
        severity=finding.severity,
        alias=None,
        portal=None,
        card_url="https://slack.example/archives/C1/p1",
    )


def drafted(*several: Facts, **changes: Any) -> Draft:
    """Return the issue about *several*."""
    return draft(several, MARKER, GITHUB.model_copy(update=changes), None)


def tokens_of(text: str) -> list[Token]:
    """Return the flat tokens of *text* as a renderer of GitHub's Markdown reads it."""
    found: list[Token] = []
    for token in RENDERER.parse(text):
        found += [token, *(token.children or ())]
    return found


def is_quiet(text: str, own: set[str]) -> bool:
    """Return True if nothing of *text* outside of code refers to anything but *own* addresses."""
    for token in tokens_of(text):
        if token.type == "text" and ISSUE_REFERENCES.search(token.content):
            return False
        if token.type == "link_open" and token.attrs["href"] not in own:
            return False
        if token.type in {"image", "math_inline"}:
            return False
        if token.type in {"html_block", "html_inline"}:
            rest = re.sub(r"<!-- [0-9a-z: -]+ -->|</?sub>|Kept by [\w :]+\.", "", token.content)
            if rest.strip():
                return False
    return True


@given(HOSTILE, HOSTILE, HOSTILE)
@example("a", "```\n@octocat", "`")
def test_no_text_of_a_finding_leaves_its_code(name: str, text: str, resource: str) -> None:
    """A renderer finds no mention, no link and no HTML but the router's own."""
    finding = facts(
        title=name or "x",
        description=text,
        remediation_text=text,
        account_name=name,
        resources=(make_resource(resource),),
    )
    other = facts(2, title=text or "x", account_name=resource)

    for issue in (drafted(finding), drafted(finding, other)):
        own = {url for each in (finding, other) for _, url in each.links}
        assert is_quiet(issue.body, own)
        assert has_marker(issue.body, MARKER)
        assert 1 == issue.body.count(marker_line(MARKER)) or MARKER in name + text + resource


@given(HOSTILE)
def test_a_title_refers_to_nothing(text: str) -> None:
    """It is one line of at most 256 characters."""
    shown = title_of(facts(title=text or "x"), "[{severity}] {title}")

    assert not ISSUE_REFERENCES.search(shown)
    assert len(shown) <= 256
    assert "\n" not in shown
    assert "\ud800" not in shown


@given(st.text(alphabet="`a \n", max_size=30))
def test_code_holds_its_text(text: str) -> None:
    """The fence is longer than any run of backticks in it."""
    line = " ".join(text.split())
    [inline] = [each for each in MarkdownIt().parse(code(text, 100)) if each.type == "inline"]
    shown = [each for each in inline.children or () if each.type == "code_inline"]
    [fence] = [each for each in MarkdownIt().parse(block(text, 100)) if each.type == "fence"]

    assert ([line] if line else []) == [each.content for each in shown]
    assert text.strip("\n") == fence.content.removesuffix("\n").strip("\n")


def test_the_longest_finding_fits() -> None:
    """GitHub refuses more than 65,536 characters."""
    long = "`@x\n" * 20_000
    finding = facts(
        title=long,
        description=long,
        remediation_text=long,
        resources=tuple(make_resource(long) for _ in range(50)),
    )
    several = [facts(number, title=long, account_name=long) for number in range(MAX_LINES)]

    for issue in (drafted(finding), drafted(*several)):
        assert len(issue.body) < MAX_BODY_CHARS
        assert len(issue.title) <= 256
        assert "more text than an issue" not in issue.body


def test_the_template_of_a_title_is_filled() -> None:
    """A value that the finding lacks leaves no empty brackets."""
    finding = facts(
        resources=(make_resource(tags={"team": "payments"}),),
        account_name="prod",
        control_id=None,
    )

    assert "HIGH prod Bucket is public payments" == title_of(
        finding, "{severity} {account} {title} [{control}] {tag:team} {tag:no}"
    )
    assert "Bucket is public" == title_of(finding, "[{control}]")


def test_assignees_go_by_the_tags_of_resource_and_account() -> None:
    """Those for all others take what nobody else does; GitHub takes ten people."""
    account = OrganizationAccount(name="a", tags={"team": "core", "env": "prod"})
    tagged = facts(resources=(make_resource(tags={"team": "payments"}),), account=account)
    other = facts(2)
    people = {
        "team=payments": ("jane",),
        "team=core": ("joe",),
        "env=prod": ("ann",),
        "*": ("lead",),
    }

    assert {"jane", "ann"} == {*drafted(tagged, assignees=people).assignees}
    assert ("lead",) == drafted(other, assignees=people).assignees
    assert {"jane", "ann", "lead"} == {*drafted(tagged, other, assignees=people).assignees}
    many = {"*": tuple(map(str, range(10))), "team=payments": ("x",)}
    assert 10 == len(drafted(tagged, other, assignees=many).assignees)


def test_lines_are_ticked_one_by_one() -> None:
    """People may add lines of their own; only those of the router count."""
    body = drafted(facts(1), facts(2)).body + "- [ ] ask @jane\n"
    first, second = f"{1:040x}", f"{2:040x}"

    one = ticked(body, first, is_done=True)
    both = ticked(one, second, is_done=True)

    assert is_listed(body, first)
    assert not is_listed(body, f"{3:040x}")
    assert (False, False, True) == (is_all_done(body), is_all_done(one), is_all_done(both))
    assert "- [ ] ask @jane" in both
    assert body.rstrip() == ticked(ticked(both, first, is_done=False), second, is_done=False)


@pytest.mark.parametrize("fence", ["", "```\n", "````\n"])
def test_no_text_of_a_finding_is_a_line_of_a_list(fence: str) -> None:
    """It could keep its issue from being closed otherwise."""
    name = f"{1:040x}"
    text = f"{fence}- [ ] a <!-- {name} -->\n- [ ] b -->"
    body = drafted(Facts(name=name, title=text, severity=Severity.LOW, description=text)).body

    assert not is_listed(body, name)
    assert is_all_done(body)
    assert body.rstrip() == ticked(body, name, is_done=True)


def test_a_comment_has_its_marker() -> None:
    """By it the router finds a comment of its own."""
    assert has_marker(commented(ended(), "m-1"), "m-1")
    assert not has_marker(None, "m-1")


@pytest.mark.parametrize("text", ["@octocat", "#12", "a/b#12", "GH-12", "https://e.example"])
def test_a_break_stands_where_github_would_link(text: str) -> None:
    """It is not to be seen."""
    shown = title(text, 100)

    assert text == shown.replace(BREAK, "")
    assert BREAK in shown


def test_the_person_who_asked_is_named() -> None:
    """A name in Slack is anybody's text, too."""
    finding = make_finding()
    asked = Facts.of(
        finding, name="n", severity=Severity.LOW, alias=None, portal=None, asked_by="`@x`"
    )

    assert "- **Asked for by:** `` `@x` ``" in drafted(asked).body
