"""Files that a person may have, read as events."""

import json
from typing import Any

import pytest

from finding_router.findings.events import IMPORTED, read_event
from finding_router_cli.documents import UnreadableError
from finding_router_cli.inputs import envelope_of, read_events, renewed
from ocsf_findings import DETECTION_ID, detection

FINDING = {
    "Id": "arn:aws:x:eu-west-1:123456789012:finding/1",
    "AwsAccountId": "123456789012",
    "Region": "eu-west-1",
}
OTHER = {"Title": "another"}
EVENT = {
    "source": "aws.securityhub",
    "detail-type": "Security Hub Findings - Imported",
    "detail": {"findings": [FINDING, OTHER]},
}


def findings_of(text: str) -> list[Any]:
    """Return the findings of all events in *text*."""
    return [finding for event in read_events(text, "f") for finding in event["detail"]["findings"]]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (EVENT, [FINDING, OTHER]),
        ([EVENT, EVENT], [FINDING, OTHER, FINDING, OTHER]),
        ({"Records": [{"messageId": "1", "body": json.dumps(EVENT)}]}, [FINDING, OTHER]),
        ({"Messages": [{"MessageId": "1", "Body": json.dumps(EVENT)}]}, [FINDING, OTHER]),
        ({"messageId": "1", "body": json.dumps(EVENT)}, [FINDING, OTHER]),
        (FINDING, [FINDING]),
        ([FINDING, [OTHER]], [FINDING, OTHER]),
        ({"Findings": [FINDING, OTHER], "NextToken": "x"}, [FINDING, OTHER]),
        ({"Findings": [FINDING, "broken"]}, [FINDING, "broken"]),
        ({"source": "somewhere", "finding": FINDING}, [FINDING]),
        ({"source": "somewhere", "event": EVENT}, [FINDING, OTHER]),
    ],
)
def test_every_shape_that_findings_come_in_is_read(given: object, expected: list[Any]) -> None:
    """Events, batches, findings, lists, and the output of get-findings."""
    assert expected == findings_of(json.dumps(given))
    assert expected == findings_of(json.dumps(given, indent=2))


OCSF = {
    "class_uid": 2004,
    "class_name": "Detection Finding",
    "finding_info": {"title": "An odd call", "uid": "1"},
    "metadata": {"version": "1.6.0", "uid": "1"},
    "resources": [{"uid": "arn:aws:iam::123456789012:role/a"}],
}


@pytest.mark.parametrize(
    ("given", "kinds"),
    [
        (OCSF, ["Findings Imported V2"]),
        ([FINDING, OCSF], [IMPORTED, "Findings Imported V2"]),
        ({"Findings": [FINDING, OCSF]}, [IMPORTED, "Findings Imported V2"]),
        ({"source": "somewhere", "finding": OCSF}, ["Findings Imported V2"]),
        ({key: OCSF[key] for key in ("class_uid", "metadata")}, ["Findings Imported V2"]),
    ],
)
def test_an_ocsf_finding_gets_the_event_of_its_security_hub(
    given: object, kinds: list[str]
) -> None:
    """As get-findings-v2 returns them, beside those of get-findings."""
    assert kinds == [event["detail-type"] for event in read_events(json.dumps(given), "f")]


def test_renewed_findings_in_ocsf_have_ids_of_their_own() -> None:
    """Those of the provider and of Security Hub; a finding without the latter gets none."""
    raw = detection()
    event = envelope_of(raw)
    [first], [second] = (renewed(event)["detail"]["findings"] for _ in range(2))
    [bare] = renewed(envelope_of(detection(metadata={})))["detail"]["findings"]

    assert raw == event["detail"]["findings"][0] == detection()
    assert [raw["metadata"]["uid"]] == event["resources"]
    ids = {each["finding_info"]["uid"] for each in (raw, first, second)}
    assert 3 == len(ids) == len({each["metadata"]["uid"] for each in (raw, first, second)})
    assert all(each.startswith(DETECTION_ID) for each in ids)
    assert {} == bare["metadata"]


