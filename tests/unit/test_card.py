"""A finding as one Slack message."""

import json
import re
from copy import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from factories import make_finding, make_resource
from finding_router.findings.asff import read_finding
from finding_router.findings.finding import Finding, Severity
from finding_router.slack.kit.buttons import LABELS, Buttons
from finding_router.slack.kit.frame import CIRCLES
from finding_router.slack.kit.links import AccessPortal
from finding_router.slack.kit.message import Message
from finding_router.slack.kit.people import Handled
from finding_router.slack.kit.reference import alert_reference
from finding_router.slack.kit.refused import Banner
from finding_router.slack.kit.text import unmarked
from finding_router.slack.messages.card import (
    COLOURS,
    UNREADABLE_COLOUR,
    CardContext,
    render,
    render_plain,
    render_raw,
)
from slack_limits import acts, blocks_of, says_nothing, texts_of, unplain, violations

CONTEXT = CardContext(routes=("every-account",))
PORTAL = AccessPortal("https://acme.awsapps.com/start", "ReadOnly")
BANNER = Banner(refused=(("#x", "is_archived"),), routes=("x",))
BANNER_LINE = "⚠️ *For #x*, which is archived, so it came here. Un-archive it, or change route `x`."


BUTTONS = Buttons(alert_reference("5f0c" * 10, "#alerts"), has_ticket=True)
HANDLED = Handled(
    owner="U012",
    owned_since=1_790_000_000.0,
    snoozer="U013",
    snoozed_until=1_790_003_600.0,
    ticket="#123",
    ticket_url="https://github.com/acme/infra/issues/123",
    ticket_state="open",
)


def said_by(message: Message) -> str:
    """Return all text of the message, a line each."""
    blocks = blocks_of(message.arguments())
    return "\n".join(text["text"] for block in blocks for text in texts_of(block))


def labels(message: Message) -> dict[str, str]:
    """Return the labelled values of the message, which stand one a line."""
    return dict(re.findall(r"(?m)^\*([^*\n]+)\* (.+)$", said_by(message)))


def all_of(message: Message) -> list[dict[str, Any]]:
    """Return the message as it is posted, its appendix, and the two in one."""
    if message.appendix is None:
        return [message.arguments()]
    return [each.arguments() for each in (message, message.appendix, message.in_one())]


def top_of(message: Message) -> list[str]:
    """Return the lines below the headline that are never folded."""
    [section] = [block for block in message.lead if block["type"] == "section"]
    return str(section["text"]["text"]).split("\n")


def small_print_of(message: Message) -> str:
    """Return the last line of the message."""
    return str(message.blocks[-1]["elements"][0]["text"])


class TestWhole:
    """A card as it is sent."""

    def test_what_matters_stands_above_the_colour_bar(self) -> None:
        """Slack folds what stands beside it: headline, place, resource and links are above."""
        resources = (make_resource(), make_resource("arn:aws:s3:::other"))
        message = render(make_finding(resources=resources), CONTEXT)
        arguments = message.arguments()

        headline, section = arguments["blocks"]
        assert headline["text"]["text"] == (
            "🟠 HIGH · Bucket is public: S3 bucket invoices + 1 more"
        )
        assert headline["text"]["type"] == "plain_text"
        place, resource, other, sentence, links = section["text"]["text"].split("\n")
        assert place == "*payments-prod* · eu-west-1 · Scanner"
        assert resource.endswith("|invoices>")
        assert other.endswith("|other>")
        assert sentence == "Everyone can read the bucket."
        assert re.findall(r"\|([^>]+)>", links) == [
            "Security Hub",
            "How to fix on docs.example.com",
        ]
        [attachment] = arguments["attachments"]
        assert attachment["color"] == COLOURS[Severity.HIGH]

    def test_a_card_says_everything_in_order(self, golden: Any) -> None:
        """Place, resources, sentence, links; advice; dates, ids, and why it is here."""
        finding = make_finding(
            {"ProductFields": {"PreviousComplianceStatus": "PASSED"}, "Sample": True},
            control_id="S3.8",
            workflow_status="NOTIFIED",
            record_state="ARCHIVED",
            source_url="https://scanner.example/findings/1",
        )
        context = CardContext(
            routes=("payments", "every-account"),
            mention=("@here", "S012AB3CD"),
            banner=Banner(refused=(("#payments", "channel_not_found"),), routes=("payments",)),
            action_name="Send to Slack",
            portal=PORTAL,
        )

        arguments = render(finding, context).arguments()

        assert golden("whole-card", arguments) == arguments

    def test_the_least_finding_is_a_card(self, golden: Any) -> None:
        """Missing fields leave no trace, neither a label nor a placeholder."""
        finding = read_finding({"Id": "finding-1", "ProductArn": "arn:x"})
        message = render(finding, CardContext())

        assert golden("least-card", message.arguments()) == message.arguments()
        assert says_nothing(message.arguments()) == []

    @pytest.mark.parametrize("severity", list(Severity))
    def test_every_severity_has_a_colour_and_a_circle(self, severity: Severity) -> None:
        """The word is there too, for readers who do not see the colours."""
        message = render(make_finding(severity=severity), CONTEXT)

        assert message.colour == COLOURS[severity]
        assert f" {severity} · " in message.lead[0]["text"]["text"]
        assert message.text.startswith(f"{CIRCLES[severity]} payments-prod · ")
        assert len(set(COLOURS.values())) == len(Severity)


