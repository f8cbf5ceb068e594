"""Two workers open the digest of one channel: the second waits a moment for the first."""

import pytest

from digest_parents import headline_count
from fakes import unavailable
from finding_router.delivery.digests.store import DigestState, OpenDigest
from finding_router.delivery.outcome import Outcome
from finding_router.delivery.posting.digest import PARENT_SECONDS
from hub_events import raw_finding
from router import ALERTS, Router, outcomes

FLOOD = [raw_finding(f"finding-{number}") for number in range(6)]
TS = "1790000000.000900"


def _opened(router: Router) -> OpenDigest:
    """Claim the digest of the channel for another worker, whose parent is not posted yet."""
    now = router.clock.now
    digest = OpenDigest(
        name=ALERTS,
        channel=ALERTS,
        number=1,
        state=DigestState.CLAIMED,
        version=1,
        claimed_at=now,
        lease_until=now + 95,
        claimed_by="another",
        started_at=now,
        last_at=now,
    )
    assert router.digests.write_digest(digest)
    return digest


def test_parent_of_another_worker_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its findings are listed there within the same run."""
    router = Router()
    digest = _opened(router)
    plain = router.clock.sleep

    def sleep(seconds: float) -> None:
        plain(seconds)
        posted = digest.posted(channel=f"C0{ALERTS[1:].upper()}", ts=TS)
        if router.digests.digests[ALERTS] == digest:
            router.digests.write_digest(posted)
            router.digests.keep_about(posted)

    monkeypatch.setattr(router.clock, "sleep", sleep)
    router.restart()

    jobs = router.send(*FLOOD)

    assert [Outcome.DIGESTED] * len(FLOOD) == outcomes(jobs)
    assert {TS} == {alert.ts for alert in router.alerts}
    # One reply, and no other parent.
    assert 1 == len(router.slack.posted)
    assert len(FLOOD) == len(router.digests.lines(digest.digest_id))


def test_worker_that_does_not_post_its_parent_is_not_waited_for_long() -> None:
    """It may have died: its lease has to run out."""
    router = Router()
    digest = _opened(router)
    began = router.clock.now

    jobs = router.send(*FLOOD)

    assert [Outcome.FAILED] * len(FLOOD) == outcomes(jobs)
    assert router.clock.now - began <= PARENT_SECONDS
    assert [] == router.slack.posted
    assert digest == router.digests.digests[ALERTS]


def test_totals_are_counted_again_if_another_worker_counted_meanwhile() -> None:
    """A parent that was posted with all of its findings may have been changed since."""
    router = Router({"kind": "route", "name": "all", "channel": ALERTS, "deliver": "digest"})

    def intrude() -> None:
        mine = router.pipeline
        router.restart()
        # It lists nothing, and counts what is listed by then.
        router.faults.plan("post", unavailable())
        router.send(raw_finding("another"))
        router.pipeline = mine

    router.faults.plan("post", about=f"C0{ALERTS[1:].upper()}", meanwhile=intrude)

    router.send(*FLOOD)

    assert [len(FLOOD)] == [headline_count(said.text) for said in router.slack.opened(ALERTS)]
