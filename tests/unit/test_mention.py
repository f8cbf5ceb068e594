"""Whom a route mentions."""

import pytest

from finding_router.routing.items.mention import read_mentions
from finding_router.routing.patterns.mistake import MistakeError

WHOM = (
    "write @here, @channel, @everyone, or the id of a person (U0123456789) or of a user group "
    "(S0123456789), which Slack shows under Copy member ID and Copy group ID"
)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ([], ()),
        ("@here", ("@here",)),
        (["@channel", " @everyone "], ("@channel", "@everyone")),
        (["U0123ABCD", "@U0123ABCD", "<@U0123ABCD>", "<@U0123ABCD|anna>"], ("U0123ABCD",)),
        (["W0123456789", "<!subteam^S0123ABCD>"], ("W0123456789", "S0123ABCD")),
        (["@here", "@here"], ("@here",)),
    ],
)
def test_mentions_have_one_spelling(written: object, expected: tuple[str, ...]) -> None:
    """A list or a single text, ids with or without Slack's marks, and each only once."""
    assert expected == read_mentions(written)


@pytest.mark.parametrize(
    ("written", "problem", "remedy"),
    [
        (5, "is the number 5", 'write a list such as ["@here"]'),
        ({}, "is a map", 'write a list such as ["@here"]'),
        ("", 'has the text "", which mentions nobody', WHOM),
        ("@here, @anna", 'has the text "@here, @anna", which mentions nobody', WHOM),
        (["@anna"], 'has the text "@anna", which mentions nobody', WHOM),
        (["@here", None], "has null, which mentions nobody", WHOM),
    ],
)
def test_what_mentions_nobody_is_refused(written: object, problem: str, remedy: str) -> None:
    """Names of people mention no one in Slack, so that an id is required."""
    with pytest.raises(MistakeError) as caught:
        read_mentions(written)

    assert (problem, remedy) == (caught.value.problem, caught.value.remedy)
