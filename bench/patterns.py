"""
Measure the time to find the routes of a finding among 100 and among 10,000 routes.

Prints ratios of medians of processor time from one run with alternating measurements, so that the
ratios hold on a busy or slow machine too: for mixes of routes, and for each operator, both beside
an account and alone. Exits with 1 if a ratio is out of bounds.

With --ruler-jar, AWS's own engine is measured with the same routes and events. It reads each event
from JSON text, which the index does not.
"""

import argparse
import gc
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory
from time import process_time_ns
from typing import Any

from finding_router.routing.patterns.index import PatternIndex
from finding_router.routing.patterns.pattern import Pattern, compile_pattern

PRODUCTS = (
    "GuardDuty", "Inspector", "Macie", "Security Hub", "IAM Access Analyzer",
    "Config", "Health", "Firewall Manager", "Patch Manager", "Detective",
)  # fmt: skip
SEVERITIES = ("INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL")
FEW, MANY = 100, 10_000
ROUNDS = 21
MAX_GROWTH = 1.5
MIN_GAIN = 100
RULER = Path(__file__).with_name("Ruler.java")

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
            {
                "AwsAccountId": [this],
                "Severity": {"Normalized": [{"numeric": [">=", account % 100]}]},
            },
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


def generator(number: int) -> str:
    """Return the generator of events *number*."""
    return f"aws-foundational/control-{number:05}/rule"


def but(refused: Any, number: int) -> Json:
    """Return a condition that refuses *refused*; that of a few routes refuses no event."""
    return {"anything-but": refused if number > 2 else "nothing"}  # noqa: PLR2004 -- a few


# The condition of route *number* by operator, each with the field that has it. Events 0 to 99 meet
# a few of the first hundred, and no others: the table grows, and the answer does not.
OPERATORS: dict[str, tuple[str, Callable[[int], Json | str]]] = {
    "exact": ("GeneratorId", generator),
    "prefix": ("GeneratorId", lambda number: {"prefix": generator(number)[:-5]}),
    "suffix": ("GeneratorId", lambda number: {"suffix": generator(number)[4:]}),
    "equals-ignore-case": (
        "GeneratorId",
        lambda number: {"equals-ignore-case": generator(number).upper()},
    ),
    "prefix, ignoring case": (
        "GeneratorId",
        lambda number: {"prefix": {"equals-ignore-case": generator(number)[:-5].upper()}},
    ),
    "suffix, ignoring case": (
        "GeneratorId",
        lambda number: {"suffix": {"equals-ignore-case": generator(number)[4:].upper()}},
    ),
    "wildcard": ("GeneratorId", lambda number: {"wildcard": f"aws-*/control-{number:05}/*"}),
    "numeric, narrow": ("Criticality", lambda number: {"numeric": [">=", number, "<", number + 1]}),
    "numeric, wide": (
        "Criticality",
        lambda number: (
            {"numeric": [">=" if number % 2 else ">", number or 0.5]}
            if number < FEW
            else {"numeric": [">", number * 7919 % 99_991 + FEW]}
        ),
    ),
    "cidr": (
        "Network.SourceIpV4",
        lambda number: {"cidr": f"10.{number >> 8}.{number & 255}.0/24"},
    ),
    "anything-but": ("RecordState", lambda number: but(["ACTIVE", f"STATE-{number}"], number)),
    "anything-but a number": ("Confidence", lambda number: but([50, number + 1000], number)),
    "anything-but prefix": (
        "RecordState",
        lambda number: but({"prefix": ["ACT", f"STATE-{number}"]}, number),
    ),
    "anything-but suffix": (
        "RecordState",
        lambda number: but({"suffix": ["IVE", f"STATE-{number}"]}, number),
    ),
    "anything-but equals-ignore-case": (
        "RecordState",
        lambda number: but({"equals-ignore-case": ["active", f"state-{number}"]}, number),
    ),
    "anything-but wildcard": (
        "RecordState",
        lambda number: but({"wildcard": ["A*T*E", f"STATE*{number}*X"]}, number),
    ),
    "exists": ("ProductFields.key-{number}", lambda _number: {"exists": True}),
    "exists, false": ("{absence}", lambda _number: {"exists": False}),
    "$or": ("$or", generator),
}