class TestPush:
    """The line that a phone shows."""

    def test_it_is_complete(self) -> None:
        """Severity, account, fact, resource and Region, without an id that has a name."""
        resources = (make_resource(), make_resource("arn:aws:s3:::other"))
        message = render(make_finding(resources=resources), CONTEXT)

        assert message.text == (
            "🟠 payments-prod · Bucket is public: S3 bucket invoices + 1 more · eu-west-1"
        )

    def test_it_repeats_nothing(self) -> None:
        """A resource that the title names, and the account itself, are not repeated."""
        named = make_finding(title="invoices is public")
        account = make_finding(resources=(make_resource("AWS::::Account:123456789012"),))

        assert render(named, CONTEXT).text == "🟠 payments-prod · invoices is public · eu-west-1"
        assert render(account, CONTEXT).text == "🟠 payments-prod · Bucket is public · eu-west-1"

    def test_an_account_without_a_name_has_its_id(self) -> None:
        """One of both says which it is; an alias goes before either."""
        finding = make_finding(account_name="None")

        assert render(finding, CONTEXT).text.startswith("🟠 123456789012 · ")
        assert render(finding, CardContext(account_alias="pay")).text.startswith("🟠 pay · ")
        nameless = make_finding(account_name=None, account_id=None)
        assert render(nameless, CONTEXT).text.startswith("🟠 Bucket is public")

    def test_a_long_fact_leaves_room_for_the_resource(self) -> None:
        """Within the hundred characters that a lock screen shows."""
        title = "Credentials of the instance role are used from outside of " + "AWS " * 20
        key = make_resource("arn:aws:s3:::invoices/" + "a/" * 40 + "2026-march.csv")
        text = render(make_finding(title=title, resources=(key,)), CONTEXT).text

        assert "🟠 payments-prod · Credentials of the instance" in text
        assert "…: S3 bucket invoices/a/a" in text[:100]
        assert "march.csv · eu-west-1" in text

    def test_a_resource_that_is_named_too_late_is_named_again(self) -> None:
        """Nobody reads that far."""
        title = "word " * 20 + "invoices"
        text = render(make_finding(title=title), CONTEXT).text

        assert "… · invoices" in text[:100]

    def test_it_is_one_line_without_markup_and_entities(self) -> None:
        """A phone shows both as they are: signs that look like them take their place."""
        title = "one\r\ntwo\u2028<!channel> R&D *bold* _it_ ~x~ `y` :fire: @here a|b https://x.y"
        text = render(make_finding(title=title), CONTEXT).text

        assert "one two ‹!channel› R＆D ∗bold∗ ＿it＿ ∼x∼ 'y' ∶fire: ＠here a¦b https∶//x.y" in (
            unmarked(title, 700)
        )
        assert unplain(text) == []


