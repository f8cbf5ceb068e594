"""The names by which a person asks for one finding."""

from pathlib import Path

import pytest

from finding_router_cli.lookups.reference import (
    MessageLink,
    is_called,
    is_of_one,
    is_reference,
    read_link,
)

UUID = "d2337539-234e-5102-bd1f-cfe8ffbe8e4d"
CONTROL = f"arn:aws:securityhub:eu-west-1:111122223333:security-control/EC2.19/finding/{UUID}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "https://x.slack.com/archives/C0123456789/p1771234567123456",
            MessageLink("C0123456789", "1771234567.123456"),
        ),
        (
            "http://127.0.0.1:8700/archives/C0123456789/p1771234567123456/",
            MessageLink("C0123456789", "1771234567.123456"),
        ),
        (
            "https://x.slack.com/archives/C01/p1771234599000001?thread_ts=1771234567.123456&cid=C01",
            MessageLink("C01", "1771234567.123456"),
        ),
        (
            "https://x.slack.com/archives/C01/p1771234599000001?thread_ts=soon",
            MessageLink("C01", "1771234599.000001"),
        ),
        ("https://x.slack.com/archives/C0123456789", None),
        ("https://x.slack.com/archives/C0123456789/p12", None),
        ("C0123456789/p1771234567123456", None),
    ],
)
def test_a_link_leads_to_the_first_message_of_its_thread(
    text: str, expected: MessageLink | None
) -> None:
    """A card, or a digest, stands there."""
    assert expected == read_link(text)


@pytest.mark.parametrize(
    "text",
    [
        CONTROL,
        UUID,
        "d2337539",
        "d233",
        "d2337539-234e-",
        f"finding/{UUID}",
        "1bf4e8c3e826a9407f120a4cca1caba2",
        "https://x.slack.com/archives/C01/p1771234567123456",
    ],
)
def test_an_id_and_a_link_name_a_finding(text: str) -> None:
    """No file is usually called so."""
    assert is_reference(text)


@pytest.mark.parametrize(
    "text", ["-", "finding.json", "events/imported.json", "findings", "abc", "../d2337539.json"]
)
def test_anything_else_is_a_file(text: str) -> None:
    """Also one that is not there, which is told."""
    assert not is_reference(text)


def test_a_file_that_is_there_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it is called."""
    (tmp_path / "d2337539").write_text("{}", "utf-8")
    monkeypatch.chdir(tmp_path)

    assert not is_reference("d2337539")


@pytest.mark.parametrize(
    "wanted",
    [
        CONTROL,
        UUID,
        "D2337539",
        "d2337539-234e",
        "arn:aws:securityhub",
        "8e4d",
        f"EC2.19/finding/{UUID}",
    ],
)
def test_a_finding_is_called_by_parts_of_its_id(wanted: str) -> None:
    """A beginning, an end, the short id, or the beginning of its last part."""
    assert is_called(CONTROL, wanted)


def test_a_middle_is_no_name() -> None:
    """Too much would be called so."""
    assert not is_called(CONTROL, "EC2.19")


def test_a_whole_short_id_is_of_one_finding() -> None:
    """Of a part the search goes on: another finding may be called so."""
    assert all(map(is_of_one, (UUID, "d2337539", "1bf4e8c3e826a9407f120a4cca1caba2")))
    assert not any(map(is_of_one, ("d233", "finding-1", "d2337539-234e")))
