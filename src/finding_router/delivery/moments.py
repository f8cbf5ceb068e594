"""What is later: events of findings come in any order, and are put in it by their times."""

from finding_router.findings.timestamps import parse_timestamp

# UpdatedAt of an event, and when it was sent, in Unix seconds.
type Moment = tuple[str | None, float | None]
# A time in which a finding was not there: since when, and until when; None is without an end.
type Gap = tuple[Moment | None, Moment | None]


def is_newer(updated_at: str | None, than: str | None) -> bool:
    """Tell whether *updated_at* is later than *than*; what cannot be read is not."""
    this, other = parse_timestamp(updated_at), parse_timestamp(than)
    return this is not None and (other is None or this > other)


def is_later(this: Moment, other: Moment) -> bool:
    """Tell whether *this* is later; people leave UpdatedAt as it is: then the sending counts."""
    if is_newer(this[0], other[0]):
        return True
    if is_newer(other[0], this[0]):
        return False
    return this[1] is not None and other[1] is not None and this[1] > other[1]


def is_after(this: Moment, other: Moment) -> bool:
    """Compare events of two findings: what people do to one leaves its UpdatedAt behind."""
    if this[1] is None or other[1] is None or this[1] == other[1]:
        return is_newer(this[0], other[0])
    return this[1] > other[1]