class TestPlace:
    """The line of account, Region and product."""

    @pytest.mark.parametrize(
        ("name", "alias", "account_id", "expected"),
        [
            ("payments-prod", "pay", "123456789012", "*pay* · eu-west-1 · Scanner"),
            ("payments-prod", None, "123456789012", "*payments-prod* · eu-west-1 · Scanner"),
            (None, None, "123456789012", "*123456789012* · eu-west-1 · Scanner"),
            ("None", None, "123456789012", "*123456789012* · eu-west-1 · Scanner"),
            ("a *b*", None, None, "a `*b*` · eu-west-1 · Scanner"),
            (None, None, None, "eu-west-1 · Scanner"),
        ],
    )
    def test_an_account_has_its_name_or_its_id(
        self, name: str | None, alias: str | None, account_id: str | None, expected: str
    ) -> None:
        """The operator's alias goes before the name that the finding brings along."""
        finding = make_finding(account_name=name, account_id=account_id)
        message = render(finding, CardContext(account_alias=alias))

        assert expected == top_of(message)[0]

    def test_the_id_beside_a_name_is_in_the_small_print(self) -> None:
        """Once on each card."""
        message = render(make_finding(), CONTEXT)

        assert "123456789012" in small_print_of(message)
        assert "123456789012" not in small_print_of(
            render(make_finding(account_name=None), CONTEXT)
        )

    @pytest.mark.parametrize(
        ("previous", "now", "expected"),
        [
            ("PASSED", "FAILED", " · was PASSED"),
            ("FAILED", "FAILED", ""),
            (None, "FAILED", ""),
            (None, "WARNING", " · WARNING"),
            ("PASSED", None, ""),
        ],
    )
    def test_only_what_is_unusual_is_said_of_compliance(
        self, previous: str | None, now: str | None, expected: str
    ) -> None:
        """A control that broke just now is distinguished from one that was always broken."""
        raw = {"ProductFields": {"PreviousComplianceStatus": previous}}
        message = render(make_finding(raw, compliance_status=now), CONTEXT)

        assert f"*payments-prod* · eu-west-1 · Scanner{expected}" == top_of(message)[0]

    @pytest.mark.parametrize(
        ("workflow", "record", "expected"),
        [
            ("RESOLVED", "ARCHIVED", " · RESOLVED · ARCHIVED"),
            ("NOTIFIED", "ACTIVE", ""),
            ("NEW", "ACTIVE", ""),
        ],
    )
    def test_what_a_person_asked_for_shows_its_status(
        self, workflow: str, record: str, expected: str
    ) -> None:
        """The card shows that a finding is over; that it is notified is the normal case."""
        finding = make_finding(workflow_status=workflow, record_state=record)

        assert (
            f"*payments-prod* · eu-west-1 · Scanner{expected}"
            == (top_of(render(finding, CONTEXT))[0])
        )


