"""The replies that list every finding of a digest."""

import json
from itertools import chain
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest_lines import lines, make_line
from finding_router.findings.digest import Line, groups
from finding_router.findings.finding import Severity
from finding_router.slack.messages.digest_thread import Reply, render_replies
from slack_limits import acts, says_nothing, violations

LINK = "https://eu-west-1.console.aws.amazon.com/securityhub/home?region=eu-west-1"


def paragraphs(reply: Reply) -> list[str]:
    """Return the texts of the reply's sections."""
    return [block["text"]["text"] for block in reply.message.blocks if "text" in block]


def only(*some: Line, **options: Any) -> Reply:
    """Return the one reply that lists *some*."""
    [reply] = render_replies(some, **options)
    return reply


class TestLines:
    """How one finding is listed."""

    def test_a_finding_says_how_bad_what_where_and_on_which_resource(self) -> None:
        """Its title leads to it."""
        reply = only(make_line(more_resources=1))

        [paragraph] = paragraphs(reply)
        assert paragraph == (
            f"🟠 <{LINK}|Buckets should block public access> · payments-prod (123456789012)"
            " · eu-west-1 · invoices · + 1 more resource"
        )
        assert reply.subjects == ("1",)

    def test_a_title_of_several_findings_is_said_once(self) -> None:
        """Below it stands where each of them is, led to from its resource."""
        reply = only(
            make_line(resource="exports", severity=Severity.LOW, subject="2"),
            make_line(subject="1"),
            make_line(subject="3", is_ended=True),
        )

        [paragraph] = paragraphs(reply)
        assert paragraph.split("\n") == [
            "`S3.8` · Buckets should block public access",
            "payments-prod (123456789012) · eu-west-1",
            f"🟠 <{LINK}|invoices>",
            f"🔵 <{LINK}|exports>",
            f"✅ <{LINK}|invoices> · resolved",
        ]
        assert reply.subjects == ("1", "2", "3")
        assert reply.message.text == "3 findings: 3 × S3.8"

    def test_findings_of_one_kind_are_grouped_by_account_and_region(self) -> None:
        """The place with the worst finding comes first, and each is said once."""
        reply = only(
            make_line(subject="1", region="us-east-1", resource="a"),
            make_line(subject="2", account_name="sandbox", account_id="2", resource="b"),
            make_line(subject="3", resource="c", severity=Severity.CRITICAL),
            make_line(subject="4", account_name="sandbox", account_id="2", resource="d"),
        )

        [paragraph] = paragraphs(reply)
        assert paragraph.split("\n")[1:] == [
            "payments-prod (123456789012) · eu-west-1",
            f"🔴 <{LINK}|c>",
            "payments-prod (123456789012) · us-east-1",
            f"🟠 <{LINK}|a>",
            "sandbox (2) · eu-west-1",
            f"🟠 <{LINK}|b>",
            f"🟠 <{LINK}|d>",
        ]

    def test_resources_of_one_name_have_their_kinds(self) -> None:
        """Only those: a kind that tells nothing apart is left out."""
        named = {"resource": "checkout", "url": None}
        reply = only(
            make_line(subject="1", resource_kind="IAM role", resource_keys="a" * 10, **named),
            make_line(subject="2", resource_kind="IAM user", resource_keys="b" * 10, **named),
            make_line(subject="3", resource_kind="S3 bucket", url=None),
            make_line(subject="4", group="X", title="Y", resource_keys="c" * 10, **named),
        )

        assert paragraphs(reply)[0].split("\n")[2:] == [
            "🟠 checkout · IAM role",
            "🟠 checkout · IAM user",
            "🟠 invoices",
        ]

    def test_the_vulnerabilities_of_one_resource_are_below_its_name(self) -> None:
        """An image is updated as a whole, whatever is wrong with it."""
        image = {"group": "web", "resource": "web", "is_of_resource": True, "url": None}
        reply = only(
            make_line(subject="1", title="CVE-1 - a", **image),
            make_line(subject="2", title="CVE-2 - b", **image),
        )

        assert paragraphs(reply)[0].split("\n") == [
            "`web` · 2 vulnerabilities",
            "payments-prod (123456789012) · eu-west-1",
            "🟠 CVE-1 - a",
            "🟠 CVE-2 - b",
        ]
        assert reply.message.text == "2 findings: 2 vulnerabilities of web"

    def test_a_group_that_is_named_by_its_title_has_a_heading_too(self) -> None:
        """The heading has the title in words, once."""
        some = [make_line(group="Be private", title="Be private", subject=each) for each in "12"]

        assert paragraphs(only(*some))[0].split("\n")[0] == "Be private"

    def test_titles_that_differ_are_all_said(self) -> None:
        """Without a title in common each finding has its own, below that of its kind."""
        reply = only(
            make_line(title="A is bad", resource="A", subject="1"),
            make_line(title="B is bad", resource="B", subject="2"),
            make_line(group="other", title="C", subject="3", url=None),
        )

        assert "\n".join(paragraphs(reply)).split("\n") == [
            "`S3.8`",
            "payments-prod (123456789012) · eu-west-1",
            f"🟠 <{LINK}|A is bad>",
            f"🟠 <{LINK}|B is bad>",
            "🟠 C · payments-prod (123456789012) · eu-west-1 · invoices",
        ]

    def test_an_account_stands_in_for_a_resource(self) -> None:
        """A finding that is about an account is led to from the account's name."""
        place = {"resource": "account 123456789012", "url": None}
        reply = only(
            make_line(subject="1", **place),
            make_line(subject="2", **place | {"account_name": None}),
            make_line(subject="3", **place | {"account_id": None, "account_name": "unknown"}),
        )

        assert paragraphs(reply)[0].split("\n")[1:] == [
            "123456789012 · eu-west-1",
            "🟠 123456789012",
            "payments-prod (123456789012) · eu-west-1",
            "🟠 payments-prod (123456789012)",
            "eu-west-1",
            "🟠 finding",
        ]

    def test_what_has_no_words_is_called_a_finding(self) -> None:
        """Nothing of the title is left once it is fit for Slack."""
        some = [make_line(title="`", group="`", subject=each, url=None) for each in "12"]

        assert paragraphs(only(some[0])) == [
            "🟠 finding · payments-prod (123456789012) · eu-west-1 · invoices"
        ]
        assert paragraphs(only(*some))[0].split("\n")[0::2] == ["finding", "🟠 invoices"]

    def test_a_link_too_long_for_a_list_is_left_out(self) -> None:
        """One address does not take the place of twenty findings."""
        [paragraph] = paragraphs(only(make_line(url="https://a.example/?" + "&" * 400)))

        assert paragraph.startswith("🟠 Buckets should block public access · ")


