# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`licc-eval`: measure checkpoints on images, in floats and in the integers of one or more policies."""

from __future__ import annotations

import argparse
import re
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

from licc import __version__
from licc.driver.console import Parser, exit_status
from licc.driver.options import DEFAULT_INPUT
from licc.errors import UserError
from licc.evaluate.request import Request

DEFAULT_OUTPUT = Path("evaluation")

_EPILOG = """\
examples:
  licc-eval student.pt --images photos/ --precision int8 hybrid
  licc-eval q1.pt q2.pt q3.pt q4.pt --images photos/ --against bmshj2018-hyperprior
  licc-eval student.pt --images photos/ --precision my_policy.py:MyPolicy --target zcu102 --input 720x1280

A run that was interrupted goes on where it stopped: what is finished is in OUT/results.jsonl.
"""


def make_parser() -> argparse.ArgumentParser:
    """The command line of licc-eval."""
    parser = Parser(
        prog="licc-eval",
        description="Measure learned codecs on images: PSNR, MS-SSIM and rate, in floats and in integers.",
        epilog=_EPILOG,
    )
    add = parser.add_argument
    add("checkpoints", nargs="*", metavar="student.pt", help="several of a network form a curve")
    add("--images", metavar="DIR", help="images to evaluate on, of any sizes")
    add("--calibrate", metavar="DIR", help="images to calibrate with (default: an embedded set)")
    add(
        "--precision",
        nargs="+",
        action="extend",
        default=[],
        metavar="POLICY",
        help="NAME, NAME{option=value} or FILE.py:CLASS, or trained, one or more (default: trained where a "
        "checkpoint has scales of its own, hybrid where not)",
    )
    add("--target", metavar="NAME", help="predict images a second on this device")
    add("--input", metavar="HxW", help="image size for the prediction and the DSP cost")
    add(
        "--against",
        action="append",
        default=[],
        metavar="CURVE",
        help="a published curve, or FILE or FILE#PRECISION of another run (default: the published "
        "one of the network)",
    )
    add(
        "-o",
        dest="output",
        metavar="OUT",
        help=f"folder of the results (default: {DEFAULT_OUTPUT}/)",
    )
    add("--jobs", metavar="N", help="images at once; 1 works without Ray (default: one a core)")
    add("--list-curves", action="store_true", help="list the published curves and stop")
    add("--version", action="version", version=f"licc-eval {__version__}")
    return parser


def read_request(arguments: Sequence[str]) -> Request:
    """Check a command line; `UserError` names the argument at fault."""
    from licc.driver import main

    given = make_parser().parse_args(arguments)
    if not given.checkpoints:
        raise UserError("no checkpoint given; see licc-eval --help")
    if given.images is None:
        raise UserError("no images given: --images DIR; see licc-eval --help")
    if given.output == "":
        raise UserError("-o: expected a folder, but got ''")
    if given.jobs is not None and not re.fullmatch(r"0*[1-9]\d{0,4}", given.jobs, re.ASCII):
        raise UserError(f"--jobs {given.jobs}: expected a number from 1")
    return Request(
        checkpoints=tuple(map(Path, given.checkpoints)),
        images=Path(given.images),
        calibrate=main.existing("--calibrate", given.calibrate, directory=True),
        precisions=tuple(given.precision),
        target=None if given.target is None else main.target_name(given.target),
        input_hw=_input(given.input, given.target),
        against=tuple(given.against),
        output=Path(given.output) if given.output else DEFAULT_OUTPUT,
        jobs=None if given.jobs is None else int(given.jobs),
    )


def _input(text: str | None, target: str | None) -> tuple[int, int] | None:
    from licc.driver import main

    if text is not None:
        return main.input_size(text)
    return None if target is None else DEFAULT_INPUT


def run_eval(arguments: Sequence[str]) -> int:
    """The whole tool; the exit status. `UserError` holds what to print."""
    if "--list-curves" in arguments:
        from licc.evaluate.curves import published, read_curve

        for name in published():
            curve = read_curve(name)
            print(f"{name:30} {len(curve.points)} points on {curve.images}  {curve.source}")
        return 0
    from licc.evaluate.output import Progress, show
    from licc.evaluate.run import evaluate

    request = read_request(arguments)
    warnings.simplefilter("ignore")
    progress = Progress()
    with progress.running():
        summary = evaluate(request, progress)
    show(summary)
    frontier = ", frontier.png, frontier.svg" if summary.policies else ""
    print(f"{request.output}: results.json, rd.png, rd.svg{frontier}")
    return 0


def entry() -> int:
    """The console script `licc-eval`."""
    return exit_status(lambda: run_eval(sys.argv[1:]), "run again to go on where it stopped")


if __name__ == "__main__":
    sys.exit(entry())
