# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A policy's answers as types of a calibrated codec: what `lic-assign-precision` does; or what training chose."""

from __future__ import annotations

from torch_mlir import ir
from torch_mlir.dialects import func

from licc.entropy import thresholds
from licc.quantize import facts, takeover
from licc.quantize.answers import Answers
from licc.quantize.boundary import boundaries
from licc.quantize.codec import Codec, calibration_crops
from licc.quantize.load import TRAINED
from licc.quantize.modules import float_functions
from licc.quantize.pictures import alongside
from licc.quantize.policy import Policy
from licc.quantize.typer import typed_function
from licc.user_code import user_code

POLICY = "lic.policy"
SENSITIVITY = "lic.sensitivity"


def assign(module: ir.Module, policy: Policy, images: str | None = None) -> None:
    """Replace each float function of a calibrated codec by its typed form; typed ones stay.

    Args:
        module: `lic` functions with the facts of calibration.
        policy: is prepared, then asked.
        images: folder of the images that the policy may measure on; None for the embedded photographs.

    Raises:
        MissingFactError: a value without the facts of calibration.
        TypingError: an op that has no typed form.
        UserError: the policy or the images are at fault.
    """
    with module.context, ir.Location.unknown():
        functions = float_functions(module)
        if not functions:
            return
        codec = Codec(module, lambda: calibration_crops(images))
        cls = type(policy)
        with user_code(f"{cls.__name__}.prepare()", cls):
            policy.prepare(codec)
        answers = Answers(policy)
        edges = boundaries(functions, answers)
        pictures = alongside(module)
        for name, function in functions.items():
            typed_function(function, edges[name], answers, pictures.get(name))
        thresholds.attach(module)
        for function in facts.functions(module).values():
            _explain(function, policy)
        module.operation.attributes[POLICY] = ir.StringAttr.get(policy.name or cls.__name__)


def take_over(module: ir.Module) -> None:
    """Replace each float function by its typed form, of the types that training chose; typed ones stay.

    Nothing is measured, but for `lic.sqnr` where `lic.calibration` says on which pictures.

    Args:
        module: `lic` functions that carry what training chose (licc/quantize/forms.py).

    Raises:
        FormError: the functions do not carry what they need.
        TypingError: an op that has no typed form with these types.
        UserError: the pictures cannot be read.
    """
    with module.context, ir.Location.unknown():
        functions = float_functions(module)
        edges = takeover.boundaries(functions)
        pictures = alongside(module)
        for name, function in functions.items():
            typed_function(function, edges[name], Policy(), pictures.get(name), takeover.TakeOver)
        thresholds.attach(module)
        module.operation.attributes[POLICY] = ir.StringAttr.get(TRAINED)


def _explain(function: func.FuncOp, policy: Policy) -> None:
    """Write what the policy found out about layers onto the first op of each."""
    seen: set[str] = set()
    for op in function.entry_block.operations:
        if "layer" not in op.attributes:
            continue
        layer = ir.StringAttr(op.attributes["layer"]).value
        with user_code(f"{type(policy).__name__}.sensitivity({layer!r})", type(policy)):
            known = {} if layer in seen else dict(policy.sensitivity(layer))
            found = {kind: ir.FloatAttr.get_f32(float(db)) for kind, db in known.items()}
        seen.add(layer)
        if found:
            op.attributes[SENSITIVITY] = ir.DictAttr.get(found)
