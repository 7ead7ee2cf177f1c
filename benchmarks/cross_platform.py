#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Scale indexes of a hyperprior as several legitimate float evaluations give them, and as integers do.

    python benchmarks/cross_platform.py examples/student_n32_0.025.pt DIR

Each evaluation runs in a process of its own, as another machine or another library version would compute
@h_s of the same symbols: oneDNN held to older instruction sets, torch's own kernels, another layout, other
precisions. An image is lost when the string that the first one wrote is not read back by another.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

Indexes = Mapping[str, Any]
OLD = {"ONEDNN_MAX_CPU_ISA": "SSE41", "OPENBLAS_CORETYPE": "Nehalem"}
AVX = {"ONEDNN_MAX_CPU_ISA": "AVX", "OPENBLAS_CORETYPE": "Sandybridge"}


@dataclass(frozen=True)
class Setting:
    """One way to evaluate @h_s in floats."""

    name: str
    way: str = ""
    environment: dict[str, str] = field(default_factory=dict)


SETTINGS = (
    Setting("float32, oneDNN as it chooses"),
    Setting("float32, oneDNN held to AVX", environment=AVX),
    Setting("float32, oneDNN held to SSE4.1", environment=OLD),
    Setting("float32, torch's own kernels", "native"),
    Setting("float32, channels last", "channels_last"),
    Setting("float64", "double"),
    Setting("float16", "half"),
    Setting("bfloat16", "bfloat16"),
)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("images", type=Path, help="folder of .png images")
    parser.add_argument("--worker", nargs=2, metavar=("WAY", "FOLDER"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        work(arguments.checkpoint, arguments.worker[0], Path(arguments.worker[1]))
        return
    with tempfile.TemporaryDirectory() as folder:
        symbols = prepare(arguments.checkpoint, arguments.images, Path(folder))
        found = [run(arguments, setting, Path(folder)) for setting in SETTINGS]
    print(f"{len(symbols)} images, {sum(y.size for y in symbols.values())} symbols of y")
    print(f"{'evaluation of h_s':32} {'indexes':>9} {'images':>7} {'lost':>5}   integers")
    for setting, (floats, integers) in zip(SETTINGS, found, strict=True):
        report(arguments.checkpoint, symbols, setting, found[0], floats, integers)


def prepare(checkpoint: Path, images: Path, folder: Path) -> dict[str, Any]:
    """Write the symbols of z and the typed module for the workers; the symbols of y by image."""
    from PIL import Image

    from licc.dialects import make_context
    from licc.entropy import Coder
    from licc.quantize.pipeline import float_module, typed_module

    floats = float_module(checkpoint, make_context())
    typed = typed_module(floats, "int8", max_images=4)
    (folder / "typed.mlir").write_text(str(typed))
    coders = {"float": Coder(floats, checkpoint), "typed": Coder(typed, checkpoint)}
    symbols: dict[str, Any] = {}
    z: dict[str, Any] = {}
    for path in sorted(images.glob("*.png")):
        with Image.open(path) as opened:
            image = np.asarray(opened.convert("RGB"))
        for name, coder in coders.items():
            coded = coder.analyse(image)
            z[f"{name} {path.stem}"] = coded.z
            if name == "float":
                symbols[path.stem] = coded.y
    np.savez(folder / "z.npz", **z)
    return symbols


def run(arguments: argparse.Namespace, setting: Setting, folder: Path) -> tuple[Indexes, Indexes]:
    """Indexes by image of one setting: of the float h_s and of the typed one."""
    command = [sys.executable, __file__, arguments.checkpoint, arguments.images]
    subprocess.run(
        [*map(str, command), "--worker", setting.way or "plain", str(folder)],
        check=True,
        env={**os.environ, **setting.environment},
    )
    with np.load(folder / "indexes.npz") as got:
        parts = [
            {k.split(" ")[1]: got[k] for k in got.files if k.startswith(name)}
            for name in ("float", "typed")
        ]
    return parts[0], parts[1]


def work(checkpoint: Path, way: str, folder: Path) -> None:
    """Evaluate both h_s in this process."""
    import torch
    from torch_mlir import ir

    from licc.dialects import make_context
    from licc.entropy import EntropyModel, thresholds
    from licc.ingress.checkpoint import read_checkpoint
    from licc.ingress.networks import build_network
    from licc.interp import lic

    network = build_network(read_checkpoint(checkpoint), (256, 256), ["h_s"])
    h_s: Any = network.functions[0].module
    model = EntropyModel.of(checkpoint)
    with make_context(), ir.Location.unknown():
        typed = ir.Module.parse((folder / "typed.mlir").read_text())
    limits = thresholds.read(typed)
    if model.scale_table is None or limits is None:
        sys.exit(f"error: {checkpoint}: has no hyperprior")
    kinds = {"double": torch.float64, "half": torch.float16, "bfloat16": torch.bfloat16}
    kind = kinds.get(way, torch.float32)
    layout = torch.channels_last if way == "channels_last" else torch.contiguous_format
    h_s = h_s.to(dtype=kind, memory_format=layout)
    torch._C._set_mkldnn_enabled(way != "native")
    found: dict[str, Any] = {}
    with np.load(folder / "z.npz") as z, torch.no_grad():
        for name in z.files:
            if name.startswith("typed"):
                found[name] = thresholds.indexes(lic.run(typed, "h_s", z[name][None])[0], limits)
                continue
            x = torch.from_numpy(z[name])[None].to(dtype=kind, memory_format=layout)
            scales = h_s(x)[0].float().numpy()
            bounded = np.maximum(scales, np.float32(model.scale_bound))
            found[name] = np.searchsorted(model.scale_table[:-1], bounded, side="left")
    np.savez(folder / "indexes.npz", **found)


def report(
    checkpoint: Path,
    symbols: Mapping[str, Any],
    setting: Setting,
    first: tuple[Indexes, Indexes],
    floats: Indexes,
    integers: Indexes,
) -> None:
    """One line: symbols whose index differs from the first evaluation's, images with one, images lost."""
    from licc.entropy import EntropyModel, StreamError, rans

    table = EntropyModel.of(checkpoint).conditional
    assert table is not None
    differing = {name: int((floats[name] != first[0][name]).sum()) for name in symbols}
    lost = 0
    for name, y in symbols.items():
        height, width = y.shape[1:]
        written, read = (side[name][:, :height, :width] for side in (first[0], floats))
        if not differing[name]:
            continue
        try:
            lost += not np.array_equal(rans.decode(rans.encode(y, written, table), read, table), y)
        except StreamError:
            lost += 1
    same = all(np.array_equal(integers[name], first[1][name]) for name in symbols)
    images = sum(count > 0 for count in differing.values())
    print(
        f"{setting.name:32} {sum(differing.values()):9} {images:7} {lost:5}   "
        f"{'identical' if same else 'DIFFERENT'}",
        flush=True,
    )


if __name__ == "__main__":
    main()