class TestTop:
    """The rest of what is never folded."""

    def test_the_resource_in_the_headline_is_a_link(self) -> None:
        """It needs no line of its own."""
        message = render(make_finding(title="invoices is public"), CONTEXT)
        place, sentence, links = top_of(message)

        assert place.startswith("*payments-prod*")
        assert sentence == "Everyone can read the bucket."
        bucket = "<https://console.aws.amazon.com/s3/buckets/invoices|S3 bucket>"
        assert links.startswith(f"{bucket} · <")

    def test_three_resources_are_shown_and_the_rest_counted(self) -> None:
        """32 resources are three lines and a number."""
        resources = tuple(make_resource(f"arn:aws:s3:::b{number}") for number in range(32))
        lines = top_of(render(make_finding(resources=resources), CONTEXT))

        assert [line.startswith("S3 bucket ") for line in lines[1:4]] == [True] * 3
        assert lines[4] == "+ 29 more resources"

    def test_the_account_itself_is_no_resource(self) -> None:
        """The first line says it; another account is one."""
        own, other = (make_resource(f"AWS::::Account:{n}") for n in ("123456789012", "2" * 12))

        assert "account" not in top_of(render(make_finding(resources=(own,)), CONTEXT))[1]
        shown = top_of(render(make_finding(resources=(other,)), CONTEXT))[1]
        assert shown == "account 222222222222"

    def test_a_long_description_starts_above_and_goes_on_below(self) -> None:
        """With whole sentences, if the first is short enough."""
        sentence = "The first sentence says what happened."
        message = render(make_finding(description=f"{sentence} {'Word ' * 60}end."), CONTEXT)

        assert sentence in top_of(message)
        rest = next(block for block in message.blocks if block["type"] == "context")
        assert rest["elements"][0]["text"].startswith("Word Word")

    def test_beside_many_facts_the_rest_of_it_is_left_out(self) -> None:
        """Unfolded, the card would be higher than a phone."""
        fields = {f"Field {letter}": f"value of {letter}" for letter in "ABCDEFGH"}
        text = f"The first sentence says what happened. {'Word ' * 60}end."
        message = render(make_finding({"ProductFields": fields}, description=text), CONTEXT)

        assert "value of H" in str(message.blocks)
        assert "The first sentence says what happened." in top_of(message)
        assert "Word Word" not in str(message.blocks)

    def test_a_long_sentence_is_cut_between_words(self) -> None:
        """What is left of it stands below."""
        message = render(make_finding(description="word " * 60 + "end"), CONTEXT)

        assert top_of(message)[1].endswith("word…")
        assert message.blocks[-2]["elements"][0]["text"].endswith("end")

    def test_a_description_that_says_the_title_again_is_left_out(self) -> None:
        """Many products write the same sentence twice."""
        message = render(make_finding(title="A sentence.", description="A  sentence."), CONTEXT)

        assert said_by(message).count("sentence") == 1

    @pytest.mark.parametrize("text", [None, "", "None", "undefined", "\u200b"])
    def test_a_description_that_says_nothing_is_left_out(self, text: str | None) -> None:
        """A product's word for nothing is no description."""
        bare = render(make_finding(description=None), CONTEXT)

        assert render(make_finding(description=text), CONTEXT) == bare

    @pytest.mark.parametrize(
        ("url", "control", "expected"),
        [
            ("https://x.example/1", None, "<https://x.example/1|How to fix on x.example>"),
            (
                "https://docs.aws.amazon.com/console/x",
                "EC2.19",
                "<https://docs.aws.amazon.com/console/x|How to fix EC2.19>",
            ),
            ("javascript:alert(1)", None, None),
        ],
    )
    def test_the_guide_is_linked(self, url: str, control: str | None, expected: str | None) -> None:
        """The link names a target that is not AWS's: a label that the finding chose could lie."""
        finding = make_finding(remediation_url=url, control_id=control)
        links = top_of(render(finding, CONTEXT))[-1]

        assert links.partition("|Security Hub>")[2] == (f" · {expected}" if expected else "")

    def test_the_product_s_own_page_is_linked_by_its_name(self) -> None:
        """And by its host, unless that is AWS's."""
        partner = make_finding(source_url="https://scanner.example/1", remediation_url=None)
        ours = make_finding(
            source_url="https://eu-west-1.console.aws.amazon.com/guardduty/home",
            remediation_url=None,
            product="GuardDuty",
        )

        assert top_of(render(partner, CONTEXT))[-1].endswith(
            " · <https://scanner.example/1|Scanner on scanner.example>"
        )
        assert "/guardduty/home|GuardDuty> · " in top_of(render(ours, CONTEXT))[-1]

    def test_a_page_that_is_linked_already_is_not_linked_again(self) -> None:
        """Some products give one address for both."""
        url = "https://scanner.example/1"
        message = render(make_finding(source_url=url, remediation_url=url), CONTEXT)

        assert said_by(message).count(f"<{url}|") == 1


class TestBody:
    """The part beside the bar."""

    def test_a_title_too_long_for_a_headline_is_repeated(self) -> None:
        """The headline is short, so that it holds the resource too; the sentence has it all."""
        title = "word " * 50 + "end"
        message = render(make_finding(title=title), CONTEXT)

        assert "word…: S3 bucket invoices" in message.lead[0]["text"]["text"]
        assert title.strip() in "\n".join(top_of(message))

    def test_advice_stands_below(self) -> None:
        """Without that of Security Hub's, which leads to the guide that is linked anyway."""
        text = "For information on how to correct this issue, consult the AWS Security Hub docs."
        shown = render(make_finding(), CONTEXT)
        bare = render(make_finding(remediation_text=text, control_id="S3.8"), CONTEXT)
        kept = render(make_finding(remediation_text=text, remediation_url=None), CONTEXT)

        assert labels(shown)["Advice"] == "Block public access."
        assert "Advice" not in labels(bare)
        assert labels(kept)["Advice"] == text

    def test_tags_say_whose_it_is(self) -> None:
        """Those that the operator names, in any case, of all resources, without repeats."""
        resources = (
            make_resource(tags={"Team": "payments", "env": "prod", "cost": "1", "owner": "None"}),
            make_resource("arn:aws:s3:::b", tags={"Team": "payments", "env": "*dev*"}),
        )
        context = CardContext(show_tags=("team", "owner", "ENV"))
        message = render(make_finding(resources=resources), context)

        assert labels(message)["Tags"] == "Team=payments, env=prod, `env=*dev*`"
        assert "Tags" not in labels(render(make_finding(resources=resources), CONTEXT))

    def test_note_and_fields_of_people_are_shown(self) -> None:
        """Owners and tickets stand there; an address is a link by its host."""
        raw = {
            "Note": {"Text": "Being looked at,\nSEC-42", "UpdatedBy": "anna"},
            "UserDefinedFields": {
                "owner": "team-red",
                "ticket": "https://jira.example.com/browse/SEC-42",
                "none": "null",
                "<!here>": 7,
            },
        }
        shown = labels(render(make_finding(raw), CONTEXT))

        assert shown["Note"] == "Being looked at, SEC-42"
        assert shown["Fields"] == (
            "owner: team-red, "
            "ticket: <https://jira.example.com/browse/SEC-42|jira.example.com>, &lt;!here&gt;: 7"
        )

    def test_no_two_columns_stand_anywhere(self) -> None:
        """On a phone they are one, twice as long."""
        message = render(make_finding({"Malware": [{"Name": "a"}]}, types=("x/y",)), CONTEXT)

        assert not [block for block in message.blocks if "fields" in block]


