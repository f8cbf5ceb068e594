"""Where a finding goes."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories import ACCOUNT, make_finding, make_resource
from finding_router.errors import ConfigurationError
from finding_router.findings.finding import Finding, Severity
from finding_router.routing.hold import Hold, HoldKind
from finding_router.routing.items import match as match_module
from finding_router.routing.patterns import index as index_module
from finding_router.routing.patterns.pattern import Pattern, compile_pattern
from finding_router.routing.table import Decision, Destination, RoutingTable

DEFAULT = "#default"
HIGH = {"Severity": {"Label": ["HIGH"]}}
LOW = {"Severity": {"Label": ["LOW"]}}


MONDAY_NOON = datetime(2026, 3, 9, 12, tzinfo=UTC)
MONDAY_EVENING = datetime(2026, 3, 9, 20, tzinfo=UTC)
TUESDAY = datetime(2026, 3, 10, tzinfo=UTC)
HOURS = {"from": "08:00", "to": "18:00", "weekdays": "MON-FRI", "zone": "UTC"}


def scheduled(time: str) -> dict[str, Any]:
    """Write that a route delivers daily at *time* in UTC."""
    return {"deliver": "scheduled", "schedule": {"time": time, "zone": "UTC"}}


def hold(kind: HoldKind, name: str, due_at: datetime) -> Hold:
    """Return how long a route holds."""
    return Hold(kind=kind, name=name, due_at=due_at)


def route(name: str, channel: str | None = None, **attributes: Any) -> dict[str, Any]:
    """Write a route to *channel*."""
    return {"kind": "route", "name": name, "channel": channel} | attributes


def table_of(*items: object, allow_suppress: bool = False) -> RoutingTable:
    """Make a table of *items*."""
    return RoutingTable.from_items(items, default_channel="default", allow_suppress=allow_suppress)


def high(**changes: Any) -> Finding:
    """Make a HIGH finding."""
    return make_finding({"Severity": {"Label": "HIGH"}}, **changes)


def channels(decision: Decision) -> list[str]:
    """Return the channels of *decision*, in order."""
    return [destination.channel for destination in decision.channels]


def test_every_matching_route_delivers_in_order_then_by_name() -> None:
    """Several rules that match all deliver, lower orders first, equal ones by name."""
    table = table_of(
        route("z", "#third", order=5),
        route("b", "#second", order=1, match=HIGH),
        route("no", "#no", order=2, match=LOW),
        route("last", "#last"),
        route("a", "#first", order=1),
    )

    assert ["#first", "#second", "#third", "#last"] == channels(table.decide(high()))


def test_each_pattern_is_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """To validate and to index it, for a finding, an event or a silence; and not to match."""
    compiled = []

    def count(pattern: dict[str, Any], **options: Any) -> Pattern:
        compiled.append(pattern)
        return compile_pattern(pattern, **options)

    for module in (match_module, index_module):
        monkeypatch.setattr(module, "compile_pattern", count)
    matches = [{"Title": [f"{number}"]} for number in range(100)]
    matches += [{"detail": {"findings": HIGH}}, HIGH]
    table = table_of(
        *(route(f"{number}", match=match) for number, match in enumerate(matches)),
        {"kind": "silence", "name": "s", "match": LOW, "until": "2030-01-01T00:00Z"},
    )
    table.decide(high())

    assert [*matches, LOW] == compiled


def test_a_route_that_stops_is_the_last() -> None:
    """Routes after it are not asked, those before it have delivered."""
    table = table_of(
        route("a", "#a", order=1),
        route("b", "#b", order=2, stop=True),
        route("c", "#c", order=3),
    )

    assert ["#a", "#b"] == channels(table.decide(high()))


def test_a_route_that_stops_without_matching_stops_nothing() -> None:
    """Only a matching route ends the evaluation."""
    table = table_of(route("a", "#a", match=LOW, stop=True), route("b", "#b"))

    assert ["#b"] == channels(table.decide(high()))


def test_a_disabled_route_does_nothing() -> None:
    """It neither delivers nor stops."""
    table = table_of(route("a", "#a", enabled=False, stop=True), route("b", "#b"))

    assert ["#b"] == channels(table.decide(high()))


def test_a_channel_gets_one_message_for_all_its_routes() -> None:
    """Routes and mentions are united, and the most immediate delivery wins."""
    table = table_of(
        route("a", "#x", mention=["@here", "U0123ABCD"], deliver="digest"),
        route("b", "x", mention=["U0123ABCD", "S0123ABCD"], deliver="card"),
        route("c", "#y", deliver="digest"),
        route("d", " #x", deliver="auto"),
    )

    expected = (
        Destination(
            channel="#x",
            routes=("a", "b", "d"),
            mention=("@here", "U0123ABCD", "S0123ABCD"),
            deliver="card",
        ),
        Destination(channel="#y", routes=("c",), deliver="digest"),
    )
    assert expected == table.decide(high()).channels


def test_what_nothing_matches_goes_to_the_default_channel() -> None:
    """No finding is lost for want of a route, and the message has the reason."""
    table = table_of(route("a", "#a", match=LOW))

    expected = (Destination(channel=DEFAULT, note="no route matches"),)
    assert expected == table.decide(high()).channels


def test_an_invalid_route_leaves_its_findings_to_the_default_channel() -> None:
    """Findings that it would match are shown, with a hint at the reason."""
    table = table_of(route("a", "#A"), route("b", "#b", match=LOW), "nonsense")

    [destination] = table.decide(high()).channels
    assert (DEFAULT, ()) == (destination.channel, destination.routes)
    assert destination.note == "no route matches, and 2 invalid items were left out"


def test_a_template_that_cannot_be_filled_goes_to_the_default_channel() -> None:
    """The route is kept, with its mentions, and the note names the field that the finding lacks."""
    table = table_of(
        route("a", "#{control}", mention=["@here"], deliver="card"), route("b", "default")
    )

    expected = (
        Destination(
            channel=DEFAULT,
            routes=("a", "b"),
            mention=("@here",),
            deliver="card",
            note='route "a": {control} cannot be filled: the finding has no control id',
        ),
    )
    assert expected == table.decide(high()).channels


def test_a_template_is_filled_with_the_alias() -> None:
    """Accounts are called as the table calls them."""
    table = table_of(
        route("a", "#{account}-alert-{product}"),
        {"kind": "account", "name": ACCOUNT, "alias": "Payments"},
    )

    assert ["#payments-alert-scanner"] == channels(table.decide(high()))
    assert table.alias(ACCOUNT) == "Payments"
    assert table.alias("999999999999") is None
    assert table.alias(None) is None
    assert {ACCOUNT: "Payments"} == table.aliases


def test_an_account_that_calls_itself_like_another_does_not_reach_its_channels() -> None:
    """Its id stands for it, until the table names it."""
    owner = {"kind": "account", "name": "999999999999", "alias": "payments"}
    by_account = route("a", "#{account}-alert-{product}")
    finding = high(account_name="Payments")

    assert [f"#{ACCOUNT}-alert-scanner"] == channels(table_of(by_account, owner).decide(finding))
    assert ["#payments-alert-scanner"] == channels(table_of(by_account).decide(finding))
    own = {"kind": "account", "name": ACCOUNT, "alias": "sandbox"}
    assert ["#sandbox-alert-scanner"] == channels(table_of(by_account, owner, own).decide(finding))


def test_a_dropped_finding_goes_nowhere() -> None:
    """A route that drops a finding also keeps it from the default channel."""
    decision = table_of(route("a", action="drop")).decide(high())

    assert Decision(channels=(), dropped_by="a") == decision


def test_a_route_that_says_nothing_silences_no_other() -> None:
    """Every matching route delivers: to end the matter takes a stop."""
    table = table_of(
        route("a", action="drop", order=1),
        route("b", "#b"),
        route("c", action="suppress"),
        allow_suppress=True,
    )

    expected = Decision(channels=(Destination(channel="#b", routes=("b",)),))
    assert expected == table.decide(high())


def test_dropping_first_and_stopping_silences_all() -> None:
    """Later routes are not asked any more."""
    table = table_of(route("a", action="drop", order=1, stop=True), route("b", "#b"))

    assert Decision(channels=(), dropped_by="a") == table.decide(high())


def test_a_suppressed_finding_goes_nowhere_and_names_the_route() -> None:
    """Of several quiet routes the one that suppresses is named."""
    table = table_of(
        route("a", action="drop", order=1), route("b", action="suppress"), allow_suppress=True
    )

    assert Decision(channels=(), dropped_by="b", suppress=True) == table.decide(high())


def test_suppressing_needs_the_opt_in() -> None:
    """Without it the route is invalid, and findings that it would match are posted."""
    table = table_of(route("a", action="suppress"), route("b", action="drop", match=LOW))

    [problem] = table.problems
    assert (
        'route "a", action: is suppress, which this stack may not do; '
        'deploy with the parameter AllowSuppress set to "true", or write drop' == str(problem)
    )
    assert [DEFAULT] == channels(table.decide(high()))


def test_what_a_person_asks_for_is_posted() -> None:
    """No route takes the word from a person, but where to post is theirs to say."""
    table = table_of(route("a", action="drop"), route("b", "#b", match=LOW))

    expected = Destination(channel=DEFAULT, note='requested, though route "a" says nothing')
    assert Decision(channels=(expected,)) == table.decide(high(), requested=True)
    low = make_finding({"Severity": {"Label": "LOW"}})
    assert ["#b"] == channels(table.decide(low, requested=True))


def test_a_scheduled_route_waits_for_its_time() -> None:
    """However bad the finding is."""
    table = table_of(route("a", "#a", **scheduled("20:00")))

    decision = table.decide(high(severity=Severity.CRITICAL), now=MONDAY_NOON)

    assert decision.channels == (
        Destination(
            channel="#a",
            routes=("a",),
            deliver="scheduled",
            hold=hold(HoldKind.SCHEDULE, "a", MONDAY_EVENING),
        ),
    )


def test_outside_its_active_hours_a_route_waits_for_the_next() -> None:
    """Within them it posts at once."""
    table = table_of(route("a", "#a", deliver="card", active_hours=HOURS))

    [noon] = table.decide(high(), now=MONDAY_NOON).channels
    [evening] = table.decide(high(), now=MONDAY_EVENING).channels

    assert noon.hold is None
    assert evening == Destination(
        channel="#a",
        routes=("a",),
        deliver="card",
        hold=hold(HoldKind.HOURS, "a", TUESDAY + timedelta(hours=8)),
    )


@pytest.mark.parametrize(
    ("always", "severity", "waits"),
    [
        ({}, Severity.HIGH, True),
        ({}, Severity.CRITICAL, False),
        ({"always": "MEDIUM"}, Severity.LOW, True),
        ({"always": "MEDIUM"}, Severity.MEDIUM, False),
        ({"always": "MEDIUM"}, Severity.HIGH, False),
    ],
)
def test_the_worst_does_not_wait_for_active_hours(
    always: dict[str, str], severity: Severity, *, waits: bool
) -> None:
    """Unless the route has another setting, these are CRITICAL findings."""
    table = table_of(route("a", "#a", active_hours=HOURS | always))

    [destination] = table.decide(high(severity=severity), now=MONDAY_EVENING).channels

    assert waits == (destination.hold is not None)


def test_what_a_person_asks_for_does_not_wait() -> None:
    """Neither for a schedule nor for active hours."""
    table = table_of(
        route("a", "#a", active_hours=HOURS),
        route("b", "#b", **scheduled("08:00")),
        route("c", "#c", deliver="digest"),
    )

    decision = table.decide(high(), requested=True, now=MONDAY_EVENING)

    assert decision.channels == (
        Destination(channel="#a", routes=("a",)),
        Destination(channel="#b", routes=("b",)),
        Destination(channel="#c", routes=("c",), deliver="digest"),
    )


def test_in_a_channel_what_comes_at_once_wins() -> None:
    """By the delivery and with the mentions of the routes that post now, naming all routes."""
    table = table_of(
        route("a", "#x", mention=["@channel"], **scheduled("21:00")),
        route("b", "#x", deliver="card", mention=["@here"], active_hours=HOURS),
        route("c", "#x", deliver="digest", mention=["U0123ABCD"]),
        route("d", "#x", mention=["S0123ABCD"]),
    )

    assert table.decide(high(), now=MONDAY_EVENING).channels == (
        Destination(
            channel="#x",
            routes=("a", "b", "c", "d"),
            mention=("U0123ABCD", "S0123ABCD"),
            deliver="auto",
        ),
    )


def test_in_a_channel_what_is_due_first_wins() -> None:
    """Where all wait, nothing waits longer than one of the routes wants."""
    eight = TUESDAY + timedelta(hours=8)
    table = table_of(
        route("a", "#x", mention=["@channel"], **scheduled("09:00")),
        route("b", "#x", mention=["@here"], **scheduled("08:00")),
        route("c", "#x", deliver="card", mention=["U0123ABCD"], active_hours=HOURS),
    )

    assert table.decide(high(), now=MONDAY_EVENING).channels == (
        Destination(
            channel="#x",
            routes=("a", "b", "c"),
            mention=("@here", "U0123ABCD"),
            deliver="card",
            hold=hold(HoldKind.HOURS, "c", eight),
        ),
    )


@pytest.mark.parametrize(
    ("severity", "expected"),
    [
        (Severity.MEDIUM, ("@here",)),
        (Severity.HIGH, ("@here", "@channel")),
        (Severity.CRITICAL, ("@here", "@channel")),
    ],
)
def test_mentions_may_be_for_what_is_bad_enough(
    severity: Severity, expected: tuple[str, ...]
) -> None:
    """Each route has its own threshold."""
    table = table_of(
        route("a", "#x", mention=["@here"]),
        route("b", "#x", mention=["@channel"], mention_from="HIGH"),
    )

    [destination] = table.decide(high(severity=severity)).channels

    assert expected == destination.mention


def test_a_shadow_is_as_if_it_were_not_there() -> None:
    """It neither posts nor stops nor drops; the posts that it would make are recorded apart."""
    table = table_of(
        route("a", "#new", order=1, mode="shadow", stop=True, mention=["@here"]),
        route("b", "#new", order=2, mode="shadow", deliver="card"),
        route("c", order=3, mode="shadow", action="drop"),
        route("d", "#old", order=4, stop=True),
        route("e", "#never", order=5, mode="shadow"),
    )

    decision = table.decide(high())

    assert decision == Decision(
        channels=(Destination(channel="#old", routes=("d",)),),
        shadowed=(
            Destination(channel="#new", routes=("a", "b"), mention=("@here",), deliver="card"),
        ),
    )


def test_a_shadow_keeps_nothing_from_the_default_channel() -> None:
    """As long as a new route is only tried, findings go where they went."""
    decision = table_of(route("a", "#a", mode="shadow")).decide(high())

    assert [DEFAULT] == channels(decision)
    assert "no route matches" == decision.channels[0].note
    assert ["#a"] == [destination.channel for destination in decision.shadowed]


def test_a_shadow_waits_as_it_would() -> None:
    """Its record has the time at which it would have posted, too."""
    table = table_of(route("a", "#a", mode="shadow", **scheduled("20:00")))

    [destination] = table.decide(high(), now=MONDAY_NOON).shadowed

    assert hold(HoldKind.SCHEDULE, "a", MONDAY_EVENING) == destination.hold


def test_all_problems_are_kept_and_the_rest_works() -> None:
    """Each mistake of each item is a problem; the items without one are in force."""
    table = table_of(
        route("a", "#A", order="1"),
        route("b", "#b"),
        route("b", "#c"),
        {"kind": "account", "name": "b", "alias": "b"},
        {"kind": "account", "name": ACCOUNT, "alias": "x"},
        {"kind": "account", "name": ACCOUNT, "alias": "y"},
    )

    expected = [
        ("route", "a", "order"),
        ("route", "a", "channel"),
        ("route", "b", "name"),
        ("account", "b", "name"),
        ("account", ACCOUNT, "name"),
    ]
    assert expected == [(p.kind, p.name, p.field) for p in table.problems]
    assert table.skipped == 4
    assert ["b"] == [valid.name for valid in table.routes]
    assert ["#b"] == channels(table.decide(high()))
    assert {ACCOUNT: "x"} == table.aliases


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("", 'is empty; write a name such as "#security-alerts" or an id such as C0123456789'),
        ("#{account}", "has placeholders, which may be unfillable; write a name or an id"),
    ],
)
def test_the_default_channel_must_be_one(written: str, problem: str) -> None:
    """It takes all other findings, so that it cannot depend on the finding."""
    with pytest.raises(ConfigurationError) as caught:
        RoutingTable([], default_channel=written)

    assert f"default channel: {problem}" == str(caught.value)


RULE = {
    "source": ["aws.securityhub"],
    "detail-type": ["Security Hub Findings - Imported"],
    "detail": {"findings": HIGH},
}


def test_a_pasted_rule_sees_an_imported_event() -> None:
    """Without the event that brought a finding, a rule sees an ordinary one."""
    table = table_of(route("a", "#a", match=RULE))

    assert ["#a"] == channels(table.decide(high()))
    assert [DEFAULT] == channels(table.decide(make_finding({"Severity": {"Label": "LOW"}})))
    assert ["#a"] == channels(table.decide(high(), event={}))


def test_a_pasted_rule_sees_the_event_but_not_its_other_findings() -> None:
    """A rule for an action takes the findings of the action, each for itself."""
    action = "arn:aws:securityhub:eu-west-1:123456789012:action/custom/page"
    event = {
        "source": "aws.securityhub",
        "detail-type": "Security Hub Findings - Custom Action",
        "resources": [action],
        "detail": {"actionName": "page", "findings": [{"Severity": {"Label": "LOW"}}]},
    }
    table = table_of(
        route("paged", "#paged", match={"source": ["aws.securityhub"], "resources": [action]}),
        route("named", "#named", match={"detail": {"actionName": ["page"]}}),
        route("low", "#low", match={"detail": {"findings": LOW}}),
        route("rule", "#rule", match=RULE),
        route("plain", "#plain", match=HIGH),
    )

    assert ["#named", "#paged", "#plain"] == channels(table.decide(high(), event=event))


def test_a_decision_carries_its_trace() -> None:
    """On request, each route has its verdict, and the field that did not match."""
    table = table_of(route("a", "#a", match=LOW, order=1), route("b", "#b"))

    no, yes = table.decide(high()).trace

    assert ("a", 1, False) == (no.route, no.order, no.matched)
    assert no.reason == 'Severity.Label is "HIGH", wanted ["LOW"]'
    assert ("b", 100, True) == (yes.route, yes.order, yes.matched)
    assert yes.reason == "posts to #b; matches every finding"


def test_a_decision_by_hand_has_no_trace() -> None:
    """A decision that no table made has no trace."""
    assert Decision(channels=()).trace == ()


MATCHES: list[dict[str, Any] | None] = [
    None,
    {},
    HIGH,
    LOW,
    {"Severity": {"Label": [{"anything-but": ["LOW"]}]}},
    {"Title": [{"prefix": "a"}]},
    {"$or": [LOW, {"Title": ["ab"]}]},
    RULE,
    {"detail": {"findings": {"Title": [{"exists": False}]}}},
]
ROUTES = st.fixed_dictionaries(
    {
        "channel": st.sampled_from(["#x", "x", "#y", "#{control}", "#{tag:team}", "default"]),
        "match": st.sampled_from(MATCHES),
        "order": st.integers(1, 3),
        "enabled": st.booleans(),
        "stop": st.booleans(),
        "action": st.sampled_from(["post", "post", "drop", "suppress"]),
        "timing": st.sampled_from(
            [
                {"deliver": "auto"},
                {"deliver": "card"},
                {"deliver": "digest"},
                {"deliver": "card", "active_hours": HOURS},
                {"deliver": "digest", "active_hours": HOURS | {"always": "HIGH"}},
                scheduled("08:00"),
                scheduled("09:00"),
            ]
        ),
        "mention": st.lists(st.sampled_from(["@here", "U0123ABCD", "S0123ABCD"]), unique=True),
        "mention_from": st.sampled_from(["LOW", "HIGH"]),
        "mode": st.sampled_from(["live", "live", "live", "shadow"]),
    }
)
FINDINGS = st.builds(
    lambda label, title, control, team: make_finding(
        {"Severity": {"Label": label}} | ({"Title": title} if title else {}),
        severity=Severity(label),
        control_id=control,
        resources=(make_resource(tags={"team": team} if team else {}),),
    ),
    st.sampled_from(["HIGH", "LOW"]),
    st.sampled_from([None, "ab", "b"]),
    st.sampled_from([None, "y"]),
    st.sampled_from([None, "x"]),
)


def _matches(match: Mapping[str, Any] | None, finding: Finding) -> bool:
    if not match:
        return True
    event = {
        "source": "aws.securityhub",
        "detail-type": "Security Hub Findings - Imported",
        "detail": {"findings": [finding.raw]},
    }
    return compile_pattern(dict(match)).matches(event if "detail" in match else dict(finding.raw))


def _fill(channel: str, finding: Finding) -> str:
    team = finding.resources[0].tags.get("team")
    filled = {"#{control}": finding.control_id, "#{tag:team}": team}.get(channel, channel)
    return f"#{filled.removeprefix('#')}" if filled else DEFAULT


def _waits_until(item: dict[str, Any], finding: Finding) -> datetime | None:
    """Return when a route posts a finding of Monday evening; None for at once."""
    if item["deliver"] == "scheduled":
        return TUESDAY + timedelta(hours=int(item["schedule"]["time"][:2]))
    hours = item.get("active_hours")
    if hours and not (hours.get("always") == "HIGH" and finding.severity == "HIGH"):
        return TUESDAY + timedelta(hours=8)
    return None


def _passed(routes: list[dict[str, Any]], finding: Finding) -> list[dict[str, Any]]:
    passed = []
    for item in sorted(routes, key=lambda item: (item["order"], item["name"])):
        if item["enabled"] and _matches(item.get("match"), finding):
            passed.append(item)
            if item["stop"] and item["mode"] == "live":
                break
    return passed


def _posted(routes: list[dict[str, Any]], finding: Finding) -> dict[str, tuple[Any, ...]]:
    """Return for each channel routes, mentions, delivery and when it is due."""
    by_channel: dict[str, list[dict[str, Any]]] = {}
    for item in routes:
        if item["action"] == "post":
            by_channel.setdefault(_fill(item["channel"], finding), []).append(item)
    posted: dict[str, tuple[Any, ...]] = {}
    for channel, items in by_channel.items():
        dues = [_waits_until(item, finding) for item in items]
        due = None if None in dues else min(filter(None, dues))
        first = [item for item, its_due in zip(items, dues, strict=True) if its_due == due]
        mentions = {
            who
            for item in first
            if item["mention_from"] == "LOW" or finding.severity == "HIGH"
            for who in item["mention"]
        }
        order = ["card", "auto", "digest", "scheduled"]
        deliver = min((item["deliver"] for item in first), key=order.index)
        posted[channel] = ([item["name"] for item in items], mentions, deliver, due)
    return posted


def _by_the_book(routes: list[dict[str, Any]], finding: Finding) -> tuple[Any, ...]:
    """Evaluate the rules of the documentation one by one, without an index."""
    passed = _passed(routes, finding)
    live = [item for item in passed if item["mode"] == "live"]
    posted = _posted(live, finding)
    quiet = [item for item in live if item["action"] != "post"]
    if not posted and not quiet:
        posted[DEFAULT] = ([], set(), "auto", None)
    suppressing = [item["name"] for item in quiet if item["action"] == "suppress"]
    dropping = [item["name"] for item in quiet]
    nobody = None if posted else (suppressing or dropping)[0]
    shadowed = _posted([item for item in passed if item["mode"] == "shadow"], finding)
    return posted, shadowed, nobody, bool(suppressing) and not posted


def _told(destinations: tuple[Destination, ...]) -> dict[str, tuple[Any, ...]]:
    return {
        one.channel: (
            list(one.routes),
            set(one.mention),
            one.deliver,
            one.hold and one.hold.due_at,
        )
        for one in destinations
    }


@given(st.lists(ROUTES, max_size=8), FINDINGS)
def test_deciding_by_index_is_deciding_by_the_book(
    attributes: list[dict[str, Any]], finding: Finding
) -> None:
    """The index is only faster: every decision equals that of the rules, route by route."""
    routes = [
        {"kind": "route", "name": f"r{number}"}
        | {k: v for k, v in item.items() if v is not None and k != "timing"}
        | item["timing"]
        for number, item in enumerate(attributes)
    ]
    table = table_of(*routes, allow_suppress=True)
    assert table.problems == ()

    decision = table.decide(finding, now=MONDAY_EVENING)

    posted, shadowed, dropped_by, suppress = _by_the_book(routes, finding)
    assert posted == _told(decision.channels)
    assert list(posted) == channels(decision)
    assert shadowed == _told(decision.shadowed)
    assert (dropped_by, suppress) == (decision.dropped_by, decision.suppress)
    told = {step.route for step in decision.trace if step.matched}
    destinations = [*decision.channels, *decision.shadowed]
    named = {name for one in destinations for name in one.routes} | {decision.dropped_by}
    assert named - {None} <= told
    assert [step.route for step in decision.trace] == [one.name for one in table.routes]


class _Counted(dict[str, Any]):
    """A dictionary that records the keys that were read."""

    def __init__(self, items: Mapping[str, Any]) -> None:
        super().__init__(items)
        self.asked: list[str] = []

    def __getitem__(self, name: str) -> Any:
        self.asked.append(name)
        return super().__getitem__(name)


def test_a_decision_looks_only_at_routes_that_match(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many routes there are, those that do not match cost nothing."""
    items = [
        route(
            f"{account}-{product}",
            f"#c-{product}",
            match={"AwsAccountId": [account], "Product": [product]},
        )
        for account in range(100)
        for product in "abcdefghij"
    ]
    table = table_of(*items, route("all", "#{account}"))
    counted = _Counted(table._enabled)
    monkeypatch.setattr(table, "_enabled", counted)

    decision = table.decide(make_finding({"AwsAccountId": 7, "Product": "c"}))

    assert ["#c-c", "#payments-prod"] == channels(decision)
    assert {"7-c", "all"} == set(counted.asked)
