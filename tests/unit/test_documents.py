"""JSON documents and where they stand."""

import io
from pathlib import Path

import pytest

from finding_router_cli.documents import UnreadableError, documents, read_text


def test_a_document_alone_is_named_by_its_file() -> None:
    """Lines only matter where there are several documents."""
    assert [("f", {"a": [1]})] == list(documents('\n {"a":\n [1]}\n', "f"))


def test_documents_are_named_by_their_lines() -> None:
    """Each is named by the line that it begins in, blank lines counted."""
    expected = [("f, line 1", 1), ("f, line 2", [2]), ("f, line 5", "x"), ("f, line 5", None)]

    assert expected == list(documents('1\n[\n2]\n\n"x" null', "f"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{", "f, line 1, column 2 is no JSON"),
        ("1\n{'a'}", "f, line 2, column 2 is no JSON"),
        ("1\n" + "[" * 200_000, "f, line 2 cannot be read (maximum recursion depth"),
        ("1\n\n" + "9" * 5000, "f, line 3 cannot be read (Exceeds the limit"),
    ],
)
def test_what_is_no_json_is_named_by_its_place(text: str, expected: str) -> None:
    """A person finds the mistake in the file."""
    with pytest.raises(UnreadableError) as caught:
        list(documents(text, "f"))

    assert caught.value.message.startswith(expected)


def test_a_file_is_read_as_text(tmp_path: Path) -> None:
    """Files are UTF-8."""
    path = tmp_path / "f.json"
    path.write_text("ü", "utf-8")

    assert read_text(str(path)) == "ü"


def test_a_dash_reads_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """As with other commands, so that output can be piped in."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO("ü".encode()), "utf-8"))

    assert read_text("-") == "ü"


def test_what_cannot_be_opened_says_why(tmp_path: Path) -> None:
    """Missing files, folders and binary files have different errors."""
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe\x00")

    with pytest.raises(UnreadableError, match="missing cannot be opened"):
        read_text(str(tmp_path / "missing"))
    with pytest.raises(UnreadableError, match="cannot be opened"):
        read_text(str(tmp_path))
    with pytest.raises(UnreadableError, match="binary is no UTF-8 text; save it as JSON in UTF-8"):
        read_text(str(binary))