class TestSmallPrint:
    """The last line."""

    def test_the_age_is_counted_by_slack(self) -> None:
        """It stays true; when it was last seen is said where that differs."""
        shown = small_print_of(render(make_finding(), CONTEXT))
        same = small_print_of(render(make_finding(last_seen="2026-03-01T10:00:30Z"), CONTEXT))
        late = small_print_of(render(make_finding(first_seen="not yet"), CONTEXT))
        never = small_print_of(render(make_finding(first_seen=None, last_seen=None), CONTEXT))

        first = "First seen <!date^1772359200^{ago} ({date_short} at {time})|2026-03-01 10:00 UTC>"
        assert shown.startswith(
            f"{first}, last <!date^1772451000^{{date_short_pretty}} at {{time}}|"
        )
        assert same.startswith(f"{first} · 1")
        assert late.startswith("Last seen <!date^1772451000^{ago} (")
        assert never.startswith("123456789012 · finding `")

    def test_the_short_id_finds_it_and_the_route_is_last(self) -> None:
        """The log, `explain` and silences take the id."""
        uuid = "5a3c10de-0b7c-4f1e-9d2a-3f6f0c1d2e3f"
        finding = make_finding(id=f"arn:aws:securityhub:eu-west-1:1:x/finding/{uuid}")

        assert small_print_of(render(finding, CONTEXT)).endswith(
            "123456789012 · finding `5a3c10de` · route `every-account`"
        )


class TestLead:
    """The part above everything."""

    def test_banner_then_mention(self) -> None:
        """The banner comes first, and only the operator's mentions ping."""
        context = CardContext(banner=BANNER, mention=("@here", "", "@here"))
        first = render(make_finding(), context).lead[0]

        assert first["text"]["text"] == f"{BANNER_LINE}\n<!here>"

    def test_without_either_the_headline_is_first(self) -> None:
        """No empty block stands above a card."""
        assert [block["type"] for block in render(make_finding(), CONTEXT).lead] == [
            "header",
            "section",
        ]


class TestFooter:
    """Why the card is here."""

    @pytest.mark.parametrize(
        ("context", "expected"),
        [
            (CardContext(("a",)), "route `a`"),
            (CardContext(("a", "b")), "routes `a`, `b`"),
            (CardContext(tuple("abcdefg")), "routes `a`, `b`, `c`, `d`, `e` + 2 more"),
            (CardContext(), "no route matched: default channel"),
            (CardContext(why="route x names no channel"), "route x names no channel"),
            (CardContext(("a",), why="reopened"), "reopened · route `a`"),
            (CardContext(("a",), action_name="Tell us"), "custom action “Tell us” · route `a`"),
            (
                CardContext(("a",), why="again", action_name="*Go*"),
                "custom action “`*Go*`” · again · route `a`",
            ),
            (CardContext(("`",), why=""), "no route matched: default channel"),
        ],
    )
    def test_it_says_why_and_which_routes(self, context: CardContext, expected: str) -> None:
        """The cause in words, then the routes by name."""
        line = small_print_of(render(make_finding(id="x"), context))

        assert expected == line.partition("finding `2d711642` · ")[2]

    def test_a_sample_says_that_it_is_one(self) -> None:
        """A test must not wake people at night."""
        line = small_print_of(render(make_finding({"Sample": True}), CONTEXT))

        assert line.endswith(" · sample finding, made for testing · route `every-account`")