def routes_with(operator: str, *, beside_account: bool) -> Iterator[Json]:
    """Yield routes with a condition of *operator*, and one on the account if *beside_account*."""
    path, condition = OPERATORS[operator]
    for number in range(MANY):
        here = path.format(number=number, absence="Note" if number < 3 else "CompanyName")  # noqa: PLR2004
        *above, name = here.split(".")
        leaf: Any = [condition(number)]
        match: Json = {name: leaf}
        if name == "$or":
            match = {"$or": [{"GeneratorId": leaf}, {"Title": [f"Title of {number}"]}]}
        for outer in reversed(above):
            match = {outer: match}
        account = {"AwsAccountId": [account_id(number // len(PRODUCTS))]} if beside_account else {}
        yield in_findings(account | match)


def make_operator_event(number: int) -> Json:
    """Return an event with the fields of `OPERATORS`."""
    event = make_event(number)
    [finding] = event["detail"]["findings"]
    finding |= {
        "AwsAccountId": account_id(number // len(PRODUCTS)),
        "GeneratorId": generator(number),
        "Criticality": number % 5 + 0.5,
        "Confidence": 50,
        "Network": {"SourceIpV4": f"10.0.{number}.7"},
    }
    finding["ProductFields"][f"key-{number}"] = "x"
    return event


def cost(match: Callable[[Json], object], events: list[Json]) -> float:
    """Return the nanoseconds of processor time that *match* takes for one event, on average."""
    start = process_time_ns()
    for event in events:
        match(event)
    return (process_time_ns() - start) / len(events)


class Measured:
    """The time that one set of routes takes: *few_us* and *many_us* for a finding, by index."""

    def __init__(self, patterns: dict[str, Json], make: Callable[[int], Json]) -> None:
        events = [make(number) for number in range(50)]
        compiled = {key: compile_pattern(pattern) for key, pattern in patterns.items()}
        start = process_time_ns()
        many = PatternIndex(compiled)
        self.build_ms = (process_time_ns() - start) / 1e6
        few = PatternIndex(dict(islice(compiled.items(), FEW)))
        if any(many.match(event) != one_by_one(compiled, event) for event in events[:2]):
            sys.exit("the index does not agree with matching one by one")
        self.matches = sum(len(many.match(event)) for event in events) / len(events)
        turns = [
            (
                cost(few.match, events),
                cost(many.match, events),
                cost(lambda event: one_by_one(compiled, event), events[turn : turn + 1])
                if turn % 7 == 0
                else 0,
            )
            for turn in range(ROUNDS)
        ]
        few_ns, many_ns, slow_ns = zip(*turns, strict=True)
        self.few_us, self.many_us = median(few_ns) / 1e3, median(many_ns) / 1e3
        self.growth = self.many_us / self.few_us
        self.gain = median(filter(None, slow_ns)) / 1e3 / self.many_us

    @property
    def within(self) -> bool:
        """Return True if the ratios are in bounds."""
        return self.growth <= MAX_GROWTH and self.gain >= MIN_GAIN


def one_by_one(compiled: dict[str, Pattern], event: Json) -> list[str]:
    """Return the keys of the patterns that match *event*."""
    return [key for key, pattern in compiled.items() if pattern.matches(event)]


class EventRuler:
    """AWS's engine in a JVM; *jars* is a class path with event-ruler and its dependencies."""

    def __init__(self, jars: str) -> None:
        self._jars = jars

    def median_us(self, patterns: list[Json], events: list[Json]) -> float:
        """Return the microseconds that an event takes."""
        with TemporaryDirectory() as folder:
            files = [Path(folder) / name for name in ("rules", "events")]
            for path, documents in zip(files, (patterns, events), strict=True):
                path.write_text("".join(f"{json.dumps(one)}\n" for one in documents), "utf-8")
            command = ["java", "-cp", self._jars, str(RULER), *map(str, files)]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        return int(done.stdout.split()[0]) / 1e3


def main() -> int:
    """Measure all sets of routes, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument(
        "--ruler-jar",
        metavar="CLASSPATH",
        default=os.environ.get("RULER_JAR"),
        help="event-ruler's jar and those it needs, as for java -cp  [env: RULER_JAR]",
    )
    jars = parser.parse_args().ruler_jar
    ruler = EventRuler(jars) if jars else None
    gc.disable()
    mixes = {
        "1,000 accounts by 10 products": plain_routes,
        "ten kinds of routes, all operators": mixed_routes,
        "thousands of combinations of fields": varied_routes,
    }
    sets: dict[str, tuple[Iterator[Json], Callable[[int], Json]]] = {
        name: (routes(), make_event) for name, routes in mixes.items()
    }
    for operator in OPERATORS:
        for where, beside in (("beside an account", True), ("alone", False)):
            routes = routes_with(operator, beside_account=beside)
            sets[f"{operator}, {where}"] = routes, make_operator_event
    print("Microseconds a finding; growth is that of the index from 100 to 10,000 routes")
    print(f"(at most {MAX_GROWTH}), gain that of the index over one by one (at least {MIN_GAIN}).")
    print(
        f"{'':50} matches   100   10,000  growth    gain  built in{'  event-ruler' * bool(ruler)}"
    )
    within = True
    for name, (routes, make) in sets.items():
        patterns = {f"route-{number}": pattern for number, pattern in enumerate(routes)}
        one = Measured(patterns, make)
        within = within and one.within
        line = (
            f"{name:50} {one.matches:7.1f} {one.few_us:6.1f} {one.many_us:7.1f} "
            f"{one.growth:7.2f} {one.gain:7.0f} {one.build_ms:6.0f} ms"
        )
        if ruler:
            events = [make(number) for number in range(50)]
            line += f" {ruler.median_us(list(patterns.values()), events):9.1f} µs"
        print(line if one.within else f"{line}  out of bounds", flush=True)
    return 0 if within else 1


if __name__ == "__main__":
    sys.exit(main())
