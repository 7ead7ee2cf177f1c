# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Convolutions and matrix products that are exact on integers, by floating-point BLAS.

A double holds every integer below 2^53 and a float every one below 2^24, so a sum of products whose bound
`max|x| * max_o sum|w_o|` lies below that is exact in any order of summation: the narrower type that the
bound allows is taken. Where neither is enough, the weights are split into halves. Working memory is
bounded: windows are gathered in strips of output rows.
"""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from licc.interp.arith import Integers, RangeError

__all__ = ["correlate", "matmul", "scatter", "strips"]

Array = npt.NDArray[Any]
# Floating types, narrow first, and the magnitude below which they hold every integer.
_EXACT_TYPES = ((np.float32, 1 << 24), (np.float64, 1 << 53))
_HALF_BITS = 16
_STRIP_BYTES = 32 << 20
# What elementwise steps work on at a time: few enough to stay in a core's cache between steps.
_STRIP_ELEMENTS = 1 << 16


def strips(rows: int, columns: int) -> Iterator[slice]:
    """Slices of columns that cut [rows, columns] into pieces that stay in cache."""
    width = max(1, _STRIP_ELEMENTS // max(1, rows))
    return (slice(first, first + width) for first in range(0, columns, width))


def correlate(
    x: Array,
    weight: Array,
    offsets: tuple[Sequence[int], Sequence[int]],
    stride: tuple[int, int],
    size: tuple[int, int],
) -> Array:
    """`y[o, r, c] = sum w[o, i, j, k] * x[i, r * stride + offsets[0][j], c * stride + offsets[1][k]]`.

    What lies outside x is zero, and so is a sum of no taps. Floats give float32, integers exact int64.

    Args:
        x: [I, H, W].
        weight: [O, I, len(offsets[0]), len(offsets[1])].
        offsets: of each tap row and tap column; any integers.
        stride: rows and columns between neighbouring outputs.
        size: rows and columns of the result.

    Raises:
        RangeError: integers whose sums int64 does not hold.
    """
    if 0 in weight.shape:
        dtype = np.float32 if x.dtype.kind == "f" else np.int64
        return np.zeros((weight.shape[0], *size), dtype=dtype)
    if x.dtype.kind == "f":
        result = np.empty((weight.shape[0], *size), dtype=np.float32)
        return _correlate(x.astype(np.float32), weight, offsets, stride, result)
    exact = _exact_type(_bound(x, weight))
    if exact is not None:
        result = np.empty((weight.shape[0], *size), dtype=np.int64)
        return _correlate(x.astype(exact), weight, offsets, stride, result)
    high, low = _halves(x, weight)
    parts = [correlate(x, half, offsets, stride, size) for half in (high, low)]
    return (parts[0].astype(np.int64) << _HALF_BITS) + parts[1]


def scatter(
    x: Array,
    weight: Array,
    stride: tuple[int, int],
    padding: tuple[int, int],
    size: tuple[int, int],
) -> Array:
    """Transposed convolution by its definition: every input pixel adds its taps to the output.

    `y[o, r * stride - padding + j, c * stride - padding + k] += w[i, o, j, k] * x[i, r, c]`.

    Args:
        x: [I, H, W].
        weight: [I, O, KH, KW], as in torch.nn.ConvTranspose2d.
        stride: rows and columns.
        padding: rows and columns cut off at the top and left.
        size: rows and columns of the result.

    Raises:
        RangeError: integers whose sums int64 does not hold.
    """
    if x.dtype.kind != "f":
        _check_sums(x, np.swapaxes(weight, 0, 1))
    _, height, width = x.shape
    _, outputs, kh, kw = weight.shape
    # One product for all taps of some rows: [O, KH, KW, rows, W].
    taps = weight.transpose(1, 2, 3, 0).reshape(outputs * kh * kw, x.shape[0])
    strip = max(1, _STRIP_BYTES // max(1, taps.shape[0] * width * 8))
    full = np.zeros(
        (
            outputs,
            max((height - 1) * stride[0] + kh, padding[0] + size[0]),
            max((width - 1) * stride[1] + kw, padding[1] + size[1]),
        ),
        dtype=np.float32 if x.dtype.kind == "f" else np.int64,
    )
    for first in range(0, height, strip):
        count = min(strip, height - first)
        lines = x[:, first : first + count].reshape(x.shape[0], -1)
        parts = matmul(taps, lines).reshape(outputs, kh, kw, count, width)
        for j, k in itertools.product(range(kh), range(kw)):
            top = first * stride[0] + j
            rows = slice(top, top + (count - 1) * stride[0] + 1, stride[0])
            columns = slice(k, k + (width - 1) * stride[1] + 1, stride[1])
            full[:, rows, columns] += parts[:, j, k]
    return full[:, padding[0] : padding[0] + size[0], padding[1] : padding[1] + size[1]]


def matmul(a: Array, b: Array) -> Array:
    """`a @ b`: float32 for floats, exact int64 for integers.

    Raises:
        RangeError: integers whose sums int64 does not hold.
    """
    if b.dtype.kind == "f":
        return a.astype(np.float32) @ b.astype(np.float32)
    exact = _exact_type(_bound(b, a))
    if exact is not None:
        return (a.astype(exact) @ b.astype(exact)).astype(np.int64)
    high, low = _halves(b, a)
    return (matmul(high, b).astype(np.int64) << _HALF_BITS) + matmul(low, b)


def _exact_type(bound: int) -> type[np.floating[Any]] | None:
    return next((type_ for type_, limit in _EXACT_TYPES if bound < limit), None)


def _bound(x: Array, weight: Array) -> int:
    """The largest magnitude that any partial sum can reach."""
    if x.size == 0 or weight.size == 0:
        return 0
    # Python integers: the product must not wrap before it is compared.
    largest = max(abs(int(x.min())), abs(int(x.max())))
    rows = np.abs(weight.astype(np.float64)).reshape(weight.shape[0], -1).sum(axis=1)
    return largest * int(np.ceil(rows.max()))


def _check_sums(x: Array, weight: Array) -> None:
    if _bound(x, weight) >= 1 << 62:
        raise RangeError("a sum of products that 64 bits do not hold")


def _halves(x: Array, weight: Array) -> tuple[Integers, Integers]:
    """`weight = high * 2^16 + low`, low in [0, 2^16)."""
    _check_sums(x, weight)
    stored = weight.astype(np.int64)
    low = stored & ((1 << _HALF_BITS) - 1)
    if np.array_equal(low, stored):
        # Splitting again would not end: the activations are what is too wide.
        raise RangeError("a product of factors that are too wide to sum exactly")
    return stored >> _HALF_BITS, low


def _correlate(
    x: Array,
    weight: Array,
    offsets: tuple[Sequence[int], Sequence[int]],
    stride: tuple[int, int],
    result: Array,
) -> Array:
    """Fills and returns `result`; sums are of x's type, which holds them exactly if result's does."""
    channels, _, width = x.shape
    taps = weight.shape[2], weight.shape[3]
    outputs, rows, columns = result.shape
    kernel = weight.reshape(outputs, -1).astype(x.dtype)
    left = max(0, -min(offsets[1]))
    right = max(0, (columns - 1) * stride[1] + max(offsets[1]) - (width - 1))
    depth = channels * taps[0] * taps[1]
    strip = max(1, _STRIP_BYTES // max(1, depth * columns * x.itemsize))
    windows = np.empty((channels, *taps, min(strip, rows), columns), dtype=x.dtype)
    for first in range(0, rows, strip):
        count = min(strip, rows - first)
        block = windows[:, :, :, :count]
        for j, dy in enumerate(offsets[0]):
            _gather(x, block[:, j], first, dy, offsets[1], stride, (left, right))
        gathered = np.ascontiguousarray(block).reshape(depth, count * columns)
        result[:, first : first + count] = (kernel @ gathered).reshape(outputs, count, columns)
    return result


def _gather(
    x: Array,
    into: Array,
    first: int,
    dy: int,
    columns: Sequence[int],
    stride: tuple[int, int],
    pad: tuple[int, int],
) -> None:
    """One tap row of a strip: into[i, k, r, c], zero outside x."""
    count, width = into.shape[2], into.shape[3]
    source = (first + np.arange(count)) * stride[0] + dy
    inside = (source >= 0) & (source < x.shape[1])
    lines = np.zeros((x.shape[0], count, x.shape[2] + pad[0] + pad[1]), dtype=x.dtype)
    lines[:, inside, pad[0] : pad[0] + x.shape[2]] = x[:, source[inside]]
    for k, dx in enumerate(columns):
        start = pad[0] + dx
        into[:, k] = lines[:, :, start : start + (width - 1) * stride[1] + 1 : stride[1]]
