# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The codec of a build in licc's interpreter: what every backend is held to.

A build has all of it: `ir/30-typed.mlir` the ops and types, without long constants, `host/network.json` and
`host/network.bin` the constants, `weights/entropy.json` and `weights/entropy.bin` the tables. That they belong
together shows in the model: the hash of the module that they make is the one that streams carry.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from torch_mlir import ir

from licc.dialects import make_context
from licc.entropy.coder import Coder
from licc.entropy.tables import CdfTable, EntropyModel, EntropyModelError
from licc.errors import UserError
from licc.interp.narrow import is_narrow
from licc.quantize import facts

__all__ = ["interpreter"]

TYPED = "ir/30-typed.mlir"
NETWORK = "host/network.json"
TABLES = "weights/entropy.json"

# Which operands of an op are constants, and what host/network.json calls them.
_OPERANDS: Mapping[str, Mapping[int, str]] = {
    "lic.conv2d": {1: "weights", 2: "bias"},
    "lic.deconv2d": {1: "weights", 2: "bias"},
    "lic.gdn": {1: "beta", 2: "gamma"},
    "lic.add": {1: "constant"},
}

Values = npt.NDArray[Any]


def interpreter(build: Path) -> Coder:
    """The codec of a build directory.

    Raises:
        UserError: a file is missing, or they are not of one build.
    """
    network = _json(build, NETWORK)
    tables = _json(build, TABLES)
    try:
        module = _typed_module(build, network)
        coder = Coder(module, _entropy_model(build, tables))
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise UserError(
            f"{build}: {NETWORK} and {TYPED} do not belong together ({error})"
        ) from error
    if coder.model_hash.hex() != tables.get("model"):
        raise UserError(
            f"{build}: ir/, host/ and weights/ are not of one build: they make model "
            f"{coder.model_hash.hex()}, and weights/ says {tables.get('model')}; build it again with licc"
        )
    return coder


def _json(build: Path, name: str) -> dict[str, Any]:
    try:
        return json.loads(_read(build, name))
    except ValueError as error:
        raise UserError(f"{build / name}: damaged; build it again with licc") from error


def _read(build: Path, name: str) -> bytes:
    try:
        return (build / name).read_bytes()
    except OSError as error:
        raise UserError(f"{build / name}: {error.strerror}; build it again with licc") from error


# --------------------------------------------------------------------------------------------------
# The module
# --------------------------------------------------------------------------------------------------
def _typed_module(build: Path, network: Mapping[str, Any]) -> ir.Module:
    """The typed module with its constants."""
    data = _read(build, f"host/{network['file']}")
    context = make_context()
    try:
        module = ir.Module.parse(_read(build, TYPED).decode(), context)
    except (ir.MLIRError, UnicodeDecodeError) as error:
        raise UserError(f"{build / TYPED}: damaged; build it again with licc") from error
    with context, ir.Location.unknown():
        for name, function in facts.functions(module).items():
            _fill(function, network["functions"][name]["ops"], data)
    return module


def _fill(function: Any, described: Sequence[Mapping[str, Any]], data: bytes) -> None:
    """Give the constants of a function their values; its other ops are those described, in order."""
    remaining = iter(described)
    for view in function.entry_block.operations:
        op = view.operation
        if op.name in ("func.return", "lic.constant"):
            continue
        facts_of_op = next(remaining, None)
        if facts_of_op is None or facts_of_op["op"] != op.name.removeprefix("lic."):
            raise ValueError(f"{op.name} is not described")
        for index, field in _OPERANDS.get(op.name, {}).items():
            if field in facts_of_op:
                _set_constant(op.operands[index], _stored(facts_of_op[field], data))


def _stored(field: Mapping[str, Any], data: bytes) -> Values:
    dtype = np.dtype(str(field["type"])).newbyteorder("<")
    return np.frombuffer(data, dtype, field["count"], field["offset"])


def _set_constant(value: Any, stored: Values) -> None:
    op = value.owner
    if op.name != "lic.constant":
        raise ValueError("an operand is no constant")
    type_ = ir.ShapedType(op.attributes["value"].type)
    shaped = stored.reshape(tuple(type_.shape))
    if is_narrow(type_):  # MLIR's Python buffers do not know them; its text takes a byte each
        text = f'dense<"0x{shaped.astype(np.int8).tobytes().hex()}"> : {type_}'
        op.attributes["value"] = ir.Attribute.parse(text)
        return
    width = ir.IntegerType(type_.element_type).width
    array = np.ascontiguousarray(shaped, np.dtype(f"int{width}"))
    op.attributes["value"] = ir.DenseElementsAttr.get(array)


# --------------------------------------------------------------------------------------------------
# The tables
# --------------------------------------------------------------------------------------------------
def _entropy_model(build: Path, description: Mapping[str, Any]) -> EntropyModel:
    """What `licc.entropy.store` wrote. Indexes come from the thresholds in the IR, and not from the scales."""
    data = _read(build, f"weights/{description['file']}")
    try:
        tables = {name: _table(name, at, data) for name, at in description["tables"].items()}
    except EntropyModelError as error:
        raise UserError(f"{build / TABLES}: {error}") from error
    if "z" not in tables:
        return EntropyModel(tables.get("y"))
    scales = np.arange(1, len(tables["y"].lengths) + 1, dtype=np.float32)
    return EntropyModel(tables["z"], tables["y"], scales)


def _table(name: str, at: Mapping[str, int], data: bytes) -> CdfTable:
    values = np.frombuffer(data, "<i4", at["bytes"] // 4, at["offset"])
    count = at["rows"]
    lengths, offsets, entries = values[:count], values[count : 2 * count], values[2 * count :]
    ends = np.cumsum(lengths)
    cdfs = np.zeros((count, int(lengths.max())), np.int32)
    for row, (end, length) in enumerate(zip(ends, lengths, strict=True)):
        cdfs[row, :length] = entries[end - length : end]
    return CdfTable.checked(name, cdfs, lengths, offsets)
