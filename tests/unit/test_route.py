"""Items of the routing table, as people write them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from boto3.dynamodb.types import Binary
from hypothesis import given
from hypothesis import strategies as st

from finding_router.errors import RouteError
from finding_router.findings.finding import Severity
from finding_router.routing.items.clock import EVERY_DAY
from finding_router.routing.items.match import EVERYTHING
from finding_router.routing.items.remind import Until
from finding_router.routing.items.route import (
    Account,
    Action,
    Deliver,
    Listing,
    Mode,
    Route,
    parse_item,
)
from finding_router.routing.items.silence import OnExpiry, Silence

WHOM = (
    "write @here, @channel, @everyone, or the id of a person (U0123456789) or of a user group "
    "(S0123456789), which Slack shows under Copy member ID and Copy group ID"
)
ATTRIBUTES = (
    "description, kind, name, order, enabled, match, action, channel, mention, mention_from, stop, "
    "deliver, schedule, active_hours, list, remind, ticket, mode, actions"
)
ZURICH = "Europe/Zurich"
SCHEDULE: dict[str, Any] = {"time": "08:30", "zone": ZURICH}
HOURS: dict[str, Any] = {"from": "08:00", "to": "18:00", "zone": ZURICH}


def route(**attributes: Any) -> dict[str, Any]:
    """Write a route named r to #alerts, with *attributes*."""
    return {"kind": "route", "name": "r", "channel": "#alerts"} | attributes


def read_route(**attributes: Any) -> Route:
    """Read such a route."""
    item = parse_item(route(**attributes))
    assert isinstance(item, Route)
    return item


def mistakes_of(item: object) -> list[RouteError]:
    """Return every mistake of *item*."""
    with pytest.raises(RouteError) as caught:
        parse_item(item)
    return [caught.value, *caught.value.others]


def test_a_route_needs_little() -> None:
    """A name and a channel make a route that takes everything."""
    item = read_route()

    assert item.name == "r"
    assert item.order == 100
    assert item.enabled
    assert item.match == EVERYTHING
    assert item.posts_to is not None
    assert item.posts_to.text == "#alerts"
    assert item.mention == ()
    assert item.action is Action.POST
    assert not item.stop
    assert item.deliver is Deliver.AUTO
    assert item.schedule is None
    assert item.active_hours is None
    assert item.mention_from is Severity.INFORMATIONAL
    assert item.mode is Mode.LIVE
    assert item.is_live
    assert item.description is None


def test_every_attribute_is_read() -> None:
    """Each attribute of the documentation has its documented meaning."""
    item = read_route(
        order=5,
        enabled=False,
        match={"Title": ["x"]},
        mention=["@here"],
        action="suppress",
        stop=True,
        deliver="digest",
        active_hours=HOURS | {"weekdays": {"mon-wed", "FRI"}, "always": "HIGH"},
        mention_from="HIGH",
        mode="shadow",
        description="why",
    )

    assert item.order == 5
    assert not item.enabled
    assert item.match.pattern == {"Title": ["x"]}
    assert item.mention == ("@here",)
    assert item.action is Action.SUPPRESS
    assert item.stop
    assert item.deliver is Deliver.DIGEST
    assert item.active_hours is not None
    assert item.active_hours.weekdays == ("MON", "TUE", "WED", "FRI")
    assert (item.active_hours.start_minute, item.active_hours.end_minute) == (480, 1080)
    assert item.active_hours.always is Severity.HIGH
    assert item.mention_from is Severity.HIGH
    assert item.mode is Mode.SHADOW
    assert not item.is_live
    assert item.description == "why"


def test_who_may_press_is_read() -> None:
    """People and groups, without repeats, and buttons; an empty list of buttons allows none."""
    read = read_route(
        actions={"allow": ["U0123456789", "S0123456789", "U0123456789"], "only": "acknowledge"}
    ).actions
    none = read_route(actions={"only": []}).actions

    assert read is not None
    assert read.allow == ("U0123456789", "S0123456789")
    assert (read.permits("acknowledge"), read.permits("resolve")) == (True, False)
    assert none is not None
    assert (none.permits("snooze"), none.permits("why")) == (False, True)
    assert read_route().actions is None


def test_a_scheduled_route_has_its_schedule() -> None:
    """Every day, unless weekdays are named."""
    item = read_route(deliver="scheduled", schedule=SCHEDULE)

    assert item.deliver is Deliver.SCHEDULED
    assert item.schedule is not None
    assert (item.schedule.minute, item.schedule.weekdays) == (510, EVERY_DAY)
    assert item.schedule.zone.key == ZURICH