class TestReplies:
    """How the list is parted."""

    def test_a_group_goes_on_below_its_heading(self) -> None:
        """After a full paragraph or reply, the next one repeats the heading."""
        some = [make_line(subject=str(each), resource=f"bucket-{each}") for each in range(100)]
        replies = render_replies(some)
        parts = [paragraphs(reply) for reply in replies]
        headings = [part.split("\n")[0] for part in chain(*parts)]

        assert len(replies) > 1
        assert headings[0] == "`S3.8` · Buckets should block public access"
        assert set(headings[1:]) == {f"{headings[0]} (continued)"}
        assert {"payments-prod (123456789012) · eu-west-1"} == {
            part.split("\n")[1] for part in chain(*parts)
        }
        assert 100 == sum(len(part.split("\n")) - 2 for part in chain(*parts))

    def test_links_give_way_where_the_thread_would_be_long(self) -> None:
        """Then far fewer replies list the same findings, with a note that links are left out."""
        some = [make_line(subject=str(each), resource=f"bucket-{each}") for each in range(1000)]
        linked = render_replies(some, most_with_links=1000)
        short = render_replies(some)

        assert len(short) * 2 < len(linked)
        assert LINK in str(linked[0].message.blocks)
        assert LINK not in str([reply.message.blocks for reply in short])
        assert "Links are left out" in str(short[-1].message.blocks[-1])

    def test_links_give_way_where_the_thread_is_long_already(self) -> None:
        """A flood that comes in parts lists no less together than one that comes at once."""
        url = f"{LINK}#{'x' * 300}"
        some = [make_line(subject=str(each), resource=f"b-{each}", url=url) for each in range(50)]
        first = render_replies(some, listed_before=40)
        later = render_replies(some, listed_before=60)

        assert 3 == len(first)
        assert LINK in str(first[0].message.blocks)
        assert 1 == len(later)
        assert LINK not in str(later[0].message.blocks)

    def test_many_small_groups_keep_to_the_number_of_blocks(self) -> None:
        """A paragraph each, and not more of them than a message may have."""
        some = [
            make_line(subject=f"{group}.{each}", group=str(group), title=str(group), url=None)
            for group in range(70)
            for each in range(2)
        ]
        replies = render_replies(some)

        assert [50, 20] == [len(reply.message.blocks) for reply in replies]

    def test_the_plain_form_says_the_same_without_links(self) -> None:
        """Text alone, for when Slack refuses the blocks."""
        reply = only(
            make_line(subject="1"),
            make_line(subject="2"),
            make_line(subject="3", group="X", title="Y"),
        )

        assert reply.plain.arguments() == {
            "text": "`S3.8` · Buckets should block public access\n"
            "payments-prod (123456789012) · eu-west-1\n"
            "🟠 invoices\n"
            "🟠 invoices\n"
            "🟠 Y · payments-prod (123456789012) · eu-west-1 · invoices",
            "blocks": [],
        }

    def test_no_findings_take_no_reply(self) -> None:
        """There is nothing to list."""
        assert render_replies([]) == []

    @settings(max_examples=75, suppress_health_check=list(HealthCheck), deadline=None)
    @given(lines(), st.integers(1, 12), st.sampled_from([0, 5]))
    def test_every_finding_is_listed_once_within_limits(
        self, some: list[Line], times: int, most_with_links: int
    ) -> None:
        """All of them, in the order of their groups, in messages that Slack takes."""
        many = [
            Line.from_attributes(line.to_attributes() | {"subject": f"{turn}.{line.subject}"})
            for turn in range(times)
            for line in some
        ]
        replies = render_replies(many, most_with_links=most_with_links)
        listed = [subject for reply in replies for subject in reply.subjects]

        assert listed == [line.subject for group in groups(many) for line in group.lines]
        assert sorted(listed) == sorted(line.subject for line in many)
        for reply in replies:
            arguments = reply.message.arguments()
            assert violations(arguments) + acts(arguments) + says_nothing(arguments) == []
            assert acts(reply.plain.arguments()) == []
            assert 0 < len(reply.plain.text) <= 9000
            assert json.dumps(arguments).encode()
