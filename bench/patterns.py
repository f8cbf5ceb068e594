"""
Measure the time to find the routes of a finding among 100 and among 10,000 routes.

Prints ratios of medians from one run with alternating measurements, so that the ratios hold on a
busy or slow machine too. Exits with 1 if a ratio is out of bounds.
"""

import gc
import sys
from collections.abc import Callable, Iterator
from itertools import islice
from random import Random
from statistics import median
from time import perf_counter_ns
from typing import Any

from finding_router.routing.patterns.index import PatternIndex
from finding_router.routing.patterns.pattern import compile_pattern

PRODUCTS = (
    "GuardDuty", "Inspector", "Macie", "Security Hub", "IAM Access Analyzer",
    "Config", "Health", "Firewall Manager", "Patch Manager", "Detective",
)  # fmt: skip
SEVERITIES = ("INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL")
FEW, MANY = 100, 10_000
ROUNDS = 15
MAX_GROWTH = 3
MIN_GAIN = 100

type Json = dict[str, Any]


def plain_routes() -> Iterator[Json]:
    """Yield a route for each account and product, each from a certain severity up."""
    for account in range(MANY // len(PRODUCTS)):
        for number, product in enumerate(PRODUCTS):
            severities = list(SEVERITIES[(account + number) % len(SEVERITIES) :])
            yield in_findings(
                {
                    "AwsAccountId": [account_id(account)],
                    "ProductName": [product],
                    "Severity": {"Label": severities},
                }
            )


def mixed_routes() -> Iterator[Json]:
    """Yield routes of ten kinds, which together use all features of the pattern language."""
    for account in range(MANY // len(PRODUCTS)):
        this = account_id(account)
        kinds: tuple[Json, ...] = (
            {"AwsAccountId": [this], "Severity": {"Label": [{"anything-but": "INFORMATIONAL"}]}},
            {"AwsAccountId": [this], "Title": [{"wildcard": "*public*bucket*"}]},
            {"AwsAccountName": [{"prefix": f"team-{account}-"}]},
            {"AwsAccountName": [{"suffix": f"-{account}"}], "Region": [{"prefix": "eu-"}]},
            {"AwsAccountId": [this], "Severity": {"Normalized": [{"numeric": [">=", 70]}]}},
            {"GeneratorId": [{"wildcard": f"*/rule/{account}.*"}], "RecordState": ["ACTIVE"]},
            {"Resources": {"Type": ["AwsS3Bucket"], "Tags": {"team": [f"team-{account}"]}}},
            {"AwsAccountId": [this], "Compliance": {"Status": [{"exists": False}, "FAILED"]}},
            {"$or": [{"AwsAccountId": [this]}, {"ProductName": [f"Product {account}"]}]},
            {"AwsAccountName": [{"equals-ignore-case": f"TEAM-{account}-PROD"}]},
        )
        yield from map(in_findings, kinds)


def varied_routes() -> Iterator[Json]:
    """Yield routes with one to seven fields, in about three thousand combinations."""
    chance = Random(1)
    for number in range(MANY):
        account = number // len(PRODUCTS)
        fields: Json = {
            "AwsAccountName": [{"prefix": f"team-{account}-"}],
            "ProductName": [chance.choice(PRODUCTS)],
            "Severity": {"Label": chance.sample(SEVERITIES, 2)},
            "Region": [chance.choice(("eu-west-1", "us-east-1"))],
            "RecordState": ["ACTIVE"],
            "Workflow": {"Status": ["NEW"]},
            "Title": [{"wildcard": f"*{chance.choice(('public', 'root', 'S3'))}*"}],
            "Compliance": {"Status": [chance.choice(("FAILED", "WARNING"))]},
            "Types": [{"prefix": chance.choice(("Software", "TTPs"))}],
            "GeneratorId": [{"prefix": "aws-"}],
            "CompanyName": ["AWS"],
            "Resources": {"Type": ["AwsS3Bucket"]},
            "Confidence": [{"exists": False}],
        }
        some = chance.sample(sorted(fields), chance.randint(0, 6))
        yield in_findings(
            {"AwsAccountId": [account_id(account)]} | {name: fields[name] for name in some}
        )


def in_findings(match: Json) -> Json:
    """Return the match of a finding as a pattern for the event that contains it."""
    return {"detail": {"findings": match}}


def account_id(number: int) -> str:
    """Return the id of account *number*."""
    return f"{100_000_000_000 + number * 7_919_113}"


def make_event(number: int) -> Json:
    """Return an event with one finding that the smaller set of routes covers as well."""
    account = number % (FEW // len(PRODUCTS))
    resources = [
        {
            "Type": kind,
            "Id": f"arn:aws:s3:::bucket-{number}-{position}",
            "Partition": "aws",
            "Region": "eu-west-1",
            "Tags": {"team": f"team-{account}", "env": "prod", "cost-center": "4711"},
            "Details": {kind: {"OwnerId": "abc", "CreatedAt": "2026-01-01T00:00:00Z"}},
        }
        for position, kind in enumerate(("AwsS3Bucket", "AwsIamRole"))
    ]
    finding = {
        "SchemaVersion": "2018-10-08",
        "Id": f"arn:aws:securityhub:eu-west-1:{account_id(account)}:finding/{number}",
        "ProductArn": "arn:aws:securityhub:eu-west-1::product/aws/securityhub",
        "ProductName": PRODUCTS[number % len(PRODUCTS)],
        "CompanyName": "AWS",
        "Region": "eu-west-1",
        "GeneratorId": f"aws-foundational-security-best-practices/v/1.0.0/rule/{account}.{number}",
        "AwsAccountId": account_id(account),
        "AwsAccountName": f"team-{account}-prod",
        "Types": ["Software and Configuration Checks/Industry and Regulatory Standards"],
        "FirstObservedAt": "2026-01-01T00:00:00.000Z",
        "LastObservedAt": "2026-01-02T00:00:00.000Z",
        "CreatedAt": "2026-01-01T00:00:00.000Z",
        "UpdatedAt": "2026-01-02T00:00:00.000Z",
        "Severity": {"Label": SEVERITIES[number % len(SEVERITIES)], "Normalized": number % 101},
        "Title": f"S3.{number} A public access of this bucket should be blocked",
        "Description": "This control checks whether the bucket blocks public access. " * 4,
        "Remediation": {"Recommendation": {"Text": "See the documentation.", "Url": "https://a.b"}},
        "ProductFields": {
            "StandardsArn": "arn:aws:securityhub:::standards/aws-foundational/v/1.0.0",
            "aws/securityhub/ProductName": "Security Hub",
            "aws/securityhub/CompanyName": "AWS",
            "Resources:0/Id": f"arn:aws:s3:::bucket-{number}-0",
        },
        "Resources": resources,
        "Compliance": {"Status": "FAILED", "SecurityControlId": f"S3.{number}"},
        "WorkflowState": "NEW",
        "Workflow": {"Status": "NEW"},
        "RecordState": "ACTIVE",
        "FindingProviderFields": {"Severity": {"Label": "HIGH"}, "Types": ["Software"]},
    }
    return {
        "source": "aws.securityhub",
        "detail-type": "Security Hub Findings - Imported",
        "detail": {"findings": [finding]},
    }


def cost(match: Callable[[Json], object], events: list[Json]) -> float:
    """Return the nanoseconds that *match* takes for one event, on average."""
    start = perf_counter_ns()
    for event in events:
        match(event)
    return (perf_counter_ns() - start) / len(events)


def measure(name: str, patterns: dict[str, Json]) -> bool:
    """Print the times and ratios of *patterns*, and return True if the ratios are in bounds."""
    events = [make_event(number) for number in range(50)]
    start = perf_counter_ns()
    many = PatternIndex(patterns)
    build_ms = (perf_counter_ns() - start) / 1e6
    few = PatternIndex(dict(islice(patterns.items(), FEW)))
    compiled = {key: compile_pattern(pattern) for key, pattern in patterns.items()}

    def one_by_one(event: Json) -> list[str]:
        return [key for key, pattern in compiled.items() if pattern.matches(event)]

    if any(many.match(event) != one_by_one(event) for event in events[:10]):
        sys.exit(f"{name}: the index does not agree with matching one by one")
    turns = [
        (
            cost(few.match, events),
            cost(many.match, events),
            cost(one_by_one, events[turn : turn + 1]),
        )
        for turn in range(ROUNDS)
    ]
    few_us, many_us, slow_us = (median(costs) / 1e3 for costs in zip(*turns, strict=True))
    growth, gain = many_us / few_us, slow_us / many_us
    print(name)
    print(f"  index of {FEW:>6,}: {few_us:10.1f} µs a finding")
    print(f"  index of {MANY:>6,}: {many_us:10.1f} µs a finding, built in {build_ms:.0f} ms")
    print(f"  {MANY:,} one by one: {slow_us:8.1f} µs a finding")
    print(f"  cost({MANY:,}) / cost({FEW}):  {growth:8.2f}  (at most {MAX_GROWTH})")
    print(f"  one by one / index:       {gain:8.0f}  (at least {MIN_GAIN})")
    return growth <= MAX_GROWTH and gain >= MIN_GAIN


def main() -> int:
    """Measure all sets of routes, and return the exit code."""
    gc.disable()
    sets = {
        "1,000 accounts by 10 products, with severities": plain_routes,
        "ten kinds of routes, with all that the language has": mixed_routes,
        "thousands of combinations of fields": varied_routes,
    }
    within = [
        measure(name, {f"route-{number}": pattern for number, pattern in enumerate(routes())})
        for name, routes in sets.items()
    ]
    return 0 if all(within) else 1


if __name__ == "__main__":
    sys.exit(main())