def test_reminders_are_read() -> None:
    """Durations are minutes, hours or days; omitted attributes have the expected defaults."""
    item = read_route(remind={"after": "24h"})
    full = {"after": "30m", "every": "3 d", "from": "HIGH", "mention": "@here", "until": "ended"}
    other = read_route(remind=full)

    assert item.remind is not None
    assert (item.remind.after_seconds, item.remind.every_seconds) == (86_400, None)
    assert (item.remind.least, item.remind.mention) == (Severity.INFORMATIONAL, ())
    assert item.remind.until is Until.ACKNOWLEDGED
    assert other.remind is not None
    assert (other.remind.after_seconds, other.remind.every_seconds) == (1800, 3 * 86_400)
    assert (other.remind.least, other.remind.mention) == (Severity.HIGH, ("@here",))
    assert other.remind.until is Until.ENDED
    assert item.listing is Listing.NEW


def test_a_scheduled_route_may_list_what_is_open() -> None:
    """Besides what is new."""
    item = read_route(deliver="scheduled", schedule=SCHEDULE, list="open")

    assert item.listing is Listing.OPEN


def test_hours_are_for_all_but_the_worst_on_every_day() -> None:
    """Omitted attributes have the expected defaults."""
    item = read_route(active_hours=HOURS)

    assert item.active_hours is not None
    assert (item.active_hours.weekdays, item.active_hours.always) == (EVERY_DAY, Severity.CRITICAL)


def test_null_is_as_good_as_nothing() -> None:
    """A console may leave the attribute there."""
    assert read_route(schedule=None, active_hours=None) == read_route()


def test_a_silence_is_read() -> None:
    """Its author, match, end, reason, and whether it tells at the end."""
    item = parse_item(
        {
            "kind": "silence",
            "name": "maintenance",
            "match": {"AwsAccountId": ["111122223333"]},
            "until": "2026-03-09T08:00:00+01:00",
            "reason": "patching",
            "by": "anna",
            "description": "x",
        }
    )

    assert isinstance(item, Silence)
    assert item.name == "maintenance"
    assert item.match.pattern == {"AwsAccountId": ["111122223333"]}
    assert item.until == datetime(2026, 3, 9, 7, tzinfo=UTC)
    assert (item.reason, item.by, item.description) == ("patching", "anna", "x")
    assert item.on_expiry is OnExpiry.DIGEST


@pytest.mark.parametrize("match", [{}, "{}"])
def test_a_silence_of_everything_must_be_meant(match: object) -> None:
    """An empty match must be written: a forgotten one must not silence everything."""
    written = {"kind": "silence", "name": "s", "until": "2026-03-09T08:00Z", "on_expiry": "forget"}

    item = parse_item(written | {"match": match})
    [mistake] = mistakes_of(written)

    assert isinstance(item, Silence)
    assert item.match == EVERYTHING
    assert item.on_expiry is OnExpiry.FORGET
    assert (
        'silence "s", match: is missing; write which findings; an empty map, {}, means all'
        == str(mistake)
    )


def test_dynamodb_types_are_plain_values() -> None:
    """Numbers of the AWS SDK and sets are as good as numbers and lists."""
    item = read_route(
        order=Decimal(7),
        match={"Severity": {"Label": {"HIGH", "CRITICAL"}, "Normalized": {Decimal("70.5")}}},
        mention=frozenset({"@here"}),
    )

    assert item.order == 7
    assert item.match.pattern == {"Severity": {"Label": ["CRITICAL", "HIGH"], "Normalized": [70.5]}}
    assert item.mention == ("@here",)


def test_tuples_and_whole_floats_are_taken() -> None:
    """100.0 is 100 in JSON, and a tuple is as good as a list."""
    item = read_route(order=100.0, mention=("@here",))

    assert item.order == 100
    assert item.mention == ("@here",)


@pytest.mark.parametrize("action", ["drop", "suppress"])
@pytest.mark.parametrize("channel", [{}, {"channel": None}, {"channel": "#kept"}])
def test_a_route_that_says_nothing_needs_no_channel(
    action: str, channel: Mapping[str, Any]
) -> None:
    """Its channel may stay, so that a route can be quiet for a while."""
    item = parse_item({"kind": "route", "name": "r", "action": action, **channel})

    assert isinstance(item, Route)
    assert item.posts_to is None


