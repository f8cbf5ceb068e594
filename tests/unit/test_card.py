"""A finding as one Slack message."""

import json
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from factories import make_finding, make_resource
from finding_router.findings.asff import read_finding
from finding_router.findings.finding import Finding, Severity
from finding_router.slack.kit.links import AccessPortal
from finding_router.slack.kit.message import Message
from finding_router.slack.kit.refused import Banner
from finding_router.slack.messages.card import (
    COLOURS,
    UNREADABLE_COLOUR,
    CardContext,
    render,
    render_plain,
    render_raw,
)
from slack_limits import acts, blocks_of, says_nothing, texts_of, violations

CONTEXT = CardContext(routes=("every-account",))
PORTAL = AccessPortal("https://acme.awsapps.com/start", "ReadOnly")
BANNER = Banner(refused=(("#x", "is_archived"),), routes=("x",))
BANNER_LINE = "⚠️ *For #x*, which is archived, so it came here. Un-archive it, or change route `x`."


def said_by(message: Message) -> str:
    """Return all text of the message, a line each."""
    blocks = blocks_of(message.arguments())
    return "\n".join(text["text"] for block in blocks for text in texts_of(block))


def labels(message: Message) -> dict[str, str]:
    """Return the labelled values of the message's columns."""
    fields = [field["text"] for block in message.blocks for field in block.get("fields", ())]
    return {
        label.strip("*"): value for label, _, value in (each.partition("\n") for each in fields)
    }


class TestWhole:
    """A card as it is sent."""

    def test_the_headline_stands_above_the_colour_bar(self) -> None:
        """Severity and title come first, as a headline; the rest stands beside the bar."""
        message = render(make_finding(), CONTEXT)
        arguments = message.arguments()

        [headline] = arguments["blocks"]
        assert headline["text"]["text"] == "🟠 HIGH · Bucket is public"
        assert headline["text"]["type"] == "plain_text"
        [attachment] = arguments["attachments"]
        assert attachment["color"] == COLOURS[Severity.HIGH]

    def test_a_card_says_everything_in_order(self, golden: Any) -> None:
        """Place, resources, description, remediation, links, dates, and why it is here."""
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
        assert f" {severity} · " in message.text
        assert len(set(COLOURS.values())) == len(Severity)


class TestSummary:
    """The line that a phone shows."""

    def test_it_is_complete(self) -> None:
        """The severity, the product, the title, the place, and the resource."""
        resources = (make_resource(), make_resource("arn:aws:s3:::other"))
        message = render(make_finding(resources=resources), CONTEXT)

        expected = (
            "🟠 HIGH · Scanner · Bucket is public · payments-prod (123456789012) · eu-west-1"
            " · invoices + 1 more"
        )
        assert expected == message.text

    def test_it_repeats_nothing(self) -> None:
        """A resource that the title names, and the account itself, are not repeated."""
        resources = (make_resource(), make_resource("AWS::::Account:123456789012"))
        finding = make_finding(title="invoices is public", resources=resources)

        assert render(finding, CONTEXT).text.endswith("eu-west-1")

    def test_it_is_one_line(self) -> None:
        """Line ends in a title do not break it."""
        message = render(make_finding(title="one\r\ntwo\u2028three"), CONTEXT)

        assert "· one two three ·" in message.text


