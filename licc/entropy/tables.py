# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The tables of an entropy model, as CompressAI stores them in a checkpoint, checked before use.

A table has a row of cumulative frequencies out of 2^16 for each index: of a channel (entropy bottleneck)
or of an entry of the scale table (Gaussian conditional). Row `i` says `cdfs[i][s] <= u < cdfs[i][s + 1]` for
symbol `s + offsets[i]`; its last symbol stands for all that lie outside, which the coder writes in plain.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from licc.entropy import compressai
from licc.ingress.architectures import ARCHITECTURES, candidates
from licc.ingress.checkpoint import Checkpoint, is_program, read_checkpoint

__all__ = ["TOTAL", "CdfTable", "EntropyModel", "EntropyModelError"]

Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float32]

TOTAL = 1 << 16
"""What the frequencies of a row add up to."""

MAX_ELEMENTS = 1 << 24
MAX_OFFSET = 1 << 20
BOTTLENECK = "entropy_bottleneck"
CONDITIONAL = "gaussian_conditional"

# CompressAI's own scale table (compressai.models.google.get_scale_table): for checkpoints without one.
SCALES_MIN, SCALES_MAX, SCALES_LEVELS = 0.11, 256, 64
SCALE_BOUND = 0.11


class EntropyModelError(ValueError):
    """A table that the coder must not be given; one line that names it."""


@dataclass(frozen=True)
class CdfTable:
    """Cumulative frequencies by index.

    Attributes:
        cdfs: int32 [indexes, width]; row i counts up to `lengths[i]`, zeros follow.
        lengths: int32 [indexes]: entries of each row, 0 and 2^16 included.
        offsets: int32 [indexes]: the symbol of the first entry.
    """

    cdfs: Ints
    lengths: Ints
    offsets: Ints

    @cached_property
    def rows(self) -> list[list[int]]:
        """The rows without what follows their ends."""
        return [row[:n].tolist() for row, n in zip(self.cdfs, self.lengths, strict=True)]

    @staticmethod
    def checked(name: str, cdfs: Any, lengths: Any, offsets: Any) -> CdfTable:
        """The table of three arrays of integers.

        Raises:
            EntropyModelError: a wrong shape, or a row that is not a cumulative distribution.
        """
        cdf = _integers(f"{name}._quantized_cdf", cdfs, 2)
        rows, width = cdf.shape
        if not 1 <= rows * width <= MAX_ELEMENTS:
            raise EntropyModelError(
                f"{name}._quantized_cdf: expected 1 to {MAX_ELEMENTS} entries, but got {rows}x{width}"
            )
        length = _integers(f"{name}._cdf_length", lengths, 1, rows)
        offset = _integers(f"{name}._offset", offsets, 1, rows)
        _check_rows(name, cdf, length)
        if np.any(np.abs(offset) > MAX_OFFSET):
            worst = int(np.argmax(np.abs(offset)))
            raise EntropyModelError(
                f"{name}._offset: expected at most {MAX_OFFSET} either way, but row {worst} has {offset[worst]}"
            )
        return CdfTable(*(part.astype(np.int32) for part in (cdf, length, offset)))


def _integers(name: str, values: Any, rank: int, rows: int | None = None) -> npt.NDArray[np.int64]:
    array = np.asarray(values)
    if array.dtype.kind not in "iu":
        raise EntropyModelError(f"{name}: expected integers, but got {array.dtype}")
    if array.ndim != rank or (rows is not None and array.shape[0] != rows):
        wanted = "rows and columns" if rank == 2 else f"{'' if rows is None else f'{rows} '}values"
        raise EntropyModelError(
            f"{name}: expected {wanted}, but got shape {'x'.join(map(str, array.shape)) or 'scalar'}"
        )
    return array.astype(np.int64)