def test_an_account_has_an_alias() -> None:
    """Messages name the account by its alias, so only its ends are trimmed."""
    item = parse_item(
        {"kind": "account", "name": "012345678901", "alias": " Payments ", "description": "why"}
    )

    assert isinstance(item, Account)
    assert (item.name, item.alias, item.description) == ("012345678901", "Payments", "why")


A_SCHEDULE = 'write a map such as {"time": "08:30", "zone": "Europe/Zurich"}'
BOOLEAN = "make it the Boolean true or false, without quotes"


@pytest.mark.parametrize(
    ("attributes", "field", "problem", "remedy"),
    [
        ({"name": 5}, "name", "is the number 5", "make it a text"),
        ({"name": " "}, "name", "is empty", "write a name that says what the item is for"),
        ({"order": "5"}, "order", 'is the text "5"', "make it a whole number such as 100"),
        ({"order": 1.5}, "order", "is the number 1.5", "make it a whole number such as 100"),
        ({"order": True}, "order", "is the Boolean true", "make it a whole number such as 100"),
        ({"enabled": "true"}, "enabled", 'is the text "true"', BOOLEAN),
        ({"enabled": 1}, "enabled", "is the number 1", BOOLEAN),
        ({"stop": None}, "stop", "is null", BOOLEAN),
        ({"description": ["x"]}, "description", "is a list", "make it a text"),
        (
            {"match": []},
            "match",
            "is a list",
            'write a map such as {"Severity": {"Label": ["CRITICAL", "HIGH"]}}',
        ),
        (
            {"match": {"severity": {"Label": ["HIGH"]}}},
            "match",
            'has "severity", a field that no finding has',
            'did you mean "Severity"?',
        ),
        (
            {"channel": None},
            "channel",
            "is missing",
            'write a name, an id or a template such as "#{account}-alerts"',
        ),
        ({"channel": ["#a"]}, "channel", "is a list", 'make it a text such as "#security-alerts"'),
        (
            {"channel": ""},
            "channel",
            "is empty",
            'write a name such as "#security-alerts" or an id such as C0123456789',
        ),
        (
            {"channel": "#Alerts"},
            "channel",
            'is the text "#Alerts", which is no channel name',
            (
                "names have lower-case letters, digits, hyphens and underscores only: "
                'did you mean "#alerts"?'
            ),
        ),
        (
            {"channel": "#{accounts}"},
            "channel",
            'has the unknown placeholder "{accounts}"',
            (
                'did you mean "{account}"? There are {account}, {account_id}, {product}, '
                "{severity}, {region}, {control}, {ou}, {tag:KEY}, {account_tag:KEY}"
            ),
        ),
        (
            {"channel": Binary(b"x")},
            "channel",
            "is of type Binary",
            'make it a text such as "#security-alerts"',
        ),
        ({"mention": ["@anna"]}, "mention", 'has the text "@anna", which mentions nobody', WHOM),
        ({"action": "Drop"}, "action", 'is the text "Drop"', 'did you mean "drop"?'),
        ({"action": 1}, "action", "is the number 1", "write one of post, drop, suppress"),
        ({"deliver": "cards"}, "deliver", 'is the text "cards"', 'did you mean "card"?'),
        (
            {"mention_from": "high"},
            "mention_from",
            'is the text "high"',
            'did you mean "HIGH"?',
        ),
        ({"mode": "dark"}, "mode", 'is the text "dark"', "write one of live, shadow"),
        (
            {"deliver": "scheduled"},
            "schedule",
            "is missing, though deliver is scheduled",
            A_SCHEDULE,
        ),
        (
            {"deliver": "scheduled", "schedule": "08:30"},
            "schedule",
            'is the text "08:30"',
            A_SCHEDULE,
        ),
        (
            {"schedule": SCHEDULE},
            "schedule",
            "is there, though deliver is auto",
            'set deliver to "scheduled", or leave the schedule out',
        ),
        (
            {"deliver": "scheduled", "schedule": {"time": "8pm", "zone": "UTC"}},
            "schedule.time",
            'is the text "8pm", which is no time of day',
            'did you mean "20:00"?',
        ),
        (
            {"deliver": "scheduled", "schedule": {"zone": "UTC"}},
            "schedule.time",
            "is missing",
            'write hours and minutes such as "08:30"',
        ),
        (
            {"deliver": "scheduled", "schedule": {"time": "08:30"}},
            "schedule.zone",
            "is missing",
            'write a name of the IANA database such as "Europe/Zurich"',
        ),
        (
            {"deliver": "scheduled", "schedule": SCHEDULE | {"weekday": ["MON"]}},
            "schedule.weekday",
            "is no attribute of a schedule",
            'did you mean "weekdays"?',
        ),
        (
            {"deliver": "scheduled", "schedule": SCHEDULE, "active_hours": HOURS},
            "active_hours",
            "is there, though deliver is scheduled",
            "leave them out: the schedule says when to post",
        ),
        (
            {"active_hours": ["08:00", "18:00"]},
            "active_hours",
            "is a list",
            'write a map such as {"from": "08:00", "to": "18:00", "zone": "Europe/Zurich"}',
        ),
        (
            {"active_hours": HOURS | {"zone": "Zurich"}},
            "active_hours.zone",
            'is the text "Zurich", which is no time zone',
            'did you mean "Europe/Zurich"?',
        ),
        (
            {"active_hours": HOURS | {"to": "08:00"}},
            "active_hours.to",
            'is the text "08:00", when they begin',
            'write when they end; all day is from "00:00" to "24:00"',
        ),
        (
            {"active_hours": HOURS | {"from": "24:00"}},
            "active_hours.from",
            'is the text "24:00", which is no time of day',
            'write hours and minutes such as "08:30"',
        ),
        (
            {"active_hours": HOURS | {"start": "08:00"}},
            "active_hours.start",
            "is no attribute of active hours",
            "write one of weekdays, zone, from, to, always",
        ),
        (
            {"active_hours": HOURS | {"always": "SEVERE"}},
            "active_hours.always",
            'is the text "SEVERE"',
            "write one of INFORMATIONAL, LOW, MEDIUM, HIGH, CRITICAL",
        ),
        (
            {"remind": "24h"},
            "remind",
            'is the text "24h"',
            'write a map such as {"after": "24h", "every": "3d", "from": "HIGH"}',
        ),
        (
            {"remind": {"every": "3d"}},
            "remind.after",
            "is missing",
            'write minutes, hours or days such as "30m", "24h" or "3d"',
        ),
        (
            {"remind": {"after": "a day"}},
            "remind.after",
            'is the text "a day", which is no duration',
            'write minutes, hours or days such as "30m", "24h" or "3d"',
        ),
        (
            {"remind": {"after": "24h", "every": 3}},
            "remind.every",
            "is the number 3, which is no duration",
            'write minutes, hours or days such as "30m", "24h" or "3d"',
        ),
        (
            {"remind": {"after": "1m"}},
            "remind.after",
            'is the text "1m"',
            'write from "5m" to "366d"',
        ),
        (
            {"remind": {"after": "24h", "until": "acknowledge"}},
            "remind.until",
            'is the text "acknowledge"',
            'did you mean "acknowledged"?',
        ),
        (
            {"remind": {"after": "24h", "for": "3d"}},
            "remind.for",
            "is no attribute of remind",
            "write one of after, every, from, mention, until",
        ),
        (
            {"remind": {"after": "24h", "mention": ["jane"]}},
            "remind.mention",
            'has the text "jane", which mentions nobody',
            WHOM,
        ),
        (
            {"remind": {"after": "24h"}, "action": "drop", "channel": None},
            "remind",
            "is there, though action is drop",
            "leave it out: such a route says nothing that is open",
        ),
        (
            {"list": "open"},
            "list",
            "is open, though deliver is auto",
            'set deliver to "scheduled", with a schedule',
        ),
        ({"list": "all"}, "list", 'is the text "all"', "write one of new, open"),
        (
            {"actions": "all"},
            "actions",
            'is the text "all"',
            'write a map such as {"allow": ["S0123456789"], "only": ["acknowledge"]}',
        ),
        (
            {"actions": {"allow": []}},
            "actions.allow",
            "is empty, so that nobody could press",
            'leave it out, or write "only": [] to allow nothing',
        ),
        (
            {"actions": {"allow": ["jane"]}},
            "actions.allow",
            'has the text "jane", which is no id of a person or a user group',
            (
                "write the id of a person (U0123456789) or of a user group (S0123456789), which "
                "Slack shows under Copy member ID and Copy group ID"
            ),
        ),
        (
            {"actions": {"only": ["acknoledg"]}},
            "actions.only",
            'has the text "acknoledg"',
            'did you mean "acknowledge"?',
        ),
        (
            {"actions": {"who": ["U0123456789"]}},
            "actions.who",
            "is no attribute of actions",
            "write one of allow, only",
        ),
        ({"channels": "#a"}, "channels", "is no attribute of a route", 'did you mean "channel"?'),
        ({"Order": 5}, "Order", "is no attribute of a route", 'did you mean "order"?'),
        ({"xyz": 5}, "xyz", "is no attribute of a route", f"write one of {ATTRIBUTES}"),
    ],
)
def test_a_mistake_names_item_field_and_remedy(
    attributes: Mapping[str, Any], field: str, problem: str, remedy: str
) -> None:
    """The author of a route finds it by kind and name, with the valid form."""
    [mistake] = mistakes_of(route(**attributes))

    assert mistake.kind == "route"
    assert (field, problem, remedy) == (mistake.field, mistake.problem, mistake.remedy)
    assert f'route "{mistake.name}", {field}: {problem}; {remedy}' == str(mistake)


