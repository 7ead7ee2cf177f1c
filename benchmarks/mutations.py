#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What becomes of damaged and forged streams: thousands of mutated ones through Codec.decode, outcomes counted.

    python benchmarks/mutations.py --build build --streams 10000

Streams of a build are mutated (flipped bits, cuts, insertions, pieces of others, forged lengths and sizes); most get
a right checksum afterwards, so that the entropy decoder sees them. A process of its own decodes them: where it
dies or stands still, that is counted too, and the next one goes on behind. The same seed gives the same streams;
`--show N` writes number N to standard output.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
from rich.console import Console
from rich.progress import Progress

HEADER, CRC_AT = 32, 28
EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "student_n32_0.025.pt"
# Less than a stride, whole strides, and some more.
SIZES = ((1, 1), (16, 32), (70, 45), (128, 96))
MAX_PIXELS = 1 << 18
MEMORY_BYTES = 4 << 30
HANG_SECONDS = 60
FORGED = 0.85  # of the streams have a right checksum
BAD = ("crash", "hang", "unexpected")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").partition("\n")[0],
        epilog=(__doc__ or "").partition("\n\n")[2],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--build", type=Path, help="build directory (one of examples/student_n32_0.025.pt)")
    add("--streams", type=int, default=10000, help="how many (10000)")
    add("--seed", type=int, default=0)
    add("--json", type=Path, help="write what was counted")
    add("--show", type=int, metavar="N", help="write stream N to standard output, and stop")
    add("--worker", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        build = given.build or built(Path(folder))
        if given.worker is not None:
            work(build, given.seed, range(given.worker, given.streams))
            return
        if given.show is not None:
            sys.stdout.buffer.write(mutated(streams_of(codec_of(build)), given.seed, given.show)[1])
            return
        counted = sweep(build, given.seed, given.streams)
    print(table(counted, given.streams))
    if given.json is not None:
        given.json.write_text(json.dumps(counted, indent=1) + "\n")
    if any(kind.startswith(BAD) for kind in counted):
        sys.exit(1)


def built(folder: Path) -> Path:
    licc = Path(sys.executable).parent / "licc"
    command = [licc, EXAMPLE, "-o", folder / "build", "--input", "128x192"]
    subprocess.run([*map(str, command)], check=True, stdout=subprocess.DEVNULL)
    return folder / "build"


def codec_of(build: Path) -> Any:
    from licc.runtime import Codec

    return Codec(build, threads=1, max_pixels=MAX_PIXELS)


# --------------------------------------------------------------------------------------------------
# Mutations
# --------------------------------------------------------------------------------------------------
def streams_of(codec: Any) -> list[bytes]:
    """Streams of smooth and of noisy images of several sizes, the same at any time."""
    drawn = np.random.default_rng(0)
    streams: list[bytes] = []
    for height, width in SIZES:
        rows, columns = np.mgrid[:height, :width]
        smooth = np.stack([rows, columns, rows + columns], axis=2) * 2 % 256
        noise = drawn.integers(0, 256, (height, width, 3))
        streams += [
            codec.encode(image.astype(np.uint8)) for image in (smooth, (smooth + noise) // 2)
        ]
    return streams


def mutated(streams: list[bytes], seed: int, number: int) -> tuple[int, bytes]:
    """Stream `number`, and of which it is a mutation."""
    source = random.Random(f"{seed} {number}")
    which = source.randrange(len(streams))
    stream = bytearray(streams[which])
    for _ in range(source.choice((1, 1, 1, 2, 4))):
        source.choice(MUTATIONS)(stream, source, streams)
    if source.random() < FORGED:
        forge(stream, source)
    return which, bytes(stream)


def place(stream: bytearray, source: random.Random) -> int:
    """Somewhere; in the header, of few bytes, more often than its size would have it."""
    if not stream:
        return 0
    return source.randrange(min(HEADER, len(stream)) if source.random() < 0.2 else len(stream))


def flip(stream: bytearray, source: random.Random, _: list[bytes]) -> None:
    for _again in range(source.choice((1, 1, 2, 8))):
        if stream:
            stream[place(stream, source)] ^= 1 << source.randrange(8)


def overwrite(stream: bytearray, source: random.Random, _: list[bytes]) -> None:
    at, count = place(stream, source), source.randrange(1, 17)
    fill = source.choice((b"\0", b"\xff", None))
    new = source.randbytes(count) if fill is None else fill * count
    stream[at : at + count] = new[: len(stream) - at]


def cut(stream: bytearray, source: random.Random, _: list[bytes]) -> None:
    del stream[place(stream, source) :]


def remove(stream: bytearray, source: random.Random, _: list[bytes]) -> None:
    at = place(stream, source)
    del stream[at : at + source.choice((1, 4, 8, 40))]


def insert(stream: bytearray, source: random.Random, _: list[bytes]) -> None:
    at = place(stream, source)
    stream[at:at] = source.randbytes(source.choice((1, 4, 8, 400)))


def splice(stream: bytearray, source: random.Random, streams: list[bytes]) -> None:
    """The strings of one stream behind the header of another."""
    stream[HEADER:] = source.choice(streams)[HEADER:]


def forge_size(stream: bytearray, source: random.Random, _: list[bytes]) -> None:
    """Height, width, and the strides of padding."""
    if len(stream) < HEADER:
        return
    sizes = (1, 15, 16, 17, 45, 64, 70, 96, 128, 500)
    if source.random() < 0.2:
        sizes = (0, 1, 16384, 16385, 65535)
    stream[16:20] = struct.pack("<2H", source.choice(sizes), source.choice(sizes))
    if source.random() < 0.3:
        stream[6:8] = bytes((source.choice((0, 1, 7, 255)), source.choice((0, 1, 7, 255))))


def forge_lengths(stream: bytearray, source: random.Random, _: list[bytes]) -> None:
    """Bytes of z and of y: another way to share what is there, or anything."""
    if len(stream) < HEADER:
        return
    there = len(stream) - HEADER
    z = source.choice((0, there, source.randrange(there + 1), 4 * source.randrange(there // 4 + 1)))
    lengths = (z, there - z) if source.random() < 0.8 else (source.getrandbits(32), 2**32 - 1)
    stream[20:28] = struct.pack("<2I", *lengths)


MUTATIONS: tuple[Callable[[bytearray, random.Random, list[bytes]], None], ...] = (
    flip,
    flip,
    overwrite,
    cut,
    remove,
    insert,
    splice,
    forge_size,
    forge_lengths,
)


def forge(stream: bytearray, source: random.Random) -> None:
    """Set the checksum right, and most often the lengths, as whoever means harm does."""
    if len(stream) < HEADER:
        return
    if source.random() < 0.9:
        there = len(stream) - HEADER
        z = min(struct.unpack_from("<I", stream, 20)[0], there)
        struct.pack_into("<2I", stream, 20, z, there - z)
    crc = zlib.crc32(stream[HEADER:], zlib.crc32(stream[:CRC_AT]))
    struct.pack_into("<I", stream, CRC_AT, crc)


# --------------------------------------------------------------------------------------------------
# Outcomes
# --------------------------------------------------------------------------------------------------
def work(build: Path, seed: int, numbers: range) -> None:
    """Decode mutated streams, and say on standard output what became of each."""
    import resource

    codec = codec_of(build)
    streams = streams_of(codec)
    pictures = [codec.decode(stream) for stream in streams]
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    print("ready", flush=True)
    for number in numbers:
        which, stream = mutated(streams, seed, number)
        print(outcome(codec, stream, pictures[which]), flush=True)


def outcome(codec: Any, stream: bytes, right: Any) -> str:
    from licc.errors import StreamError

    try:
        picture = codec.decode(stream)
    except StreamError as error:
        return "error: " + re.sub(r"[0-9a-f]{16}|\d+", "#", str(error))
    except Exception as error:  # noqa: BLE001
        return f"unexpected {type(error).__name__}: {error}".replace("\n", " ")
    if np.array_equal(picture, right):
        return "right picture"
    return "wrong picture" if picture.shape == right.shape else "wrong picture of another size"


def sweep(build: Path, seed: int, streams: int) -> dict[str, int]:
    """How often each outcome occurs; crashes and hangs are named with the number of the stream."""
    counted: Counter[str] = Counter()
    done = 0
    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("streams", total=streams)
        while done < streams:
            for kind in outcomes(build, seed, done, streams):
                named = f"{kind} (stream {done})" if kind.startswith(BAD) else kind
                counted[named] += 1
                done += 1
                bar.update(task, completed=done)
    return dict(counted.most_common())


def outcomes(build: Path, seed: int, first: int, streams: int) -> Iterator[str]:
    """Of stream `first` and those behind it, up to the last one or the end of the process."""
    command = [sys.executable, __file__, "--build", str(build), "--seed", str(seed)]
    command += ["--streams", str(streams), "--worker", str(first)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    left = streams - first
    try:
        if next_line(process.stdout) != "ready":
            sys.exit(f"error: {build}: its own streams are not decoded")
        while left:
            line = next_line(process.stdout)
            if line is None:
                process.kill()
                yield f"hang of {HANG_SECONDS} s"
                return
            if not line:
                code = process.wait()
                yield f"crash, {signal.Signals(-code).name if code < 0 else f'status {code}'}"
                return
            left -= 1
            yield line
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def next_line(stream: IO[bytes]) -> str | None:
    """A line without its end; empty at the end of the process, None where none comes in time."""
    line = b""
    while not line.endswith(b"\n"):
        ready, _, _ = select.select([stream], [], [], HANG_SECONDS)
        if not ready:
            return None
        byte = os.read(stream.fileno(), 1)
        if not byte:
            return ""
        line += byte
    return line.decode().rstrip("\n")


def table(counted: dict[str, int], streams: int) -> str:
    lines = [f"{streams} streams:", "", "| outcome | streams |", "|---|---|"]
    return "\n".join([*lines, *(f"| {kind} | {count} |" for kind, count in counted.items())])


if __name__ == "__main__":
    main()
