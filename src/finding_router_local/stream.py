"""The event source mapping of a table's stream: from its records to invocations of a function."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from finding_router_local.deployment import StreamSource
from finding_router_local.invocation import Invocation, Invoke

_POLL_SECONDS: Final = 0.05
_RETRY_SECONDS: Final = 1.0
# A record that makes the function fail by itself is given up after so many tries.
_TRIES: Final = 3
_KEPT_INVOCATIONS: Final = 50

type Record = Mapping[str, Any]


class StreamPoller:
    """
    Hands the records of a stream over in order, a batch after its window.

    A batch that the function reports as failed is tried again until it works, from the record that
    it names; one that makes it fail is halved, and at last given up.
    """

    def __init__(
        self,
        source: StreamSource,
        records: Callable[[], Sequence[Record]],
        *,
        invoke: Invoke,
        window_seconds: float | None = None,
    ) -> None:
        """Ask *records* for the whole stream; *window_seconds* replaces those of *source*."""
        self._source = source
        self._records = records
        self._invoke = invoke
        self._window_seconds = source.window_seconds if window_seconds is None else window_seconds
        self._position = 0
        self._tries = 0
        self._lock = threading.RLock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="stream", daemon=True)
        self.invocations: deque[Invocation] = deque(maxlen=_KEPT_INVOCATIONS)

    def start(self) -> None:
        """Poll until `stop`."""
        self._thread.start()

    def stop(self) -> None:
        """Take no further batch."""
        self._stopping.set()

    @contextmanager
    def skipping(self) -> Iterator[None]:
        """Hand nothing over that is written in the block."""
        with self._lock:
            yield
            self._position = len(self._records())

    def _run(self) -> None:
        while not self._stopping.wait(_POLL_SECONDS):
            with self._lock:
                if len(self._records()) == self._position:
                    continue
            if self._window():
                return
            with self._lock:
                records = self._records()[self._position :][: self._source.batch_size]
                if records:
                    self._hand_over(records)

    def _window(self) -> bool:
        """Return True if the end comes before the window is over or its batch is full."""
        end = time.monotonic() + self._window_seconds
        while (left := end - time.monotonic()) > 0:
            if len(self._records()) - self._position >= self._source.batch_size:
                break
            if self._stopping.wait(min(left, _POLL_SECONDS)):
                return True
        return False

    def _hand_over(self, records: Sequence[Record]) -> None:
        """Invoke the function with *records*, and move on behind those that it took."""
        invocation = self._invoke({"Records": [*records]})
        self.invocations.append(invocation)
        if invocation.error is None:
            taken = _taken(records, invocation.answer)
            self._position += taken
            self._tries = 0
            if taken < len(records):
                self._stopping.wait(_RETRY_SECONDS)
        elif len(records) > 1:
            self._hand_over(records[: len(records) // 2])
        else:
            self._tries += 1
            if self._tries >= _TRIES:
                self._position += 1
                self._tries = 0
            else:
                self._stopping.wait(_RETRY_SECONDS)


def _taken(records: Sequence[Record], answer: object) -> int:
    """Return the number of *records* before the first one that failed."""
    match answer:
        case {"batchItemFailures": [*failures]}:
            failed = {each.get("itemIdentifier") for each in failures if isinstance(each, dict)}
        case _:
            return len(records)
    numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
    return min((numbers.index(each) for each in failed if each in numbers), default=len(records))
