# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Golden data for the testbench: the final output in full, every process as sums that name a position.

The sums are defined in runtime/hls/licc_testbench.hpp.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from licc.target.emit.view import Port

__all__ = ["sums_of", "tensor_bytes"]

Values = npt.NDArray[np.int64]
_Sums = npt.NDArray[np.uint32]


def tensor_bytes(values: Values, port: Port) -> bytes:
    """`values` [channels, height, width] as the bytes of a dense NHWC tensor of the port's element type."""
    type_ = np.dtype(port.word.element.removeprefix("std::").removesuffix("_t")).newbyteorder("<")
    return np.ascontiguousarray(np.moveaxis(values, 0, -1)).astype(type_).tobytes()


def sums_of(values: Values) -> bytes:
    """The sums of one process's output [channels, height, width]: rows, pixels, channels of rows."""
    channels, height, width = values.shape
    across = _hash(width)
    pixels = np.zeros((height, width), np.uint32)
    of_channels = np.empty((channels, height), np.uint32)
    # Channel by channel: no copy of the whole tensor is made.
    for channel, key in enumerate(_hash(channels)):
        plane = values[channel].astype(np.uint32)
        pixels += plane * key
        of_channels[channel] = (plane * across).sum(axis=1, dtype=np.uint32)
    rows = (pixels * across).sum(axis=1, dtype=np.uint32)
    return b"".join(
        (rows.astype("<u4").tobytes(), _upper(pixels).tobytes(), _upper(of_channels).tobytes())
    )


def _upper(sums: _Sums) -> npt.NDArray[np.uint16]:
    return (sums >> np.uint32(16)).astype("<u2")


def _hash(count: int) -> _Sums:
    """k(0) ... k(count - 1): odd, so that a wrong value always changes the sum."""
    h = np.arange(1, count + 1, dtype=np.uint64) * 0x9E3779B1 & 0xFFFFFFFF
    h = (h ^ (h >> 15)) * 0x85EBCA77 & 0xFFFFFFFF
    return ((h ^ (h >> 13)) | 1).astype(np.uint32)
