# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random tables, and CompressAI's entropy models around tables of ours."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from support.compressai_import import compressai_models

from licc.entropy.tables import TOTAL, CdfTable


def entropy_models() -> Any:
    """`compressai.entropy_models`, or skip."""
    compressai_models()
    import compressai.entropy_models

    return compressai.entropy_models


def random_table(random: np.random.Generator, rows: int, longest: int = 40) -> CdfTable:
    """Rows of 1 to `longest` symbols with frequencies from one up to almost all."""
    lengths = random.integers(3, longest + 3, rows)
    cdfs = np.zeros((rows, int(lengths.max())), np.int64)
    for row, length in zip(cdfs, lengths, strict=True):
        skew = random.dirichlet(np.full(length - 1, random.choice([0.05, 1.0, 30.0])))
        frequencies = 1 + np.floor(skew * (TOTAL - length)).astype(np.int64)
        frequencies[random.integers(length - 1)] += TOTAL - frequencies.sum()
        row[1:length] = np.cumsum(frequencies)
    return CdfTable.checked("random", cdfs, lengths, random.integers(-30, 10, rows))


def random_symbols(
    random: np.random.Generator, table: CdfTable, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Symbols, one in ten of them outside their row, and indexes."""
    indexes = random.integers(0, len(table.lengths), count)
    symbols = table.offsets[indexes] + random.integers(0, table.lengths[indexes] - 2)
    outside = random.random(count) < 0.1
    far = random.integers(-5000, 5000, count) * random.choice([1, 100])
    return np.where(outside, far, symbols).astype(np.int64), indexes


def with_table(model: Any, table: CdfTable) -> Any:
    """`model`, an entropy model of CompressAI, coding with `table`."""
    model._quantized_cdf = torch.from_numpy(table.cdfs.copy())
    model._cdf_length = torch.from_numpy(table.lengths.copy())
    model._offset = torch.from_numpy(table.offsets.copy())
    return model
