"""The layouts of products, from findings in OCSF."""

from typing import Any

import pytest

from factories import make_finding
from finding_router.findings.asff import read_finding
from finding_router.slack.kit.detail import Detail
from finding_router.slack.layouts import lay_out
from finding_router.slack.layouts.guardduty import finding_type
from ocsf_findings import control, data_security, detection, resource, sequence, vulnerability


def laid_out(raw: dict[str, Any]) -> Detail:
    """Return the details of a finding."""
    return lay_out(read_finding(raw))


def test_a_process_is_told_with_its_ancestors() -> None:
    """User, command line, who started it, what else ran, and its hash; the call has its user."""
    detail = laid_out(detection())

    assert detail.headline == ("A process made a new file and ran it: i-0a1b2c3d4e5f60718 (shop-1)")
    assert dict(detail.facts) == {
        "Actor": "`203.0.113.66` · Oslo, Norway · Example Proxy AS64500",
        "Call": "`iam:CreateAccessKey` as ci-deploy",
        "Process": "`/tmp/.x/kworkerds` as uid 33 · pid 4131, parent 4127",
        "Command": "`/tmp/.x/kworkerds -o pool.example:3333`",
        "Started by": "sh ← php-fpm ← /usr/lib/systemd/systemd",
        "Also ran": "`/usr/bin/curl`",
        "SHA-256": f"`{'c' * 64}`",
    }
    assert [page.label for page in detail.pages] == ["GuardDuty", "About this type"]
    assert detail.small_print == ("Execution:Runtime/NewBinaryExecuted",)


def test_many_ancestors_are_cut_in_the_middle() -> None:
    """The nearest ones and the first one of all tell most."""
    raw = detection()
    ancestry = [{"name": f"p{number}"} for number in range(10)]
    raw["evidences"][0]["actor"]["process"]["ancestry"] = ancestry

    assert dict(laid_out(raw).facts)["Started by"] == "p0 ← p1 ← p2 ← p3 ← p4 ← 4 more ← p9"


def test_a_long_title_gives_way_to_the_type() -> None:
    """Where the name of the resource leaves no room for it."""
    raw = detection()
    raw["finding_info"]["title"] = "A container has executed a newly created file of its own."

    assert laid_out(raw).headline == "New binary executed: i-0a1b2c3d4e5f60718 (shop-1)"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Stealth:IAMUser/CloudTrailLoggingDisabled", "Stealth:IAMUser/CloudTrailLoggingDisabled"),
        ("TTPs/Defense Evasion/Stealth:IAMUser-X.Y-Z", "Stealth:IAMUser/X.Y-Z"),
        ("TTPs/Discovery/IAMUser-AnomalousBehavior", "Discovery:IAMUser/AnomalousBehavior"),
        ("Backdoor:EC2/C&CActivity.B!DNS", "Backdoor:EC2/C&CActivity.B!DNS"),
    ],
)
def test_types_are_read_in_both_spellings(written: str, expected: str) -> None:
    """OCSF keeps the slash that ASFF replaces."""
    assert finding_type(make_finding(types=(written,))) == expected


def test_signals_of_a_sequence_come_first() -> None:
    """A line each, the oldest first, then who, from where, tactics and indicators."""
    detail = laid_out(sequence())

    assert detail.headline == "Attack sequence: data in payments-receipts compromised, 3 signals"
    assert detail.occurrence == "3 signals in 2 min"
    assert [fact.label for fact in detail.facts][:3] == ["Signals", "Actor", "From"]
    told = dict(detail.facts)
    assert told["Signals"] == (
        "oldest first:\n• ci-deploy called ListBuckets\n• ci-deploy made an access key"
        "\n• ci-deploy read objects of payments-receipts 3,180×"
    )
    assert told["Actor"] == (
        "ci-deploy (IAMUser) · key `AKIAIOSFODNN7EXAMPLE` · account 444455556666"
        " · session without MFA"
    )
    assert told["From"] == "`203.0.113.66` · Oslo, Norway · Example Proxy AS64500"
    assert told["Tactics"] == "Discovery, TA0010"
    assert told["Indicators"] == "high risk API s3:GetObject · Tor IP"


def test_signals_without_times_are_told_as_they_came() -> None:
    """No order is claimed."""
    raw = sequence()
    raw["finding_info"]["related_events"] = [{"title": "One of them"}]
    detail = laid_out(raw)

    assert dict(detail.facts)["Signals"] == "in turn:\n• One of them"
    assert detail.occurrence == "1 signal"


def test_the_worst_score_has_its_vendor() -> None:
    """Where another vendor's is lower; and each package its own command."""
    detail = laid_out(vulnerability())
    told = dict(detail.facts)

    assert told["Vulnerability"] == (
        "CVE-2026-21733 · CVSS 9.8 (v3.1, NVD) · EPSS 71 % · exploit known, last on 2026-11-19"
    )
    assert told["Update"] == "`dnf update libexample`, `dnf update libexample-devel`"
    [packages] = detail.listings
    assert packages.items == (
        "libexample 3.3.0-4.amzn2023 → 3.4.2-1.amzn2023",
        "libexample-devel 3.3.0-4.amzn2023 → 3.4.2-1.amzn2023",
    )
    assert detail.small_print == ("Also known as ALAS2023-2026-1",)


def test_sensitive_data_and_a_public_bucket_are_told() -> None:
    """What was found, and whether everybody can read it."""
    detail = laid_out(data_security())

    assert detail.headline == "Personal data in customers.csv of bucket data-lake"
    assert dict(detail.facts) == {
        "Access": "the bucket is public · the bucket is not encrypted",
        "Personal data": "name 398, address",
    }


def test_another_product_tells_sensitive_data_too() -> None:
    """The objects of OCSF count, whoever sends them."""
    raw = data_security()
    raw["metadata"]["product"] |= {"uid": "own", "name": "Data Watch"}
    told = dict(laid_out(raw).facts)

    assert told["Access"] == "the bucket is public · the bucket is not encrypted"
    assert told["Personal data"] == "name 398, address"


def test_a_control_has_parameters_requirements_and_standards() -> None:
    """As that of Security Hub CSPM."""
    detail = laid_out(control())

    assert detail.headline == "S3.1 failed: S3 bucket invoices"
    assert dict(detail.facts) == {"Expected": "days = 90, 30"}
    assert detail.listings[0].items == ("The bucket is public.",)
    assert detail.small_print == ("required by CIS AWS Foundations 2.1.4",)
    assert detail.standards == ("AWS FSBP v1.0.0",)


def test_a_container_is_called_by_its_name() -> None:
    """Its id is as long as a hash."""
    one = resource("AWS::Container::Container", "a42d51971" + "0" * 55, name="cart")
    detail = laid_out(detection(resources=[one]))

    assert detail.headline is not None
    assert detail.headline.endswith(": container cart")
    assert dict(detail.facts)["Container"] == "`cart`"
