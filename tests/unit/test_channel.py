"""Channels as a route writes them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories import ACCOUNT, make_finding, make_resource
from finding_router.findings.finding import Severity
from finding_router.routing.items.channel import (
    MAX_NAME_CHARS,
    UnfilledError,
    channel_safe,
    read_channel,
)
from finding_router.routing.patterns.mistake import MistakeError
from finding_router_local.slack.workspace import is_channel_name

NO_NAME = "names have lower-case letters, digits, hyphens and underscores only"
ALL = (
    "{account}, {account_id}, {product}, {severity}, {region}, {control}, {ou}, {tag:KEY}, "
    "{account_tag:KEY}"
)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("#alerts", "#alerts"),
        ("alerts", "#alerts"),
        ("  #a_b-9 ", "#a_b-9"),
        ("#障害", "#障害"),
        ("C0123456789", "C0123456789"),
        ("G0123ABCD", "G0123ABCD"),
        ("#" + "x" * 80, "#" + "x" * 80),
    ],
)
def test_a_channel_has_one_spelling(written: str, expected: str) -> None:
    """Names start with a hash whether it was written or not, ids are left as they are."""
    channel = read_channel(written)

    assert expected == channel.text
    assert channel.is_fixed
    assert expected == channel.fill(make_finding(), {})


@pytest.mark.parametrize(
    ("written", "problem", "remedy"),
    [
        (
            "",
            "is empty",
            'write a name such as "#security-alerts" or an id such as C0123456789',
        ),
        (
            " # ",
            "is empty",
            'write a name such as "#security-alerts" or an id such as C0123456789',
        ),
        (
            "#Sec Alerts",
            'is the text "#Sec Alerts", which is no channel name',
            f'{NO_NAME}: did you mean "#sec-alerts"?',
        ),
        (
            "#CRITICALALERTS",
            'is the text "#CRITICALALERTS", which is no channel name',
            f'{NO_NAME}: did you mean "#criticalalerts"?',
        ),
        (
            "#{account}.Alerts",
            'is the text "#{account}.Alerts", which is no channel name',
            f'{NO_NAME}: did you mean "#{{account}}-alerts"?',
        ),
        ("#!?", 'is the text "#!?", which is no channel name', NO_NAME),
        (
            "#ÄRGER",
            'is the text "#ÄRGER", which is no channel name',
            f'{NO_NAME}: did you mean "#ärger"?',
        ),
        (
            "<#C0123456789|alerts>",
            'is the text "<#C0123456789|alerts>", which is no channel name',
            "write the id alone: C0123456789",
        ),
        (
            "https://x.slack.com/archives/C0123456789",
            'is the text "https://x.slack.com/archives/C0123456789", which is no channel name',
            "write the id alone: C0123456789",
        ),
        (
            "#{account",
            'is the text "#{account", which is no channel name',
            "close every { with a }, as in {account}",
        ),
        (
            "#account}",
            'is the text "#account}", which is no channel name',
            "close every { with a }, as in {account}",
        ),
        (
            "#" + "x" * 81,
            f'is the text "#{"x" * 59}…", which is no channel name',
            "names have at most 80 characters",
        ),
        (
            "#" + "x" * 80 + "{account}",
            f'is the text "#{"x" * 59}…", which is no channel name',
            "names have at most 80 characters",
        ),
        (
            "#{accounts}-alerts",
            'has the unknown placeholder "{accounts}"',
            f'did you mean "{{account}}"? There are {ALL}',
        ),
        ("#{}", 'has the unknown placeholder "{}"', f"write one of {ALL}"),
        ("#x-{foo}", 'has the unknown placeholder "{foo}"', f"write one of {ALL}"),
        (
            "#{tag:}",
            'has the unknown placeholder "{tag:}"',
            f'did you mean "{{tag:KEY}}"? There are {ALL}',
        ),
    ],
)
def test_what_is_no_channel_is_refused_with_what_would_be(
    written: str, problem: str, remedy: str
) -> None:
    """A mistake names the written value and the nearest valid one."""
    with pytest.raises(MistakeError) as caught:
        read_channel(written)

    assert (problem, remedy) == (caught.value.problem, caught.value.remedy)


FINDING = make_finding(
    account_name="Zürich (Prod)",
    product="IAM Access Analyzer",
    severity=Severity.CRITICAL,
    control_id="S3.8",
    resources=(
        make_resource(tags={"Team": "Blue", "empty": "!"}),
        make_resource(tags={"team": "Red Team", "empty": "full"}),
        make_resource(tags={"team": "green"}),
    ),
)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("#{account}-alert-{product}", "#zürich-prod-alert-iam-access-analyzer"),
        ("{account_id}", f"#{ACCOUNT}"),
        ("#x-{severity}_{region}", "#x-critical_eu-west-1"),
        ("#{control}", "#s3-8"),
        ("#team-{tag:team}", "#team-red-team"),
        ("#team-{tag:Team}", "#team-blue"),
        ("#{tag:empty}", "#full"),
    ],
)
def test_a_template_is_filled_by_the_finding(written: str, expected: str) -> None:
    """Each placeholder becomes the finding's value, and of tags the first usable one."""
    channel = read_channel(written)

    assert not channel.is_fixed
    assert expected == channel.fill(FINDING, {})