def _check_rows(name: str, cdf: npt.NDArray[np.int64], length: npt.NDArray[np.int64]) -> None:
    """Every row starts at 0, rises in each step and ends at 2^16 where its length says."""
    width = cdf.shape[1]
    bad = np.flatnonzero((length < 3) | (length > width))
    if bad.size:
        row = int(bad[0])
        raise EntropyModelError(
            f"{name}._cdf_length: expected 3 to {width} entries, but row {row} has {length[row]}"
        )
    steps = np.diff(cdf, axis=1)
    inside = np.arange(width - 1) < (length - 1)[:, None]
    ends = cdf[np.arange(len(cdf)), length - 1]
    for wrong, what in (
        (cdf[:, 0] != 0, "does not start at 0"),
        (np.any(inside & (steps <= 0), axis=1), "does not rise in every step"),
        (ends != TOTAL, f"does not end at {TOTAL}"),
    ):
        rows = np.flatnonzero(wrong)
        if rows.size:
            raise EntropyModelError(f"{name}._quantized_cdf: row {int(rows[0])} {what}")


@dataclass(frozen=True)
class EntropyModel:
    """What encoder and decoder code symbols with; None for what the network does not have.

    Attributes:
        bottleneck: tables by channel, of z, or of y where there is no hyperprior.
        conditional: tables by entry of the scale table, of y.
        scale_table: float32, rising: the standard deviations that `conditional` was made for.
        scale_bound: scales below are taken for this one.
    """

    bottleneck: CdfTable | None = None
    conditional: CdfTable | None = None
    scale_table: Floats | None = None
    scale_bound: float = SCALE_BOUND

    @staticmethod
    def of(checkpoint: Checkpoint | Path | str) -> EntropyModel:
        """The entropy model of a checkpoint; nothing in the file is run.

        Tables that are missing or empty (a network saved before `update()`) are made by CompressAI
        from the distributions in the checkpoint.

        Raises:
            UserError: the file cannot be read, a table is wrong, or CompressAI is needed and missing.
        """
        if not isinstance(checkpoint, Checkpoint):
            path = Path(checkpoint)
            if is_program(path):
                return EntropyModel()  # torch.export's programs hold one transform and no tables
            checkpoint = read_checkpoint(path)
        try:
            return _entropy_model(checkpoint)
        except EntropyModelError as error:
            raise checkpoint.error(str(error)) from error


def _entropy_model(checkpoint: Checkpoint) -> EntropyModel:
    if not any(key.startswith(f"{BOTTLENECK}.") for key in checkpoint.tensors):
        return EntropyModel()
    bottleneck = _bottleneck(_state(checkpoint, BOTTLENECK))
    if not _has_hyperprior(checkpoint):
        return EntropyModel(bottleneck)
    state = _state(checkpoint, CONDITIONAL)
    table, bound = scale_table(checkpoint)
    return EntropyModel(bottleneck, _conditional(state, table, bound), table, bound)


def _state(checkpoint: Checkpoint, part: str) -> dict[str, Tensor]:
    prefix = f"{part}."
    return {
        key.removeprefix(prefix): value
        for key, value in checkpoint.tensors.items()
        if key.startswith(prefix)
    }


def _has_hyperprior(checkpoint: Checkpoint) -> bool:
    shapes = checkpoint.shapes
    if any(key.startswith((f"{CONDITIONAL}.", "h_a.", "h_s.")) for key in shapes):
        return True
    named = ARCHITECTURES.get(str(checkpoint.meta.get("architecture")))
    found = [named] if named is not None else candidates(shapes)
    return bool(found) and found[0].hyperprior


def _stored(state: Mapping[str, Tensor]) -> bool:
    """Whether `update()` was called before the network was saved."""
    names = ("_quantized_cdf", "_cdf_length", "_offset")
    return all(name in state and state[name].numel() > 0 for name in names)


def _read(name: str, state: Mapping[str, Any]) -> CdfTable:
    parts = (state[key] for key in ("_quantized_cdf", "_cdf_length", "_offset"))
    return CdfTable.checked(name, *(part.detach().cpu().numpy() for part in parts))


# --------------------------------------------------------------------------------------------------
# Entropy bottleneck
# --------------------------------------------------------------------------------------------------
def _bottleneck(state: Mapping[str, Tensor]) -> CdfTable:
    table = _read(BOTTLENECK, state) if _stored(state) else _made_bottleneck(state)
    channels = len(state["quantiles"]) if "quantiles" in state else len(table.cdfs)
    if len(table.cdfs) != channels:
        raise EntropyModelError(
            f"{BOTTLENECK}._quantized_cdf: expected {channels} rows, one a channel, "
            f"but got {len(table.cdfs)}"
        )
    return table


