# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Calibration pictures that go through a function while it is being typed.

Each float op is run, and each typed op as it is made: typing sees what a layer really reads, and what it
should give.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch_mlir import ir

from licc.dialects.quantized import Quantized, quantized
from licc.interp import lic as interpreter

Floats = NDArray[np.float32]
Integers = NDArray[Any]


class Alongside:
    """Pictures at the front of typing. Values are dropped once no op is left that reads them."""

    def __init__(self, inputs: Sequence[Floats]) -> None:
        """Of the function's float inputs, 1xCxHxW each."""
        self._inputs = inputs
        self._floats: dict[ir.Value, Sequence[Floats]] = {}
        self._typed: dict[ir.Value, Sequence[Integers]] = {}
        self._left: dict[ir.Value, int] = {}

    def begin(self, old: ir.Value, new: ir.Value, kind: Quantized) -> None:
        """The arguments of the float and of the typed function."""
        self._floats[old] = self._inputs
        self._typed[new] = [_store(x, kind) for x in self._inputs]
        self._count(old)

    def run_float(self, op: ir.Operation) -> None:
        """Run an op of the float function."""
        if not len(op.results):
            return
        operands = [self._floats[value] for value in op.operands]
        self._floats[op.results[0]] = _run(op, operands, len(self._inputs))
        self._count(op.results[0])

    def run_typed(self, op: ir.Operation) -> None:
        """Run an op of the typed function."""
        kind = quantized(op.results[0].type)
        operands = [self._typed[value] for value in op.operands]
        found = _run(op, operands, len(self._inputs))
        self._typed[op.results[0]] = found if kind is None else _compact(found, kind)

    def read(self, op: ir.Operation) -> list[ir.Value]:
        """Count down the operands of a float op that is typed; those that nobody reads any more."""
        dead: list[ir.Value] = []
        for value in op.operands:
            self._left[value] -= 1
            if self._left[value] == 0:
                del self._floats[value]
                dead.append(value)
        return dead

    def drop(self, typed: ir.Value) -> None:
        """Forget a value of the typed function."""
        self._typed.pop(typed, None)

    def floats(self, value: ir.Value) -> Sequence[Floats]:
        """A value of the float function on each picture."""
        return self._floats[value]

    def integers(self, value: ir.Value) -> Sequence[Integers]:
        """A value of the typed function on each picture."""
        return self._typed[value]

    def _count(self, value: ir.Value) -> None:
        self._left[value] = sum(1 for _ in value.uses)


def _run(op: ir.Operation, operands: Sequence[Sequence[Any]], count: int) -> Sequence[Any]:
    if not operands:
        return [interpreter.run_op(op, [])] * count
    return [
        interpreter.run_op(op, [_wide(x) for x in each]) for each in zip(*operands, strict=True)
    ]


def _wide(x: NDArray[Any]) -> NDArray[Any]:
    return x if x.dtype.kind == "f" else x.astype(np.int64, copy=False)


def _compact(values: Sequence[NDArray[np.int64]], kind: Quantized) -> Sequence[Integers]:
    """In the narrowest storage; one array for all pictures stays one."""
    dtype = f"i{max(kind.bits // 8, 1) * (1 if kind.signed else 2)}"
    if all(x is values[0] for x in values):
        return [values[0].astype(dtype)] * len(values)
    return [x.astype(dtype) for x in values]


def _store(x: Floats, kind: Quantized) -> Integers:
    stored = np.clip(np.floor(x / np.float64(kind.scale) + 0.5), kind.lo, kind.hi)
    return stored.astype(np.int32)
