#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Pictures to bytes and back on every backend of a build: rate and PSNR, and whether all agree bit for bit.

    python benchmarks/agreement.py build/ kodak/*.png --csim 2 --interpreter 24 --command 6 "qemu-aarch64 -L SYSROOT picture"

The emulation codes every picture, and every frame of a .y4m, as RGB. The first N of them are also coded by the emitted HLS C++ (`--csim N`), by licc's
interpreter (`--interpreter N`) and by another build of the C++ example, such as one for aarch64 (`--command N
"PROGRAM ..."`, runtime/host/example). Each has to give the same stream, and the same picture of that stream. CompressAI's
strings are what the interpreter's streams are made of, so `--interpreter` is also a comparison with those.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import math
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from licc.evaluate.metrics import psnr
from licc.runtime import Codec, pictures
from licc.runtime.codec import host
from licc.runtime.interpreter import interpreter

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Way:
    """One way to code a picture, used on the first `count` pictures."""

    name: str
    count: int
    encode: Callable[[Pixels], bytes]
    decode: Callable[[bytes], Pixels]


@dataclass
class Row:
    """A picture."""

    name: str
    height: int
    width: int
    bpp: float
    psnr: float
    sha256: str
    agree: dict[str, bool] = field(default_factory=dict)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("build", type=Path)
    parser.add_argument("pictures", type=Path, nargs="+", help="or .y4m: each frame is one")
    parser.add_argument("--csim", type=int, default=0, metavar="N")
    parser.add_argument("--interpreter", type=int, default=0, metavar="N")
    parser.add_argument("--command", nargs=2, metavar=("N", "PROGRAM"))
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    codec = Codec(arguments.build)
    started = time.perf_counter()
    rows: list[Row] = []
    ways = list(other_ways(arguments))
    given = track(arguments.pictures, "coding", disable=not sys.stderr.isatty())
    for number, (name, image) in enumerate(images_of(given)):
        rows.append(measured(codec, name, image, [way for way in ways if number < way.count]))
        print_row(rows[-1])
    print_totals(rows, ways, time.perf_counter() - started)
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")
    return 0 if all(all(row.agree.values()) for row in rows) else 1


def images_of(paths: Iterable[Path]) -> Iterator[tuple[str, Pixels]]:
    """Pictures with their names; of a video, its frames."""
    for path in paths:
        if path.suffix != ".y4m":
            yield path.stem, pictures.read(path)
            continue
        reader = host().VideoReader.y4m(path)
        for number in itertools.count():
            if (frame := reader.read()) is None:
                break
            yield f"{path.stem}, frame {number}", frame


def other_ways(arguments: argparse.Namespace) -> list[Way]:
    """What the emulation is compared with."""
    ways: list[Way] = []
    if arguments.csim:
        csim = Codec(arguments.build, backend="csim")
        ways.append(Way("csim", arguments.csim, csim.encode, csim.decode))
    if arguments.interpreter:
        coder = interpreter(arguments.build)
        ways.append(
            Way("interpreter", arguments.interpreter, lambda x: coder.encode(x).data, coder.decode)
        )
    if arguments.command:
        count, words = arguments.command
        program = Program(shlex.split(words), arguments.build)
        ways.append(Way("command", int(count), program.encode, program.decode))
    return ways


@dataclass(frozen=True)
class Program:
    """The C++ example `picture`, perhaps of another processor."""

    words: list[str]
    build: Path

    def encode(self, image: Pixels) -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            source, stream = Path(folder, "in.ppm"), Path(folder, "out.lic")
            pictures.write(source, image)
            self._run("encode", source, stream)
            return stream.read_bytes()

    def decode(self, stream: bytes) -> Pixels:
        with tempfile.TemporaryDirectory() as folder:
            source, picture = Path(folder, "in.lic"), Path(folder, "out.ppm")
            source.write_bytes(stream)
            self._run("decode", source, picture)
            return pictures.read(picture)

    def _run(self, verb: str, source: Path, result: Path) -> None:
        words = [*self.words, verb, str(self.build), str(source), str(result)]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)


def measured(codec: Codec, name: str, image: Pixels, ways: list[Way]) -> Row:
    """A picture on the emulation, and whether the others agree with it."""
    stream = codec.encode(image)
    decoded = codec.decode(stream)
    row = Row(
        name,
        *image.shape[:2],
        8 * len(stream) / (image.shape[0] * image.shape[1]),
        psnr(decoded, image),
        hashlib.sha256(stream).hexdigest(),
    )
    for way in ways:
        row.agree[way.name] = way.encode(image) == stream and np.array_equal(
            way.decode(stream), decoded
        )
    return row


def print_row(row: Row) -> None:
    agreement = ", ".join(f"{k} {'equal' if v else 'DIFFERS'}" for k, v in row.agree.items())
    print(
        f"{row.name}: {row.height}x{row.width}, {row.bpp:.4f} bpp, {row.psnr:.2f} dB"
        + (f"; {agreement}" if agreement else ""),
        flush=True,
    )


def print_totals(rows: list[Row], ways: list[Way], seconds: float) -> None:
    """Means as the field reports them: of rates and of PSNRs, over pictures."""
    bpp = math.fsum(row.bpp for row in rows) / len(rows)
    decibels = math.fsum(row.psnr for row in rows) / len(rows)
    print(f"{len(rows)} pictures in {seconds:.0f} s: mean {bpp:.4f} bpp, {decibels:.2f} dB")
    for way in ways:
        asked = [row.agree[way.name] for row in rows if way.name in row.agree]
        print(f"{way.name}: {sum(asked)} of {len(asked)} pictures equal, stream and picture")


if __name__ == "__main__":
    sys.exit(main())
