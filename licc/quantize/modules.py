# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Modules as wholes: copies, and which of their functions are still in floats."""

from __future__ import annotations

from torch_mlir import ir
from torch_mlir.dialects import func

from licc.dialects.quantized import quantized
from licc.quantize import facts


def copied(module: ir.Module) -> ir.Module:
    """A module of its own with copies of all functions and attributes."""
    with module.context, ir.Location.unknown():
        copy = ir.Module.create()
        for name, attribute in module.operation.attributes.items():
            copy.operation.attributes[name] = attribute
        at = ir.InsertionPoint(copy.body)
        for op in module.body.operations:
            op.operation.clone(ip=at)
    return copy


def float_functions(module: ir.Module) -> dict[str, func.FuncOp]:
    """The functions of `module` that have a body and no integers yet, by name."""
    return {
        name: function
        for name, function in facts.functions(module).items()
        if not function.is_external and quantized(function.arguments[0].type) is None
    }
