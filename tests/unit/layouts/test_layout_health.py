"""Health's layout."""

import pytest

from factories import make_finding, make_resource
from finding_router.slack.layouts.health import lay_out

ACCOUNT = make_resource("123456789012", type="Other")
EVENT = "arn:aws:health:global:123456789012:event/CLOUDHSM/AWS_CLOUDHSM_X/AWS_CLOUDHSM_X_1/2"


def test_event_and_times_are_shown() -> None:
    """The start and the end, in the reader's own time; the code of the event in small print."""
    fields = {
        "HealthEventStartTime": "2026-03-01T10:00:00Z",
        "HealthEventEndTime": "2026-03-01T11:00:00Z",
    }
    detail = lay_out(
        make_finding({"ProductFields": fields}, generator_id="AWS_RISK_CREDENTIALS_EXPOSED")
    )

    assert dict(detail.facts) == {
        "Starts": "<!date^1772359200^{date_short_pretty} at {time}|2026-03-01 10:00 UTC>",
        "Ends": "<!date^1772362800^{date_short_pretty} at {time}|2026-03-01 11:00 UTC>",
    }
    assert detail.small_print == ("`AWS_RISK_CREDENTIALS_EXPOSED`",)


@pytest.mark.parametrize(
    ("text", "owner"),
    [
        (
            r"\nAn access key was found.\n\nKey: AKIAIOSFODNN7EXAMPLE\nUser: ci-deploy\n",
            "ci-deploy",
        ),
        ("The key AKIAIOSFODNN7EXAMPLE of IAM user anna. Replace it.", "anna"),
        ("The key AKIAIOSFODNN7EXAMPLE was found.", None),
    ],
)
def test_an_exposed_key_is_named_with_its_user(text: str, owner: str | None) -> None:
    """Health's title is the code of the event."""
    detail = lay_out(
        make_finding(
            title="AWS Health - AWS_RISK_CREDENTIALS_EXPOSED",
            generator_id="AWS_RISK_CREDENTIALS_EXPOSED",
            description=text,
            resources=(ACCOUNT,),
        )
    )

    assert detail.headline == "Exposed access key AKIAIOSFODNN7EXAMPLE" + (
        f" of {owner}" if owner else ""
    )
    assert [page.label for page in detail.pages] == ["CloudTrail of the key", "If a key leaked"]
    assert detail.pages[0].url.endswith("#/events?AccessKeyId=AKIAIOSFODNN7EXAMPLE")


def test_a_compromised_key_is_called_that() -> None:
    """The key may be the resource."""
    key = make_resource("AKIAIOSFODNN7EXAMPLE", type="Other")
    detail = lay_out(
        make_finding(generator_id="AWS_RISK_CREDENTIALS_COMPROMISED", resources=(key,))
    )

    assert detail.headline == "Compromised access key AKIAIOSFODNN7EXAMPLE"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("AWS_WAF_SECURITY_NOTIFICATION", "WAF security notification"),
        ("AWS_CLOUDHSM_SECURITY_NOTIFICATION", "CLOUDHSM security notification"),
        ("AWS_RISK_SOMETHING_NEW", "Something new"),
        ("AWS_RISK", "Risk"),
    ],
)
def test_the_code_of_an_event_is_put_in_words(code: str, expected: str) -> None:
    """A constant of an API is no headline."""
    finding = make_finding(
        id=EVENT, title=f"AWS Health - {code}", generator_id=None, resources=(ACCOUNT,)
    )

    assert lay_out(finding).headline == expected


def test_another_title_stays() -> None:
    """Without a code, the title is what there is."""
    assert lay_out(make_finding(resources=(ACCOUNT,))).headline == "Bucket is public"


def test_line_breaks_written_out_become_line_breaks() -> None:
    r"""Health writes ``\n`` as two characters."""
    finding = make_finding(description=r"One.\r\nTwo.\n\nThree.")

    assert lay_out(finding).description == "One.\nTwo.\n\nThree."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One thing. Another.", "One thing."),
        (r"Dear customer,\n\nSomething changes. Act now.", "Something changes."),
        ("No end", "No end"),
        (r"\n\n", ""),
    ],
)
def test_the_first_sentence_tells_what_happened(text: str, expected: str) -> None:
    """Health's text is long, and begins with a salutation."""
    assert lay_out(make_finding(description=text)).sentence == (expected or None)


def test_the_event_is_one_click_away() -> None:
    """Health has a page for each event."""
    [page] = lay_out(make_finding(source_url="https://health.aws.amazon.com/x")).pages

    assert page == ("Health", "https://health.aws.amazon.com/x")


def test_without_text_nothing_is_added() -> None:
    """Without known fields, nothing is shown."""
    detail = lay_out(make_finding(description=None, generator_id=None))

    assert (detail.facts, detail.sentence, detail.description) == ((), None, None)
    assert (detail.pages, detail.small_print) == ((), ())
