# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes `host/` (the accelerator's description, a program to start from) and `vitis/` of a build."""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2
from torch_mlir import ir

from licc.target import device as devices
from licc.target.board.accelerator import Accelerator, Image, accelerator_of, description
from licc.target.emit.view import Design

__all__ = ["bank_of", "vitis_files", "write_build"]

# From a template to its place in the build.
_HOST = {"CMakeLists.txt": "host/CMakeLists.txt", "main.cpp": "host/main.cpp"}


def write_build(module: ir.Module, views: Sequence[tuple[ir.Operation, Design]], out: Path) -> None:
    """Write `out/host/accelerator.json`, the host's CMake project, and `out/vitis`.

    Args:
        module: the `hls` module.
        views: its designs, as `emit.write_build` gave them.
        out: the build; its `weights/manifest.json` is there already.
    """
    accelerator = accelerator_of(module, views)
    if not accelerator.kernels:
        return
    parameters = json.loads((out / "weights" / "manifest.json").read_text(encoding="utf-8"))
    said = json.dumps(description(accelerator, parameters), indent=1) + "\n"
    files = {"host/accelerator.json": said, **host_files(accelerator), **vitis_files(accelerator)}
    for path, text in files.items():
        (out / path).parent.mkdir(parents=True, exist_ok=True)
        (out / path).write_text(text, encoding="utf-8")


def host_files(accelerator: Accelerator) -> dict[str, str]:
    """A CMake project that finds the installed library, by path."""
    return {path: _render(f"{name}.j2", accelerator=accelerator) for name, path in _HOST.items()}


def vitis_files(accelerator: Accelerator) -> dict[str, str]:
    """What `vitis/` of a build holds, by path: link configurations, a Makefile, and what to do with them."""
    board = _board(accelerator)
    values = {"accelerator": accelerator, "board": board, "designs": accelerator.kernels}
    files = {
        f"vitis/link_{image.name}.cfg": _render(
            "link.cfg.j2", image=image, board=board, banks=_banks(image, board), **_clock(image)
        )
        for image in accelerator.images
    }
    files["vitis/Makefile"] = _render("Makefile.j2", **values)
    files["vitis/README.md"] = _render("README.md.j2", **values, banks=_banks, clock=_clock)
    return files


def _board(accelerator: Accelerator) -> devices.Device:
    return devices.load(accelerator.kernels[0].design.device)


def _clock(image: Image) -> dict[str, int]:
    return {"clock_mhz": image.kernels[0].design.clock_mhz}


def _banks(image: Image, board: devices.Device) -> dict[tuple[str, str], str]:
    """The bank that each port to memory is connected to, by compute unit and argument.

    Images and latents, which stream, go round the banks first; parameters, which are read once, follow.
    """
    streams = [(kernel.unit, name) for kernel in image.kernels for name in kernel.memories[:2]]
    others = [(kernel.unit, name) for kernel in image.kernels for name in kernel.memories[2:]]
    return {port: bank_of(board, i) for i, port in enumerate((*streams, *others))}


def bank_of(board: devices.Device, index: int) -> str:
    """The bank of the `index`-th port: round and round; "" where the platform's linker decides."""
    return board.banks[index % len(board.banks)] if board.banks else ""


@functools.cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("licc.target.board"),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701  (no HTML here)
    )


def _render(name: str, **values: Any) -> str:
    return _environment().get_template(name).render(values)
