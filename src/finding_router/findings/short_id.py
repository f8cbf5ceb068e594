"""The short id of a finding, by which people write it down, search for it and name it."""

import hashlib
import re
from typing import Final

DIGITS: Final = 8
# A UUID, or the digits of a hash, at the end of the Id: most products write either.
_UNIQUE_END: Final = re.compile(
    "(?<![0-9a-f])([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32,})$",
    re.IGNORECASE,
)


def short_id(finding_id: str) -> str:
    """
    Return eight hex digits for the finding with this Id, the same wherever they are shown.

    They are the first digits of the UUID or hash at the end of the Id, so that they are a part of
    it, and else the first ones of the Id's SHA-256.
    """
    if unique := _UNIQUE_END.search(finding_id.strip()):
        return unique[1][:DIGITS].lower()
    return hashlib.sha256(finding_id.encode()).hexdigest()[:DIGITS]
