# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Searches for all boards and rates at once: what they ask for is scheduled, a few widths at a time."""

from __future__ import annotations

import math
import multiprocessing
import signal
import warnings
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

from licc.dimension import search
from licc.dimension.rate import Question, Rate, rate
from licc.dimension.request import Board, Request
from licc.dimension.store import Store
from licc.errors import UserError
from licc.target import device

Answer = Callable[[Question], Rate]
Task = tuple[Question, ...]
# Done so far, about how many are left, and what is being done.
Listener = Callable[[int, int, Sequence[str]], None]


@dataclass(frozen=True)
class Found:
    """What is known of a board.

    Attributes:
        board: the device and the size.
        rates: by width and role, all that was scheduled in this search.
        answers: by images a second that are asked for, the widest width that reaches them; None without.
    """

    board: Board
    rates: dict[int, dict[str, Rate]]
    answers: dict[float, int | None]


def dimension(request: Request, store: Store, listen: Listener, ask: Answer = rate) -> list[Found]:
    """The widest width for every board and rate.

    Args:
        request: what to look for.
        store: of what is known already.
        listen: is told how far it is.
        ask: schedules a width.

    Raises:
        UserError: a policy is at fault, the cache cannot be written, or a worker died.
    """
    boards = [_Board(request, board, store) for board in request.boards]
    done = 0
    with _workers(request.jobs, ask) as submit:
        running: dict[Future[list[Rate]], Task] = {}
        while True:
            missing = list(dict.fromkeys(q for board in boards for q in board.missing()))
            begun = {question for task in running.values() for question in task}
            waiting = list(_tasks(question for question in missing if question not in begun))
            for task in waiting[: request.jobs - len(running)]:
                running[submit(task)] = task
            left = max(sum(board.left() for board in boards), len(missing))
            listen(done, left, [question.label for task in running.values() for question in task])
            if not running:
                break
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                task = running.pop(future)
                for question, answer in zip(task, _result(future), strict=True):
                    store.add(question, answer)
                done += len(task)
    return [board.found() for board in boards]


def _tasks(questions: Iterable[Question]) -> Iterable[Task]:
    """Questions about one network, which is then made once."""
    found: dict[Question, list[Question]] = {}
    for question in questions:
        found.setdefault(replace(question, role="", target=""), []).append(question)
    return map(tuple, found.values())


def _result(future: Future[list[Rate]]) -> list[Rate]:
    try:
        return future.result()
    except BrokenProcessPool as error:
        raise UserError(
            "a worker was ended from outside, perhaps for its memory; give fewer --jobs"
        ) from error


class _Board:
    """The search on one board."""

    def __init__(self, request: Request, board: Board, store: Store) -> None:
        self.request, self.board, self.store = request, board, store
        part = device.load(board.target)
        clock = part.clock_mhz if request.clock_mhz is None else request.clock_mhz
        self.multiplications = 2.0 * part.usable.dsp * clock * 1e6
        self.asked: dict[int, None] = {}

    def missing(self) -> list[Question]:
        """What is to be scheduled next, without what is known.

        Nothing new is asked before all is answered, and a rate after the other: so what is asked does not depend on
        what an earlier run has left, nor on how many workers there are.
        """
        for fps in self.request.fps:
            while not (open_ := self._open()):
                wanted = search.ask(self.rates(), fps, self.request.widths, self._first(fps))
                if not wanted:
                    break
                self.asked |= dict.fromkeys(wanted)
            if open_:
                return open_
        return []

    def _open(self) -> list[Question]:
        """What was asked and is not answered."""
        questions = (
            self.request.question(self.board, role, n)
            for n in self.asked
            for role in self.request.roles
        )
        return [question for question in questions if self.store.get(question) is None]

    def _first(self, fps: float) -> int:
        transforms = 2 if self.request.role == "codec" else 1
        each = self.multiplications / math.prod(self.board.input) / transforms
        return search.guess(fps, self.request.m, each, self.request.widths)

    def left(self) -> int:
        """About how many schedules are to be made."""
        found = search.left(self.rates(), self.request.fps, self.request.widths)
        return found * len(self.request.roles)

    def _known(self, n: int) -> dict[str, Rate]:
        """By role; empty unless all are known."""
        found = {
            role: self.store.get(self.request.question(self.board, role, n))
            for role in self.request.roles
        }
        known = {role: each for role, each in found.items() if each is not None}
        return known if len(known) == len(found) else {}

    def rates(self) -> dict[int, float]:
        """By width, the rate of the slower role."""
        known = {n: self._known(n) for n in self.asked}
        return {n: min(r.fps for r in roles.values()) for n, roles in known.items() if roles}

    def found(self) -> Found:
        """What there is to say at the end."""
        known = self.rates()
        answers = {fps: search.answer(known, fps) for fps in self.request.fps}
        return Found(self.board, {n: self._known(n) for n in sorted(known)}, answers)


# --------------------------------------------------------------------------------------------------
# Workers
# --------------------------------------------------------------------------------------------------
@contextmanager
def _workers(jobs: int, ask: Answer) -> Generator[Callable[[Task], Future[list[Rate]]]]:
    """Something that answers questions, in this process or in `jobs` others."""
    if jobs == 1:
        yield lambda task: _here(ask, task)
        return
    # Not forked: MLIR and torch have threads, which a fork would lose.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(jobs, context, initializer=_prepare)
    try:
        yield lambda task: pool.submit(partial(_all, ask), task)
    except BaseException:
        # What is being scheduled is of no use any more, and may take minutes.
        for child in multiprocessing.active_children():
            child.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _all(ask: Answer, task: Task) -> list[Rate]:
    return [ask(question) for question in task]


def _here(ask: Answer, task: Task) -> Future[list[Rate]]:
    future: Future[list[Rate]] = Future()
    future.set_result(_all(ask, task))
    return future


def _prepare() -> None:
    """In a worker: who started it handles interruptions, and libraries keep their warnings."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore")
