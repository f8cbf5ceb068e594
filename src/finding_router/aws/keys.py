"""
Every family of items in the Ledger's table: its keys, an example, and its version.

The partition key is called `finding`, the sort key `channel`. Each item has `shape`, the version of
its attributes, and `expires_at`, the Unix second after which DynamoDB may delete it. The last valid
versions of the routing table alone never expire.

==============  =====================================  =======================  ====================
Family          `finding`                              `channel`                Holds
==============  =====================================  =======================  ====================
alert           ``5f0c…`` (subject, 40 hex digits)     ``#alerts``              state of its message
channels        ``5f0c…`` (subject)                    ``*``                    its channels
held in         ``9b1e…`` (finding, 40 hex digits)     ``*held``                bins that have it
digest          ``digest##alerts`` (name)              ``open``                 the newest of a name
lines           ``lines#77d0…`` (digest)               ``5f0c…`` (subject)      a line of a digest
about           ``lines#77d0…`` (digest)               ``about``                the digest itself
count           ``lines#77d0…`` (digest)               ``count``                lines put and shown
bin             ``bins``                               ``silence#x##alerts``    when a bin is due
last digest     ``said#silence#x##alerts`` (bin)       ``said``                 its last digest
held            ``held#silence#x##alerts`` (bin)       ``9b1e…`` (finding)      a held finding
rate            ``pace##alerts`` (channel)             ``pace``                 the next free slot
lock            ``notice#channel #alerts`` (topic)     ``notice``               who may tell of it
account name    ``account-name#payments`` (name)       ``accounts``             accounts claiming it
seats           ``seats##alerts`` (channel)            ``seats``                cards of a burst
baseline        ``baseline``                           ``run``                  how far it came
organization    ``organization#current`` (name)        ``0``                    its first accounts
more of it      ``organization#current`` (name)        ``7.1`` (version, part)  further accounts
outbox          ``outbox#tickets``                     ``5f0c…##alerts``        news for a ticket
decided         ``decided#2026-03-01`` (UTC day)       ``1772323200.5#1f…``     a batch's findings
tally           ``tally#2026-03-01`` (UTC day)         ``1772323200.5#4e…``     numbers of a run
audit           ``audit#2026-03-01`` (UTC day)         ``1772323200.5#9c…``     a press of a button
due             ``due#0`` (of four)                    ``001772323200#a…``      a reminder to come
in list         ``open##alerts`` (channel)             ``5f0c…`` (subject)      an alert of lists
last valid      ``routing-table``                      ``last-valid``           routes valid last
press           ``press#1f0c…`` (press, 40 hex)        ``press``                that it was taken
workspace       ``press#workspace``                    ``workspace``            Slack's, of the app
==============  =====================================  =======================  ====================

An item of the family channels may have the attribute `known_as`, a set of texts "FINDING SUBJECT":
findings (hashes) whose alerts are under another subject than the item's. It may also be at the hash
of a control's finding, where it has the subject that both forms of that finding share.
"""

from datetime import UTC, datetime
from typing import Final

type Key = tuple[str, str]

# Raise it with a change that the version before cannot read.
SHAPE: Final = 1

# Sort keys that are no channel and no hash.
CHANNELS: Final = "*"
HELD_IN: Final = "*held"
OPEN: Final = "open"
ABOUT: Final = "about"
COUNT: Final = "count"
BINS: Final = "bins"
DUE: Final = tuple(f"due#{number}" for number in range(4))
"""Partitions of the reminders: each takes a thousand writes a second."""
TICKETS: Final = "outbox#tickets"
ACCOUNT_NAME: Final = "account-name#"
ORGANIZATION: Final = "organization#"
LAST_VALID: Final[Key] = ("routing-table", "last-valid")


def named(key: Key) -> dict[str, str]:
    """Return *key* as attributes of an item."""
    finding, channel = key
    return {"finding": finding, "channel": channel}


def alert(subject: str, channel: str) -> Key:
    """Return the key of an alert."""
    return subject, channel


def channels(subject: str) -> Key:
    """Return the key of the list of channels that have an alert about *subject*."""
    return subject, CHANNELS


def outbox(subject: str, channel: str) -> Key:
    """Return the key of the news of an alert that its ticket has not heard of."""
    return TICKETS, f"{subject}#{channel}"


def held_in(finding: str) -> Key:
    """Return the key of the list of bins that may hold *finding*."""
    return finding, HELD_IN


def digest(name: str) -> Key:
    """Return the key of the newest digest of *name*."""
    return f"digest#{name}", OPEN


def lines(digest_id: str) -> str:
    """Return the partition with everything that belongs to a digest."""
    return f"lines#{digest_id}"


def about(digest_id: str) -> Key:
    """Return the key of a digest beside its lines."""
    return lines(digest_id), ABOUT


def count(digest_id: str) -> Key:
    """Return the key of the count of a digest's lines."""
    return lines(digest_id), COUNT


def bin_(name: str) -> Key:
    """Return the key of a bin."""
    return BINS, name


def last_digest(bin_name: str) -> Key:
    """Return the key of the digest that was said last for a bin."""
    return f"said#{bin_name}", "said"


def held(bin_name: str) -> str:
    """Return the partition with the findings of a bin."""
    return f"held#{bin_name}"


def rate(name: str) -> Key:
    """Return the key of the slots of *name*, a channel or all changes together."""
    return f"pace#{name}", "pace"


def lock(topic: str) -> Key:
    """Return the key of the lock of *topic*."""
    return f"notice#{topic}", "notice"


def account_name(name: str) -> Key:
    """Return the key of the claims to *name*, as channels have it."""
    return f"{ACCOUNT_NAME}{name}", "accounts"


def seats(topic: str) -> Key:
    """Return the key of the seats of *topic*."""
    return f"seats#{topic}", "seats"


def baseline() -> Key:
    """Return the key of the newest baseline, which the command line tool keeps."""
    return "baseline", "run"


def organization(name: str) -> Key:
    """Return the key of the first accounts of *name*: those in force, or a reading on its way."""
    return f"{ORGANIZATION}{name}", "0"


def more_organization(name: str, version: int, part: int) -> Key:
    """Return the key of the accounts of a further *part* of a *version*, counted from 1."""
    return f"{ORGANIZATION}{name}", f"{version}.{part}"


def utc_day(at: float) -> str:
    """Return the UTC day of Unix second *at*, as the partitions of days have it."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d}"


def decided(day: str, batch: str) -> Key:
    """Return the key of the summaries of the findings that *batch* decided on *day*."""
    return f"decided#{day}", batch


def tally(day: str, run: str) -> Key:
    """Return the key of the tally of a *run* on *day*."""
    return f"tally#{day}", run


def due(number: int, at: int, name: str) -> Key:
    """Return the key of the reminder *name*, due at Unix second *at*, in partition *number*."""
    return DUE[number], f"{at:012d}#{name}"


def listed(channel: str) -> str:
    """Return the partition with the alerts that the next list of *channel* may have."""
    return f"open#{channel}"


def press(id_: str) -> Key:
    """Return the key of a press that was taken, by its id."""
    return f"press#{id_}", "press"


def workspace() -> Key:
    """Return the key of the workspace of the Slack app."""
    return "press#workspace", "workspace"


def audit(day: str, press: str) -> Key:
    """Return the key of the line of a *press* (its moment and id) in the audit trail of *day*."""
    return f"audit#{day}", press
