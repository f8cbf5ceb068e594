"""The task of a notice."""

from typing import Final

from finding_router.delivery.notices import Notice, Notices, joined
from finding_router.delivery.posting.run import Run
from finding_router.delivery.posting.task import Rank, Task
from finding_router.errors import UnreadableError
from finding_router.slack.kit.refused import Banner
from finding_router.slack.messages.notice import notice as laid_out
from finding_router.telemetry import logger

# A worker that posts a notice has this long; then another one may.
TELLING_SECONDS: Final = 60.0
# A batch waits so long for a slot, which it would share with alerts; the next batch goes on.
PATIENCE_SECONDS: Final = 10.0


class NoticeTask(Task):
    """Posts one message of one notice, or of all channels that refused."""

    def __init__(self, run: Run, notices: Notices, several: list[Notice], *, until: float) -> None:
        """Post *several* in one message, in a slot before Unix second *until*."""
        super().__init__(run, channel=notices.channel)
        self._notices = notices
        self._several = several
        self._granted: list[Notice] | None = None
        self._until = until
        self._banner: Banner | None = None

    @property
    def rank(self) -> Rank:
        """Return the last rank."""
        return Rank.NOTICE

    @property
    def needs_slot(self) -> bool:
        """Return True once the notice is to be posted."""
        return self._granted is not None

    def step(self) -> None:
        """Take the lock of each notice, then post those that no other worker posted."""
        run = self.run
        if self._granted is None:
            # A worker that fails or dies has told nothing: its lock lasts a minute only.
            self._granted = [each for each in self._several if self._lock(each, TELLING_SECONDS)]
            for each in self._several:
                if each not in self._granted:
                    self._notices.told(each)
            self.is_done = not self._granted
            return
        patience = max(self._until - run.clock(), 0.0)
        if not run.rate.is_now(self.channel, patience_seconds=patience):
            return
        said = joined(self._granted)._replace(banner=self._banner)
        run.rate.use(self.channel)
        message = laid_out(said, colour=self._granted[0].colour)
        run.slack.post(self.channel, message, seconds=run.deadline.for_slack())
        run.rate.worked(self.channel)
        self.is_done = True
        for each in self._granted:
            self._notices.told(each)
        for each in self._granted:
            self._lock(each, each.words.every_seconds)

    def redirect(self, code: str) -> None:
        """Post into the default channel, and name the ops channel that refused."""
        self._banner = Banner(refused=((self.channel, code),), parameter="OpsChannel")
        self.channel = self.run.default_channel

    def fail(self, why: str, *, retry_seconds: float) -> None:  # noqa: ARG002 -- the next batch
        """Leave the notice to the next batch."""
        self.is_done = True
        for each in self._several:
            logger.warning("notice put off", topic=each.topic, reason=why)

    def _lock(self, notice: Notice, seconds: float) -> bool:
        """Return True if *notice* is ours to tell; of one that cannot be read nothing is told."""
        now = self.run.clock()
        try:
            return self._notices.locks.once(
                notice.topic, by=notice.name, every_seconds=seconds, now=now
            )
        except UnreadableError as error:
            logger.warning("notice not posted", topic=notice.topic, reason=str(error))
            return False