class TestPlace:
    """The place and the product."""

    @pytest.mark.parametrize(
        ("name", "alias", "expected"),
        [
            ("payments-prod", "pay", "pay (123456789012)"),
            ("payments-prod", None, "payments-prod (123456789012)"),
            (None, "pay", "pay (123456789012)"),
            (None, None, "123456789012"),
            ("None", None, "123456789012"),
        ],
    )
    def test_an_account_has_name_and_id(
        self, name: str | None, alias: str | None, expected: str
    ) -> None:
        """The operator's alias goes before the name that the finding brings along."""
        message = render(make_finding(account_name=name), CardContext(account_alias=alias))

        assert expected == labels(message)["Account"]

    def test_an_account_without_an_id_has_its_name(self) -> None:
        """The name is shown alone."""
        message = render(make_finding(account_id=None), CONTEXT)

        assert labels(message)["Account"] == "payments-prod"

    @pytest.mark.parametrize(
        ("previous", "now", "expected"),
        [
            ("PASSED", "FAILED", "FAILED, was PASSED"),
            ("FAILED", "FAILED", "FAILED"),
            (None, "FAILED", "FAILED"),
            ("PASSED", None, None),
        ],
    )
    def test_compliance_says_what_it_was(
        self, previous: str | None, now: str | None, expected: str | None
    ) -> None:
        """A control that broke just now is distinguished from one that was always broken."""
        raw = {"ProductFields": {"PreviousComplianceStatus": previous}}
        message = render(make_finding(raw, compliance_status=now), CONTEXT)

        assert expected == labels(message).get("Compliance")

    def test_what_a_person_asked_for_shows_its_status(self) -> None:
        """The card shows that a finding is no longer new."""
        finding = make_finding(workflow_status="RESOLVED", record_state="ARCHIVED")

        assert labels(render(finding, CONTEXT))["Status"] == "RESOLVED · ARCHIVED"

    def test_more_than_ten_facts_go_on_below(self) -> None:
        """Slack takes ten fields a block."""
        service = "aws/guardduty/service/"
        names = ("city/cityName", "country/countryName", "organization/asn", "ipAddressV4")
        fields = {
            f"{service}action/awsApiCallAction/remoteIpDetails/{name}": "1" for name in names
        } | {
            f"{service}action/actionType": "AWS_API_CALL",
            f"{service}action/awsApiCallAction/api": "ListBuckets",
            f"{service}count": "2",
            f"{service}action/dnsRequestAction/domain": "c2.example",
            f"{service}runtimeDetails/process/executablePath": "/tmp/x",
        }
        finding = make_finding({"ProductFields": fields}, product="GuardDuty")
        grids = [block for block in render(finding, CONTEXT).blocks if "fields" in block]

        assert [len(grid["fields"]) for grid in grids] == [10, 1]


class TestBody:
    """The part below the facts."""

    def test_a_title_too_long_for_a_headline_is_repeated_in_full(self) -> None:
        """The headline holds 150 characters; the first paragraph holds them all."""
        title = "word " * 50 + "end"
        message = render(make_finding(title=title), CONTEXT)

        assert message.lead[-1]["text"]["text"].endswith("…")
        assert message.blocks[0]["text"]["text"] == title

    def test_a_description_that_says_the_title_again_is_left_out(self) -> None:
        """Many products write the same sentence twice."""
        message = render(make_finding(title="A sentence.", description="A  sentence."), CONTEXT)

        assert said_by(message).count("sentence") == 1

    @pytest.mark.parametrize("text", [None, "", "None", "undefined", "\u200b"])
    def test_a_description_that_says_nothing_is_left_out(self, text: str | None) -> None:
        """A product's word for nothing is no description."""
        bare = render(make_finding(description=None), CONTEXT)

        assert render(make_finding(description=text), CONTEXT) == bare

    def test_a_cut_description_says_so(self) -> None:
        """A reader must not take half a text for a whole one."""
        message = render(make_finding(description="word " * 1000), CONTEXT)

        assert "… (description cut)" in said_by(message)

    @pytest.mark.parametrize(
        ("text", "url", "expected"),
        [
            ("Do it.", "https://x.example/1", "Do it.\n<https://x.example/1|Guide on x.example>"),
            ("Do it.", None, "Do it."),
            ("None Provided", "https://x.example/1", "<https://x.example/1|Guide on x.example>"),
            (None, "javascript:alert(1)", None),
        ],
    )
    def test_remediation_has_a_guide(
        self, text: str | None, url: str | None, expected: str | None
    ) -> None:
        """The link names its target; without advice and guide there is no heading."""
        finding = make_finding(remediation_text=text, remediation_url=url)
        sections = said_by(render(finding, CONTEXT)).split("*Remediation*\n")[1:]

        assert ([expected] if expected else []) == [
            each[: len(expected or "")] for each in sections
        ]

    def test_without_a_link_the_id_is_shown(self) -> None:
        """A finding that no console shows can still be looked up."""
        finding = make_finding(region=None)

        assert f"Finding `{finding.id}`" in said_by(render(finding, CONTEXT))

    def test_the_product_s_own_page_is_linked_by_its_host(self) -> None:
        """A label that the finding chose could lie."""
        finding = make_finding(source_url="https://scanner.example/1")
        said = said_by(render(finding, CONTEXT))

        assert "<https://scanner.example/1|Source on scanner.example>" in said

    def test_dates_are_the_reader_s_own(self) -> None:
        """First and last seen are Slack dates; a time that is none is left out."""
        finding = make_finding(last_seen="not yet")
        said = said_by(render(finding, CONTEXT))

        assert "First seen <!date^1772359200^{date_short_pretty} at {time}|" in said
        assert "Last seen" not in said


