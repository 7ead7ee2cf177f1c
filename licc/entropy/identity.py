# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Which decoder a stream was made for: a hash of all that turns its strings into an image."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from torch_mlir import ir

from licc.dialects.quantized import element_type
from licc.entropy.tables import CdfTable, EntropyModel
from licc.quantize import facts

__all__ = ["DECODER_HASH", "decoder_hash", "model_hash", "table_bytes"]

DECODER_HASH = "lic.decoder_hash"
DECODER = ("h_s", "g_s")
HASH_BYTES = 8


def decoder_hash(module: ir.Module) -> str:
    """SHA-256 in hex of the functions @h_s and @g_s: ops, constants, element types, not sizes or names.

    Two builds of one network for images of different sizes are one decoder. A module whose ops were
    fused keeps the hash that it was typed with: passes never change an integer.
    """
    known = module.operation.attributes
    functions = facts.functions(module)
    chosen = {name: functions[name] for name in DECODER if name in functions}
    if DECODER_HASH in known and any(_fused(function) for function in chosen.values()):
        return ir.StringAttr(known[DECODER_HASH]).value
    digest = hashlib.sha256()
    for name, function in chosen.items():
        digest.update(f"@{name} {_type(function.arguments[0])}\n".encode())
        numbers: dict[Any, int] = {function.arguments[0]: 0}
        for op in function.entry_block.operations:
            _add(digest, op.operation, numbers)
    return digest.hexdigest()


def _fused(function: Any) -> bool:
    return any(op.operation.name == "lic.stage" for op in function.entry_block.operations)


def _add(digest: Any, op: Any, numbers: dict[Any, int]) -> None:
    operands = ",".join(str(numbers[value]) for value in op.operands)
    kept: list[str] = []
    for named in (op.attributes[i] for i in range(len(op.attributes))):
        # `layer` names a place, and attributes of the form `lic.x` are remarks that compute nothing.
        if named.name == "layer" or "." in named.name or named.name == "value":
            continue
        kept.append(f"{named.name}={named.attr}")
    results = ",".join(_type(result) for result in op.results)
    digest.update(f"{op.name}({operands}) {' '.join(sorted(kept))} -> {results}\n".encode())
    if "value" in op.attributes:
        digest.update(_bytes(op.attributes["value"]))
    for result in op.results:
        numbers[result] = len(numbers)


def _type(value: ir.Value) -> str:
    """Element type and channels of an activation; the whole type of anything else."""
    shape = ir.ShapedType(value.type)
    if shape.rank == 4 and (isinstance(value, ir.BlockArgument) or not _constant(value)):
        return f"{shape.shape[1]}x{element_type(value.type)}"
    return str(value.type)


def _constant(value: ir.Value) -> bool:
    return value.owner.name == "lic.constant"


def _bytes(attribute: ir.Attribute) -> bytes:
    from licc.interp.lic import elements  # the interpreter and passes need each other's packages

    values = np.ascontiguousarray(elements(attribute, "constant"))
    # One width, so that how a compiler stores a constant does not matter.
    wide = np.dtype("<f4") if values.dtype.kind == "f" else np.dtype("<i8")
    return values.astype(wide).tobytes()


def model_hash(decoder: str, model: EntropyModel, thresholds: tuple[int, ...] | None) -> bytes:
    """The 8 bytes that a stream carries: SHA-256, cut, of the decoder's hash, thresholds and tables.

    Args:
        decoder: as `decoder_hash` gives it.
        model: what the strings are coded with.
        thresholds: of the scale indexes, None for a float decoder or one without scales.
    """
    digest = hashlib.sha256(bytes.fromhex(decoder))
    digest.update(np.array(thresholds or (), dtype="<i8").tobytes())
    for table in (model.bottleneck, model.conditional):
        digest.update(b"-" if table is None else table_bytes(table))
    return digest.digest()[:HASH_BYTES]


def table_bytes(table: CdfTable) -> bytes:
    """Lengths, offsets and the used part of every row, as little-endian i32."""
    parts = [table.lengths, table.offsets, *map(np.array, table.rows)]
    return b"".join(part.astype("<i4").tobytes() for part in parts)
