# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`lic-codec verify`: a backend against licc's interpreter, bit for bit, from the build alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from licc.errors import UserError
from licc.runtime import inputs, pictures
from licc.runtime.codec import Codec, host
from licc.runtime.inputs import STREAM
from licc.runtime.output import note, progress

if TYPE_CHECKING:
    from licc.entropy import Coder

__all__ = ["verify"]

Pixels = npt.NDArray[np.uint8]
# Of a codec, the interpreter's and a file: what differs, by what was compared.
Check = Callable[[Codec, "Coder", Path], dict[str, str]]


def verify(codec: Codec, build: Path, given: Sequence[Path]) -> int:
    """Hold pictures and streams to the interpreter; a line for each. The exit status: 1 if one differs.

    A stream is decoded by both. A picture is coded by both, and its stream decoded by both.

    Raises:
        UserError: the interpreter cannot be made of the build, or an input cannot be read.
    """
    from licc.runtime.interpreter import interpreter

    sources = inputs.expand(given, pictures.READABLE | {STREAM})
    reference = interpreter(build)
    differing = 0
    with progress("verifying", len(sources)) as advance:
        for path in sources:
            kind = inputs.kind_of(path)
            if kind not in ("picture", "stream"):
                raise UserError(f"{path}: verify takes pictures and streams (.lic)")
            found = _checked(_picture if kind == "picture" else _stream, codec, reference, path)
            differing += any(found.values())
            print(
                f"{path}: " + "; ".join(f"{k} {v or 'identical'}" for k, v in found.items()),
                flush=True,
            )
            advance()
    total = f"{len(sources)} file{'s' if len(sources) != 1 else ''}"
    print(f"{total}, {differing} with differences: {codec.backend} against the interpreter")
    return 1 if differing else 0


def _checked(check: Check, codec: Codec, reference: Coder, path: Path) -> dict[str, str]:
    """What a check finds; its errors begin with the name of the file."""
    try:
        return check(codec, reference, path)
    except UserError as error:
        if str(error).startswith(f"{path}:"):
            raise
        raise type(error)(f"{path}: {error}") from error


def _stream(codec: Codec, reference: Coder, path: Path) -> dict[str, str]:
    data = path.read_bytes()
    return {"picture": _difference(codec.decode(data), reference.decode(data))}


def _picture(codec: Codec, reference: Coder, path: Path) -> dict[str, str]:
    image = pictures.read(path)
    data = codec.encode(image)
    found = {"picture": _difference(codec.decode(data), reference.decode(data))}
    strings = _strings_differ(image, data, reference)
    return found if strings is None else {"strings": strings, **found}


def _strings_differ(image: Pixels, data: bytes, reference: Coder) -> str | None:
    """What is wrong with the strings of a picture; None where the interpreter cannot write any."""
    from licc.entropy.compressai import NotInstalledError

    held = host().describe_stream(data)
    padded = _padded(image, reference.stride, held["extra"])
    try:
        expected = reference.encode(padded).data
    except NotInstalledError as error:
        note(f"strings are not compared: {error}")
        return None
    other = host().describe_stream(expected)
    if (held["z"], held["y"]) != (other["z"], other["y"]):
        return f"of {held['z']} + {held['y']} bytes, expected {other['z']} + {other['y']}"
    length = held["z"] + held["y"]
    return "" if data[-length:] == expected[-length:] else "differ"


def _padded(image: Pixels, stride: tuple[int, int], extra: tuple[int, int]) -> Pixels:
    """The picture as its encoder padded it: by its edge, below and at the right."""
    pads = [
        (0, -length % step + more * step)
        for length, step, more in zip(image.shape[:2], stride, extra, strict=True)
    ]
    return np.pad(image, [*pads, (0, 0)], mode="edge")


def _difference(found: Pixels, expected: Pixels) -> str:
    """What differs between two pictures; empty where nothing does."""
    if found.shape != expected.shape:
        return f"of shape {found.shape}, expected {expected.shape}"
    wrong: Any = np.argwhere(found != expected)
    if not len(wrong):
        return ""
    row, column, channel = map(int, wrong[0])
    return (
        f"differs in {len(wrong):,} of {found.size:,} values, first at row {row}, column {column}, "
        f"channel {channel}: {found[row, column, channel]}, expected {expected[row, column, channel]}"
    )
