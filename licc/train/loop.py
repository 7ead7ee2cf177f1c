# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The training loop: batches, steps, log, held-out images, files, and stopping where it is asked to."""

from __future__ import annotations

import csv
import ctypes
import platform
import signal
import sys
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from licc.driver.build_dir import Interrupted
from licc.errors import UserError
from licc.train.codec import Codec
from licc.train.data import Batches, Photographs
from licc.train.files import read_state, save, write_student
from licc.train.objective import Measures, Objective, measure
from licc.train.processes import Processes
from licc.train.run import Row, Run
from licc.train.settings import Settings

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

WATCHED = tuple(f"held_out_{field.name}" for field in fields(Measures))
LOG_FIELDS = ("step", "seconds", *(field.name for field in fields(Row)), *WATCHED)


@dataclass(frozen=True)
class Job:
    """One training.

    Attributes:
        codec: what is trained, with the weights to start from.
        teacher: what it learns from.
        fresh: parts of it that are new beside others that are not.
        output: the file of the student; state and log are beside it.
        save_minutes: time between two saved states.
        workers: threads that make batches.
        told: what the student's `meta` says of the training beside the settings.
    """

    codec: Codec
    settings: Settings
    photographs: Photographs
    output: Path
    teacher: Codec | None = None
    fresh: frozenset[str] = frozenset()
    save_minutes: float = 5.0
    workers: int = 1
    told: tuple[tuple[str, object], ...] = ()

    @property
    def state(self) -> Path:
        """Where the state of the training is kept."""
        return self.output.with_suffix(".state")

    @property
    def log(self) -> Path:
        """Where the log is."""
        return self.output.with_suffix(".csv")


def keep_freed_memory() -> None:
    """Tell the C library to reuse large blocks instead of giving them back to the system.

    Every activation is some 10 MB, which glibc maps and unmaps each time: the page faults then take
    more time than the arithmetic (three quarters of a step, where this was measured).
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(-4, 0)  # M_MMAP_MAX: never map a single block
        mallopt(-1, 2**31 - 1)  # M_TRIM_THRESHOLD: never shrink the heap


class _Stop:
    """Remembers a signal, so that the step at work is finished and stored first."""

    def __init__(self) -> None:
        self.signum = 0

    @contextmanager
    def listening(self) -> Generator[None]:
        """Remember signals instead of raising `Interrupted` while the block runs."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, self._remember) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _remember(self, signum: int, _frame: FrameType | None) -> None:
        self.signum = signum


def _hardware(processes: Processes, settings: Settings) -> str:
    """The machine, for the student's model card."""
    kind = "bfloat16 then float32" if settings.bf16 else "float32"
    if processes.device.type == "cuda":
        name = torch.cuda.get_device_name(processes.device)
    else:
        name = f"{platform.machine()} CPU, {torch.get_num_threads()} threads"
    return f"{processes.count} x {name}, {kind}"


