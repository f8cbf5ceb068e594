"""With any faults, in any order, nothing is lost and nothing is posted twice."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from digest_parents import headline_count
from examples import examples
from fake_slack import Said
from fakes import (
    Killed,
    MakeError,
    channel_refused,
    killed,
    message_refused,
    rate_limited,
    security_hub_down,
    store_down,
    token_refused,
    unavailable,
)
from finding_router.delivery.alerts.identity import AlertKey, finding_hash, hash_of
from finding_router.delivery.deliveries import Job, Record
from finding_router.delivery.outcome import UNDONE
from hub_events import PRODUCT_ARN, imported, raw_finding, record
from router import DEFAULT, OPS, Router

pytestmark = pytest.mark.usefixtures("in_silence")
# The queue's visibility time-out, after which the records of a dead worker are seen again.
VISIBILITY_SECONDS = 540
ROUNDS = 40
FINDINGS = ("one", "two", "three")
CHANNELS = ("#a", "#b")
SUBJECTS = {each: finding_hash(PRODUCT_ARN, each) for each in FINDINGS}


def routes(deliver: str) -> list[dict[str, str]]:
    """Lead everything to each channel."""
    return [
        {"kind": "route", "name": name, "channel": name, "deliver": deliver} for name in CHANNELS
    ]


LOST = unavailable("connection_lost", ambiguous=True)
# The possible faults: the call, its subject, the error, and whether it has its effect first.
WAYS: list[tuple[str, str | None, MakeError | None, bool]] = [
    *(
        ("post", None, error, False)
        for error in (
            LOST,
            None,
            unavailable(),
            rate_limited(2),
            rate_limited(200),
            channel_refused(),
            message_refused(),
            token_refused(),
            killed,
        )
    ),
    *(("post", None, error, True) for error in (LOST, killed)),
    *(("find", None, each, False) for each in (unavailable(), rate_limited(2), token_refused())),
    *(
        ("write", state, error, carried_out)
        for state in ("claimed", "released", "posted")
        for error in (store_down, killed)
        for carried_out in (False, True)
    ),
    *(("mark", None, killed, carried_out) for carried_out in (False, True)),
    *(("record_notified", None, error, True) for error in (store_down, killed)),
    ("record_notified", None, store_down, False),
    ("statuses", None, security_hub_down, False),
    *(
        (each, None, store_down, False)
        for each in (
            "read",
            "once",
            "items",
            "note_channel",
            "slot",
            "slow_down",
            "speed_up",
            "add_tally",
        )
    ),
]
# Faults that only a digest can suffer from.
DIGEST_WAYS: list[tuple[str, str | None, MakeError | None, bool]] = [
    *WAYS,
    *(
        (operation, state, error, carried_out)
        for operation, state in (
            ("write_digest", "claimed"),
            ("write_digest", "posted"),
            ("write_digest", "released"),
            ("keep_about", None),
            ("put_lines", None),
            ("begin_count", None),
            ("end_count", None),
        )
        for error in (store_down, killed)
        for carried_out in (False, True)
    ),
    *(
        ("update", None, error, False)
        for error in (
            LOST,
            unavailable(),
            rate_limited(2),
            rate_limited(200),
            message_refused(),
        )
    ),
    ("update", None, killed, False),
    ("update", None, killed, True),
    *(
        (each, None, store_down, False)
        for each in ("open_digests", "about", "lines", "count", "count_later")
    ),
]


@dataclass(frozen=True)
class Mishap:
    """Something that goes wrong: one of the ways, at some call of the kind, for a few calls."""

    way: tuple[str, str | None, MakeError | None, bool]
    skip: int
    times: int
    seconds: float

    def plan(self, router: Router) -> None:
        """Plan the fault for *router*."""
        operation, about, error, carried_out = self.way
        router.faults.plan(
            operation,
            error,
            about=about,
            carried_out=carried_out,
            skip=self.skip,
            times=self.times,
            seconds=self.seconds,
        )


def mishaps(ways: list[Any]) -> st.SearchStrategy[Mishap]:
    """Return any of *ways*."""
    return st.builds(
        Mishap,
        way=st.sampled_from(ways),
        skip=st.integers(0, 4),
        times=st.integers(1, 3),
        seconds=st.sampled_from([0, 0, 0, 30, 70]),
    )


MISHAPS = mishaps(WAYS)
CODES = st.sampled_from(["ConcurrentUpdateError", "InternalFailure"])


def told(said: Said) -> list[str]:
    """Name the findings that a message is about."""
    names = {
        hash_of([subject, channel, 1]): name
        for name, subject in SUBJECTS.items()
        for channel in CHANNELS
    }
    return [names[each] for each in said.delivery_ids if each in names]


class Queue:
    """Records on their way through workers, until each is done."""

    def __init__(self, router: Router, copies: dict[str, int]) -> None:
        """Put *copies* of the event of each finding into the queue."""
        self.router = router
        self.waiting: dict[int, tuple[Any, int]] = {}
        for finding_id, count in copies.items():
            router.hold(raw_finding(finding_id))
            event = imported(raw_finding(finding_id), sent_at=router.clock.now)
            for _ in range(count):
                self.waiting[len(self.waiting)] = (event, 0)
        router.workflow.mark = self._checked(router.workflow.mark)  # type: ignore[method-assign]  # to look at every call

    def _checked(self, mark: Callable[..., Any]) -> Callable[..., Any]:
        def checked(keys: Any, status: Any, **how: Any) -> Any:
            keys = list(keys)
            for _, finding_id in keys:
                assert len(CHANNELS) == self.said()[finding_id], "marked and not posted"
            return mark(keys, status, **how)

        return checked

    def said(self) -> Counter[str]:
        """Count the messages about each finding, those that list it as well."""
        said = Counter(name for said in self.router.slack.posted for name in told(said))
        # Where both channels are refused, one line in the default channel's digest is about both.
        return said + Counter(
            name
            for name, subject in SUBJECTS.items()
            if said[name] == 1 and len(self._digests_of(subject)) == 1
        )

    def _digests_of(self, subject: str) -> set[str | None]:
        """Return the digests that list *subject* for each channel; None for no digest."""
        alerts = [self.router.ledger.alerts.get(AlertKey(subject, each)) for each in CHANNELS]
        found = {alert.digest if alert else None for alert in alerts}
        return set() if None in found else found

    def take(self, numbers: list[int]) -> list[Record]:
        """Receive these records once more."""
        records = []
        for number in numbers:
            event, tries = self.waiting[number]
            self.waiting[number] = (event, tries + 1)
            records.append(record(event, number=number, tries=tries + 1))
        return records

    def work(self, numbers: list[int]) -> None:
        """Hand these records to a worker; unfinished ones become visible again later."""
        try:
            jobs = self.router.run(*self.take(numbers))
        except Killed:
            self.router.restart()
            self.router.clock.now += VISIBILITY_SECONDS
            return
        self.settle(jobs)
        self.router.clock.now += max((job.retry_seconds for job in jobs), default=0) + 1

    def settle(self, jobs: list[Job]) -> None:
        """Delete the records that are done."""
        assert all(job.outcome is not None for job in jobs)
        failed = {job.record.id for job in jobs if job.outcome in UNDONE}
        for done in {job.record.id for job in jobs} - failed:
            self.waiting.pop(int(str(done).removeprefix("record-")), None)

    def drain(self) -> None:
        """Work until nothing waits."""
        for _ in range(ROUNDS):
            if not self.waiting:
                return
            self.work(list(self.waiting))
        raise AssertionError("records go round and round")


def is_notice(said: Said) -> bool:
    """Return True for a notice, also in the default channel, where the ops channel refused it."""
    return said.channel == OPS or (said.channel == DEFAULT and "`OpsChannel`" in said.all)


def check(router: Router, queue: Queue) -> None:
    """Nothing lost, nothing twice, everything NOTIFIED."""
    assert dict.fromkeys(FINDINGS, len(CHANNELS)) == queue.said()
    ids = [each for said in router.slack.posted for each in said.delivery_ids]
    assert len(ids) == len(set(ids))
    assert all(said.delivery_ids for said in router.slack.posted if not is_notice(said))
    assert {(PRODUCT_ARN, each): "NOTIFIED" for each in FINDINGS} == router.workflow.status
    assert {
        AlertKey(subject, channel) for subject in SUBJECTS.values() for channel in CHANNELS
    } == router.ledger.alerts.keys()
    for entry in router.alerts:
        assert not any(entry.is_to_notify(member) for member in entry.members)


def check_digests(router: Router) -> None:
    """Each digest lists the findings in its thread, and states their number."""
    router.faults.clear()
    for said in router.slack.posted:
        if is_notice(said) or said.thread_ts is not None or told(said):
            continue
        [digest_id] = said.delivery_ids
        listed = [name for reply in router.slack.thread(said) for name in told(reply)]
        if said.channel == DEFAULT:
            # Channels that refuse in turn have a finding listed once for each, and counted once;
            # `check` has seen to it that no channel has it twice.
            listed = sorted(set(listed))
        lines = router.digests.lines(digest_id)
        assert sorted(SUBJECTS[name] for name in listed) == [line.subject for line in lines]
        assert len(lines) == headline_count(said.text)
        assert f"{len(lines)} HIGH" in said.all or not lines
    for reply in router.slack.posted:
        assert all(f"Title of {name}" in reply.all for name in told(reply))


COPIES = st.fixed_dictionaries({each: st.integers(1, 2) for each in FINDINGS})
MANY = examples(40)
ONE_OF_EACH = dict.fromkeys(FINDINGS, 1)
# A channel is refused, and the claim is released without an answer, before the default channel.
RELEASED_UNHEARD = [
    Mishap(way=("post", None, channel_refused(), False), skip=0, times=1, seconds=0),
    Mishap(way=("write", "released", store_down, True), skip=0, times=1, seconds=0),
    Mishap(way=("mark", None, killed, True), skip=0, times=1, seconds=0),
]
# A channel is refused, and so is the ops channel as it is to hear of it.
OPS_REFUSED = [
    Mishap(way=("post", channel, channel_refused(), False), skip=0, times=1, seconds=0)
    for channel in ("#a", OPS)
]
# Both channels are refused, and the default channel has one digest of both.
BOTH_REFUSED = Mishap(way=("post", None, channel_refused(), False), skip=0, times=2, seconds=0)
# A parent that is posted, found again, and not recorded either time.
NOT_RECORDED = Mishap(
    way=("write_digest", "posted", store_down, False), skip=0, times=3, seconds=70
)
# One channel is refused, and the worker dies over the parent in the default channel.
DEAD_IN_DEFAULT = [
    Mishap(way=("post", None, channel_refused(), False), skip=0, times=1, seconds=0),
    Mishap(way=("post", DEFAULT, killed, True), skip=0, times=1, seconds=0),
]
# The parent is posted and its reply refused; too much else fails for its totals to be counted in
# the same run.
REFUSED_AFTER_PARENT = [
    Mishap(way=("post", None, LOST, False), skip=2, times=1, seconds=0),
    Mishap(way=("post", None, channel_refused(), False), skip=1, times=1, seconds=0),
    Mishap(way=("post", None, killed, False), skip=1, times=1, seconds=0),
    Mishap(way=("write", "claimed", store_down, False), skip=0, times=1, seconds=0),
    Mishap(way=("read", None, store_down, False), skip=0, times=2, seconds=0),
]
# The parent is posted and recorded; the next worker's reply is refused, and it dies before it has
# counted the totals.
DEAD_BEFORE_TOTALS = [
    Mishap(way=("post", None, unavailable(), False), skip=1, times=1, seconds=0),
    Mishap(way=("write", "claimed", killed, False), skip=3, times=1, seconds=0),
    Mishap(way=("write_digest", "claimed", killed, False), skip=1, times=2, seconds=0),
    Mishap(way=("write_digest", "posted", store_down, False), skip=3, times=1, seconds=0),
]
# The channels are refused one after the other, in two runs: the digest of the default channel lists
# each finding for the one, and then for the other.
REFUSED_IN_TURN = [
    Mishap(way=("post", channel, error, False), skip=0, times=1, seconds=0)
    for channel, error in (
        ("#a", channel_refused()),
        ("#b", unavailable()),
        ("#b", channel_refused()),
    )
]
# The totals are shown, and their lease cannot be ended: not by two tries of one run, nor by later.
LEASE_NOT_ENDED = [
    Mishap(way=("end_count", None, store_down, False), skip=skip, times=times, seconds=0)
    for skip, times in ((0, 1), (1, 3))
]
# A reply is refused, and the run ends before the default channel has a digest instead.
REFUSED_AND_STOPPED = [
    Mishap(way=("post", None, channel_refused(), False), skip=2, times=1, seconds=0),
    Mishap(way=("write", "posted", store_down, False), skip=0, times=2, seconds=0),
]
# The digest that a later run goes on with is touched before its parent is posted: the totals of it
# fail while the channel waits for its next slot.
TOTALS_BEFORE_THE_LIST = [
    Mishap(way=("post", None, LOST, False), skip=2, times=3, seconds=0),
    Mishap(way=("read", None, store_down, False), skip=1, times=3, seconds=0),
    Mishap(way=("update", None, killed, False), skip=0, times=1, seconds=0),
    Mishap(way=("lines", None, store_down, False), skip=0, times=1, seconds=0),
    Mishap(way=("update", None, LOST, False), skip=1, times=1, seconds=0),
]


@MANY
@example(ONE_OF_EACH, [BOTH_REFUSED], [])
@example(ONE_OF_EACH, OPS_REFUSED, [])
@example(ONE_OF_EACH, RELEASED_UNHEARD, [])
@given(COPIES, st.lists(MISHAPS, min_size=1, max_size=8), st.lists(CODES, max_size=3))
def test_one_worker_and_any_mishaps(
    copies: dict[str, int], mishaps: list[Mishap], codes: list[str]
) -> None:
    """Records come back until all is well, and all is well in the end."""
    router = Router(*routes("auto"))
    queue = Queue(router, copies)
    router.workflow.refusals[PRODUCT_ARN, "two"] = list(codes)
    for each in mishaps:
        each.plan(router)

    queue.drain()

    check(router, queue)


@MANY
@example(ONE_OF_EACH, [NOT_RECORDED], 0)
@example(ONE_OF_EACH, DEAD_IN_DEFAULT, 0)
@example(ONE_OF_EACH, REFUSED_AFTER_PARENT, 0)
@example(ONE_OF_EACH, DEAD_BEFORE_TOTALS, 0)
@example(ONE_OF_EACH, REFUSED_IN_TURN, 0)
@example(ONE_OF_EACH, LEASE_NOT_ENDED, 0)
@example(ONE_OF_EACH, REFUSED_AND_STOPPED, 4000)
@example(ONE_OF_EACH, TOTALS_BEFORE_THE_LIST, 4000)
@given(COPIES, st.lists(mishaps(DIGEST_WAYS), min_size=1, max_size=8), st.sampled_from([0, 4000]))
def test_one_worker_and_any_mishaps_with_digests(
    copies: dict[str, int], mishaps: list[Mishap], pause: int
) -> None:
    """With any faults between two steps, and after any delay, the totals add up."""
    router = Router(*routes("digest"))
    queue = Queue(router, copies)
    for each in mishaps:
        each.plan(router)

    queue.work(list(queue.waiting))
    router.clock.now += pause
    queue.drain()

    check(router, queue)
    check_digests(router)


@MANY
@given(
    COPIES,
    st.lists(
        st.tuples(
            st.sampled_from(["read", "write", "post", "mark", "record_notified"]),
            st.integers(0, 8),
            st.booleans(),
            st.booleans(),
        ),
        max_size=4,
    ),
    st.lists(MISHAPS, min_size=1, max_size=4),
    st.sampled_from(["card", "digest"]),
)
def test_workers_that_come_between_each_other(
    copies: dict[str, int],
    intrusions: list[tuple[str, int, bool, bool]],
    mishaps: list[Mishap],
    deliver: str,
) -> None:
    """Another worker may take copies of the same events before or after any call of the first."""
    router = Router(*routes(deliver))
    queue = Queue(router, copies)
    mine = list(queue.waiting)[::2]

    def intrude(*, all_of_them: bool) -> None:
        held = router.pipeline
        router.restart()
        numbers = [each for each in queue.waiting if all_of_them or each not in mine]
        try:
            queue.settle(router.run(*queue.take(numbers)))
        except Killed:
            router.clock.now += VISIBILITY_SECONDS
        router.pipeline = held

    for operation, skip, carried_out, all_of_them in intrusions:
        router.faults.plan(
            operation,
            skip=skip,
            carried_out=carried_out,
            meanwhile=lambda all_of_them=all_of_them: intrude(all_of_them=all_of_them),
        )
    for each in mishaps:
        each.plan(router)

    queue.work(mine)
    queue.drain()

    check(router, queue)
    check_digests(router)
