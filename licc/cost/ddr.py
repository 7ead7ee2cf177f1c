# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a design moves between DDR and the chip.

A frame is read once and written once, densely; parameters are read once a call, before the first frame.
Each of the three has an AXI master of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from licc.cost.geometry import Shape

# Input, output, parameters.
MASTERS = 3


@dataclass(frozen=True)
class Traffic:
    """Bytes of one design.

    Attributes:
        read: for each frame.
        written: for each frame.
        parameters: once.
    """

    read: int
    written: int
    parameters: int = 0

    def gbps(self, frames_a_second: float) -> float:
        """Gigabytes a second at that rate, without the parameters."""
        return (self.read + self.written) * frames_a_second / 1e9

    def share(self, frames_a_second: float, ddr_gbps: float) -> float:
        """Which part of a memory of `ddr_gbps` that is."""
        return self.gbps(frames_a_second) / ddr_gbps


def frame_bytes(shape: Shape, bits: int) -> int:
    """Bytes of channels x height x width values of 8, 16 or 32 bits."""
    channels, height, width = shape
    return channels * height * width * bits // 8


def traffic(
    source: Shape, source_bits: int, sink: Shape, sink_bits: int, parameters: int = 0
) -> Traffic:
    """Of a design that reads `source` and writes `sink`."""
    return Traffic(frame_bytes(source, source_bits), frame_bytes(sink, sink_bits), parameters)


def total(designs: Sequence[Traffic]) -> Traffic:
    """Of designs that run at the same rate at the same time."""
    return Traffic(
        sum(d.read for d in designs),
        sum(d.written for d in designs),
        sum(d.parameters for d in designs),
    )
