# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Memory images: parameters in the order and the lanes in which the hardware reads them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from licc.cost.cycles import ceil_div
from licc.cost.folding import Folding
from licc.cost.geometry import ConvGeometry

Array = NDArray[Any]


def conv_weights(weight: Array, geometry: ConvGeometry, folding: Folding) -> Array:
    """The words of a MAC array's weights.

    Phases one after another, row phases outermost; in a phase: blocks of outputs, of tap rows, of tap
    columns, of inputs. A word is [oc][kh][kw][ic], zero where a block reaches beyond the weights.

    Args:
        weight: [O, I, KH, KW].
        geometry: which kernel rows and columns belong to which phase.
        folding: the sizes of the blocks.

    Returns:
        [words, oc * kh * kw * ic], of weight's type.
    """
    parts = [
        _blocked(weight[:, :, list(rows)][:, :, :, list(columns)], folding)
        for rows in geometry.weight_rows
        for columns in geometry.weight_columns
    ]
    return np.concatenate(parts)


def _blocked(weight: Array, folding: Folding) -> Array:
    sizes = (folding.oc, folding.ic, folding.kh, folding.kw)
    counts = [ceil_div(extent, size) for extent, size in zip(weight.shape, sizes, strict=True)]
    padding = [
        (0, count * size - extent)
        for extent, count, size in zip(weight.shape, counts, sizes, strict=True)
    ]
    split = [number for pair in zip(counts, sizes, strict=True) for number in pair]
    blocks = np.pad(weight, padding).reshape(split)
    # Axes: O blocks, oc, I blocks, ic, row blocks, kh, column blocks, kw.
    words = blocks.transpose(0, 4, 6, 2, 1, 5, 7, 3)
    return np.ascontiguousarray(words).reshape(-1, int(np.prod(sizes)))


def gamma(values: Array, folding: Folding) -> Array:
    """GDN's gamma [C, C]: for each block of outputs, of inputs, a word [oc][ic]."""
    return _blocked(values[:, :, None, None], Folding(folding.oc, folding.ic))


def blocks(values: Array | Sequence[int], lanes: int, dtype: str) -> Array:
    """One value a channel: words of `lanes`, zero behind the last channel. Biases and betas."""
    spread = np.asarray(values, dtype=dtype).reshape(-1)
    words = ceil_div(spread.size, lanes)
    return np.pad(spread, (0, words * lanes - spread.size)).reshape(words, lanes)


def biases(values: Array, geometry: ConvGeometry, folding: Folding) -> Array:
    """The words of a MAC array's biases: `blocks`; of one for each phase, those of phase after phase.

    Args:
        values: [O] or [O * phases], phases innermost, row phases outermost.
        geometry: how many phases there are.
        folding: of the array.
    """
    phases = values.reshape(geometry.output[0], -1).T
    return np.concatenate([blocks(each, folding.oc, "int32") for each in phases])


def per_channel(values: Array | Sequence[int], channels: int, lanes: int, dtype: str) -> Array:
    """One value a channel (or one for all of them), in the words of a stream of `lanes`.

    A memory of `blocks`; for words of k pixels one word, all channels k times.
    """
    spread = np.broadcast_to(np.asarray(values, dtype=dtype).reshape(-1), (channels,))
    if lanes > channels:
        return np.tile(spread, lanes // channels)[None]
    return blocks(spread, lanes, dtype)