# Before its version 1.2 CompressAI called `matrices.0` `_matrix0`.
_OLD_NAMES = {"_matrix": "matrices", "_bias": "biases", "_factor": "factors"}


def new_key(key: str) -> str:
    """What CompressAI calls a tensor of an entropy bottleneck since its version 1.2."""
    return re.sub(r"^(_matrix|_bias|_factor)(\d+)$", lambda m: f"{_OLD_NAMES[m[1]]}.{m[2]}", key)


def _made_bottleneck(state: Mapping[str, Tensor]) -> CdfTable:
    """The tables that CompressAI's `EntropyBottleneck.update()` makes of the learned distributions."""
    tensors = {
        new_key(key): value
        for key, value in state.items()
        if key not in ("_quantized_cdf", "_cdf_length", "_offset")
    }
    if "quantiles" not in tensors or "matrices.0" not in tensors:
        raise EntropyModelError(
            f"{BOTTLENECK}: neither tables nor the distributions to make them of; "
            "call update() on the network before it is saved"
        )
    layers = sum(key.startswith("matrices.") for key in tensors)
    filters = tuple(len(tensors[f"matrices.{i}"][0]) for i in range(layers - 1))
    model = compressai.entropy_models().EntropyBottleneck(
        len(tensors["quantiles"]), filters=filters
    )
    try:
        missing, _ = model.load_state_dict(tensors, strict=False)
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1].strip()
        raise EntropyModelError(f"{BOTTLENECK}: {reason}") from error
    learned = [key for key in missing if re.match(r"matrices|biases|factors|quantiles", key)]
    if learned:
        raise EntropyModelError(f"{BOTTLENECK}.{learned[0]}: missing")
    with torch.no_grad():
        model.update()
    return _read(BOTTLENECK, model.state_dict())


# --------------------------------------------------------------------------------------------------
# Gaussian conditional
# --------------------------------------------------------------------------------------------------
def scale_table(checkpoint: Checkpoint) -> tuple[Floats, float]:
    """The scale table (float32, rising) and the scale bound: the checkpoint's, or CompressAI's own.

    Raises:
        EntropyModelError: it holds something that is no scale, or does not rise.
    """
    state = _state(checkpoint, CONDITIONAL)
    stored = state.get("scale_table")
    if stored is None or stored.numel() == 0:
        low, high = math.log(SCALES_MIN), math.log(SCALES_MAX)
        table = torch.exp(torch.linspace(low, high, SCALES_LEVELS)).numpy()
    else:
        table = stored.detach().cpu().to(torch.float32).numpy()
    bound = state.get("lower_bound_scale.bound", state.get("scale_bound"))
    value = SCALE_BOUND if bound is None or bound.numel() != 1 else float(bound)
    name = f"{CONDITIONAL}.scale_table"
    if table.ndim != 1 or not 1 <= len(table) <= 4096:
        raise EntropyModelError(f"{name}: expected 1 to 4096 values, but got shape {table.shape}")
    if not (np.all(np.isfinite(table)) and table[0] > 0.0 and np.all(np.diff(table) > 0.0)):
        raise EntropyModelError(f"{name}: expected positive scales, each above the one before it")
    if not 0.0 < value < math.inf:
        raise EntropyModelError(
            f"{CONDITIONAL}.scale_bound: expected a positive scale, got {value}"
        )
    return table, value


def _conditional(state: Mapping[str, Tensor], table: Floats, bound: float) -> CdfTable:
    if _stored(state):
        found = _read(CONDITIONAL, state)
    else:
        model = compressai.entropy_models().GaussianConditional(table.tolist(), scale_bound=bound)
        with torch.no_grad():
            model.update()
        found = _read(CONDITIONAL, model.state_dict())
    if len(found.cdfs) != len(table):
        raise EntropyModelError(
            f"{CONDITIONAL}._quantized_cdf: expected {len(table)} rows, one a scale, "
            f"but got {len(found.cdfs)}"
        )
    return found


def read_scale_table(checkpoint: Checkpoint) -> tuple[Floats, float] | None:
    """What `scale_table` says, for the IR; None for a network without a hyperprior.

    Raises:
        UserError: see `scale_table`.
    """
    if not _has_hyperprior(checkpoint):
        return None
    try:
        return scale_table(checkpoint)
    except EntropyModelError as error:
        raise checkpoint.error(str(error)) from error
