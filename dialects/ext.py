# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The only module that touches `torch_mlir.dialects.ext`; every edge of that API is worked around here.

The edges, as seen in the pinned wheel:

* an op's `verify_invariants` also runs when an IRDL constraint has already failed, and the error it
  emits does not name the op: `verified` checks presence and gives every message MLIR's own wording
  (it extends the dialect's op class in place, because the bindings refuse a second base class);
* IRDL knows neither optional attributes nor `BoolAttr` and dense-array constraints: they are declared
  in `optional` and `kinds` and checked here;
* `ext.Dialect.load` fails when called twice in a context: `load` does not.
"""

from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from torch_mlir import ir
from torch_mlir.dialects import ext

Dialect = ext.Dialect
Operand = ext.Operand
Result = ext.Result
Region = ext.Region
Pure = ext.Pure
Tensor = ir.RankedTensorType

__all__ = [
    "Dialect",
    "Operand",
    "Pure",
    "Region",
    "Result",
    "Tensor",
    "VerifyError",
    "array",
    "expect",
    "irdl_module",
    "fail",
    "load",
    "verified",
]

# What an attribute kind is called in a diagnostic, and the classes that are of that kind.
_KINDS: Mapping[str, tuple[type, ...]] = {
    "integer": (ir.IntegerAttr,),
    "bool": (ir.BoolAttr,),
    "string": (ir.StringAttr,),
    "float": (ir.FloatAttr,),
    "type": (ir.TypeAttr,),
    "i64 array": (ir.DenseI64ArrayAttr,),
    "elements": (ir.DenseElementsAttr, ir.DenseResourceElementsAttr),
    "any": (ir.Attribute,),
}


class VerifyError(Exception):
    """An invariant that an op does not hold; the text is what follows `'dialect.op' op `."""


def expect(condition: bool, message: str | Callable[[], str]) -> None:
    """Raise `VerifyError` with `message` unless `condition` holds (lazily built where it is costly)."""
    if not condition:
        raise VerifyError(message if isinstance(message, str) else message())


def array(attribute: ir.Attribute) -> tuple[int, ...]:
    """The integers of an `array<i64: ...>` attribute."""
    return tuple(ir.DenseI64ArrayAttr(attribute))


def verified(dialect: type[ext.Dialect]) -> type[ext.Dialect]:
    """Class decorator: every op of `dialect` checks its attributes, then its own `check`.

    An op class may set `kinds` (attribute that is always there -> its kind), `optional` (those that
    may be absent) and `check(self)`, which raises `VerifyError`.
    """
    operation: Any = dialect.Operation
    operation.kinds = {}
    operation.optional = {}
    operation.check = _nothing_to_check
    operation.verify_invariants = _verify
    return dialect


def _nothing_to_check(_: Any) -> None:
    """The default `check`."""


def _verify(op: Any) -> bool:
    """Called by MLIR's verifier; emits one error in MLIR's wording and returns False on failure."""
    try:
        _check_attributes(op)
        op.check()
    except VerifyError as error:
        op.location.emit_error(f"'{op.OPERATION_NAME}' op {error}")
        return False
    return True


def _check_attributes(op: Any) -> None:
    for name, kind in {**op.kinds, **op.optional}.items():
        if name not in op.attributes:
            expect(name in op.optional, f"requires attribute '{name}'")
            continue
        attribute = op.attributes[name]
        wanted = _KINDS.get(kind, ())
        if not wanted:
            # A kind that is not builtin is the printed name of one of our own attributes.
            expect(
                str(attribute).startswith(f"#{kind}<"),
                f"attribute '{name}' expected '#{kind}', but got '{attribute}'",
            )
            continue
        expect(
            _is_a(attribute, wanted),
            lambda name=name, kind=kind, attribute=attribute: (
                f"attribute '{name}' expected {kind} attribute, but got '{attribute}'"
            ),
        )


def _is_a(attribute: ir.Attribute, kinds: tuple[type, ...]) -> bool:
    # A dense integer array prints as an attribute of its own; BoolAttr is an i1 IntegerAttr upstream.
    if ir.IntegerAttr in kinds and isinstance(attribute, ir.BoolAttr):
        return False
    return isinstance(attribute, kinds)


def load(*dialects: type[ext.Dialect]) -> None:
    """Load `dialects` into the current context, once each."""
    context = ir.Context.current
    for dialect in dialects:
        if not context.is_dialect_loaded(dialect.DIALECT_NAMESPACE):
            dialect.load()


def irdl_module(dialect: type[ext.Dialect]) -> ir.Module:
    """The `irdl.dialect` definition of a dialect, for `mlir-opt --irdl-file=`."""
    return dialect._emit_module()  # pyright: ignore[reportPrivateUsage]


def fail(op: Any, message: str) -> NoReturn:
    """Emit `message` at `op` in MLIR's wording and raise `VerifyError`."""
    op.location.emit_error(f"'{op.operation.name}' op {message}")
    raise VerifyError(message)
