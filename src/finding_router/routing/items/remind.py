"""When a route says again what is still open, and for how long."""

from enum import StrEnum
from typing import Annotated, Final

from pydantic import BaseModel, Field, PlainValidator

from finding_router.findings.finding import Severity
from finding_router.routing.items.clock import read_duration
from finding_router.routing.items.mention import read_mentions
from finding_router.routing.items.reading import AS_WRITTEN, one_of

EXAMPLE: Final = 'write a map such as {"after": "24h", "every": "3d", "from": "HIGH"}'


class Until(StrEnum):
    """The end of the reminders of a finding."""

    ACKNOWLEDGED = "acknowledged"
    """A person took it, or it ended."""
    ENDED = "ended"


class Remind(BaseModel):
    """
    The reminders of a route, for findings of *least* severity and above.

    The first one comes *after_seconds*, the others *every_seconds* (None: there are none).
    """

    model_config = AS_WRITTEN

    after_seconds: Annotated[int, PlainValidator(read_duration)] = Field(alias="after")
    every_seconds: Annotated[int | None, PlainValidator(read_duration)] = Field(
        default=None, alias="every"
    )
    least: Annotated[Severity, one_of(Severity)] = Field(
        default=Severity.INFORMATIONAL, alias="from"
    )
    mention: Annotated[tuple[str, ...], PlainValidator(read_mentions)] = ()
    until: Annotated[Until, one_of(Until)] = Until.ACKNOWLEDGED
