# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`lic-tile`: the line buffer of each convolution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from licc.passes.registry import Pass, PassFailure, option

if TYPE_CHECKING:
    from torch_mlir import ir

    from licc.schedule.stages import Stage
    from licc.target.device import Device


@dataclass(frozen=True)
class LicTile(Pass):
    """Give each stage with a convolution its `tile = #lic.tile<stripe, rows>`.

    A stripe is as wide as the output for now. `rows` is what the line buffer holds: the rows that the taps
    of an output row span, and those that are filled while it is computed. A line buffer that is larger
    than all block RAM of the device is an error.
    """

    name: ClassVar[str] = "lic-tile"
    target: str = option("zcu102", "the device whose block RAM line buffers have to fit")

    def run(self, module: ir.Module) -> None:
        """Set the attribute on the stages of all functions."""
        from licc.schedule.stages import StageError, emit, read_transforms
        from licc.target.device import load

        device = load(self.target)
        with module.context:
            try:
                for transform in read_transforms(module):
                    for stage in transform.stages:
                        _tile(stage, device)
            except StageError as error:
                emit(error)
                raise PassFailure from error


def _tile(stage: Stage, device: Device) -> None:
    from licc.dialects.lic import TileAttr
    from licc.schedule.stages import StageError, i64

    for piece in stage.pieces:
        geometry: Any = piece.process.geometry
        if geometry is None:
            continue
        rows = geometry.least_rows
        channels, _, width = geometry.input
        bits = rows * width * channels * piece.process.in_bits
        available = device.usable.bram18 * 18 * 1024
        if bits > available:
            raise StageError(
                stage.op,
                f"layer '{stage.layer}': expected a line buffer of at most {available} bits on "
                f"{device.name}, but got {bits}: {rows} rows of {width} pixels of {channels} channels",
            )
        stage.op.attributes["tile"] = TileAttr.get(i64(geometry.output[2]), i64(rows))