class Loop:
    """A job at work."""

    def __init__(self, job: Job, processes: Processes) -> None:
        self.job, self.processes, self.settings = job, processes, job.settings
        memory = torch.channels_last
        codec: Codec = job.codec.to(processes.device, memory_format=memory)  # pyright: ignore[reportCallIssue]
        self.teacher: Codec | None = None
        if job.teacher is not None:
            teacher: Codec = job.teacher.to(processes.device, memory_format=memory)  # pyright: ignore[reportCallIssue]
            self.teacher = teacher.eval().requires_grad_(False)
        self.run = Run(codec, self.settings, processes, job.fresh)
        self.objective = Objective(codec, self.settings.lmbda, self.settings.weights)
        self._stop, self._recent = _Stop(), list[Row]()
        self._watched: list[Tensor] = []

    def __call__(self) -> None:
        """Train to the end of the schedule; a state that is there is gone on from.

        Raises:
            UserError: the state is of another training, or a file cannot be written.
            Interrupted: a signal has come; the state is stored.
        """
        job, settings = self.job, self.settings
        stored = read_state(job.state, settings)
        if stored is not None:
            self.run.restore(stored)
            self._say(f"going on from step {self.run.step}")
        images = job.photographs.held_out(job.codec.multiple)
        self._watched = [x.to(self.processes.device) for x in images]
        self._say(f"{len(job.photographs)} images to train on, {len(images)} held out")
        if job.photographs.skipped:
            self._say(skipped_note(job.photographs))
        batches = Batches(
            job.photographs, settings.batch, settings.crop, settings.seed, self.processes.rank
        )
        ahead = batches.ahead(self.run.step, settings.steps, job.workers)
        with self._stop.listening(), ahead as made, self._bar() as (bar, task):
            self._steps(made, bar, task)
            self._store()
        if self._stop.signum:
            raise Interrupted(self._stop.signum)

    def _say(self, line: str) -> None:
        if self.processes.first:
            print(line, flush=True)

    @contextmanager
    def _bar(self) -> Generator[tuple[Progress, TaskID]]:
        from rich.console import Console
        from rich.progress import Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

        columns = (
            *Progress.get_default_columns()[:3],
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
        )
        shown = self.processes.first and sys.stderr.isatty()
        with Progress(*columns, console=Console(stderr=True), disable=not shown) as bar:
            total = self.settings.steps
            yield (
                bar,
                bar.add_task("training", total=total, completed=self.run.step, note=""),
            )

    def _steps(self, batches: Any, bar: Progress, task: TaskID) -> None:
        run, settings = self.run, self.settings
        began, saved = time.monotonic() - run.seconds, time.monotonic()
        while run.step < settings.steps and not self._ends():
            self._recent.append(run.advance(self.objective, batches, self.teacher))
            run.seconds = self._agreed(time.monotonic() - began)
            if run.step % settings.every == 0 or run.step == settings.steps:
                self._watch()
            if run.step % 10 == 0:
                bar.update(task, note=_note(self._recent[-10:] or self._recent))
            bar.update(task, completed=run.step)
            if time.monotonic() - saved > 60 * self.job.save_minutes:
                self._store()
                saved = time.monotonic()

    def _ends(self) -> bool:
        """Whether a signal has come, or time is over: in any process, so that all stop at the same step."""
        return self.processes.any(bool(self._stop.signum) or self.run.progress >= 1.0)

    def _agreed(self, seconds: float) -> float:
        """The same time in all processes where the learning rate depends on it."""
        return self.processes.most(seconds) if self.settings.minutes else seconds

    def _watch(self) -> None:
        """Measure the averaged weights on held-out images; log them beside the steps' means."""
        run = self.run
        values = Measures(0.0, 0.0, 0.0)
        if self.processes.first:
            if self._watched:
                values = measure(run.averaged, self._watched, self.settings.lmbda)
            self._log(_mean(self._recent), values)
        run.watched(self.processes.most(values.loss))
        self._recent.clear()

    def _log(self, row: Row, values: Measures) -> None:
        measured = dict(zip(WATCHED, asdict(values).values(), strict=True))
        numbers = {k: float(f"{v:.5g}") for k, v in (asdict(row) | measured).items()}
        line = {"step": self.run.step, "seconds": round(self.run.seconds), **numbers}
        fresh = not self.job.log.exists() or self.run.step <= self.settings.every
        try:
            with self.job.log.open("w" if fresh else "a", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, LOG_FIELDS)
                if fresh:
                    writer.writeheader()
                writer.writerow(line)
        except OSError as error:
            raise UserError(f"{self.job.log}: cannot write: {error.strerror}") from error
        self._say(
            f"step {self.run.step} {round(self.run.seconds)} s: {_note([row])}; "
            f"held out: loss {values.loss:.4f} bpp {values.bpp:.4f} PSNR {values.psnr:.2f}"
        )

    def _store(self) -> None:
        """Write the state and the student."""
        if not self.processes.first:
            return
        save(self.run.state(), self.job.state)
        settings = self.settings
        training: dict[str, object] = {
            "tool": settings.tool,
            "steps": self.run.step,
            "seconds": round(self.run.seconds),
            "data": f"{len(self.job.photographs)} photographs",
            "hardware": _hardware(self.processes, settings),
            "seed": settings.seed,
            "batch": settings.batch * settings.processes,
            "crop": settings.crop,
            "lr": settings.lr,
            "schedule": settings.schedule,
            "start": settings.start,
            **dict(self.job.told),
        }
        write_student(self.run.averaged, settings.lmbda, training, self.job.output)


def _mean(rows: Sequence[Row]) -> Row:
    """The mean of each value."""
    columns = zip(*(asdict(row).values() for row in rows), strict=True)
    return Row(*(sum(column) / len(rows) for column in columns))


def _note(rows: Sequence[Row]) -> str:
    if not rows:
        return ""
    row = _mean(rows)
    return f"loss {row.loss:.4f} bpp {row.bpp:.4f} PSNR {row.psnr:.2f}"


def skipped_note(photographs: Photographs) -> str:
    """One line on the files that were left out."""
    path, reason = next(iter(photographs.skipped.items()))
    return f"warning: {len(photographs.skipped)} images skipped: {path.name} {reason}, ..."
