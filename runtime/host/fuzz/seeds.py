#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Seeds for the fuzzing harnesses.

    python runtime/host/fuzz/seeds.py                 # corpus/container and corpus/entropy, as they are committed
    python runtime/host/fuzz/seeds.py --codec DIR     # DIR/build, a tiny build, and DIR/corpus, its streams

The harness of the whole codec needs a build: compiling one takes some seconds, and its streams are its own.
"""

from __future__ import annotations

import argparse
import random
import struct
import subprocess
import sys
import zlib
from pathlib import Path

from licc.entropy.container import Container, pack

HERE = Path(__file__).resolve().parent
NETWORKS = HERE.parents[2] / "test" / "unit" / "support" / "networks.py"
MODEL = bytes(range(8))
# Channels of the tiny network, and sizes of its images: less than a stride, one, some.
WIDTHS = 4, 6
SIZES = ((1, 1), (16, 16), (33, 50), (64, 64))


def main() -> None:
    """Write what the arguments ask for."""
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").partition("\n")[0],
        epilog=(__doc__ or "").partition("\n\n")[2],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--codec", type=Path, metavar="DIR", help="make a tiny build and its seeds")
    given = parser.parse_args()
    if given.codec is not None:
        make_codec(given.codec)
        return
    write(HERE / "corpus" / "container", container_seeds())
    write(HERE / "corpus" / "entropy", entropy_seeds(random.Random(0)))


def write(folder: Path, seeds: dict[str, bytes]) -> None:
    """Write seeds by name."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in seeds.items():
        (folder / name).write_bytes(data)
    print(f"{folder}: {len(seeds)} seeds, {sum(map(len, seeds.values()))} bytes")


def container_seeds() -> dict[str, bytes]:
    """Streams of each kind, and sequences whole, cut and without frames."""
    z, y = struct.pack("<2I", 0x80000000, 0), struct.pack("<3I", 0x12345678, 0x9ABC, 0xDEF0)
    frames = [pack(Container(2, MODEL, 48, 64, z, part)) for part in (y, y[:8], y + z)]
    head = sequence_head(48, 64)
    return {
        "plain": pack(Container(0, MODEL, 3, 5, b"", bytes(24))),
        "one_string": pack(Container(1, MODEL, 16384, 1, b"", y)),
        "two_strings": frames[0],
        "no_strings": pack(Container(2, MODEL, 1, 1, b"", b"")),
        "padded": padded(pack(Container(2, MODEL, 20, 20, z, y)), 3, 7),
        "sequence": head + b"".join(frames),
        "sequence_cut": (head + b"".join(frames))[:-5],
        "sequence_empty": head,
        "sequence_other_size": head + pack(Container(2, MODEL, 48, 80, z, y)),
    }


def padded(stream: bytes, below: int, right: int) -> bytes:
    """The stream with further strides of padding."""
    head = stream[:6] + bytes((below, right)) + stream[8:28]
    return head + struct.pack("<I", zlib.crc32(stream[32:], zlib.crc32(head))) + stream[32:]


def sequence_head(height: int, width: int) -> bytes:
    """The first 32 bytes of a sequence, 30000/1001 frames a second."""
    head = struct.pack("<4sBBH8sHHII", b"LICS", 1, 1, 0, MODEL, height, width, 30000, 1001)
    return head + struct.pack("<I", zlib.crc32(head))


def entropy_seeds(source: random.Random) -> dict[str, bytes]:
    """Bytes for each of the harness's modes: tables alone, symbols, strings."""
    seeds = {
        f"mode{mode}_{size}": bytes((mode,)) + source.randbytes(size)
        for mode in range(8)
        for size in (40, 300)
    }
    # One row of two entries, one plane, a string of nothing but the state that a writer begins with.
    table = bytes((0, 0, 0, 0, 0, 128, 5, 5))
    seeds["shortest"] = bytes((5,)) + table + bytes((0, 0, 0)) + struct.pack("<2I", 1 << 31, 0)
    return seeds


def make_codec(folder: Path) -> None:
    """A tiny build, and streams of images of several sizes."""
    import numpy as np

    from licc.runtime import Codec

    network, build, corpus = (folder / name for name in ("tiny.pt", "build", "corpus"))
    folder.mkdir(parents=True, exist_ok=True)
    shape = [*map(str, WIDTHS), "0"]
    command = [sys.executable, str(NETWORKS), "bmshj2018-hyperprior", *shape, str(network)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    licc = Path(sys.executable).parent / "licc"
    command = [str(licc), str(network), "-o", str(build), "--input", "64x64"]
    subprocess.run([*command, "--precision", "int8"], check=True, stdout=subprocess.DEVNULL)
    codec = Codec(build, threads=1)
    drawn = np.random.default_rng(0)
    images = {
        f"{height}x{width}": drawn.integers(0, 256, (height, width, 3), np.uint8)
        for height, width in SIZES
    }
    write(corpus, {name: codec.encode(image) for name, image in images.items()})
    print(f"LICC_FUZZ_BUILD={build} fuzz_codec {corpus}")


if __name__ == "__main__":
    main()