@pytest.mark.parametrize(
    ("attributes", "field", "problem", "remedy"),
    [
        (
            {"until": "2026-03-09T08:00"},
            "until",
            'is the text "2026-03-09T08:00", which has no time zone',
            'add Z for UTC, or an offset: "2026-03-09T08:00:00+01:00"',
        ),
        (
            {"until": None},
            "until",
            "is null, which is no moment",
            'write a moment with its zone, such as "2030-03-09T08:00:00+01:00"',
        ),
        ({"by": 5}, "by", "is the number 5", "make it a text"),
        ({"reason": ["x"]}, "reason", "is a list", "make it a text"),
        (
            {"on_expiry": "forgot"},
            "on_expiry",
            'is the text "forgot"',
            'did you mean "forget"?',
        ),
        (
            {"match": {"Title": "x"}},
            "match.Title",
            'is the text "x", not a list',
            "put it into a list",
        ),
        (
            {"channel": "#a"},
            "channel",
            "is no attribute of a silence",
            "write one of description, kind, name, match, until, reason, by, on_expiry",
        ),
    ],
)
def test_a_mistake_of_a_silence_is_told_likewise(
    attributes: Mapping[str, Any], field: str, problem: str, remedy: str
) -> None:
    """Silences are checked as routes are."""
    item = {"kind": "silence", "name": "s", "match": {}, "until": "2026-03-09T08:00Z"} | attributes

    [mistake] = mistakes_of(item)

    assert mistake.kind == "silence"
    assert (field, problem, remedy) == (mistake.field, mistake.problem, mistake.remedy)


