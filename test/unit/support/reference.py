# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A float reference of `lic` for tests: runs f32 functions with torch's own operators.

Independent of licc's interpreter, and only as much of the dialect as `lic-raise-torch` makes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor
from torch_mlir import ir


def _ints(op: Any, name: str) -> list[int]:
    return list(ir.DenseI64ArrayAttr(op.attributes[name]))


def _conv2d(op: Any, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    geometry = [_ints(op, name) for name in ("strides", "padding", "dilations")]
    return F.conv2d(x, weight, bias, *geometry, op.attributes["groups"].value)


def _deconv2d(op: Any, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    strides, padding, output_padding, dilations = (
        _ints(op, name) for name in ("strides", "padding", "output_padding", "dilations")
    )
    groups = op.attributes["groups"].value
    return F.conv_transpose2d(x, weight, bias, strides, padding, output_padding, groups, dilations)


def _gdn(op: Any, x: Tensor, beta: Tensor, gamma: Tensor) -> Tensor:
    gdn1 = op.attributes["form"].value == "gdn1"
    norm = F.conv2d(x.abs() if gdn1 else x**2, gamma[:, :, None, None], beta)
    root = norm if gdn1 else norm.sqrt()
    return x * root if op.attributes["inverse"].value else x / root


OPS: dict[str, Callable[..., Tensor]] = {
    "lic.constant": lambda op: torch.from_numpy(np.array(op.attributes["value"])),
    "lic.conv2d": _conv2d,
    "lic.deconv2d": _deconv2d,
    "lic.gdn": _gdn,
    "lic.relu": lambda _, x: F.relu(x),
    "lic.leaky_relu": lambda op, x: F.leaky_relu(x, op.attributes["slope"].value),
    "lic.abs": lambda _, x: x.abs(),
    "lic.add": lambda _, x, y: x + y,
    "lic.pixel_shuffle": lambda op, x: F.pixel_shuffle(x, op.attributes["factor"].value),
    "lic.round_latent": lambda _, x: torch.floor(x + 0.5),
}


def function_names(module: ir.Module) -> list[str]:
    """Return the names of the functions of a module, in their order."""
    return [op.attributes["sym_name"].value for op in module.body.operations]


def find_function(module: ir.Module, name: str) -> Any:
    """Return the function `name`."""
    return next(op for op in module.body.operations if op.attributes["sym_name"].value == name)


def layers(module: ir.Module, name: str) -> list[tuple[str, str]]:
    """Return (op, layer) of each op of a function that has a layer."""
    body = find_function(module, name).regions[0].blocks[0].operations
    return [
        (op.operation.name, op.attributes["layer"].value) for op in body if "layer" in op.attributes
    ]


def roles(module: ir.Module, name: str) -> tuple[str, str]:
    """Return the roles of a function's argument and result."""
    function = find_function(module, name)
    argument, result = (function.attributes[key][0] for key in ("arg_attrs", "res_attrs"))
    return argument["lic.role"].value, result["lic.role"].value


@torch.no_grad()
def run_function(module: ir.Module, name: str, x: Tensor) -> Tensor:
    """Run the f32 function `name` on `x`."""
    block = find_function(module, name).regions[0].blocks[0]
    values: dict[ir.Value, Tensor] = {block.arguments[0]: x}
    for op in block.operations:
        operands = [values[operand] for operand in op.operation.operands]
        if op.operation.name == "func.return":
            return operands[0]
        result = op.operation.results[0]
        values[result] = OPS[op.operation.name](op, *operands)
        expected = tuple(ir.ShapedType(result.type).shape)
        assert tuple(values[result].shape) == expected, op
    raise AssertionError("no return")
