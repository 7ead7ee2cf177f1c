# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What `lic-codec` is given: pictures, video, streams and coded video; and where results go."""

from __future__ import annotations

import select
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

from licc.errors import UserError
from licc.runtime.pictures import READABLE

__all__ = [
    "CODED",
    "STANDARD",
    "STREAM",
    "VIDEO",
    "Kind",
    "Readable",
    "every",
    "expand",
    "kind_of",
    "targets",
]

STREAM, CODED = ".lic", ".lics"
VIDEO = frozenset({".y4m", ".yuv"})
STANDARD = Path("-")
"""Y4M on standard input or output."""

MAGIC: dict[bytes, Kind] = {b"LICC": "stream", b"LICS": "coded"}

Kind = Literal["picture", "video", "stream", "coded"]
T_co = TypeVar("T_co", covariant=True)


class Readable(Protocol[T_co]):
    """What is read item by item, until None."""

    def read(self) -> T_co | None:
        """The next item."""
        ...


def every(reader: Readable[T_co]) -> Iterator[T_co]:
    """All items of a reader."""
    while (item := reader.read()) is not None:
        yield item


def kind_of(path: Path) -> Kind:
    """What a file is: by its first bytes if licc wrote it, else by its name.

    Raises:
        UserError: it cannot be read.
    """
    if path == STANDARD:
        return "video"
    try:
        with path.open("rb") as file:
            start = file.read(4)
    except IsADirectoryError as error:
        raise UserError(f"{path}: is a folder; give a file") from error
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from error
    if start in MAGIC:
        return MAGIC[start]
    return "video" if path.suffix.lower() in VIDEO else "picture"


def expand(given: Iterable[Path], suffixes: Iterable[str] = READABLE) -> list[Path]:
    """Files as they are, folders as their files with one of the suffixes, by name.

    Raises:
        UserError: a folder has none of them, or something is not there.
    """
    found: list[Path] = []
    wanted = frozenset(suffixes)
    for path in given:
        if not path.is_dir():
            if path != STANDARD and not path.exists():
                raise UserError(f"{path}: no such file")
            found.append(path)
            continue
        inside = sorted(each for each in path.iterdir() if each.suffix.lower() in wanted)
        if not inside:
            raise UserError(f"{path}: no file of {' '.join(sorted(wanted))} in this folder")
        found += inside
    return found


@dataclass(frozen=True)
class Target:
    """A file to read, and the one to write."""

    source: Path
    path: Path


def targets(
    sources: Sequence[Path], given: Sequence[Path], output: Path, suffix: str
) -> list[Target]:
    """Where the result of each source goes: `output` itself for one file, else into the folder `output`.

    Args:
        sources: the files.
        given: what the user named: a folder of one file is still a folder.
        output: what `-o` says.
        suffix: of the files in a folder.

    Raises:
        UserError: two sources would have the same result, or the folder cannot be made.
    """
    one = len(sources) == 1 and not given[0].is_dir() and not output.is_dir()
    if one:
        return [Target(sources[0], output)]
    if output.suffix and not output.is_dir():
        raise UserError(f"-o {output}: {len(sources)} files go into a folder; give one")
    names: dict[str, Path] = {}
    for source in sources:
        if source.stem in names:
            raise UserError(f"{names[source.stem]}, {source}: both would be {source.stem}{suffix}")
        names[source.stem] = source
    make_folder(output)
    return [Target(source, output / f"{stem}{suffix}") for stem, source in names.items()]


def make_folder(path: Path) -> None:
    """Make a folder and those above it; `UserError` if that cannot be."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{path}: cannot write: {error.strerror}") from error


def video_reader(
    host: Any, path: Path, size: tuple[int, int] | None, rate: tuple[int, int] | None, bt709: bool
) -> Any:
    """A reader of Y4M (by content or name) or of raw YUV, whose size is given.

    Raises:
        UserError: the file is none of them, or raw without a size.
    """
    yuv = host.YuvFormat(bt709=bt709)
    if path.suffix.lower() != ".yuv":
        if size is not None or rate is not None:
            raise UserError(f"{path}: --size and --rate are for raw .yuv; a .y4m says them itself")
        if path == STANDARD:
            select.select(
                [sys.stdin.fileno()], [], []
            )  # Ctrl-C is heard here, and not in the library
        return host.VideoReader.y4m(path, yuv)
    if size is None:
        raise UserError(f"{path}: raw video does not say its size; give --size HxW")
    return host.VideoReader.raw(path, host.VideoFormat(size, rate or (25, 1), yuv))
