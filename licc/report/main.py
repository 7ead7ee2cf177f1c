# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`licc-report`: write the report of a build again, with what `make timed` has measured since."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from licc import __version__
from licc.driver import build_dir
from licc.driver.console import Parser, exit_status

_EPILOG = """\
example:
  licc student.pt -o build/
  make -C build/hls timed
  licc-report build/
"""


def make_parser() -> argparse.ArgumentParser:
    """The command line of licc-report."""
    parser = Parser(
        prog="licc-report",
        description="Write report.html, report.txt and report.json of a build again, with the timed "
        "simulation if hls/timed.json is there.",
        epilog=_EPILOG,
    )
    parser.add_argument(
        "build", nargs="?", default="build", metavar="BUILD", help="default: build/"
    )
    parser.add_argument("--version", action="version", version=f"licc-report {__version__}")
    return parser


def run_report(arguments: Sequence[str]) -> int:
    """The whole tool; the exit status. `UserError` holds what to print."""
    from licc.report.stored import TIMED, files, read_build

    build = Path(make_parser().parse_args(arguments).build)
    report = read_build(build)
    for name, text in files(report).items():
        build_dir.write_file(build / name, text)
    told = (
        f"with {build / TIMED}" if report.simulated else f"without simulation: no {build / TIMED}"
    )
    print(f"{build}: report.html, report.txt, report.json written, {told}")
    return 0


def entry() -> int:
    """The console script `licc-report`."""
    return exit_status(lambda: run_report(sys.argv[1:]), "a file is as before or whole")