@pytest.mark.parametrize(
    ("account_name", "aliases", "expected"),
    [
        ("payments-prod", {ACCOUNT: "Money"}, "#money"),
        ("payments-prod", {"999999999999": "other"}, "#payments-prod"),
        ("支払い", {}, "#支払い"),
        ("Zürich", {ACCOUNT: "Оплата — Прод"}, "#оплата-прод"),
        ("!?", {}, f"#{ACCOUNT}"),
        ("支払い", {"999999999999": "支払い"}, f"#{ACCOUNT}"),
        (None, {}, f"#{ACCOUNT}"),
        # Of themselves, findings may say anything: a name of another account is not theirs.
        ("payments", {"999999999999": "payments"}, f"#{ACCOUNT}"),
        (" PAYMENTS!", {"999999999999": "Payments"}, f"#{ACCOUNT}"),
        ("payments", {"999999999999": "payments", ACCOUNT: "payments"}, "#payments"),
        ("999999999999", {}, f"#{ACCOUNT}"),
        (ACCOUNT, {}, f"#{ACCOUNT}"),
    ],
)
def test_an_account_is_called_by_the_best_name_it_has(
    account_name: str | None, aliases: dict[str, str], expected: str
) -> None:
    """The alias goes before the account's own name, and the id is for accounts without either."""
    finding = make_finding(account_name=account_name)

    assert expected == read_channel("#{account}").fill(finding, aliases)


@pytest.mark.parametrize(
    ("placeholder", "changes", "lacks"),
    [
        ("account", {"account_id": None, "account_name": None}, "account"),
        ("account_id", {"account_id": None}, "account id"),
        ("product", {"product": "Unknown"}, "product name"),
        ("product", {"product": "!?"}, "product name"),
        ("region", {"region": None}, "Region"),
        ("control", {"control_id": None}, "control id"),
        ("tag:team", {"resources": ()}, 'resource with a tag "team"'),
        ("tag:team", {}, 'resource with a tag "team"'),
    ],
)
def test_what_a_finding_lacks_is_named(
    placeholder: str, changes: dict[str, object], lacks: str
) -> None:
    """A placeholder without a usable value is an error that names it and the missing field."""
    channel = read_channel(f"#x-{{{placeholder}}}")

    with pytest.raises(UnfilledError) as caught:
        channel.fill(make_finding(**changes), {})

    expected = f"{{{placeholder}}} cannot be filled: the finding has no {lacks}"
    assert expected == str(caught.value)


def test_a_name_that_is_too_long_is_cut_where_it_hurts_least() -> None:
    """The longest value is cut, so that channels still have different names."""
    finding = make_finding(account_name="a-" * 50, product="GuardDuty")

    name = read_channel("#{account}-alert-{product}").fill(finding, {})

    assert f"#{'a-' * 31}a-alert-guardduty" == name
    assert len(name) - 1 <= MAX_NAME_CHARS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Payments (Prod)", "payments-prod"),
        ("Straße_1", "straße_1"),
        ("--a--b--", "a-b"),
        ("Payments - Prod", "payments-prod"),
        ("a _-_ b__c", "a-b_c"),
        ("<!channel>", "channel"),
        ("障害・検知", "障害-検知"),
        ("Général", "général"),
        ("Ge\u0301ne\u0301ral", "général"),
        ("x\u0335\u0336y", "xy"),
        ("ПЛАТЕЖИ", "платежи"),
        ("الدفع", "الدفع"),
        ("हिन्दी", "हिन्दी"),
        ("ข่าวสาร", "ข่าวสาร"),
        ("\uff30\uff32\uff2f\uff24 \uff11", "prod-1"),
        ("🔥 prod 🔥", "prod"),
        ("İzmir", "izmir"),
        ("", ""),
    ],
)
def test_safe_text_is_fit_for_a_name(text: str, expected: str) -> None:
    """Letters of every script stay, all else becomes one hyphen, and the ends are tidy."""
    assert expected == channel_safe(text)


@given(st.text(max_size=100))
def test_safe_text_is_a_name_that_slack_takes(text: str) -> None:
    """Of any text, no two separators follow one another, and what is safe stays as it is."""
    safe = channel_safe(text)

    assert not safe or is_channel_name(safe[:MAX_NAME_CHARS])
    assert not re.search("[-_]{2}", safe)
    assert safe == channel_safe(safe)
    assert safe == safe.lower()


@given(st.text("abcXYZ 0-_äßЖ", max_size=40))
def test_letters_that_slack_takes_are_kept(text: str) -> None:
    """In lower case, and in their order."""
    kept = [letter for letter in text.lower() if letter.isalnum()]

    assert kept == [letter for letter in channel_safe(text) if letter.isalnum()]


@given(
    account_name=st.text(max_size=200),
    product=st.text(max_size=200),
    tag=st.text(max_size=300),
    template=st.sampled_from(
        [
            "#{account}",
            "#{account}-alert-{product}",
            "#{tag:k}{product}",
            "#" + "x" * 78 + "{tag:k}-",
        ]
    ),
)
def test_no_finding_makes_a_name_that_slack_refuses(
    account_name: str, product: str, tag: str, template: str
) -> None:
    """For any finding, a filled template is a channel name, or is not filled."""
    resources = (make_resource(tags={"k": tag}),)
    finding = make_finding(account_name=account_name, product=product, resources=resources)

    try:
        name = read_channel(template).fill(finding, {})
    except UnfilledError:
        assert not (channel_safe(product) and channel_safe(tag)) or product == "Unknown"
    else:
        assert name.startswith("#")
        assert is_channel_name(name[1:])
