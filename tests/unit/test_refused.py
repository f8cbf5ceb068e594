"""Why a message came to another channel, in words."""

import pytest

from finding_router.slack.api.refusals import CHANNEL_CODES, MAYBE_CHANNEL_CODES
from finding_router.slack.kit.refused import REFUSALS, Banner, banner_words


@pytest.mark.parametrize("code", sorted(CHANNEL_CODES | MAYBE_CHANNEL_CODES))
def test_each_of_slacks_codes_has_words(code: str) -> None:
    """A reader need not look it up; the remedy and the route stand beside it."""
    said = banner_words(Banner(refused=(("#old-team", code),), routes=("old-team",)))

    assert code in REFUSALS
    assert said.startswith("*For #old-team*, ")
    assert code not in said
    assert said.endswith(", or change route `old-team`.")


def test_an_archived_channel_is_said_in_two_sentences() -> None:
    """What it was for, why it is here, and what to do."""
    banner = Banner(refused=(("#old-team", "is_archived"),), routes=("old-team",))

    assert banner_words(banner) == (
        "*For #old-team*, which is archived, so it came here. "
        "Un-archive it, or change route `old-team`."
    )


def test_a_code_that_is_not_known_is_shown() -> None:
    """Slack invents new ones."""
    said = banner_words(Banner(refused=(("C0123456789", "moon_phase"),)))

    assert said == (
        "*For C0123456789*, which takes no messages (`moon_phase`), so it came here. "
        "Let the app post there, or change its route."
    )


def test_several_routes_are_named_up_to_three() -> None:
    """The others are counted."""
    banner = Banner(refused=(("#a", "is_archived"),), routes=("a", "b", "c", "d"))

    assert banner_words(banner).endswith("or change routes `a`, `b`, `c` + 1 more.")


def test_several_channels_are_named_up_to_three() -> None:
    """Each with its reason in a word; many at once come in one digest."""
    refused = (("#a", "is_archived"), ("#b", "not_in_channel"), ("#c", "moon"), ("#d", "moon"))

    assert banner_words(Banner(refused=refused)) == (
        "For `#a` (archived), `#b` (app not invited), `#c` (refused) and 1 more channel, "
        "which take no messages, so it came here. Let the app post there, or change their routes."
    )
    assert " and " not in banner_words(Banner(refused=refused[:3])).partition(",")[0]


def test_a_name_that_slack_could_format_is_code() -> None:
    """Channels may be filled in from tags."""
    said = banner_words(Banner(refused=(("#a*b* <!here>", "is_archived"),)))

    assert said.startswith("For `#a*b*` `&lt;!here&gt;`, which") or "<!here>" not in said
    assert banner_words(Banner(refused=())) == ""
