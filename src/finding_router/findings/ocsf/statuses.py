"""The one reader of an OCSF finding's status, for what is said of it and for its mark."""

from collections.abc import Mapping
from typing import Any, Final

from finding_router.findings.reading import number_at, text_at

NEW: Final = "new"
IN_PROGRESS: Final = "in progress"
_WORDS: Final = {
    1: NEW,
    2: IN_PROGRESS,
    3: "suppressed",
    4: "resolved",
    5: "archived",
    6: "deleted",
}
# Captions that say nothing.
_UNKNOWN: Final = frozenset({"", "unknown"})


def status_word(raw: Mapping[str, Any]) -> str:
    """
    Return the status of *raw* in small letters: by status_id, else by the caption beside it.

    An id of 0 (unknown), of 99 (other) or of no meaning here goes by the caption. A finding whose
    status says nothing is new.
    """
    caption = (text_at(raw, "status") or "").strip().casefold()
    word = _WORDS.get(int(number_at(raw, "status_id") or 0), caption)
    return NEW if word in _UNKNOWN else word
