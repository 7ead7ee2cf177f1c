# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes `hls/` and `weights/` of a build from a module of `hls.design` ops."""

from __future__ import annotations

import hashlib
import importlib.resources
import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from torch_mlir import ir

from licc.errors import UserError
from licc.interp import hls
from licc.schedule import stripes
from licc.target.emit.golden import sums_of, tensor_bytes
from licc.target.emit.printer import print_design, print_testbench, print_timed, render
from licc.target.emit.reader import view_of
from licc.target.emit.view import BEAT_BYTES, Design, EmitError, Memory, has_sums

__all__ = [
    "EmitOptions",
    "golden_input",
    "memory_bytes",
    "parameter_files",
    "print_library",
    "sources_hash",
    "views_of",
    "write_build",
]

Values = npt.NDArray[np.int64]
# The golden input of a design by name, given the results of the designs before it; None: it has none.
# All are whole: those of a striped design before they are cut, and stitched.
Feed = Callable[[str, Mapping[str, Values]], Values | None]


@dataclass(frozen=True)
class EmitOptions:
    """What emission needs beside the IR.

    Attributes:
        feed: makes the input of a design [channels, frames * height, width], as stored integers, from
            what the designs before it gave; a design without one gets its image from `golden_image`, or a
            fixed pattern.
        golden_image: image file for the designs that read an image; None is the embedded one, repeated.
            Cropped or edge-replicated to the frame.
        part: the part that Vitis is told.
        frames: golden images of each design, one after another; a striped design has `count` frames for
            each.
    """

    feed: Feed | None = None
    golden_image: Path | None = None
    part: str = "xczu9eg-ffvb1156-2-e"
    frames: int = 1


def write_build(
    module: ir.Module, out: Path, options: EmitOptions | None = None
) -> list[tuple[ir.Operation, Design]]:
    """Write `out/hls` and `out/weights`; the designs, with their views.

    Raises:
        UserError: the golden image cannot be read.
        EmitError: an op that the printer does not know; nothing was written then.
    """
    options = options or EmitOptions()
    designs = views_of(module)
    files = _sources([design for _, design in designs], options)
    for path, text in files.items():
        _write(out / "hls" / path, text.encode())
    _write_parameters([design for _, design in designs], out / "weights")
    _write_golden(designs, out / "hls" / "golden", options)
    return designs


def views_of(module: ir.Module) -> list[tuple[ir.Operation, Design]]:
    """The designs of a module with their views; EmitError for any other op."""
    operations = [op.operation for op in module.body.operations]
    for op in operations:
        if op.name != "hls.design":
            raise EmitError(f"{op.location}: '{op.name}' op is unknown to the printer")
    return [(op, view_of(op)) for op in operations]


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _sources(designs: list[Design], options: EmitOptions) -> dict[str, str]:
    files: dict[str, str] = {}
    for design in designs:
        header, source = print_design(design)
        files[f"{design.name}.hpp"] = header
        files[f"{design.name}.cpp"] = source
        files[f"hls_config_{design.name}.cfg"] = render(
            "hls_config.cfg.j2", design=design, designs=designs, part=options.part
        )
    files["csim.cpp"] = print_library(designs)
    files["tb.cpp"] = print_testbench(designs)
    files["tb_timed.cpp"] = print_timed(designs)
    files["Makefile"] = render("Makefile.j2", designs=designs)
    files["run_hls.tcl"] = render("run_hls.tcl.j2", designs=designs, part=options.part)
    for name in (
        "licc_hls.hpp",
        "licc_testbench.hpp",
        "licc_timed.hpp",
        "timed/hls_stream.h",
        "csim/hls_stream.h",
    ):
        files[name] = _runtime(name)
    return files


def sources_hash(designs: Sequence[Design]) -> str:
    """16 hexadecimal digits: of the C++ of these designs, in any order, without the values of the parameters."""
    ordered = sorted(designs, key=lambda design: design.name)
    texts = [text for design in ordered for text in print_design(design)]
    return hashlib.sha256("".join(texts).encode()).hexdigest()[:16]


def print_library(designs: Sequence[Design]) -> str:
    """What the host's backend `csim` calls: one function a design, and of which sources they are."""
    return render("csim.cpp.j2", designs=designs, sources=sources_hash(designs))


def _runtime(name: str) -> str:
    """A file of runtime/hls, from the source tree (an editable install has a copy that ages) or installed."""
    packaged = importlib.resources.files("licc") / "runtime" / "hls" / name
    in_tree = Path(__file__).resolve().parents[3] / "runtime" / "hls" / name
    for file in (in_tree, packaged):
        if file.is_file():
            return file.read_text()
    raise FileNotFoundError(f"licc/runtime/hls/{name} is missing from the installation")


# --------------------------------------------------------------------------------------------------
# Parameters
# --------------------------------------------------------------------------------------------------
def parameter_files(designs: Sequence[Design]) -> tuple[dict[str, bytes], dict[str, Any]]:
    """The parameters of each design by name, as they lie in `weights/`, and what `manifest.json` says of them."""
    files: dict[str, bytes] = {}
    manifest: dict[str, Any] = {}
    for design in designs:
        parts = [
            (process.name, memory, memory_bytes(memory))
            for process in design.processes
            for memory in process.memories
        ]
        blob = b"".join(data for _, _, data in parts)
        files[design.name] = blob
        manifest[design.name] = _describe(f"{design.name}.bin", blob, parts)
    return files, manifest


