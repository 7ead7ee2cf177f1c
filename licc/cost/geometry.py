# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Which taps each output pixel of a convolution needs, and when its input rows arrive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

Shape = tuple[int, int, int]


@dataclass(frozen=True)
class Taps:
    """The taps of one phase of one axis: tap j lies at offset `first + j`, `count` of them."""

    first: int
    count: int


@dataclass(frozen=True)
class ConvGeometry:
    """A convolution (`upsample` 1) or a sub-pixel transposed convolution (`stride` 1).

    The output row oy belongs to phase oy mod upsample; its tap j lies on the input row
    `(oy // upsample) * stride + first + j`. Columns likewise.

    Attributes:
        input: channels, height and width.
        output: channels, height and width.
        rows: the taps of each row phase.
        columns: the taps of each column phase.
        weight_rows: for each row phase, the kernel rows of its taps in order.
        weight_columns: for each column phase, the kernel columns of its taps in order.
    """

    input: Shape
    output: Shape
    stride: int
    upsample: int
    rows: tuple[Taps, ...]
    columns: tuple[Taps, ...]
    weight_rows: tuple[tuple[int, ...], ...] = ()
    weight_columns: tuple[tuple[int, ...], ...] = ()

    @staticmethod
    def conv(
        input_: Shape, output: Shape, kernel: tuple[int, int], stride: int, padding: tuple[int, int]
    ) -> ConvGeometry:
        """Of `lic.conv2d`: taps ascend with the kernel's index, from `-padding`."""
        taps = [Taps(-p, k) for p, k in zip(padding, kernel, strict=True)]
        order = [(tuple(range(k)),) for k in kernel]
        return ConvGeometry(input_, output, stride, 1, (taps[0],), (taps[1],), order[0], order[1])

    @staticmethod
    def subpixel(
        input_: Shape, output: Shape, kernel: tuple[int, int], stride: int, padding: tuple[int, int]
    ) -> ConvGeometry:
        """Of `lic.subpixel_conv2d`: the kernel index descends while the offset ascends.

        Phase q uses the k with (q + p - k) mod s = 0, at offset (q + p - k) / s.
        """
        rows, weight_rows = _phases(kernel[0], stride, padding[0])
        columns, weight_columns = _phases(kernel[1], stride, padding[1])
        return ConvGeometry(input_, output, 1, stride, rows, columns, weight_rows, weight_columns)

    @cached_property
    def span(self) -> int:
        """Input rows from the first to the last that the taps of any phase of a row need."""
        return max(t.first + t.count for t in self.rows) - min(t.first for t in self.rows)

    @cached_property
    def least_rows(self) -> int:
        """Rows of the line buffer: the span, and those that are filled meanwhile.

        At the seam of two frames the first rows of the next one come in while the last row is computed.
        """
        base, phase = divmod(self.output[1] - 1, self.upsample)
        top = max(base * self.stride + self.rows[phase].first, 0)
        seam = self.input[1] - min(top, self.input[1]) + self.first_fill
        return max(self.span + self.stride, seam)

    def rows_wanted(self, output_row: int) -> int:
        """How many input rows, from the first, have to be there before `output_row` is computed."""
        base, phase = divmod(output_row, self.upsample)
        end = base * self.stride + self.rows[phase].first + self.rows[phase].count
        return min(max(end, 0), self.input[1])

    @property
    def first_fill(self) -> int:
        """Input rows that are read before the first output row."""
        return self.rows_wanted(0)

    @cached_property
    def fills(self) -> tuple[int, ...]:
        """Input rows that are read while each output row of a frame is computed.

        Those that the next row needs; during the last one, what is left of the input and the first rows of
        the next frame. Their sum is the input's height.
        """
        height, there, fills = self.output[1], self.first_fill, list[int]()
        for row in range(height):
            last = row + 1 == height
            wanted = self.input[1] + self.first_fill if last else self.rows_wanted(row + 1)
            fills.append(max(wanted - there, 0))
            there = max(there, wanted)
        return tuple(fills)

    @cached_property
    def row_kinds(self) -> tuple[tuple[int, int, int], ...]:
        """(row phase, input rows read meanwhile, how many output rows are so), in order of appearance."""
        kinds = Counter((row % self.upsample, fill) for row, fill in enumerate(self.fills))
        return tuple((phase, fill, count) for (phase, fill), count in kinds.items())

    @property
    def positions(self) -> int:
        """Positions in an output row: one output column for each column phase."""
        return -(-self.output[2] // self.upsample)

    def pixels_of_column_phase(self, phase: int) -> int:
        """Output columns x with x mod upsample = `phase`."""
        return -(-(self.output[2] - phase) // self.upsample)

    def phases(self) -> Iterator[tuple[int, int, Taps, Taps]]:
        """(row phase, column phase, row taps, column taps), row phases outermost."""
        for i, row in enumerate(self.rows):
            for j, column in enumerate(self.columns):
                yield i, j, row, column

    @property
    def macs(self) -> int:
        """Multiplications of one frame; those with padding count, those with padded lanes do not."""
        channels = self.input[0] * self.output[0]
        rows = [-(-(self.output[1] - i) // self.upsample) for i in range(self.upsample)]
        return channels * sum(
            rows[i] * self.pixels_of_column_phase(j) * row.count * column.count
            for i, j, row, column in self.phases()
        )


def _phases(
    kernel: int, stride: int, padding: int
) -> tuple[tuple[Taps, ...], tuple[tuple[int, ...], ...]]:
    taps: list[Taps] = []
    order: list[tuple[int, ...]] = []
    for phase in range(stride):
        indices = [k for k in reversed(range(kernel)) if (phase + padding - k) % stride == 0]
        taps.append(Taps((phase + padding - indices[0]) // stride, len(indices)))
        order.append(tuple(indices))
    return tuple(taps), tuple(order)