class TestPlain:
    """The message that is sent when Slack refuses the card."""

    def test_it_is_text_alone(self) -> None:
        """Banner, mention, summary, link and route, without a block."""
        context = CardContext(("a",), banner=BANNER, mention=("@here",))
        message = render_plain(make_finding(), context)
        lines = message.text.split("\n")

        assert (message.blocks, message.lead, message.colour) == ((), (), None)
        assert lines[:2] == [BANNER_LINE, "<!here>"]
        assert lines[2] == render(make_finding(), context).text
        assert lines[3].endswith("|Open in Security Hub>")
        assert lines[4] == "route `a`"

    def test_without_a_link_it_has_the_id(self) -> None:
        """The finding can always be looked up."""
        assert "`finding-1`" in render_plain(make_finding(id="finding-1", region=""), CONTEXT).text


class TestRaw:
    """The message of a finding that cannot be laid out."""

    def test_its_json_is_shown_with_what_is_known(self, golden: Any) -> None:
        """Problem, place, and the JSON as it came, harmless."""
        raw = {
            "Title": "<!channel> *now*",
            "AwsAccountId": "123456789012",
            "Region": "eu-west-1",
            "ProductArn": "arn:aws:securityhub:eu-west-1::product/aws/guardduty",
            "Note": "```",
        }
        message = render_raw(raw, "Id is missing", CardContext(account_alias="pay"))

        assert golden("raw-card", message.arguments()) == message.arguments()
        assert message.colour == UNREADABLE_COLOUR
        assert message.appendix is not None
        assert '"Region": "eu-west-1"' in message.appendix.text
        assert '"Region": "eu-west-1"' not in str(message.arguments())
        assert '"Region": "eu-west-1"' in str(message.in_one().arguments())

    @pytest.mark.parametrize("raw", [None, 7, "text", [], {}, {"Id": {"a": 1}}])
    def test_anything_is_shown(self, raw: object) -> None:
        """JSON of any kind makes a message within the limits."""
        for arguments in all_of(render_raw(raw, "", CONTEXT)):
            assert violations(arguments) + acts(arguments) + says_nothing(arguments) == []

    def test_endless_json_is_cut(self) -> None:
        """240 KB are trimmed to the size of a message, with a note about the cut."""
        message = render_raw({"x": "&" * 240_000}, "too odd", CONTEXT)

        assert [violations(each) for each in all_of(message)] == [[], [], []]
        assert "… (cut)" in said_by(message.in_one())

    def test_bottomless_json_is_not_followed(self) -> None:
        """Nesting deeper than Python follows is noted instead of shown."""
        raw: list[Any] = []
        for _ in range(200_000):
            raw = [raw]
        message = render_raw(raw, "too deep", CONTEXT)

        assert "nested too deeply to be shown" in said_by(message.in_one())
        while raw:  # taken apart by hand: Python would follow it to the bottom
            [raw] = raw


