"""What the router remembers between its runs."""

from dataclasses import dataclass

from finding_router.delivery.digest_book import DigestBook
from finding_router.delivery.hold_book import HoldBook
from finding_router.delivery.ledger import Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """What the router remembers, all of it in one table."""

    ledger: Ledger
    digests: DigestBook
    holds: HoldBook
