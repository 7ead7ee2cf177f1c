# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`licc-train`: train a codec on photographs, from random weights or from those of a checkpoint."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from licc.driver.console import Parser, exit_status
from licc.train import options

if TYPE_CHECKING:
    from licc.train.processes import Processes

_EPILOG = """\
examples:
  licc-train --architecture bmshj2018-hyperprior --width 128 --latent 192 --lambda 0.013 --data photos/ -o teacher.pt
  licc-train --architecture bls2017-hyperprior --init bls2017.pt --lambda 0.025 --data photos/ -o teacher.pt
  torchrun --nproc-per-node 8 -m licc.train.main --width 128 --latent 192 --lambda 0.013 --data photos/ -o teacher.pt

A training that was interrupted goes on with the same command where it was, to the same weights.
"""

INTERRUPTED = "run again to go on where it stopped"
CONTINUED_LR = 1e-4
RANDOM_LR = 4e-4


def make_parser() -> argparse.ArgumentParser:
    """The command line of licc-train."""
    parser = Parser(
        prog="licc-train",
        description="Train a learned image codec: the teacher of licc-distill, or a small codec itself.",
        epilog=_EPILOG,
    )
    add = parser.add_argument
    add("--architecture", metavar="NAME", type=options.architecture,
        help="of the network (default: that of --init, else bmshj2018-hyperprior)")  # fmt: skip
    add("--width", metavar="N", type=options.whole("--width", 1),
        help="channels of the transforms (default: those of --init, else 128)")  # fmt: skip
    add("--latent", metavar="M", type=options.whole("--latent", 1),
        help="channels of the latent (default: those of --init, else 192)")  # fmt: skip
    add("--init", metavar="FILE", type=Path,
        help="checkpoint to start from; parts that it does not have are new")  # fmt: skip
    options.add_shared(
        parser, batch=16, steps=1_000_000, lr=f"{CONTINUED_LR:g} with --init, else {RANDOM_LR:g}"
    )
    return parser


def run_train(arguments: Sequence[str]) -> int:
    """The whole tool; the exit status. `UserError` holds what to print."""
    given = make_parser().parse_args(arguments)
    from licc.train import processes

    with processes.started(given.device) as together:
        _train(given, together)
    return 0


def _train(given: argparse.Namespace, together: Processes) -> None:
    import torch

    from licc.ingress.networks import recognise
    from licc.train import files, start
    from licc.train.data import Photographs
    from licc.train.loop import Job, Loop, keep_freed_memory
    from licc.train.settings import PLAIN

    files.check_apart(given.output, given.init)
    torch.set_num_threads(given.threads)
    keep_freed_memory()
    new: set[str] = set()
    told: dict[str, object] = {}
    if given.init is None:
        architecture = start.named(given.architecture or "bmshj2018-hyperprior")
        codec = start.fresh(architecture, given.width or 128, given.latent or 192, given.seed)
    else:
        checkpoint = start.read(given.init, None)
        found, n, m = recognise(checkpoint)
        architecture = start.named(given.architecture or found.name)
        n, m = given.width or n, given.latent or m
        codec, new = start.continued(checkpoint, architecture, n, m, given.seed)
        told["init"] = given.init.name
    photographs = Photographs(given.data, given.crop)
    start.check_crop(codec, given.crop)
    start.check_data(photographs, given.batch)
    settings = start.settings(
        given,
        tool="licc-train",
        codec=codec,
        photographs=photographs,
        weights=PLAIN,
        lr=RANDOM_LR if given.init is None else CONTINUED_LR,
        start="random" if given.init is None else "init",
        source="" if given.init is None else files.digest(given.init),
        processes=together.count,
    )
    job = Job(
        codec,
        settings,
        photographs,
        given.output,
        fresh=start.parameter_names(new),
        save_minutes=given.save_minutes,
        workers=given.workers,
        told=tuple(told.items()),
    )
    Loop(job, together)()


def entry() -> int:
    """The console script `licc-train`."""
    return exit_status(lambda: run_train(sys.argv[1:]), INTERRUPTED)


if __name__ == "__main__":
    sys.exit(entry())
