"""Notices as the ops channel sees them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest_lines import HOSTILE
from finding_router.delivery import troubles
from finding_router.delivery.notices import Notice, joined
from finding_router.errors import RouteError
from finding_router.slack.kit.links import table_url
from finding_router.slack.kit.message import Message
from finding_router.slack.kit.refused import Banner
from finding_router.slack.kit.text import Mrkdwn
from finding_router.slack.messages.notice import MAX_DETAILS, Point, Words, notice
from slack_limits import acts, blocks_of, says_nothing, texts_of, violations

TABLE = table_url("eu-west-1", "routes") or ""
TYPO = [
    RouteError("route", "typo", "match.Severity.Label", 'is the text "HIGH"', 'write ["HIGH"]'),
    RouteError("route", "typo", "chanel", "is unknown", "did you mean “channel”?"),
]


def texts(message: Message) -> list[str]:
    """Return every text of *message*, from top to bottom."""
    blocks = blocks_of(message.arguments())
    return [text["text"] for block in blocks for text in texts_of(block)]


def test_a_notice_says_everything_once() -> None:
    """What happened, what that means, why, what to do, where, and how often it is said."""
    message = notice(troubles.skipped(TYPO, TABLE))

    assert texts(message) == [
        "⚙️ Route “typo” is skipped: 2 mistakes",
        (
            "Its findings go to other routes or to the default channel. Nothing is lost.\n"
            '• `match.Severity.Label` is the text "HIGH"; write ["HIGH"]\n'
            "• `chanel` is unknown; did you mean “channel”?"
        ),
        (
            "`finding-router routes check` lists every mistake · "
            f"<{TABLE}|Edit the table> · said again in an hour at most"
        ),
    ]
    assert message.text == (
        "⚙️ Route “typo” is skipped: 2 mistakes. "
        "Its findings go to other routes or to the default channel. Nothing is lost."
    )


@pytest.mark.parametrize(
    ("kind", "said"), [("silence", "It silences nothing"), ("account", "Its account keeps")]
)
def test_what_is_skipped_is_missed(kind: str, said: str) -> None:
    """A silence without effect is no lost finding."""
    words = troubles.skipped([RouteError(kind, "x", "match", "is wrong", "mend it")], TABLE)

    assert words.headline == f"{kind.capitalize()} “x” is skipped: 1 mistake"
    assert words.consequence.startswith(said)


def test_several_items_are_counted_and_named() -> None:
    """Each of their mistakes says whose it is."""
    other = RouteError("silence", "later", "until", "is no time", "write 2026-12-01T00:00:00Z")
    words = troubles.skipped([*TYPO, other], TABLE)

    assert words.headline == "2 items of the routing table are skipped: 3 mistakes"
    assert [str(detail[1]) for detail in words.details if isinstance(detail, Point)] == [
        "route typo: match.Severity.Label",
        "route typo: chanel",
        "silence later: until",
    ]


def test_more_details_than_ten_are_counted() -> None:
    """A message is no log."""
    [_, body, _] = texts(notice(Words("Trouble", [str(each) for each in range(13)])))

    assert body.split("\n")[-1] == "… and 3 more"
    assert len(body.split("\n")) == MAX_DETAILS + 1


def test_what_is_said_once_says_so() -> None:
    """Nobody waits for the next one."""
    over = RouteError("silence", "migration", "until", "is over since Monday", "")

    assert texts(notice(troubles.silence_over(over, "")))[-1].endswith("· said once")


def test_channels_that_refuse_are_one_notice() -> None:
    """Under a headline that counts them, one line each."""
    several = [
        Notice(topic=f"channel #{name}", words=Words(f"#{name} takes no messages", [name]))
        for name in "abc"
    ]

    assert joined(several[:1]).headline == "#a takes no messages"
    assert joined(several).headline == "3 channels take no messages"
    assert joined(several).details == ["a", "b", "c"]


def test_a_banner_stands_above_a_notice_that_came_elsewhere() -> None:
    """An ops channel is no route's, but a parameter's."""
    banner = Banner(refused=(("#ops", "is_archived"),), parameter="OpsChannel")
    [first, *_] = texts(notice(Words("Trouble", banner=banner)))

    assert first == (
        "⚠️ *For #ops*, which is archived, so it came here. "
        "Un-archive it, or change the parameter `OpsChannel`."
    )


def test_a_table_is_linked_in_its_own_partition() -> None:
    """Without a Region there is no link."""
    for region, host in (
        ("eu-west-1", "eu-west-1.console.aws.amazon.com"),
        ("cn-north-1", "cn-north-1.console.amazonaws.cn"),
        ("us-gov-west-1", "us-gov-west-1.console.amazonaws-us-gov.com"),
    ):
        page = f"dynamodbv2/home?region={region}#item-explorer?table=a%2Fb"
        assert table_url(region, "a/b") == f"https://{host}/{page}"
    assert table_url(None, "a") is None
    assert table_url("nowhere", "a") is None
    assert texts(notice(Words("Trouble", links=[("Edit", "")]))) == [
        "⚙️ Trouble",
        "said again in an hour at most",
    ]


@given(
    st.builds(
        Words,
        headline=HOSTILE.filter(str.strip),
        details=st.lists(HOSTILE | st.builds(Point, HOSTILE, HOSTILE), max_size=12),
        consequence=HOSTILE,
        explanation=HOSTILE,
        icon=st.just("⚙️"),
        remedy=st.just(Mrkdwn("`mend` it")),
        links=st.just([("Edit", TABLE)]),
        banner=st.none()
        | st.builds(Banner, refused=st.lists(st.tuples(HOSTILE, HOSTILE), max_size=4).map(tuple)),
    )
)
def test_every_notice_is_harmless_and_within_limits(words: Words) -> None:
    """Names of items, errors and alarms may hold anything."""
    arguments = notice(words).arguments()

    assert violations(arguments) + acts(arguments) + says_nothing(arguments) == []
