# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""From torch modules to MLIR's torch dialect, with the layers' paths as locations."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.export import ExportedProgram
from torch_mlir import ir
from torch_mlir.dialects import torch as torch_d
from torch_mlir.extras import fx_importer

from licc.entropy.tables import read_scale_table
from licc.entropy.thresholds import describe_scales
from licc.ingress.checkpoint import INTEGERS, Checkpoint, is_program, read_checkpoint
from licc.ingress.networks import Function, Network, Size, build_network
from licc.ingress.programs import NODE_MARK, program_network
from licc.quantize import trained


class _Locations(fx_importer.ContextCache):
    """Locates ops by the path of the layer that they come from, not by a line of Python."""

    __slots__ = ()

    def get_node_location(self, node: Any) -> ir.Location | None:
        stack = node.meta.get("nn_module_stack")
        if not stack:
            return None
        path = list(stack.values())[-1][0]
        return ir.Location.name(path.partition(NODE_MARK)[0].rstrip("."), context=self._c)


class _InlineLiterals(fx_importer.FxImporterHooks):
    """Makes weights `dense` attributes: unlike dense resources they can be read from Python again."""

    def resolve_literal(self, gni: Any, literal: Any, info: Any) -> ir.Value | None:
        if not isinstance(literal, torch.Tensor):
            return None
        name = info.input_spec.target if info is not None else "literal"
        cache = gni.fx_importer._cc
        with ir.Location.name(str(name), context=cache._c):
            array = np.ascontiguousarray(literal.detach().numpy())
            value = ir.DenseElementsAttr.get(array)
            return ir.Operation.create(
                "torch.vtensor.literal",
                results=[cache.tensor_to_vtensor_type(literal)],
                attributes={"value": value},
            ).result


def trace(function: Function) -> ExportedProgram:
    """Export a transform at its size; on fake tensors, so no image is computed."""
    example = torch.empty(1, function.channels, *function.size)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        return torch.export.export(function.module, (example,), strict=False)


def _annotate(operation: ir.Operation, roles: tuple[str, str]) -> None:
    """Attach roles to the function, and to its ops the layers that their locations name.

    Locations are lost when IR is printed without debug information; attributes are not.
    """
    for op in operation.regions[0].blocks[0].operations:
        named = re.match(r'loc\("([^"]+)"\)', str(op.location))
        if named and op.operation.name.startswith("torch.aten."):
            op.operation.attributes["layer"] = ir.StringAttr.get(named[1])
    for name, role in zip(("arg_attrs", "res_attrs"), roles, strict=True):
        attribute = ir.DictAttr.get({"lic.role": ir.StringAttr.get(role)})
        operation.attributes[name] = ir.ArrayAttr.get([attribute])


def import_functions(functions: Iterable[Function], context: ir.Context) -> ir.Module:
    """Import `functions` into one module of the torch dialect, each under its own name."""
    torch_d.register_dialect(context)
    importer = fx_importer.FxImporter(context=context, hooks=_InlineLiterals())
    importer._cc = _Locations(context, py_attr_tracker=importer._py_attr_tracker)
    with context:
        for function in functions:
            operation = importer.import_program(trace(function), func_name=function.name)
            _annotate(operation, function.roles)
    return importer.module


def _describe(module: ir.Module, network: Network) -> None:
    """Attach what the codec is and which sizes it runs at."""

    def size(value: Size) -> ir.Attribute:
        return ir.DenseI64ArrayAttr.get(list(value))

    with module.context:
        attributes = module.operation.attributes
        attributes["lic.architecture"] = ir.StringAttr.get(network.architecture)
        attributes["lic.input"] = size(network.input)
        attributes["lic.padded"] = size(network.padded)


def trained_scales(checkpoint: Checkpoint) -> dict[str, np.ndarray[Any, Any]]:
    """The scales that training chose, where a checkpoint has any.

    Raises:
        UserError: one is of no layer or has a wrong kind, shape or value.
    """
    found = {name: _array(checkpoint, name, t) for name, t in checkpoint.integers.items()}
    try:
        trained.check(found)
    except trained.ScaleError as error:
        raise checkpoint.error(f"{INTEGERS}: {error}") from error
    return found


def _array(checkpoint: Checkpoint, name: str, tensor: torch.Tensor) -> np.ndarray[Any, Any]:
    if tensor.dtype not in (torch.float64, torch.float32, torch.int64):
        kind = str(tensor.dtype).removeprefix("torch.")
        raise checkpoint.error(f"{INTEGERS}: {name}: expected f64 or i64, but got {kind}")
    return tensor.numpy()


def import_network(
    path: Path,
    input_hw: Size,
    context: ir.Context,
    transforms: Sequence[str] | None = None,
) -> ir.Module:
    """Do what `licc.ingress.import_checkpoint` says."""
    if is_program(path):
        network, scales = program_network(path, input_hw, transforms), None
        integers: Mapping[str, Any] = {}
    else:
        checkpoint = read_checkpoint(path)
        network = build_network(checkpoint, input_hw, transforms)
        scales = read_scale_table(checkpoint)
        integers = trained_scales(checkpoint)
    module = import_functions(network.functions, context)
    _describe(module, network)
    if integers:
        trained.announce(module, integers)
    if scales is not None:
        describe_scales(module, *scales)
    return module
