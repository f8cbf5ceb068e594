"""A digest's way into its channel: claim its findings, post the parent, list them, add them up."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from finding_router.delivery.claims import LEASE_MARGIN_SECONDS, Claims
from finding_router.delivery.deadline import Deadline
from finding_router.delivery.digest_book import DigestBook, OpenDigest
from finding_router.delivery.episodes import Verdict
from finding_router.delivery.job import Delivery, Progress
from finding_router.delivery.ledger import State
from finding_router.findings.digest import Line, Totals, Trend
from finding_router.slack.client import Posted, SlackClient
from finding_router.slack.digest import Digest, render_parent, render_parent_plain
from finding_router.slack.digest_thread import Reply, render_replies
from finding_router.slack.durations import counted, duration_words
from finding_router.slack.message import Message

SEARCH_MARGIN_SECONDS: Final = 60.0
_FRESH: Final = frozenset({Verdict.POST, Verdict.RESUME, Verdict.RECOVER})