def test_a_silence_must_end() -> None:
    """Without an end it would be forgotten, and findings with it."""
    [mistake] = mistakes_of({"kind": "silence", "name": "s", "match": {}})

    assert str(mistake) == (
        'silence "s", until: is missing; a silence must end: '
        'write a moment with its zone, such as "2030-03-09T08:00:00+01:00"'
    )


def test_a_delivery_that_cannot_be_read_is_one_mistake() -> None:
    """It may well be that it was meant to go with the schedule."""
    [mistake] = mistakes_of(route(deliver="schedule", schedule=SCHEDULE))

    assert 'did you mean "scheduled"?' == mistake.remedy


def test_a_bad_pattern_is_named_by_its_path() -> None:
    """The path starts at the attribute, and goes on where the pattern is wrong."""
    [mistake] = mistakes_of(route(match={"Severity": {"Label": "HIGH"}}))

    assert ("route", "r", "match.Severity.Label") == (mistake.kind, mistake.name, mistake.field)
    assert mistake.problem
    assert mistake.remedy


@pytest.mark.parametrize(
    ("attributes", "field", "problem", "remedy"),
    [
        (
            {"name": "123"},
            "name",
            'is the text "123", which is no account id',
            "write its 12 digits",
        ),
        (
            {"name": "\N{ARABIC-INDIC DIGIT ONE}" * 12},
            "name",
            f'is the text "{"\N{ARABIC-INDIC DIGIT ONE}" * 12}", which is no account id',
            "write its 12 digits",
        ),
        ({"name": 123456789012}, "name", "is the number 123456789012", "make it a text"),
        (
            {"alias": "!"},
            "alias",
            'is the text "!", of which no channel name can be made',
            'use letters a-z or digits, as in "payments-prod"',
        ),
        (
            {"alias": " "},
            "alias",
            "is empty",
            'use letters a-z or digits, as in "payments-prod"',
        ),
        ({"alias": 5}, "alias", "is the number 5", 'make it a text such as "payments-prod"'),
        (
            {"channel": "#a"},
            "channel",
            "is no attribute of an account",
            "write one of description, kind, name, alias",
        ),
    ],
)
def test_a_mistake_of_an_account_is_told_likewise(
    attributes: Mapping[str, Any], field: str, problem: str, remedy: str
) -> None:
    """Accounts are checked as routes are."""
    item = {"kind": "account", "name": "123456789012", "alias": "payments"} | attributes

    [mistake] = mistakes_of(item)

    assert mistake.kind == "account"
    assert (field, problem, remedy) == (mistake.field, mistake.problem, mistake.remedy)