FRAGMENTS = [
    "<!channel>", "<!here|x>", "<@U012AB3CD>", "<#C012AB3CD>", "<https://evil.example|aws>",
    "*bold*", "_italic_", "~strike~", "`code`", "```", "> quote", ":fire:", "@here", "&lt;", "&",
    "\u202egnp.exe", "\u200b", "\x00", "\ud800", "\n", r"\n", "|", ">", "None", "undefined", "🔥",
    "https://evil.example/login", "a" * 300, "&" * 300, "arn:aws:iam::123456789012:role/x",
]  # fmt: skip
TEXT = st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=30), max_size=5).map(" ".join)
BANNERS = st.builds(
    Banner,
    refused=st.lists(st.tuples(TEXT, TEXT), max_size=5).map(tuple),
    routes=st.lists(TEXT, max_size=5).map(tuple),
)
URL = (
    TEXT.map("https://x.example/".__add__) | TEXT | st.just("https://docs.aws.amazon.com/a?b=1&c=2")
)
ODD = st.none() | st.booleans() | st.integers() | st.floats() | TEXT | st.lists(TEXT, max_size=3)
RESOURCE = st.fixed_dictionaries(
    {"Id": TEXT.map("arn:aws:s3:::".__add__) | TEXT},
    optional={
        "Type": st.sampled_from(["AwsS3Bucket", "AwsIamAccessKey", "Other"]) | TEXT,
        "Region": st.just("us-east-1") | TEXT,
        "Tags": st.dictionaries(st.just("Name"), TEXT),
        "Details": st.fixed_dictionaries(
            {
                "Other": st.dictionaries(
                    st.sampled_from(["External Principal", "Action Granted", "Condition"]), ODD
                )
            }
        ),
        "DataClassification": st.fixed_dictionaries(
            {
                "Result": st.fixed_dictionaries(
                    {
                        "SensitiveData": st.lists(
                            st.fixed_dictionaries(
                                {
                                    "Category": ODD,
                                    "Detections": st.lists(
                                        st.fixed_dictionaries({"Type": ODD, "Count": ODD}),
                                        max_size=3,
                                    ),
                                }
                            ),
                            max_size=3,
                        )
                    }
                )
            }
        ),
    },
)
VULNERABILITY = st.fixed_dictionaries(
    {"Id": TEXT},
    optional={
        "Cvss": st.lists(st.fixed_dictionaries({"BaseScore": ODD, "Version": ODD}), max_size=2),
        "EpssScore": st.floats(0, 1) | ODD,
        "FixAvailable": st.sampled_from(["YES", "NO"]) | ODD,
        "ExploitAvailable": st.sampled_from(["YES", "NO"]) | ODD,
        "Vendor": st.fixed_dictionaries({"Url": URL}),
        "VulnerablePackages": st.lists(
            st.fixed_dictionaries({"Name": TEXT, "Version": TEXT, "FixedInVersion": ODD}),
            max_size=3,
        ),
    },
)
PRODUCTS = ["securityhub", "guardduty", "inspector", "access-analyzer", "macie", "config"]
PRODUCTS += ["health", "ssm-patch-manager"]
GUARDDUTY = "aws/guardduty/service/action/networkConnectionAction/"
FIELDS = [
    "PreviousComplianceStatus", "StandardsArn", "aws/securityhub/annotation", "S3Object.Path",
    "aws/config/ConfigRuleName", "HealthEventStartTime", "aws/guardduty/service/count",
    GUARDDUTY + "remoteIpDetails/ipAddressV4", GUARDDUTY + "localPortDetails/port",
    GUARDDUTY + "remoteIpDetails/country/countryName", "aws/guardduty/service/action/actionType",
    "aws/guardduty/service/action/awsApiCallAction/api",
]  # fmt: skip
RAW = st.fixed_dictionaries(
    {
        "Id": TEXT.filter(str.strip),
        "ProductArn": st.sampled_from(
            [f"arn:aws:securityhub:eu-west-1::product/aws/{name}" for name in PRODUCTS]
        )
        | TEXT.filter(str.strip),
    },
    optional={
        "AwsAccountId": st.just("123456789012") | TEXT,
        "AwsAccountName": TEXT,
        "Region": st.just("eu-west-1") | TEXT,
        "ProductName": TEXT,
        "Title": TEXT,
        "Description": TEXT,
        "Types": st.lists(TEXT, max_size=5),
        "Severity": st.fixed_dictionaries({"Label": st.sampled_from(list(Severity)) | TEXT}),
        "Compliance": st.fixed_dictionaries(
            {
                "Status": TEXT,
                "StatusReasons": st.lists(st.fixed_dictionaries({"Description": ODD})),
            },
            optional={
                "SecurityControlId": TEXT,
                "RelatedRequirements": st.lists(TEXT, max_size=4),
                "SecurityControlParameters": st.lists(
                    st.fixed_dictionaries({"Name": ODD, "Value": ODD}), max_size=3
                ),
            },
        ),
        "Workflow": st.fixed_dictionaries({"Status": TEXT}),
        "FirstObservedAt": st.just("2026-03-01T10:00:00Z") | TEXT,
        "Remediation": st.fixed_dictionaries(
            {"Recommendation": st.fixed_dictionaries({"Text": TEXT, "Url": URL})}
        ),
        "SourceUrl": URL,
        "ProductFields": st.dictionaries(st.sampled_from(FIELDS), ODD),
        "Resources": st.lists(RESOURCE, max_size=4)
        | RESOURCE.map(lambda resource: [resource] * 32),
        "Vulnerabilities": st.lists(VULNERABILITY, max_size=3)
        | VULNERABILITY.map(lambda vulnerability: [vulnerability] * 100),
        "PatchSummary": st.dictionaries(st.sampled_from(["Id", "MissingCount"]), ODD),
        "Malware": st.lists(st.fixed_dictionaries({"Name": ODD}), max_size=2),
        "Network": st.dictionaries(st.sampled_from(["SourceIpV4", "SourcePort"]), ODD),
        "GeneratorId": TEXT,
    },
)
CONTEXTS = st.builds(
    CardContext,
    routes=st.lists(TEXT, max_size=8).map(tuple),
    why=TEXT | st.just("new"),
    account_alias=st.none() | TEXT,
    mention=st.lists(st.sampled_from(["@here", "S012AB3CD", "<@U012AB3CD>", "@x*y*"])).map(tuple),
    banner=st.none() | BANNERS,
    action_name=st.none() | TEXT,
    portal=st.none() | st.just(PORTAL) | st.builds(AccessPortal, TEXT, TEXT),
)


