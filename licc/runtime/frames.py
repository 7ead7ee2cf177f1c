# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Many frames through a codec at once: an iterator around the pipeline of the host's library."""

from __future__ import annotations

import atexit
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar, cast

from licc.runtime._host import StreamStatistics

__all__ = ["Frames", "StreamStatistics", "described", "still_reading"]

# Seconds that a source gets to come back from its last frame.
PATIENCE = 1.0
# Threads that read sources, and where to.
_feeders: dict[threading.Thread, Any] = {}

In = TypeVar("In")
Out = TypeVar("Out")


class Frames(Iterator[Out], Generic[Out]):
    """Results of frames, in their order, each when it is done.

    A thread reads the source while others transform and code, and the caller takes the results: as many
    frames are on their way as were asked for, and the source waits when nobody takes them. What the source
    or a stage raises comes out at its frame, after all those before it. Dropping the iterator stops it.

    Args:
        stream: a FrameEncoder or FrameDecoder of `licc.runtime._host`.
        source: the frames; read in another thread.
        checked: what makes of a frame of the source one that `stream` takes.
    """

    def __init__(self, stream: Any, source: Iterable[In], checked: Callable[[In], object]) -> None:
        self._stream = stream
        self._failures: list[BaseException] = []
        # The thread knows the stream and not this iterator, which may be dropped while it waits.
        self._feeder = threading.Thread(
            target=_feed,
            args=(stream, source, checked, self._failures),
            name="licc-source",
            daemon=True,  # a source that never says anything does not keep the process alive
        )
        _feeders[self._feeder] = stream
        self._feeder.start()
        self._stopper = weakref.finalize(self, stream.stop)

    def __next__(self) -> Out:
        result = self._stream.pull()
        if result is not None:
            return cast("Out", result)
        if self._failures:
            raise self._failures.pop()
        raise StopIteration

    def finish(self) -> None:
        """Take no more frames from the source; those on their way still come out."""
        self._stream.finish()

    def close(self) -> None:
        """Stop, and drop what is on its way."""
        self._stopper()
        self._feeder.join(PATIENCE)

    @property
    def statistics(self) -> StreamStatistics:
        """What the pipeline did since its first frame."""
        return self._stream.statistics()


def _feed(
    stream: Any,
    source: Iterable[Any],
    checked: Callable[[Any], object],
    failures: list[BaseException],
) -> None:
    try:
        for frame in source:
            if not stream.push(checked(frame)):
                return
    except BaseException as error:  # noqa: BLE001 - raised again where results are taken
        failures.append(error)
    finally:
        stream.finish()
        _feeders.pop(threading.current_thread(), None)


def still_reading() -> bool:
    """Whether some thread waits for a source, such as a pipe that is open and says nothing.

    Python cannot end such a thread, and one that comes back while Python itself ends crashes.
    """
    for feeder, stream in list(_feeders.items()):
        stream.stop()
        feeder.join(PATIENCE)
    return bool(_feeders)


atexit.register(still_reading)


def described(statistics: StreamStatistics) -> dict[str, Any]:
    """Statistics as JSON has them; times in seconds."""
    s = statistics
    return {
        "frames": s.frames,
        "seconds": s.seconds,
        "frames_per_second": s.frames_per_second,
        "latency": {
            "p50": s.latency_p50,
            "p90": s.latency_p90,
            "p99": s.latency_p99,
            "most": s.latency_most,
        },
        "frames_in_flight": s.frames_in_flight,
        "stages": [
            {
                "name": each.name,
                "workers": each.workers,
                "occupancy": each.occupancy,
                "seconds_per_frame": each.seconds_per_frame,
            }
            for each in s.stages
        ],
        "queues": [
            {"before": each.name, "mean": each.mean, "most": each.most} for each in s.queues
        ],
    }
