# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`licc-dimension`: the widest student that meets a rate on a board."""

from __future__ import annotations

import argparse
import re
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

from licc import __version__
from licc.dimension.request import AUTO, Request
from licc.dimension.search import Widths
from licc.driver.console import Parser, exit_status
from licc.driver.options import DEFAULT_INPUT, DEFAULT_PRECISION, DEFAULT_TARGET
from licc.errors import UserError

DEFAULT_ARCHITECTURE = "bmshj2018-hyperprior"
# M of the students that the paper's group distils.
DEFAULT_LATENT = 192
DEFAULT_STEP, DEFAULT_MOST = 8, 256
LARGEST = 1024
KINDS = (".png", ".svg")

_EPILOG = """\
examples:
  licc-dimension --fps 60 --input 720x1280 --target zcu102
  licc-dimension --fps 30 60 120 --input 720x1280 1080x1920 --target zcu102 kv260 --jobs 4
  licc-dimension --fps 30 --role codec --architecture bls2017-hyperprior

All rates are predicted. Schedules are kept in a cache: a run that was interrupted goes on where it stopped.
"""


def make_parser() -> argparse.ArgumentParser:
    """The command line of licc-dimension."""
    parser = Parser(
        prog="licc-dimension",
        description="Find the widest student whose schedule meets a frame rate on a board.",
        epilog=_EPILOG,
    )
    add = parser.add_argument
    size = "{}x{}".format(*DEFAULT_INPUT)
    add("--fps", nargs="+", metavar="FPS", help="images a second to meet, one or more")
    add(
        "--input",
        nargs="+",
        default=[size],
        metavar="HxW",
        help=f"height and width of the images, one or more (default: {size})",
    )
    add(
        "--target",
        nargs="+",
        default=[DEFAULT_TARGET],
        metavar="NAME",
        help=f"devices, one or more (default: {DEFAULT_TARGET}); licc --list-targets lists them",
    )
    add(
        "--role",
        default=AUTO,
        choices=(AUTO, "encoder", "decoder", "codec"),
        help="what has to be that fast: auto, encoder and decoder on a board each; encoder or decoder alone; "
        "codec, both on one board",
    )
    add(
        "--latent",
        default=str(DEFAULT_LATENT),
        metavar="M",
        help=f"channels of the latent (default: {DEFAULT_LATENT})",
    )
    add(
        "--architecture",
        default=DEFAULT_ARCHITECTURE,
        metavar="A",
        help=f"of the network (default: {DEFAULT_ARCHITECTURE})",
    )
    add(
        "--precision",
        default=DEFAULT_PRECISION,
        metavar="POLICY",
        help=f"as of licc (default: {DEFAULT_PRECISION})",
    )
    add("--clock", metavar="MHZ", help="clock frequency (default: the target's)")
    add(
        "--step",
        default=str(DEFAULT_STEP),
        metavar="N",
        help=f"look at multiples of N (default: {DEFAULT_STEP})",
    )
    add(
        "--most",
        default=str(DEFAULT_MOST),
        metavar="N",
        help=f"look at no wider ones (default: {DEFAULT_MOST})",
    )
    add("--jobs", default="1", metavar="N", help="schedules at once (default: 1)")
    add("--cache", metavar="DIR", help="folder for schedules (default: ~/.cache/licc/dimension)")
    add("--json", metavar="FILE", help="write the results there too")
    add("--plot", metavar="FILE", help="draw rates over widths, as .png or .svg")
    add("--version", action="version", version=f"licc-dimension {__version__}")
    return parser


# --------------------------------------------------------------------------------------------------
# Options
# --------------------------------------------------------------------------------------------------
def read_request(arguments: Sequence[str]) -> Request:
    """Check a command line; `UserError` names the argument at fault."""
    from licc.dimension import store
    from licc.driver import main
    from licc.ingress.architectures import ARCHITECTURES

    given = make_parser().parse_args(arguments)
    if not given.fps:
        raise UserError("no rate given: --fps FPS; see licc-dimension --help")
    if given.architecture not in ARCHITECTURES:
        raise UserError(
            f"--architecture {given.architecture}: expected one of {', '.join(ARCHITECTURES)}"
        )
    step, most = _number("--step", given.step), _number("--most", given.most)
    if step > most:
        raise UserError(f"--step {step}: expected at most --most, which is {most}")
    return Request(
        fps=tuple(sorted({main.frame_rate(text) for text in given.fps})),
        inputs=tuple(dict.fromkeys(main.input_size(text) for text in given.input)),
        targets=tuple(dict.fromkeys(main.target_name(name) for name in given.target)),
        role=given.role,
        architecture=given.architecture,
        m=_number("--latent", given.latent),
        precision=given.precision,
        policy_digest=_policy_digest(given.precision),
        clock_mhz=_clock(given.clock, given.target),
        widths=Widths(step, most),
        cache=store.default_folder() if given.cache is None else Path(given.cache),
        jobs=_number("--jobs", given.jobs),
        json=None if given.json is None else Path(given.json),
        plot=_plot(given.plot),
    )


def _number(option: str, text: str) -> int:
    if not re.fullmatch(r"0*[1-9]\d{0,3}", text, re.ASCII) or int(text) > LARGEST:
        raise UserError(f"{option} {text}: expected a number from 1 to {LARGEST}")
    return int(text)


def _policy_digest(spelling: str) -> str:
    """Of a user's policy; UserError where there is no such one."""
    from licc.evaluate.variants import read_precisions

    found = [each for each in read_precisions([spelling]) if not each.is_float]
    if not found:
        raise UserError(f"--precision {spelling}: expected a policy of integers")
    return found[0].digest


def _clock(text: str | None, targets: Sequence[str]) -> int | None:
    from licc.driver import main
    from licc.target import device

    clock = main.clock(text)
    if clock is None:
        return None
    for name in targets:
        most = device.load(name).max_clock_mhz
        if clock > most:
            raise UserError(f"--clock {clock}: {name} runs at 1 to {most} MHz")
    return clock


def _plot(text: str | None) -> Path | None:
    if text is not None and Path(text).suffix not in KINDS:
        raise UserError(f"--plot {text}: expected a file ending in {' or '.join(KINDS)}")
    return None if text is None else Path(text)


# --------------------------------------------------------------------------------------------------
# Work
# --------------------------------------------------------------------------------------------------
def run_dimension(arguments: Sequence[str]) -> int:
    """The whole tool; the exit status: 1 where some rate is met by no width.

    Raises:
        UserError: what to print instead; where no rate is met by any width, that.
    """
    from licc.dimension import output
    from licc.dimension.run import dimension
    from licc.dimension.store import Store
    from licc.driver.build_dir import write_file

    request = read_request(arguments)
    warnings.simplefilter("ignore")
    progress = output.Progress()
    with progress.running():
        found = dimension(request, Store(request.cache), progress)
    if request.json is not None:
        write_file(request.json, output.as_json(request, found))
    if request.plot is not None:
        from licc.dimension.plot import draw

        write_file(request.plot, draw(request, found, request.plot.suffix))
    met = [n is not None for each in found for n in each.answers.values()]
    if not any(met):
        lines = [output.line(request, each, fps) for each in found for fps in request.fps]
        raise UserError("\nerror: ".join(lines))
    output.show(request, found)
    return 0 if all(met) else 1


def entry() -> int:
    """The console script `licc-dimension`."""
    return exit_status(lambda: run_dimension(sys.argv[1:]), "run again to go on where it stopped")


if __name__ == "__main__":
    sys.exit(entry())
