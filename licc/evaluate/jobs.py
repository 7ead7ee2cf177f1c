# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Many images at once: one after the other in this process, or with Ray on all cores and machines.

Ray finds a cluster through RAY_ADDRESS, as its own tools do; without, it uses the cores of this machine.
Workers share no files with this process: codecs and images are sent to them.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import tempfile
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import Any

from licc.errors import UserError
from licc.evaluate.coding import Record, Source, Task, Worker
from licc.evaluate.metrics import missing

# Fetches a variant by its key.
Fetch = Callable[[str], Source]
# Tasks that wait at a worker while it has one: enough to keep it busy, few enough to bound the memory.
QUEUED = 2


def run(tasks: Iterable[Task], fetch: Fetch, jobs: int | None, need: int = 0) -> Generator[Record]:
    """The measurements of all tasks, in the order in which they are done.

    Args:
        tasks: variant by variant; read as workers become free.
        fetch: a variant by its key.
        jobs: workers; 1 for this process alone, without Ray; None for one a core.
        need: bytes of memory that a worker takes for the largest image.

    Raises:
        UserError: Ray is not installed, or a worker died.
    """
    if jobs == 1:
        return _here(tasks, fetch)
    return _with_ray(tasks, fetch, jobs, need)


def _here(tasks: Iterable[Task], fetch: Fetch) -> Generator[Record]:
    worker = Worker()
    for task in tasks:
        yield worker.measure(task, lambda key=task.variant: fetch(key))


def available_memory() -> int:
    """Bytes that this machine can still give away."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:  # noqa: PTH123
            for line in file:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


# --------------------------------------------------------------------------------------------------
# Ray
# --------------------------------------------------------------------------------------------------
def _with_ray(
    tasks: Iterable[Task], fetch: Fetch, jobs: int | None, need: int
) -> Generator[Record]:
    try:
        ray: Any = importlib.import_module("ray")
    except ImportError as error:
        raise missing("ray") from error

    with _cluster(ray):
        count = _workers(ray, jobs, need)
        # `memory` is what Ray places by: no machine gets more workers than it has room for.
        actor: Any = ray.remote(num_cpus=1, memory=need)(_Actor)
        actors = [actor.remote() for _ in range(count)]
        try:
            yield from _spread(ray, actors, tasks, fetch)
        except ray.exceptions.RayActorError as error:
            if error.actor_init_failed:
                reason = str(error).strip().splitlines()[-1].strip()
                raise UserError(
                    f"a worker does not start: {reason}; --jobs 1 works without"
                ) from error
            raise UserError(
                "a worker died, most likely for want of memory; try fewer with --jobs"
            ) from error
        except ray.exceptions.RayTaskError as error:
            if isinstance(error.cause, UserError):
                raise UserError(str(error.cause)) from error
            raise


@contextmanager
def _cluster(ray: Any) -> Generator[None]:
    """A connection to the cluster of RAY_ADDRESS, or a cluster of this machine for as long as it takes."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    own = {} if "RAY_ADDRESS" in os.environ else {"include_dashboard": False}
    # Workers import from the current folder first, and that may hold another licc, such as a
    # checkout without its dialects. So Ray starts in an empty one.
    with tempfile.TemporaryDirectory() as empty:
        try:
            with contextlib.chdir(empty):
                ray.init(log_to_driver=False, logging_level="ERROR", **own)
        except (ConnectionError, RuntimeError, ValueError) as error:
            reason = str(error).strip().partition("\n")[0]
            raise UserError(f"Ray does not start: {reason}; --jobs 1 works without") from error
        # Ray has put its own in their place, which would end the process without a word.
        for number, handler in handlers.items():
            signal.signal(number, handler)
        try:
            yield
        finally:
            ray.shutdown()


def _workers(ray: Any, jobs: int | None, need: int) -> int:
    resources: Mapping[str, float] = ray.cluster_resources()
    cores = max(int(resources.get("CPU", 1)), 1)
    count = cores if jobs is None else min(jobs, cores)
    room = int(resources.get("memory", 0) // need) if need else count
    return max(min(count, room), 1)


class _Actor:
    """A worker in a process of its own."""

    def __init__(self) -> None:
        self.worker = Worker()

    def measure(self, task: Task, boxed: list[Any]) -> Record:
        """See `Worker.measure`; the box holds the reference, so that only who needs it fetches it."""
        import ray

        return self.worker.measure(task, lambda: ray.get(boxed[0]))


def _spread(ray: Any, actors: list[Any], tasks: Iterable[Task], fetch: Fetch) -> Generator[Record]:
    """Give each actor its next tasks as it finishes some."""
    waiting = iter(tasks)
    sources: dict[str, Any] = {}
    running: dict[Any, Any] = {}

    def feed(actor: Any) -> None:
        task = next(waiting, None)
        if task is None:
            return
        if task.variant not in sources:
            # Tasks come variant by variant: the store has the current one, and what is still running.
            if len(sources) > 1:
                sources.pop(next(iter(sources)))
            sources[task.variant] = ray.put(fetch(task.variant))
        running[actor.measure.remote(task, [sources[task.variant]])] = actor

    for _ in range(QUEUED):
        for actor in actors:
            feed(actor)
    while running:
        done, _ = ray.wait(list(running), num_returns=1)
        for reference in done:
            actor = running.pop(reference)
            record: Record = ray.get(reference)
            feed(actor)
            yield record
