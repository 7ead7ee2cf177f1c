# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The options that `licc-train` and `licc-distill` share."""

from __future__ import annotations

import argparse
import math
import os
import re
from collections.abc import Callable
from pathlib import Path

from licc import __version__
from licc.errors import UserError
from licc.ingress.architectures import ARCHITECTURES
from licc.train.settings import SCHEDULES


def whole(option: str, least: int) -> Callable[[str], int]:
    """A reader of whole numbers from `least`."""

    def read(text: str) -> int:
        if not re.fullmatch(r"\d{1,9}", text, re.ASCII) or int(text) < least:
            raise UserError(f"{option} {text}: expected a whole number from {least}")
        return int(text)

    return read


def number(option: str, least: float = 0.0, above: bool = False) -> Callable[[str], float]:
    """A reader of finite numbers from `least`, or above it."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value) or value < least or (above and value == least):
            wanted = "above" if above else "from"
            raise UserError(f"{option} {text}: expected a number {wanted} {least:g}")
        return value

    return read


def architecture(text: str) -> str:
    """The name of a known architecture."""
    if text not in ARCHITECTURES:
        raise UserError(
            f"--architecture {text}: unknown architecture; known: {', '.join(ARCHITECTURES)}"
        )
    return text


def output(text: str) -> Path:
    """A file to write, whose folder exists."""
    path = Path(text)
    if path.suffix in ("", ".state", ".csv", ".partial"):
        raise UserError(f"-o {text}: expected a name such as student.pt")
    if path.is_dir() or not path.parent.is_dir():
        reason = "is a folder" if path.is_dir() else "its folder does not exist"
        raise UserError(f"-o {text}: {reason}")
    return path


def threads() -> int:
    """The cores that this process may use, shared with those that torchrun started beside it."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    return max(cores // int(os.environ.get("LOCAL_WORLD_SIZE", "1")), 1)


def add_shared(parser: argparse.ArgumentParser, batch: int, steps: int, lr: str) -> None:
    """Add what both tools take."""
    add = parser.add_argument
    add("--lambda", dest="lmbda", metavar="L", required=True, type=number("--lambda", above=True),
        help="weight of 255^2 MSE beside the bits a pixel; the higher, the better the images")  # fmt: skip
    add("--data", metavar="DIR", required=True, type=Path,
        help="folder of photographs, searched with all folders in it")  # fmt: skip
    add("-o", dest="output", metavar="FILE", required=True, type=output,
        help="the network, FILE.pt; the state to go on from and the log are beside it, .state and .csv")  # fmt: skip
    add("--steps", metavar="N", type=whole("--steps", 1), default=steps, help=f"default: {steps}")
    add("--minutes", metavar="T", type=number("--minutes"), default=0.0,
        help="shorten the schedule to this time; the result then depends on the machine")  # fmt: skip
    add("--batch", metavar="N", type=whole("--batch", 1), default=batch,
        help=f"images in a step of each process (default: {batch})")  # fmt: skip
    add("--crop", metavar="N", type=whole("--crop", 64), default=256,
        help="side of the training images (default: 256)")  # fmt: skip
    add("--lr", metavar="X", type=number("--lr", above=True),
        help=f"peak learning rate (default: {lr})")  # fmt: skip
    add("--schedule", choices=SCHEDULES, default="cosine",
        help="cosine to 1 %%; plateau: halved where the held-out loss stays (default: cosine)")  # fmt: skip
    add("--warm-up", metavar="N", type=whole("--warm-up", 0),
        help="steps of a rising learning rate; new parts train alone in them (default: 500 or a tenth)")  # fmt: skip
    add("--weight-decay", metavar="X", type=number("--weight-decay"), default=0.0,
        help="of AdamW, on kernels (default: 0)")  # fmt: skip
    add("--clip", metavar="X", type=number("--clip"), default=1.0,
        help="largest norm of the gradient; 0: any (default: 1)")  # fmt: skip
    add("--bf16", action="store_true", help="bfloat16 in the transforms for the first 90 %% of the steps")  # fmt: skip
    add("--seed", metavar="N", type=whole("--seed", 0), default=1, help="default: 1")
    add("--every", metavar="N", type=whole("--every", 1), default=500,
        help="steps between two rows of the log, with held-out images (default: 500)")  # fmt: skip
    add("--save-minutes", metavar="T", type=number("--save-minutes"), default=5.0,
        help="time between two saved states (default: 5)")  # fmt: skip
    add("--device", metavar="NAME", default="auto", help="cpu, cuda or cuda:N (default: a GPU if there is one)")  # fmt: skip
    add("--threads", metavar="N", type=whole("--threads", 1), default=threads(),
        help="of the CPU (default: all that are there)")  # fmt: skip
    add("--workers", metavar="N", type=whole("--workers", 1), default=1,
        help="threads that read images (default: 1)")  # fmt: skip
    add("--version", action="version", version=f"{parser.prog} {__version__}")


def warm_up(given: int | None, steps: int) -> int:
    """The steps of the warm-up."""
    return min(500, steps // 10) if given is None else given
