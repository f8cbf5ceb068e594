"""Only what Slack signed within five minutes is a request, and nothing raises."""

import base64
import json
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finding_router.actions.secret import SigningSecret, secret_in
from finding_router.actions.signature import SIGNATURE, TIMESTAMP, read_request, sign
from finding_router.errors import ConfigurationError
from presses import SECRET, click, event_of

NOW = 1_772_323_200.0


def is_signed(event: object, now: float = NOW, secret: str = SECRET) -> bool:
    """Return True if *event* has a request that *secret* signed."""
    request = read_request(event, now)
    return request is not None and request.is_signed_with(secret)


def test_signature_is_slacks() -> None:
    """The example of Slack's page."""
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow"
        b"&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner"
        b"&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2F"
        b"commands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
        b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )

    assert "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503" == sign(
        "8f742231b10e8888abcd99yyyzzz85a5",
        body,
        "1531420618",
    )


def test_request_of_now_is_signed() -> None:
    """With text, and with the same bytes in base64."""
    event = event_of(click(), at=NOW)
    encoded = base64.b64encode(event["body"].encode()).decode()

    assert is_signed(event)
    assert is_signed({**event, "body": encoded, "isBase64Encoded": True})
    assert not is_signed({**event, "body": encoded})


@pytest.mark.parametrize(
    ("seconds", "expected"), [(-301, False), (-300, True), (300, True), (301, False)]
)
def test_request_is_of_five_minutes(seconds: int, *, expected: bool) -> None:
    """Older ones are replays, and clocks differ by less."""
    assert expected == is_signed(event_of(click(), at=NOW + seconds))


@pytest.mark.parametrize(
    "headers",
    [
        {TIMESTAMP: ""},
        {TIMESTAMP: "soon"},
        {TIMESTAMP: "1772323200.0"},
        {TIMESTAMP: "1772323200".translate({ord(digit): 0xFF10 + int(digit) for digit in "01237"})},
        {TIMESTAMP: "9" * 5000},
        {TIMESTAMP: None},
        {SIGNATURE: ""},
        {SIGNATURE: "v0=é"},
        {SIGNATURE: "v0=" + "0" * 64},
        {SIGNATURE: "v1=" + "0" * 64},
        {SIGNATURE: ["v0="]},
    ],
)
def test_malformed_header_is_no_signature(headers: dict[str, Any]) -> None:
    """Nor an exception."""
    event = event_of(click(), at=NOW)

    assert not is_signed({**event, "headers": {**event["headers"], **headers}})


@pytest.mark.parametrize(
    "change",
    [
        {"headers": None},
        {"headers": {}},
        {"body": None},
        {"body": "payload=%7B%7D"},
        {"body": "\ud800"},
        {"body": "no base64!", "isBase64Encoded": True},
    ],
)
def test_other_event_is_no_request(change: dict[str, Any]) -> None:
    """Whatever is missing."""
    assert not is_signed({**event_of(click(), at=NOW), **change})


def test_other_secret_and_other_bytes_are_refused() -> None:
    """The signature is of the raw bytes."""
    event = event_of(click(), at=NOW)

    assert not is_signed(event, secret="another")
    assert not is_signed(event, secret="")
    assert not is_signed({**event, "body": event["body"] + "&"})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
NAMES = st.sampled_from([TIMESTAMP, SIGNATURE, SIGNATURE.upper(), "host"])
VALUES = (
    JSON
    | st.text(string.hexdigits, min_size=64, max_size=64).map("v0={}".format)
    | st.just(str(int(NOW)))
)


@given(
    event=JSON
    | st.fixed_dictionaries(
        {
            "headers": JSON | st.dictionaries(NAMES, VALUES),
            "body": JSON | st.text(st.characters()),
            "isBase64Encoded": JSON,
        }
    )
)
def test_nothing_unsigned_is_signed_and_nothing_raises(event: object) -> None:
    """Whatever anybody sends."""
    assert not is_signed(event)


class TestSecret:
    """The secret in memory."""

    def test_replaced_secret_is_found_within_a_minute(self) -> None:
        """And read no more often, whoever sends requests."""
        stored, reads, now = ["old"], [], [0.0]

        def read() -> str:
            reads.append(now[0])
            return stored[0]

        secret = SigningSecret(read, lambda: now[0])
        new = read_request(event_of(click(), at=NOW, secret="new"), NOW)
        assert new is not None

        answers = []
        for now[0] in (0.0, 1.0, 30.0):
            answers.append(secret.has_signed(new))
        stored[0] = "new"
        for now[0] in (59.0, 61.0, 62.0):
            answers.append(secret.has_signed(new))

        assert [False, False, False, False, True, True] == answers
        assert [0.0, 61.0] == reads

    def test_old_secret_ends(self) -> None:
        """A quarter of an hour after it was replaced."""
        stored, now = ["old"], [0.0]
        secret = SigningSecret(lambda: stored[0], lambda: now[0])
        old = read_request(event_of(click(), at=NOW, secret="old"), NOW)
        assert old is not None

        assert secret.has_signed(old)
        stored[0], now[0] = "new", 901.0
        assert not secret.has_signed(old)

    def test_read_that_fails_keeps_the_secret(self) -> None:
        """A first one that fails is repeated soon."""
        texts: list[str | None] = [None, "old", None]
        now = [0.0]

        def read() -> str:
            text = texts.pop(0)
            if text is None:
                raise ConfigurationError("no")
            return text

        secret = SigningSecret(read, lambda: now[0])
        request = read_request(event_of(click(), at=NOW, secret="old"), NOW)
        assert request is not None

        answers = []
        for now[0] in (0.0, 1.0, 6.0, 1000.0):
            answers.append(secret.has_signed(request))

        assert [False, False, True, True] == answers

    @pytest.mark.parametrize(
        "text", ["abc", " abc\n", json.dumps({"signing_secret": "abc", "token": "xoxb-1"})]
    )
    def test_is_the_text_or_a_member(self, text: str) -> None:
        """So that one secret can hold token and signing secret."""
        assert "abc" == secret_in(text)

    @pytest.mark.parametrize(
        "text", ["", "{}", "{", '{"signing_secret": 1}', "xoxb-1-2", '{"token": "xoxb-1"}', "é"]
    )
    def test_other_text_is_refused_and_not_repeated(self, text: str) -> None:
        """The message says where the right one is."""
        with pytest.raises(ConfigurationError, match="Basic Information") as refused:
            secret_in(text)

        assert len(text) < 2 or text not in str(refused.value)
