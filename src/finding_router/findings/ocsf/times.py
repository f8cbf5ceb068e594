"""Times of OCSF as ASFF writes them."""

from datetime import UTC

from finding_router.findings.reading import as_text, value_at
from finding_router.findings.timestamps import parse_timestamp


def iso_time(source: object, name: str) -> str | None:
    """Return the time *name* of *source*, from milliseconds, seconds or the text beside them."""
    for written in (value_at(source, name), value_at(source, f"{name}_dt")):
        moment = parse_timestamp(as_text(written))
        if moment is not None:
            return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return None