class TestLead:
    """The part above everything."""

    def test_banner_then_mention(self) -> None:
        """The banner comes first, and only the operator's mentions ping."""
        context = CardContext(banner=BANNER, mention=("@here", "", "@here"))
        first = render(make_finding(), context).lead[0]

        assert first["text"]["text"] == f"{BANNER_LINE}\n<!here>"

    def test_without_either_the_headline_is_first(self) -> None:
        """No empty block stands above a card."""
        assert [block["type"] for block in render(make_finding(), CONTEXT).lead] == ["header"]


class TestFooter:
    """Why the card is here."""

    @pytest.mark.parametrize(
        ("context", "expected"),
        [
            (CardContext(("a",)), "New · route `a`"),
            (CardContext(("a", "b")), "New · routes `a`, `b`"),
            (CardContext(tuple("abcdefg")), "New · routes `a`, `b`, `c`, `d`, `e` + 2 more"),
            (CardContext(), "New · no route matched: default channel"),
            (CardContext(why="route x names no channel"), "Route x names no channel"),
            (CardContext(("a",), why="reopened"), "Reopened · route `a`"),
            (CardContext(("a",), action_name="Tell us"), "Custom action “Tell us” · route `a`"),
            (
                CardContext(("a",), why="again", action_name="*Go*"),
                "Custom action “`*Go*`” · again · route `a`",
            ),
            (CardContext(("`",), why=""), "No route matched: default channel"),
        ],
    )
    def test_it_says_why_and_which_routes(self, context: CardContext, expected: str) -> None:
        """The cause in words, then the routes by name."""
        footer = render(make_finding(), context).blocks[-1]

        assert expected == footer["elements"][0]["text"]

    def test_a_sample_says_that_it_is_one(self) -> None:
        """A test must not wake people at night."""
        footer = render(make_finding({"Sample": True}), CONTEXT).blocks[-1]

        assert footer["elements"][1]["text"] == "Sample finding, made for testing"


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
        assert lines[4] == "New · route `a`"

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

    @pytest.mark.parametrize("raw", [None, 7, "text", [], {}, {"Id": {"a": 1}}])
    def test_anything_is_shown(self, raw: object) -> None:
        """JSON of any kind makes a message within the limits."""
        arguments = render_raw(raw, "", CONTEXT).arguments()

        assert violations(arguments) + acts(arguments) + says_nothing(arguments) == []

    def test_endless_json_is_cut(self) -> None:
        """240 KB are trimmed to the size of a message, with a note about the cut."""
        message = render_raw({"x": "&" * 240_000}, "too odd", CONTEXT)

        assert violations(message.arguments()) == []
        assert "… (cut)" in said_by(message)

    def test_bottomless_json_is_not_followed(self) -> None:
        """Nesting deeper than Python follows is noted instead of shown."""
        raw: list[Any] = []
        for _ in range(200_000):
            raw = [raw]
        message = render_raw(raw, "too deep", CONTEXT)

        assert "nested too deeply to be shown" in said_by(message)
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
            arguments = message.arguments()

            assert violations(arguments) + acts(arguments) + says_nothing(arguments) == []
            assert json.dumps(arguments).encode()

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
        assert re.search("Left out for length: .*description", said)
        assert "Open in Security Hub" in said
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
            source_url="https://x.example/" + "a" * 1900,
            resources=tuple(
                make_resource(arn, type=long, tags={"Name": "x" * 500}) for _ in range(32)
            ),
        )
