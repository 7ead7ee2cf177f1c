# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The typed network for the host: `host/network.json`, and its constants in `host/network.bin`.

docs/runtime.md lists the fields. Together they are the typed `lic` functions (docs/semantics.md) without anything
that computes nothing: a host that reads them needs neither the checkpoint nor Python.
"""

from __future__ import annotations

import json
import math
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from torch_mlir import ir

from licc.dialects.ext import array
from licc.dialects.quantized import Quantized, quantized
from licc.entropy.identity import decoder_hash
from licc.errors import UserError
from licc.interp.lic import elements
from licc.quantize import facts

__all__ = ["BINARY", "DESCRIPTION", "VERSION", "describe", "write_network"]

DESCRIPTION = "network.json"
BINARY = "network.bin"
VERSION = 1

PADDED = "lic.padded"
FUNCTIONS = ("g_a", "h_a", "h_s", "g_s")
# Constants begin at multiples of this, as whoever maps the file may want.
ALIGNMENT = 8

Description = dict[str, Any]
Values = npt.NDArray[np.integer]


def write_network(module: ir.Module, folder: Path) -> None:
    """Write the two files of a typed module; equal modules give equal bytes.

    Raises:
        UserError: an op that the host's library has no kernel for.
    """
    description, constants = describe(module)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / BINARY).write_bytes(constants)
    (folder / DESCRIPTION).write_text(json.dumps(description, indent=1) + "\n", encoding="utf-8")


def describe(module: ir.Module) -> tuple[Description, bytes]:
    """The description, and the constants that it points into.

    Raises:
        UserError: an op that the host's library has no kernel for, or a function of floats.
    """
    functions = facts.functions(module)
    constants = _Constants()
    described = {
        name: _function(name, functions[name], constants) for name in FUNCTIONS if name in functions
    }
    data = bytes(constants.data)
    description: Description = {
        "version": VERSION,
        "decoder": decoder_hash(module),
        "padded": _padded(module, functions),
        "functions": described,
        "file": BINARY,
        "bytes": len(data),
        "crc32": f"{zlib.crc32(data):08x}",
    }
    return description, data


def _padded(module: ir.Module, functions: dict[str, Any]) -> list[int]:
    """Height and width of the padded images that the accelerator was made for."""
    attributes = module.operation.attributes
    if PADDED in attributes:
        return list(ir.DenseI64ArrayAttr(attributes[PADDED]))
    return list(ir.ShapedType(functions["g_a"].arguments[0].type).shape[2:])


@dataclass
class _Constants:
    """The binary file as it grows."""

    data: bytearray = field(default_factory=bytearray)

    def add(self, values: Values, type_: str) -> Description:
        """Append `values`, little endian and in C order; where they are."""
        self.data.extend(bytes(-len(self.data) % ALIGNMENT))
        stored = np.ascontiguousarray(values, np.dtype(type_).newbyteorder("<"))
        offset = len(self.data)
        self.data.extend(stored.tobytes())
        return {"offset": offset, "count": stored.size, "type": type_}


# --------------------------------------------------------------------------------------------------
# Functions
# --------------------------------------------------------------------------------------------------
@dataclass
class _Function:
    """A function as it is read: its values by number, and the constants that its ops take."""

    name: str
    constants: _Constants
    values: list[Description] = field(default_factory=list)
    numbers: dict[ir.Value, int] = field(default_factory=dict)
    stored: dict[ir.Value, Values] = field(default_factory=dict)
    ops: list[Description] = field(default_factory=list)

    def value(self, value: ir.Value) -> int:
        """Give a value its number."""
        kind = _kind(value, self.name)
        self.numbers[value] = len(self.values)
        self.values.append(
            {
                "channels": ir.ShapedType(value.type).shape[1],
                "bits": max(kind.bits, 8),
                "signed": kind.signed,
                "lo": kind.lo,
                "hi": kind.hi,
            }
        )
        return self.numbers[value]


def _function(name: str, function: Any, constants: _Constants) -> Description:
    read = _Function(name, constants)
    read.value(function.arguments[0])
    for view in function.entry_block.operations:
        op = view.operation
        if op.name == "func.return":
            return {"values": read.values, "ops": read.ops, "result": read.numbers[op.operands[0]]}
        if op.name == "lic.constant":
            read.stored[op.results[0]] = elements(
                op.attributes["value"], f"@{name}: 'lic.constant'"
            )
        else:
            _add_op(read, op)
    raise ValueError(f"@{name} returns nothing")


def _add_op(read: _Function, op: Any) -> None:
    layer = ir.StringAttr(op.attributes["layer"]).value if "layer" in op.attributes else ""
    describe_op = _OPS.get(op.name)
    if describe_op is None:
        raise UserError(
            f"@{read.name}: {layer}: the host's library has no kernel for '{op.name}'; "
            "give another form of the layer"
        )
    details = describe_op(read, op)
    inputs = [read.numbers[value] for value in op.operands if value in read.numbers]
    output = read.value(op.results[0])
    read.ops.append(
        {
            "op": op.name.removeprefix("lic."),
            "layer": layer,
            "inputs": inputs,
            "output": output,
            **details,
        }
    )


def _kind(value: ir.Value, where: str) -> Quantized:
    kind = quantized(value.type)
    if kind is None:
        raise UserError(f"@{where}: computes floats; the host's library takes typed networks")
    return kind


# --------------------------------------------------------------------------------------------------
# Ops
# --------------------------------------------------------------------------------------------------
def _integer(op: Any, name: str) -> int:
    return ir.IntegerAttr(op.attributes[name]).value


def _list(op: Any, name: str) -> list[int]:
    return list(array(op.attributes[name]))


def _plain(_read: _Function, _op: Any) -> Description:
    return {}


def _convolution(read: _Function, op: Any) -> Description:
    weights, bias = read.stored[op.operands[1]], read.stored[op.operands[2]]
    transposed = op.name == "lic.deconv2d"
    groups = _integer(op, "groups")
    first, second, *kernel = weights.shape
    outputs, inputs = (second * groups, first) if transposed else (first, second * groups)
    kind = _kind(op.operands[1], read.name)
    return {
        "out_channels": outputs,
        "in_channels": inputs,
        "kernel": kernel,
        "stride": _list(op, "strides"),
        "padding": _list(op, "padding"),
        "output_padding": _list(op, "output_padding") if transposed else [0, 0],
        "dilation": _list(op, "dilations"),
        "groups": groups,
        "weights": read.constants.add(weights, "int8" if kind.bits <= 8 else "int16"),
        "bias": read.constants.add(bias, "int32"),
    }


def _pairs(op: Any) -> Description:
    """Multipliers and shifts: one each, or both one a channel."""
    multiplier, shift = _list(op, "multiplier"), _list(op, "shift")
    count = max(len(multiplier), len(shift))
    return {
        "multiplier": multiplier * (count if len(multiplier) < count else 1),
        "shift": shift * (count if len(shift) < count else 1),
    }


def _requantize(_read: _Function, op: Any) -> Description:
    return _pairs(op)


def _gdn(read: _Function, op: Any) -> Description:
    return {
        "form": ir.StringAttr(op.attributes["form"]).value,
        "inverse": ir.BoolAttr(op.attributes["inverse"]).value,
        "norm_shift": _integer(op, "norm_shift"),
        "acc_range": _list(op, "acc_range"),
        "norm_range": _list(op, "norm_range"),
        "beta": read.constants.add(read.stored[op.operands[1]], "int64"),
        "gamma": read.constants.add(read.stored[op.operands[2]], "int32"),
        **_pairs(op),
    }


def _leaky_relu(_read: _Function, op: Any) -> Description:
    return {"multiplier": _integer(op, "multiplier"), "shift": _integer(op, "shift")}


def _add(read: _Function, op: Any) -> Description:
    details: Description = {"multiplier": _list(op, "multiplier"), "shift": _integer(op, "shift")}
    constant = read.stored.get(op.operands[1])
    if constant is not None:
        details["constant"] = read.constants.add(constant.reshape(-1), "int32")
    return details


def _pixel_shuffle(_read: _Function, op: Any) -> Description:
    return {"factor": _integer(op, "factor")}


def _round_latent(read: _Function, op: Any) -> Description:
    scale = _kind(op.operands[0], read.name).scale
    return {"fraction": 1 - math.frexp(scale)[1]}


_OPS = {
    "lic.abs": _plain,
    "lic.add": _add,
    "lic.conv2d": _convolution,
    "lic.deconv2d": _convolution,
    "lic.gdn": _gdn,
    "lic.leaky_relu": _leaky_relu,
    "lic.pixel_shuffle": _pixel_shuffle,
    "lic.relu": _plain,
    "lic.requantize": _requantize,
    "lic.round_latent": _round_latent,
}
