# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a user asks of `licc-dimension`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from licc.dimension.rate import Question
from licc.dimension.search import Widths

AUTO = "auto"
"""The role of students that both encode and decode, on a board each."""


@dataclass(frozen=True)
class Board:
    """A device and a size of images: one table."""

    target: str
    input: tuple[int, int]

    @property
    def title(self) -> str:
        """What tables call it."""
        height, width = self.input
        return f"{self.target}, {height}x{width}"


@dataclass(frozen=True)
class Request:
    """The command line, checked.

    Attributes:
        fps: rates to meet, ascending.
        inputs: sizes of images, height and width.
        targets: devices.
        role: AUTO, or one of licc.dimension.rate.ROLES.
        architecture: of licc.ingress.architectures.
        m: channels of the latent.
        precision: as spelled.
        policy_digest: see Question.
        clock_mhz: None for that of each device.
        widths: to choose from.
        cache: folder.
        jobs: schedules at once.
        json: file for the results, or None.
        plot: file for a drawing, or None.
    """

    fps: tuple[float, ...]
    inputs: tuple[tuple[int, int], ...]
    targets: tuple[str, ...]
    role: str
    architecture: str
    m: int
    precision: str
    policy_digest: str
    clock_mhz: int | None
    widths: Widths
    cache: Path
    jobs: int
    json: Path | None = None
    plot: Path | None = None

    @property
    def roles(self) -> tuple[str, ...]:
        """Those that are scheduled, each for a board of its own."""
        return ("encoder", "decoder") if self.role == AUTO else (self.role,)

    @property
    def boards(self) -> Iterator[Board]:
        """Every device with every size."""
        for target in self.targets:
            for size in self.inputs:
                yield Board(target, size)

    def question(self, board: Board, role: str, n: int) -> Question:
        """What to ask about a width."""
        return Question(
            self.architecture,
            n,
            self.m,
            self.precision,
            self.policy_digest,
            board.input,
            board.target,
            self.clock_mhz,
            role,
        )