class TestHostile:
    """Findings with hostile texts."""

    @settings(max_examples=75, suppress_health_check=list(HealthCheck), deadline=None)
    @given(RAW, CONTEXTS)
    def test_every_card_is_harmless_and_within_limits(
        self, raw: dict[str, Any], context: CardContext
    ) -> None:
        """No finding breaks a limit, acts in Slack, or prints missing values."""
        finding = read_finding(raw)
        for message in (
            render(finding, context),
            render_plain(finding, context),
            render_raw(raw, finding.title, context),
        ):
            for arguments in all_of(message):
                assert violations(arguments) + acts(arguments) + says_nothing(arguments) == []
                assert json.dumps(arguments).encode()
        assert unplain(render(finding, context).text) == []

    def test_what_finds_no_room_is_said(self) -> None:
        """The longest of everything loses the least important parts, by name."""
        context = CardContext(
            routes=tuple("r" * 90 + str(number) for number in range(9)),
            banner=Banner(refused=(("x" * 500, "y" * 500),), routes=("z" * 500,) * 9),
            mention=tuple(f"S012AB{number}" for number in range(100, 130)),
            portal=PORTAL,
        )
        message = render(self.longest(), context)
        said = said_by(message)

        assert violations(message.arguments()) == []
        assert re.search("Left out for length: .*vulnerabilities", said)
        assert "|Security Hub>" in said
        assert "+ 29 more resources" in said
        assert "its address left out for length" in said

    @staticmethod
    def longest() -> Finding:
        """Make a finding that has too much of everything."""
        long = "&" * 1000
        arn = "arn:aws:glue:eu-west-1:123456789012:job/" + "a/" * 300
        found = [{"Id": long, "VulnerablePackages": [{"Name": long}]} for _ in range(100)]
        return make_finding(
            {
                "Vulnerabilities": found,
                "Compliance": {"RelatedRequirements": [sign + long for sign in "abcd"]},
                "Malware": [{"Name": sign + long} for sign in "abcd"],
                "ThreatIntelIndicators": [{"Value": sign + long} for sign in "abcd"],
                "Process": {"Path": long},
            },
            types=(long, "a" + long, "b" + long),
            id="x" * 512,
            title=long,
            description="d" + long,
            remediation_text=long,
            remediation_url="https://x.example/" + "a" * 1900,
            source_url="https://x.example/" + "b" * 1900,
            resources=tuple(
                make_resource(arn, type=long, tags={"Name": "x" * 500}) for _ in range(32)
            ),
        )


def test_a_card_has_buttons_where_people_may_act_and_shows_who_did() -> None:
    """They stand above the facts that Slack may fold, and each names the alert."""
    message = render(make_finding(), replace(CONTEXT, buttons=BUTTONS, handled=HANDLED))

    *_, people, buttons = message.lead
    assert list(LABELS) == [each["action_id"] for each in buttons["elements"]]
    assert {BUTTONS.reference} == {each["value"] for each in buttons["elements"]}
    text = people["text"]["text"]
    assert "👀 <@U012> since <!date^1790000000^" in text
    assert "💤 until <!date^1790003600^" in text
    assert "🎫 <https://github.com/acme/infra/issues/123|#123> open" in text
    assert not violations(message.arguments())


def test_without_actions_a_card_is_as_before() -> None:
    """No button, and no line about people."""
    plain = render(make_finding(), CONTEXT).arguments()

    assert plain == render(make_finding(), replace(CONTEXT, handled=Handled())).arguments()
    assert "actions" not in json.dumps([each["type"] for each in blocks_of(plain)])


@given(st.text(max_size=300), st.text(max_size=300), st.none() | st.text(max_size=300))
def test_names_from_outside_do_nothing_in_the_line_about_people(
    owner: str, ticket: str, url: str | None
) -> None:
    """People's names and those of tickets are no more trusted than a finding."""
    handled = Handled(owner=owner, ticket=ticket, ticket_url=url, ticket_state=ticket)
    message = render(make_finding(), replace(CONTEXT, handled=handled)).arguments()

    assert not violations(message)
    text = json.dumps(message, ensure_ascii=False)
    assert "<!channel" not in text
    assert "<!here" not in text
