"""Lines of digests for tests: ordinary ones, and ones that no product should write."""

from typing import Any

from hypothesis import strategies as st

from finding_router.findings.digest import Line
from finding_router.findings.finding import Severity

# Texts that could act in Slack, hide, or exceed a limit.
FRAGMENTS = [
    "<!channel>", "<@U0123456789>", "<https://evil.example|AWS>", "https://evil.example/x",
    "*bold*", "_sly_", "~gone~", "`code`", "```", ":tada:", "> quote", "@here", "#general",
    "&amp;", "|", "\n", "\u202eright to left", "\u200b", "\ud800", "😀" * 90, "&" * 300,
    "<" * 300, "a" * 300, "none", "S3.8", "Security Hub", "invoices", "account 123456789012", " ",
]  # fmt: skip
HOSTILE = st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=20), max_size=4).map(" ".join)
URLS = st.sampled_from(
    [
        "https://eu-west-1.console.aws.amazon.com/securityhub/home?region=eu-west-1#/findings?search=x"
    ]
) | st.integers(1, 2000).map(lambda length: "https://example.com/?" + "&" * length)


def make_line(**changes: Any) -> Line:
    """Make the line of a failed control on a bucket, with *changes*."""
    values: dict[str, Any] = {
        "subject": "1",
        "finding_id": "arn:aws:securityhub:eu-west-1:123456789012:security-control/S3.8/finding/1",
        "product_arn": "arn:aws:securityhub:eu-west-1::product/aws/securityhub",
        "severity": Severity.HIGH,
        "title": "Buckets should block public access",
        "product": "Security Hub",
        "group": "S3.8",
        "account_id": "123456789012",
        "account_name": "payments-prod",
        "region": "eu-west-1",
        "resource": "invoices",
        "url": "https://eu-west-1.console.aws.amazon.com/securityhub/home?region=eu-west-1",
    }
    return Line(**values | changes)


def lines(most: int = 12) -> st.SearchStrategy[list[Line]]:
    """Return up to *most* lines of hostile text, each with a subject of its own."""
    optional = st.none() | HOSTILE
    made = st.builds(
        Line,
        subject=st.just(""),
        finding_id=HOSTILE,
        product_arn=HOSTILE,
        severity=st.sampled_from(Severity),
        title=HOSTILE,
        product=HOSTILE,
        group=st.sampled_from(["S3.8", "EC2.19"]) | HOSTILE,
        group_title=optional,
        account_id=optional,
        account_name=optional,
        region=optional,
        is_of_resource=st.booleans(),
        resource=optional,
        resource_kind=optional,
        resource_keys=st.none() | st.sampled_from(["a" * 10, "b" * 10 + "a" * 10]),
        more_resources=st.integers(0, 31),
        url=st.none() | URLS,
        is_ended=st.booleans(),
        has_card=st.booleans(),
    )
    return st.lists(made, max_size=most).map(_with_subjects)


def _with_subjects(some: list[Line]) -> list[Line]:
    named = [line.to_attributes() | {"subject": str(number)} for number, line in enumerate(some)]
    return [Line.from_attributes(attributes) for attributes in named]
