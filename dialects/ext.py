# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The only module that touches `torch_mlir.dialects.ext`; every edge of that API is worked around here.

The edges, as seen in the pinned wheel:

* an op's `verify_invariants` runs BEFORE its IRDL constraints, on ops with any number of operands,
  results, regions and blocks, and IRDL's own errors do not name the op: `verified` checks the form of
  the op first and gives every message MLIR's own wording (it extends the dialect's op class in place,
  because the bindings refuse a second base class);
* `verify_invariants` of an op also runs before the ops in its body are verified: what looks into
  them belongs into `check_body`, which runs when they all hold;
* IRDL knows neither optional attributes nor `BoolAttr` and dense-array constraints: they are declared
  in `optional` and `kinds` and checked here;
* `dense_resource<...>` comes as a bare `Attribute` and has to be cast to be recognised;
* values of a variadic field would all have to be of one type, so that there is none; an op with an optional
  field (`Operand[...] | None`, the last of its kind) is given accessors that need segment sizes, which a
  single such field does not have: its operands or results are read by index alone;
* IRDL knows no traits, so that in `mlir-opt --irdl-file=` no op is a terminator;
* `ext.Dialect.load` fails when called twice in a context: `load` does not.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from torch_mlir import ir
from torch_mlir.dialects import ext

Dialect = ext.Dialect
Operand = ext.Operand
Result = ext.Result
Region = ext.Region
Pure = ext.Pure
IsolatedFromAbove = ir.IsIsolatedFromAboveTrait
Terminator = ir.IsTerminatorTrait
Tensor = ir.RankedTensorType

__all__ = [
    "Dialect",
    "IsolatedFromAbove",
    "Operand",
    "Pure",
    "Region",
    "Result",
    "Tensor",
    "Terminator",
    "VerifyError",
    "array",
    "expect",
    "fields",
    "irdl_module",
    "load",
    "operations",
    "verified",
]

# What an attribute kind is called in a diagnostic, and the classes that are of that kind.
_KINDS: Mapping[str, tuple[type, ...]] = {
    "integer": (ir.IntegerAttr,),
    "bool": (ir.BoolAttr,),
    "unit": (ir.UnitAttr,),
    "string": (ir.StringAttr,),
    "string array": (ir.ArrayAttr,),
    "float": (ir.FloatAttr,),
    "type": (ir.TypeAttr,),
    "i64 array": (ir.DenseI64ArrayAttr,),
    "dictionary": (ir.DictAttr,),
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


def operations(op: Any) -> Iterator[Any]:
    """All operations inside `op`, each before those inside it."""
    for region in op.regions:
        for block in region.blocks:
            for inner in block.operations:
                yield inner.operation
                yield from operations(inner.operation)


def verified(dialect: type[ext.Dialect]) -> type[ext.Dialect]:
    """Class decorator: every op of `dialect` checks its attributes, then its own `check`.

    An op class may set `kinds` (attribute that is always there -> its kind), `optional` (those that
    may be absent), `check(self)`, which raises `VerifyError`, and `check_body(self)`, which does so
    after the ops in its regions have been verified. Both may rely on the declared number of operands
    and results, on tensors of static shape where `Tensor` is declared, and on one block in each region.
    """
    operation: Any = dialect.Operation
    operation.kinds = {}
    operation.optional = {}
    operation.check = _nothing_to_check
    operation.check_body = _nothing_to_check
    operation.verify_invariants = _verify
    operation.verify_region_invariants = _verify_body
    return dialect


def _nothing_to_check(_: Any) -> None:
    """The default `check` and `check_body`."""


def _verify(op: Any) -> bool:
    """Called by MLIR's verifier before it looks into the op's regions."""

    def check() -> None:
        _check_form(op)
        _check_attributes(op)
        op.check()

    return _holds(op, check)


def _verify_body(op: Any) -> bool:
    """Called by MLIR's verifier when every op in the op's regions holds."""
    return _holds(op, op.check_body)


def _holds(op: Any, check: Callable[[], None]) -> bool:
    """Run `check`; on failure emit one error in MLIR's wording and return False."""
    try:
        # The printer verifies too, and may be called where no context is current.
        with op.operation.context:
            check()
    except VerifyError as error:
        op.location.emit_error(f"'{op.OPERATION_NAME}' op {error}")
        return False
    return True


def _check_form(op: Any) -> None:
    """The declared operands, results and regions, so that a check can rely on them."""
    operands, _, results, regions = ext.partition_fields(op._fields)
    for fields, values, what in (
        (operands, op.operation.operands, "operand"),
        (results, op.operation.results, "result"),
        (regions, op.operation.regions, "region"),
    ):
        least = len(fields) - (bool(fields) and _is_optional(fields[-1]))
        counts = str(least) if least == len(fields) else f"{least} or {len(fields)}"
        expect(
            least <= len(values) <= len(fields),
            f"expected {counts} {what}{'' if counts == '1' else 's'}, but got {len(values)}",
        )
    expect(not list(op.operation.successors), "expected no successors")
    for fields, values in ((operands, op.operation.operands), (results, op.operation.results)):
        for field, value in zip(fields, values, strict=False):
            expect(
                field.constraint is not Tensor or _is_static_tensor(value.type),
                f"expected '{field.name}' to be a tensor of static shape, but got '{value.type}'",
            )
    for region in op.operation.regions:
        blocks = len(list(region.blocks))
        expect(blocks == 1, f"expected a body of one block, but got {blocks}")


def _is_optional(field: Any) -> bool:
    """Whether a field may have no value; only the last one of its kind does."""
    return field.variadicity == ext.Variadicity.optional


def _is_static_tensor(type_: ir.Type) -> bool:
    return isinstance(type_, ir.RankedTensorType) and type_.has_static_shape


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
    return isinstance(attribute, kinds) or (
        ir.DenseResourceElementsAttr in kinds and _is_resource(attribute)
    )


def _is_resource(attribute: ir.Attribute) -> bool:
    try:
        ir.DenseResourceElementsAttr(attribute)
    except ValueError:
        return False
    return True


def load(*dialects: type[ext.Dialect]) -> None:
    """Load `dialects` into the current context, once each."""
    context = ir.Context.current
    for dialect in dialects:
        if not context.is_dialect_loaded(dialect.DIALECT_NAMESPACE):
            dialect.load()


def fields(op: Any) -> tuple[list[tuple[str, str]], list[str], list[tuple[str, str]], list[str]]:
    """What an op class declares: operands, attributes, results and regions.

    Operands and results are pairs of a name and what it may be: "tensor" or "any", ", may be absent".
    """

    def typed(found: Any) -> list[tuple[str, str]]:
        return [
            (
                f.name,
                ("tensor" if f.constraint is Tensor else "any")
                + ", may be absent" * _is_optional(f),
            )
            for f in found
        ]

    operands, attributes, results, regions = ext.partition_fields(op._fields)
    return typed(operands), [f.name for f in attributes], typed(results), [f.name for f in regions]


def irdl_module(dialect: type[ext.Dialect]) -> ir.Module:
    """The `irdl.dialect` definition of a dialect, for `mlir-opt --irdl-file=`."""
    return dialect._emit_module()  # pyright: ignore[reportPrivateUsage]