def test_an_account_without_an_alias_says_nothing() -> None:
    """A missing required attribute is a mistake."""
    [mistake] = mistakes_of({"kind": "account", "name": "123456789012"})

    assert (
        'account "123456789012", alias: is missing; make it a text such as "payments-prod"'
        == str(mistake)
    )


def test_all_mistakes_of_an_item_are_told_at_once() -> None:
    """An item is mended in one go."""
    item = route(order="5", enabled="yes", action="drp", channel=None, channels="#a")

    assert {"order", "enabled", "action", "channels"} == {m.field for m in mistakes_of(item)}


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (
            {"kind": "rout", "name": "a"},
            'rout "a", kind: is the text "rout", which is no kind of item; did you mean "route"?',
        ),
        (
            {"kind": "Account", "name": "a"},
            (
                'Account "a", kind: is the text "Account", which is no kind of item; '
                'did you mean "account"?'
            ),
        ),
        ({"name": "a"}, 'item "a", kind: is missing; write one of route, account, silence, ticket'),
        (
            {"kind": 5, "name": "a"},
            (
                'item "a", kind: is the number 5, which is no kind of item; '
                "write one of route, account, silence, ticket"
            ),
        ),
        (
            {"kind": "", "name": "a"},
            (
                'item "a", kind: is the text "", which is no kind of item; '
                "write one of route, account, silence, ticket"
            ),
        ),
        ("text", 'item "(no name) text", item: is the text "text"; make it a map of attributes'),
        (None, 'item "(no name) None", item: is null; make it a map of attributes'),
        (
            {"kind": "route", "channel": "#a"},
            (
                "route \"(no name) {'kind': 'route', 'channel': '#a'}\", name: is missing; "
                "make it a text"
            ),
        ),
        (
            {"kind": "route", "name": "", "channel": "#a"},
            (
                "route \"(no name) {'kind': 'route', 'name': '', 'channel': '#a'}\", "
                "name: is empty; write a name that says what the item is for"
            ),
        ),
    ],
)
def test_an_item_is_named_even_without_kind_or_name(item: object, expected: str) -> None:
    """No item is ignored silently, and each can be found by its content."""
    [mistake] = mistakes_of(item)

    assert expected == str(mistake)


def test_a_long_item_is_named_by_its_beginning() -> None:
    """An error stays a line."""
    [mistake] = mistakes_of({"kind": "route", "name": "n" * 500, "channel": ""})

    assert "n" * 79 + "…" == mistake.name


# DynamoDB's numbers have 38 digits and neither NaN nor infinity.
NUMBERS = st.decimals(min_value=-(10**38), max_value=10**38)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | NUMBERS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


WORDS = st.sampled_from(["scheduled", "08:30", "24:00", ZURICH, "MON", "HIGH", "2026-03-09T08:00Z"])
TIMING = st.dictionaries(
    st.sampled_from(["time", "zone", "weekdays", "from", "to", "always", "other"]), VALUES | WORDS
)


@given(
    st.dictionaries(
        st.sampled_from(
            ["kind", "name", "alias", "until", "by", *ATTRIBUTES.split(", "), "on_expiry", "other"]
        ),
        VALUES | TIMING | WORDS,
    ),
    st.sampled_from(["route", "account", "silence", None]),
)
def test_any_item_is_read_or_refused_by_name(item: dict[str, Any], kind: str | None) -> None:
    """With any item, the worst result is a mistake with a name."""
    written = {"kind": kind, **item} if kind else item

    read, mistakes = None, []
    try:
        read = parse_item(written)
    except RouteError as error:
        mistakes = [error, *error.others]

    assert (read is None) == bool(mistakes)
    assert all(mistake.name and mistake.remedy for mistake in mistakes)


def test_an_item_nested_without_end_is_refused() -> None:
    """No item can bring the others down."""
    deep: list[object] = []
    for _ in range(5000):
        deep = [deep]

    [mistake] = mistakes_of(route(name="deep", match=deep))

    assert "nested too deeply" in str(mistake)