def test_renewed_findings_have_ids_of_their_own() -> None:
    """An event can be sent again as a new one; the rest of it stays."""
    first, second = (renewed(EVENT) for _ in range(2))
    ids = [event["detail"]["findings"][0]["Id"] for event in (EVENT, first, second)]

    assert 3 == len(set(ids))
    assert all(id_.startswith(FINDING["Id"]) for id_ in ids)
    assert OTHER == first["detail"]["findings"][1]
    assert {"source": "x"} == renewed({"source": "x"})
    assert ["broken"] == renewed({"detail": {"findings": ["broken"]}})["detail"]["findings"]


def test_json_lines_are_read() -> None:
    """One document a line, blank lines between them, and a byte order mark do not matter."""
    text = (
        f"\ufeff\n{json.dumps(FINDING)}\r\n\n{json.dumps(EVENT)}\n{json.dumps(OTHER, indent=1)}\n"
    )

    assert [FINDING, FINDING, OTHER, OTHER] == findings_of(text)


def test_an_event_is_given_as_it_is() -> None:
    """Nothing is added to an event, nor taken from it, not even from one of another kind."""
    other = {"detail-type": "Findings Imported V2", "detail": None}

    assert [EVENT, other] == read_events(json.dumps([EVENT, other]), "f")


def test_a_finding_gets_the_event_of_an_import() -> None:
    """The router takes it as one of Security Hub's."""
    [event] = read_events(json.dumps(FINDING), "f")

    assert (FINDING,) == read_event(event).findings
    assert event["account"] == "123456789012"
    assert event["region"] == "eu-west-1"
    assert [FINDING["Id"]] == event["resources"]


def test_a_broken_finding_gets_an_event_too() -> None:
    """A value that is no object is still shown."""
    event = envelope_of("broken")

    assert ("broken",) == read_event(event).findings
    assert event["resources"] == []
    assert event["id"] != envelope_of("broken")["id"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('{"some": "thing"}', {"some": "thing"}),
        ("no JSON", {"body": "no JSON"}),
        ("[1]", {"body": [1]}),
    ],
)
def test_a_queue_may_hold_anything(body: str, expected: dict[str, Any]) -> None:
    """The router judges the content of a batch, so it is passed on as it is."""
    assert [expected] == read_events(json.dumps({"Records": [{"body": body}]}), "f")


WANTED = (
    "write an EventBridge event, an SQS batch, a finding, a list of these, "
    "the output of get-findings, or JSON lines"
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", f"f holds no event and no finding; {WANTED}"),
        ("[]", f"f holds no event and no finding; {WANTED}"),
        ("5", f"f is no event and no finding; {WANTED}"),
        (
            '{"a": 1, "b": 2}',
            f"f is no event and no finding (it has a, b); {WANTED}",
        ),
        ("{}", f"f is no event and no finding (it has no fields); {WANTED}"),
        (
            f"[{json.dumps(FINDING)}, 5]",
            f"f, item 2 is no event and no finding; {WANTED}",
        ),
        (
            '{"Records": [{"eventSource": "aws:s3"}]}',
            f"f, record 1 is no event and no finding (it has eventSource); {WANTED}",
        ),
        (
            '{"Messages": [null]}',
            f"f, message 1 is no event and no finding; {WANTED}",
        ),
        (
            f'{json.dumps(FINDING)}\n\n{{"a": 1}}',
            f"f, line 3 is no event and no finding (it has a); {WANTED}",
        ),
        (
            '{"Id":\n oops}',
            (
                "f, line 2, column 2 is no JSON (Expecting value); "
                "write a JSON document, or one a line"
            ),
        ),
        (f"{'[' * 2000}{']' * 2000}", f"f is nested too deeply; {WANTED}"),
    ],
)
def test_what_cannot_be_read_is_named_by_its_place(text: str, expected: str) -> None:
    """The error names the file, the place, the value, and a valid one."""
    with pytest.raises(UnreadableError) as caught:
        read_events(text, "f")

    assert expected == caught.value.message
    assert caught.value.exit_code == 2