def _write_parameters(designs: list[Design], folder: Path) -> None:
    files, manifest = parameter_files(designs)
    for name, blob in files.items():
        _write(folder / f"{name}.bin", blob)
    _write(folder / "manifest.json", (json.dumps(manifest, indent=1) + "\n").encode())


def _describe(name: str, blob: bytes, parts: list[tuple[str, Memory, bytes]]) -> dict[str, Any]:
    memories: list[dict[str, Any]] = []
    offset = 0
    for process, memory, data in parts:
        memories.append(
            {
                "process": process,
                "memory": memory.name,
                "offset": offset,
                "bytes": len(data),
                "words": memory.words,
                "lanes": memory.lanes,
                "element": memory.stored.removeprefix("std::").removesuffix("_t"),
                "crc32": f"{zlib.crc32(data):08x}",
            }
        )
        offset += len(data)
    return {
        "file": name,
        "bytes": len(blob),
        "crc32": f"{zlib.crc32(blob):08x}",
        "sha256": hashlib.sha256(blob).hexdigest(),
        "memories": memories,
    }


def memory_bytes(memory: Memory) -> bytes:
    """The image as it lies in the parameter file: little endian, every word filled up to a whole beat."""
    type_ = np.dtype(memory.stored.removeprefix("std::").removesuffix("_t")).newbyteorder("<")
    rows = memory.image.astype(type_)
    fill = memory.beats * BEAT_BYTES // memory.words - rows.shape[1] * type_.itemsize
    return np.pad(rows.view(np.uint8).reshape(memory.words, -1), ((0, 0), (0, fill))).tobytes()


# --------------------------------------------------------------------------------------------------
# Golden data
# --------------------------------------------------------------------------------------------------
def _write_golden(
    designs: list[tuple[ir.Operation, Design]], folder: Path, options: EmitOptions
) -> None:
    results: dict[str, Values] = {}
    for op, design in designs:
        striped = stripes.read(op)
        whole = golden_input(design, options, results, striped)
        images = np.split(whole, options.frames, axis=1)
        frames = [frame for image in images for frame in _cut(image, striped)]
        _write(folder / f"{design.name}.input.bin", tensor_bytes(_one_below(frames), design.source))
        sums: list[bytes] = []
        # Process after process: what all of them write at once would take gigabytes.
        for index, written in enumerate(zip(*(hls.stream(op, f) for f in frames), strict=True)):
            frames = [values for _, values in written]
            if has_sums(design, index):
                sums.append(sums_of(_one_below(frames)))
        count = len(frames) // options.frames
        stitched = [
            _stitched(frames[first : first + count], striped)
            for first in range(0, len(frames), count)
        ]
        results[design.name] = _one_below(stitched)
        _write(folder / f"{design.name}.output.bin", tensor_bytes(_one_below(frames), design.sink))
        _write(folder / f"{design.name}.sums", b"".join(sums))


def _cut(image: Values, striped: stripes.Stripes | None) -> list[Values]:
    return [image] if striped is None else stripes.cut(image, striped)


def _stitched(frames: Sequence[Values], striped: stripes.Stripes | None) -> Values:
    return frames[0] if striped is None else stripes.stitch(frames, striped)


def _one_below(frames: Sequence[Values]) -> Values:
    """Frames one after another in memory: an image of all of their rows."""
    return frames[0] if len(frames) == 1 else np.concatenate(frames, axis=1)


def golden_input(
    design: Design,
    options: EmitOptions,
    results: Mapping[str, Values],
    striped: stripes.Stripes | None = None,
) -> Values:
    """The golden input of `design`: fed from `results`, or the image, or a pattern of small integers.

    Of a striped design, before it is cut. Several images lie one below another.
    """
    channels, height, width = design.source.shape
    whole = width if striped is None else striped.input_width
    shape = (channels, height * options.frames, whole)
    fed = None if options.feed is None else options.feed(design.name, results)
    if fed is not None and fed.shape == shape:
        return fed
    if design.source.role == "image" and shape[0] == 3:
        return _image(options.golden_image, shape[1], shape[2])
    # Small, of both signs where the element has them, and without a period that divides a row.
    pattern = np.arange(np.prod(shape), dtype=np.int64).reshape(shape) * 7919 % 31
    return pattern - (0 if design.source.word.element.startswith("std::uint") else 15)


def _image(path: Path | None, height: int, width: int) -> Values:
    from PIL import Image, UnidentifiedImageError

    if path is None:
        return _embedded(height, width)
    try:
        with Image.open(path) as image:
            pixels = np.asarray(image.convert("RGB"), dtype=np.int64)
    except (OSError, UnidentifiedImageError) as error:
        raise UserError(f"{path}: cannot be read as an image; give a PNG or JPEG file") from error
    cropped = pixels[:height, :width]
    below, right = height - cropped.shape[0], width - cropped.shape[1]
    return np.moveaxis(np.pad(cropped, ((0, below), (0, right), (0, 0)), mode="edge"), -1, 0)


def _embedded(height: int, width: int) -> Values:
    """The embedded calibration images, repeated over the frame; without them a gradient."""
    from PIL import Image

    folder = importlib.resources.files("licc") / "data" / "calibration"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".png")), key=lambda f: f.name)
    with files[0].open("rb") as file, Image.open(file) as image:
        pixels = np.asarray(image.convert("RGB"), dtype=np.int64)
    down, across = -(-height // pixels.shape[0]), -(-width // pixels.shape[1])
    return np.moveaxis(np.tile(pixels, (down, across, 1))[:height, :width], -1, 0)
