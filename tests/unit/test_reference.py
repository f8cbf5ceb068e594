"""References: the buttons of a message come back with what the router wrote, or with nothing."""

import json

from hypothesis import given
from hypothesis import strategies as st

from finding_router.slack.kit.reference import (
    AlertReference,
    DigestReference,
    alert_reference,
    digest_reference,
    read_reference,
)

SUBJECT = "5f0c" * 10
# https://docs.slack.dev/reference/block-kit/block-elements/button-element
BUTTON_VALUE_CHARS = 2_000
# https://docs.slack.dev/reference/block-kit/blocks/actions-block
BLOCK_ID_CHARS = 255


@given(st.text(max_size=40), st.text(max_size=120))
def test_what_was_written_is_read(name: str, channel: str) -> None:
    """Of alerts and of digests, which are told apart."""
    alert = read_reference(alert_reference(name, channel))
    digest = read_reference(digest_reference(name, channel))

    assert (AlertReference(name, channel), AlertReference) == (alert, type(alert))
    assert (DigestReference(name, channel), DigestReference) == (digest, type(digest))


def test_it_fits_where_slack_keeps_it() -> None:
    """With the longest name of a channel; a digest's stands in the id of its block."""
    channel = "#" + "x" * 80

    assert BUTTON_VALUE_CHARS >= len(alert_reference(SUBJECT, f"{channel}#action#{SUBJECT}"))
    assert BLOCK_ID_CHARS >= len("finding_router:" + digest_reference(SUBJECT, channel))


@given(st.text() | st.integers() | st.none() | st.recursive(st.text(), st.lists).map(json.dumps))
def test_anything_else_refers_to_nothing(text: object) -> None:
    """It may come from another app, another version, or an attacker."""
    assert read_reference(text) is None


@given(st.integers(0, 200), st.characters())
def test_one_wrong_character_is_noticed(at: int, other: str) -> None:
    """A reference that was cut or changed is no reference to something else."""
    whole = alert_reference(SUBJECT, "#alerts")
    at %= len(whole)
    changed = whole[:at] + other + whole[at + 1 :]

    read = read_reference(changed)

    assert read is None or (read == AlertReference(SUBJECT, "#alerts"))
    assert read_reference(whole[:-1]) is None


def test_a_later_version_refers_to_nothing_here() -> None:
    """The person is told, instead of acting on something else."""
    later = json.loads(alert_reference(SUBJECT, "#alerts")) | {"v": 2}

    assert read_reference(json.dumps(later)) is None
