# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The designs of a build as the host sees them, read from the `hls` module."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch_mlir import ir

from licc.schedule import stripes
from licc.schedule.check import SCHEDULE
from licc.schedule.stripes import Stripes
from licc.target.emit.view import Design, Port
from licc.target.emit.write import sources_hash

__all__ = ["VERSION", "Accelerator", "Image", "Kernel", "accelerator_of", "description"]

# Of host/accelerator.json: raised when a host of before could not read it.
VERSION = 1


@dataclass(frozen=True)
class Kernel:
    """A design as a kernel: what it is called with.

    Attributes:
        design: its view.
        striped: how an image becomes its frames; None where an image is one.
    """

    design: Design
    striped: Stripes | None

    @property
    def unit(self) -> str:
        """The name of its compute unit in the bitstream."""
        return f"{self.design.top}_1"

    @property
    def arguments(self) -> tuple[str, ...]:
        """The arguments of the top function, in order."""
        loads = ("parameters", "load") if self.design.loaded else ()
        return (self.design.source.name, self.design.sink.name, *loads, "frames")

    @property
    def memories(self) -> tuple[str, ...]:
        """Those of its arguments that are ports to memory."""
        return tuple(name for name in self.arguments if name not in ("load", "frames"))


@dataclass(frozen=True)
class Image:
    """What is in one bitstream: the kernels that share the board."""

    name: str
    kernels: tuple[Kernel, ...]

    @property
    def file(self) -> str:
        """The bitstream, in `vitis/`."""
        return f"{self.name}.xclbin"


@dataclass(frozen=True)
class Accelerator:
    """All designs of a build, by the bitstream that they are in."""

    images: tuple[Image, ...]

    @property
    def kernels(self) -> tuple[Kernel, ...]:
        """Those of all images."""
        return tuple(kernel for image in self.images for kernel in image.kernels)


def accelerator_of(module: ir.Module, views: Sequence[tuple[ir.Operation, Design]]) -> Accelerator:
    """The designs of an `hls` module.

    Args:
        module: its `lic.schedule` says which transforms share the board; without one, each has all of it.
        views: its designs, as `emit.views_of` gives them.
    """
    kernels = {design.name: Kernel(design, stripes.read(op)) for op, design in views}
    shared = _shared(module) or {name: (name,) for name in kernels}
    images = [
        Image(name, tuple(kernels[member] for member in members if member in kernels))
        for name, members in shared.items()
    ]
    return Accelerator(tuple(image for image in images if image.kernels))


def _shared(module: ir.Module) -> dict[str, tuple[str, ...]]:
    """What shares the board, by name, in the order of the schedule; empty without one."""
    attributes = module.operation.attributes
    if SCHEDULE not in attributes:
        return {}
    groups = {named.name: ir.DictAttr(named.attr) for named in ir.DictAttr(attributes[SCHEDULE])}
    return {
        name: tuple(ir.StringAttr(member).value for member in ir.ArrayAttr(group["transforms"]))
        for name, group in groups.items()
    }


# --------------------------------------------------------------------------------------------------
# host/accelerator.json
# --------------------------------------------------------------------------------------------------
def description(
    accelerator: Accelerator, parameters: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """What `host/accelerator.json` says.

    Args:
        accelerator: of the build.
        parameters: what `weights/manifest.json` says: file, bytes and checksums of each design's.
    """
    designs = [kernel.design for kernel in accelerator.kernels]
    return {
        "version": VERSION,
        "device": designs[0].device if designs else "",
        "clock_mhz": designs[0].clock_mhz if designs else 0,
        "sources": sources_hash(designs),
        "images": [
            {"file": image.file, "functions": [kernel.design.name for kernel in image.kernels]}
            for image in accelerator.images
        ],
        "kernels": [_kernel(each, parameters) for each in accelerator.kernels],
    }


def _kernel(kernel: Kernel, parameters: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    design, place = kernel.design, {name: i for i, name in enumerate(kernel.arguments)}
    said: dict[str, Any] = {
        "function": design.name,
        "kernel": design.top,
        "unit": kernel.unit,
        "input": {"argument": place[design.source.name], **_port(design.source)},
        "output": {"argument": place[design.sink.name], **_port(design.sink)},
        "frames": {"argument": place["frames"]},
        "stripes": None if kernel.striped is None else _stripes(kernel.striped),
        "parameters": None,
    }
    if design.loaded:
        file = parameters[design.name]
        said["parameters"] = {
            "argument": place["parameters"],
            "load": place["load"],
            "file": f"weights/{file['file']}",
            **{key: file[key] for key in ("bytes", "crc32", "sha256")},
        }
    return said


def _port(port: Port) -> dict[str, Any]:
    """Of one frame: a stripe's, where there are stripes. Dense, NHWC, little endian."""
    channels, height, width = port.shape
    return {
        "name": port.name,
        "height": height,
        "width": width,
        "channels": channels,
        "bytes": port.word.bytes,
        "signed": not port.word.element.startswith("std::uint"),
    }


def _stripes(striped: Stripes) -> dict[str, Any]:
    return {
        "input_width": striped.input_width,
        "output_width": striped.output_width,
        "input_offsets": list(striped.input_offsets),
        "output_offsets": list(striped.output_offsets),
        "crop": list(striped.crop),
    }
