# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`lic-raise-torch`: from torch's aten calls to `lic` on f32 tensors."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NoReturn

import numpy as np
import numpy.typing as npt
from torch_mlir import ir
from torch_mlir.dialects import func as func_d

from licc.passes.registry import Pass, PassFailure

Array = npt.NDArray[np.float32]

SUPPORTED = "convolutions, GDN, ReLU, LeakyReLU, abs, round, PixelShuffle and added constants"

# A gamma may come out of the f32 re-parametrisation this far below zero; it is zero then.
GAMMA_TOLERANCE = 1e-12


class UnsupportedError(Exception):
    """Why an op cannot be raised; `op` is where to say so."""

    def __init__(self, op: ir.OpView, message: str) -> None:
        super().__init__(message)
        self.op = op


@dataclass(frozen=True)
class LicRaiseTorch(Pass):
    """Raise functions of the torch dialect to `lic` on f32 tensors.

    The functions must be of one static NCHW tensor in and one out, with their weights as dense literals.
    A GDN becomes one `lic.gdn` whose beta and gamma are the constants that CompressAI's
    re-parametrisation `max(p, bound)^2 - pedestal` stands for. A layer's path is taken from the
    `layer` attribute or the name location of its op; its second call gets `_2` behind the path. An op that licc does
    not know is an error that names it. Scales that training chose, `lic.integers` of the module, go to the ops and
    arguments that they are about.
    """

    name: ClassVar[str] = "lic-raise-torch"

    def run(self, module: ir.Module) -> None:
        """Replace each function that has torch types by its raised form, in place."""
        with module.context:
            functions = [
                op
                for op in module.body.operations
                if isinstance(op, func_d.FuncOp) and "!torch." in str(op.function_type.value)
            ]
            failed = [not _raise_function(function) for function in functions]
        if any(failed):
            raise PassFailure
        _settle(module)


def _settle(module: ir.Module) -> None:
    """Bring the scales that training chose to their ops, where the module has any."""
    from licc.quantize import trained

    try:
        trained.settle(module)
    except trained.ScaleError as error:
        module.operation.location.emit_error(f"integers: {error}")
        raise PassFailure from error


def _raise_function(function: Any) -> bool:
    try:
        _Raiser(function).run()
    except UnsupportedError as error:
        name = error.op.operation.name
        error.op.location.emit_error(f"'{name}' op {error}")
        return False
    return True


# --------------------------------------------------------------------------------------------------
# Reading torch IR
# --------------------------------------------------------------------------------------------------
def _tensor_type(value: ir.Value, op: ir.OpView) -> ir.RankedTensorType:
    """The builtin type of a `!torch.vtensor`; anything but static f32 is an error."""
    text = str(value.type)
    found = re.fullmatch(r"!torch\.vtensor<\[([\d,]*)\],f32>", text)
    if found is None:
        raise UnsupportedError(
            op, f"expected a '!torch.vtensor' of static shape and f32, but got '{text}'"
        )
    shape = [int(extent) for extent in found[1].split(",") if extent]
    return ir.RankedTensorType.get(shape, ir.F32Type.get(), loc=ir.Location.unknown())


def _shape(value: ir.Value, op: ir.OpView) -> tuple[int, ...]:
    return tuple(_tensor_type(value, op).shape)


def _producer(value: ir.Value) -> ir.OpView | None:
    """The op that a value is the result of, None for a block argument."""
    return None if isinstance(value.owner, ir.Block) else value.owner.opview


def _name(op: ir.OpView | None) -> str:
    return "" if op is None else op.operation.name


def _operands(op: ir.OpView) -> list[ir.Value]:
    return list(op.operation.operands)


# Ops that hand their first operand on.
_ALIASES = frozenset(
    f"torch.aten.{name}" for name in ("alias", "clone", "contiguous", "detach", "dropout")
)


def _source(value: ir.Value) -> ir.Value:
    """`value` behind copies, and behind a multiplication by one (of `1.0 / norm`)."""
    op = _producer(value)
    while op is not None:
        name = _name(op)
        by_one = name == "torch.aten.mul.Scalar" and _number(_operands(op)[1]) == 1
        if not by_one and name not in _ALIASES:
            break
        value = _operands(op)[0]
        op = _producer(value)
    return value


def _number(value: ir.Value) -> int | float | None:
    """The int, float or bool that a scalar constant holds."""
    op = _producer(value)
    if op is None or not _name(op).startswith("torch.constant."):
        return None
    if "value" not in op.operation.attributes:  # torch.constant.none
        return None
    return getattr(op.operation.attributes["value"], "value", None)


def _integers(value: ir.Value, op: ir.OpView, what: str) -> list[int]:
    """The constants of a `torch.prim.ListConstruct`."""
    producer = _producer(value)
    found = [_number(item) for item in _operands(producer)] if producer is not None else []
    if _name(producer) != "torch.prim.ListConstruct" or not all(isinstance(n, int) for n in found):
        raise UnsupportedError(op, f"expected constant {what}")
    return [int(n) for n in found if n is not None]


def _literal(op: ir.OpView) -> Array:
    attribute = op.operation.attributes["value"]
    if not isinstance(attribute, ir.DenseElementsAttr):
        raise UnsupportedError(
            op, "expected its value as a dense literal, but got a dense resource"
        )
    return np.array(attribute).astype(np.float32)


def _path(op: ir.OpView) -> str | None:
    """The path of the layer that an op is of."""
    attributes = op.operation.attributes
    if "layer" in attributes:
        return ir.StringAttr(attributes["layer"]).value
    named = re.match(r'loc\("([^"]+)"[()]', str(op.location))
    return named[1] if named else None


# --------------------------------------------------------------------------------------------------
# Folding
# --------------------------------------------------------------------------------------------------
_Fold = Callable[[Sequence[Any]], Any]
_FOLDS: Mapping[str, _Fold] = {
    "aten.max.other": lambda a: np.maximum(a[0], a[1]),
    "aten.maximum": lambda a: np.maximum(a[0], a[1]),
    "aten.clamp_min": lambda a: np.maximum(a[0], np.float32(a[1])),
    # torch squares by multiplying; a power function may differ in the last bit, from machine to machine.
    "aten.pow.Tensor_Scalar": lambda a: (
        a[0] * a[0] if a[1] == 2 else np.power(a[0], np.float32(a[1]))
    ),
    "aten.square": lambda a: a[0] * a[0],
    "aten.mul.Tensor": lambda a: a[0] * a[1],
    "aten.mul.Scalar": lambda a: a[0] * np.float32(a[1]),
    "aten.add.Tensor": lambda a: a[0] + a[1] * np.float32(a[2]),
    "aten.add.Scalar": lambda a: a[0] + np.float32(a[1]) * np.float32(a[2]),
    "aten.sub.Tensor": lambda a: a[0] - a[1] * np.float32(a[2]),
    "aten.sub.Scalar": lambda a: a[0] - np.float32(a[1]) * np.float32(a[2]),
    "aten.div.Tensor": lambda a: a[0] / a[1],
    "aten.div.Scalar": lambda a: a[0] / np.float32(a[1]),
    "aten.neg": lambda a: -a[0],
}
"""What is computed on constants, in float32 as torch computes it."""

_SHAPE_FOLDS = frozenset(("aten.reshape", "aten.view", "aten.unsqueeze", "aten.squeeze.dim"))


def _fold(value: ir.Value) -> Array | None:
    """The constant that `value` is, None where it depends on the function's argument."""
    value = _source(value)
    op = _producer(value)
    if op is None:
        return None
    name = _name(op).removeprefix("torch.")
    if name == "vtensor.literal":
        return _literal(op)
    if name in _SHAPE_FOLDS:
        content = _fold(_operands(op)[0])
        return None if content is None else content.reshape(_shape(op.results[0], op))
    if name not in _FOLDS:
        return None
    arguments: list[Any] = []
    for operand in _operands(op):
        number = _number(operand)
        argument = _fold(operand) if number is None else number
        if argument is None:
            return None
        arguments.append(argument)
    return np.asarray(_FOLDS[name](arguments), np.float32)


# --------------------------------------------------------------------------------------------------
# Matching GDN
# --------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class _Norm:
    """`beta + gamma power(x)`, power being x^2 (form rsqrt) or |x| (form gdn1)."""

    x: ir.Value
    form: str
    gamma: Array
    beta: Array


@dataclass(frozen=True)
class _Gdn:
    norm: _Norm
    inverse: bool


def _power(value: ir.Value) -> tuple[ir.Value, str] | None:
    """Match `pow(x, 2)`, `x * x`, `square(x)` (form rsqrt) and `abs(x)` (form gdn1)."""
    op = _producer(_source(value))
    name, operands = _name(op), _operands(op) if op is not None else []
    if name == "torch.aten.abs":
        return operands[0], "gdn1"
    if name == "torch.aten.pow.Tensor_Scalar" and _number(operands[1]) == 2:
        return operands[0], "rsqrt"
    if name == "torch.aten.square":
        return operands[0], "rsqrt"
    if name == "torch.aten.mul.Tensor" and _source(operands[0]) == _source(operands[1]):
        return operands[0], "rsqrt"
    return None


def _norm(value: ir.Value) -> _Norm | None:
    """Match `convolution(power(x), gamma, beta)` of a 1x1 kernel."""
    op = _producer(_source(value))
    if op is None or _name(op) not in _CONVOLUTIONS:
        return None
    convolution = _convolution(op)
    matched = _power(convolution.x)
    if matched is None or not convolution.pointwise or convolution.transposed:
        return None
    weight, bias = _fold(convolution.weight), convolution.folded_bias()
    if weight is None or bias is None or weight.shape[0] != weight.shape[1]:
        return None
    return _Norm(_source(matched[0]), matched[1], weight[:, :, 0, 0], bias)


def _match_root(value: ir.Value, divided: bool) -> tuple[_Norm, bool] | None:
    """Match what x is multiplied with (or `divided` by): a norm and whether that is the inverse GDN."""
    op = _producer(_source(value))
    name = _name(op)
    if name == "torch.aten.reciprocal":
        return _match_root(_operands(op)[0], not divided) if op is not None else None
    if name == "torch.aten.div.Tensor" and op is not None:
        one, under = _operands(op)
        numerator = _fold(one)
        if numerator is None or not bool(np.all(numerator == 1)):
            return None
        return _match_root(under, not divided)
    if name in ("torch.aten.sqrt", "torch.aten.rsqrt") and op is not None:
        norm, form = _norm(_operands(op)[0]), "rsqrt"
        inverse = divided == (name == "torch.aten.rsqrt")
    else:
        norm, form, inverse = _norm(value), "gdn1", not divided
    if norm is None or norm.form != form:
        return None
    return norm, inverse


def _match_gdn(op: ir.OpView) -> _Gdn | None:
    """Match `x * rsqrt(norm)` and its kin: mul or div, sqrt or rsqrt or none, reciprocal or none."""
    left, right = _operands(op)[:2]
    divided = _name(op) == "torch.aten.div.Tensor"
    orders = [(left, right)] if divided else [(left, right), (right, left)]
    for x, factor in orders:
        matched = _match_root(factor, divided)
        if matched is not None and matched[0].x == _source(x):
            return _Gdn(*matched)
    return None


# --------------------------------------------------------------------------------------------------
# Convolutions
# --------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class _Convolution:
    """The operands of any of torch's convolution ops."""

    op: ir.OpView
    x: ir.Value
    weight: ir.Value
    bias: ir.Value
    strides: list[int]
    padding: list[int]
    dilations: list[int]
    output_padding: list[int]
    groups: int
    transposed: bool

    @property
    def pointwise(self) -> bool:
        """Whether it is a plain 1x1 convolution."""
        return (
            _shape(self.weight, self.op)[2:] == (1, 1)
            and self.strides == [1, 1]
            and self.padding == [0, 0]
            and self.groups == 1
        )

    def folded_bias(self) -> Array | None:
        """The bias, zeros where there is none."""
        if _name(_producer(self.bias)) == "torch.constant.none":
            outputs = _shape(self.weight, self.op)[1 if self.transposed else 0]
            return np.zeros(outputs * (self.groups if self.transposed else 1), np.float32)
        return _fold(self.bias)


def _convolution(op: ir.OpView) -> _Convolution:
    """Read `torch.aten.conv2d`, `conv_transpose2d.input` or `convolution`."""
    x, weight, bias, strides, padding, *rest = _operands(op)
    name = _name(op).removeprefix("torch.aten.")
    no_padding: ir.Value | None = None
    transposed = name == "conv_transpose2d.input"
    if name == "conv2d":
        dilations, groups = rest
        output_padding = no_padding
    elif transposed:
        output_padding, groups, dilations = rest
    else:
        dilations, is_transposed, output_padding, groups = rest
        transposed = bool(_number(is_transposed))
    if len(_shape(x, op)) != 4:
        raise UnsupportedError(op, "expected a convolution of NCHW images")
    count = _number(groups)
    if not isinstance(count, int):
        raise UnsupportedError(op, "expected constant groups")
    return _Convolution(
        op,
        x,
        weight,
        bias,
        _pair(strides, op, "stride"),
        _pair(padding, op, "padding"),
        _pair(dilations, op, "dilation"),
        [0, 0] if output_padding is None else _pair(output_padding, op, "output padding"),
        count,
        transposed,
    )


def _pair(value: ir.Value, op: ir.OpView, what: str) -> list[int]:
    """Two integers; one stands for both, none (as the output padding of a forward one) for zeros."""
    found = _integers(value, op, what)
    if len(found) > 2:
        raise UnsupportedError(op, f"expected {what} of 2 integers, but got {len(found)}")
    return found if len(found) == 2 else (found or [0]) * 2


_CONVOLUTIONS = frozenset(
    f"torch.aten.{name}" for name in ("conv2d", "conv_transpose2d.input", "convolution")
)


# --------------------------------------------------------------------------------------------------
# Building lic
# --------------------------------------------------------------------------------------------------
class _Raiser:
    """Raises one function: from its result backwards, so that what a GDN is made of is never visited."""

    def __init__(self, function: Any) -> None:
        self.old = function
        self.values: dict[ir.Value, ir.Value] = {}
        self.counter = 0
        self.calls: Counter[str] = Counter()
        self.handlers: Mapping[str, Callable[[ir.OpView], ir.Value]] = {
            **dict.fromkeys(_CONVOLUTIONS, self._convolution),
            "torch.aten.relu": lambda op: self._unary(op, "lic.relu", {}),
            "torch.aten.abs": lambda op: self._unary(op, "lic.abs", {}),
            "torch.aten.round": lambda op: self._unary(op, "lic.round_latent", {}),
            "torch.aten.leaky_relu": self._leaky_relu,
            "torch.aten.pixel_shuffle": self._pixel_shuffle,
            "torch.aten.add.Tensor": lambda op: self._add(op, 1.0),
            "torch.aten.add.Scalar": lambda op: self._add(op, 1.0),
            "torch.aten.sub.Tensor": lambda op: self._add(op, -1.0),
            "torch.aten.sub.Scalar": lambda op: self._add(op, -1.0),
            "torch.aten.mul.Tensor": self._gdn,
            "torch.aten.div.Tensor": self._gdn,
        }

    def run(self) -> None:
        """Build the new function, then put it in the old one's place.

        Raises:
            UnsupportedError: the function is left as it was.
        """
        old = self.old
        block = old.entry_block
        returned = block.operations[len(block.operations) - 1]
        if len(old.regions[0].blocks) != 1 or len(block.arguments) != 1:
            raise UnsupportedError(old, "expected one block and one argument")
        if len(_operands(returned)) != 1:
            raise UnsupportedError(old, "expected one result")
        result = _operands(returned)[0]
        types = [_tensor_type(v, old) for v in (block.arguments[0], result)]
        name = ir.StringAttr(old.operation.attributes["sym_name"]).value
        location = ir.Location.name(name)
        new = func_d.FuncOp(name, (types[:1], types[1:]), loc=location, ip=ir.InsertionPoint(old))
        try:
            entry = ir.Block.create_at_start(new.body, types[:1], [location])
            self.values[block.arguments[0]] = entry.arguments[0]
            with ir.InsertionPoint(entry), location:
                func_d.ReturnOp([self._value(result)])
        except UnsupportedError:
            new.operation.erase()
            raise
        for attribute in old.operation.attributes:
            key = attribute if isinstance(attribute, str) else attribute.name
            if key in ("arg_attrs", "res_attrs") or key.startswith("lic."):
                new.operation.attributes[key] = old.operation.attributes[key]
        old.operation.erase()

    def _value(self, value: ir.Value) -> ir.Value:
        """The raised form of a torch value, built when it is first asked for."""
        value = _source(value)
        pending = [value]
        # Not recursive: a network may have more layers than Python has stack.
        while pending:
            current = pending[-1]
            if current in self.values:
                pending.pop()
                continue
            op = _producer(current)
            if op is None or _name(op) not in self.handlers:
                self._refuse(op or self.old)
            needed = [v for v in self._inputs(op) if v not in self.values]
            if needed:
                pending += needed
                continue
            self.values[current] = self.handlers[_name(op)](op)
        return self.values[value]

    def _inputs(self, op: ir.OpView) -> list[ir.Value]:
        """The activations that the raised form of `op` takes."""
        if _name(op) in ("torch.aten.mul.Tensor", "torch.aten.div.Tensor"):
            matched = _match_gdn(op)
            return [matched.norm.x] if matched is not None else []
        operands = _operands(op)
        taken = operands[:2] if _name(op).endswith((".add.Tensor", ".sub.Tensor")) else operands[:1]
        return [_source(v) for v in taken if _fold(v) is None]

    def _refuse(self, op: ir.OpView) -> NoReturn:
        path = _path(op)
        where = f" {path}" if path else ""
        raise UnsupportedError(op, f"is an unsupported layer{where}; licc compiles {SUPPORTED}")

    # Building blocks

    def _layer(self, op: ir.OpView) -> str:
        path = _path(op)
        if path is None:
            name = ir.StringAttr(self.old.operation.attributes["sym_name"]).value
            path = f"{name}.{self.counter}"
        self.counter += 1
        # One module may be called more than once, as the activation of a residual block: layers are told apart.
        self.calls[path] += 1
        return path if self.calls[path] == 1 else f"{path}_{self.calls[path]}"

    def _create(
        self,
        name: str,
        op: ir.OpView,
        operands: Sequence[ir.Value],
        attributes: Mapping[str, ir.Attribute],
        layer: str | None = None,
    ) -> ir.Value:
        """Build `lic.<name>` in place of the torch op `op`."""
        layer = layer or self._layer(op)
        return ir.Operation.create(
            name,
            results=[_tensor_type(op.operation.results[0], op)],
            operands=operands,
            attributes={"layer": ir.StringAttr.get(layer), **attributes},
            loc=ir.Location.name(layer),
        ).result

    def _constant(self, array: Array, path: str) -> ir.Value:
        value = ir.DenseElementsAttr.get(np.ascontiguousarray(array, np.float32))
        return ir.Operation.create(
            "lic.constant",
            results=[value.type],
            attributes={"value": value},
            loc=ir.Location.name(path),
        ).result

    # Handlers: one for each kind of op

    def _convolution(self, op: ir.OpView) -> ir.Value:
        conv = _convolution(op)
        weight, bias = _fold(conv.weight), conv.folded_bias()
        if weight is None or bias is None:
            raise UnsupportedError(op, "expected constant weights")
        layer = self._layer(op)
        operands = [
            self._value(conv.x),
            self._constant(weight, f"{layer}.weight"),
            self._constant(bias, f"{layer}.bias"),
        ]
        attributes = {
            "strides": _dense(conv.strides),
            "padding": _dense(conv.padding),
            "dilations": _dense(conv.dilations),
            "groups": ir.IntegerAttr.get(ir.IntegerType.get_signless(64), conv.groups),
        }
        if not conv.transposed:
            return self._create("lic.conv2d", op, operands, attributes, layer)
        attributes["output_padding"] = _dense(conv.output_padding)
        return self._create("lic.deconv2d", op, operands, attributes, layer)

    def _gdn(self, op: ir.OpView) -> ir.Value:
        matched = _match_gdn(op)
        if matched is None:
            self._refuse(op)
        norm = matched.norm
        layer = self._layer(op)
        if float(norm.beta.min()) <= 0:
            raise UnsupportedError(
                op, f"{layer}: expected positive beta, but got {norm.beta.min():g}"
            )
        if float(norm.gamma.min()) < -GAMMA_TOLERANCE:
            raise UnsupportedError(
                op, f"{layer}: expected non-negative gamma, but got {norm.gamma.min():g}"
            )
        operands = [
            self._value(norm.x),
            self._constant(norm.beta, f"{layer}.beta"),
            self._constant(np.maximum(norm.gamma, np.float32(0)), f"{layer}.gamma"),
        ]
        attributes = {
            "form": ir.StringAttr.get(norm.form),
            "inverse": ir.BoolAttr.get(matched.inverse),
        }
        return self._create("lic.gdn", op, operands, attributes, layer)

    def _unary(self, op: ir.OpView, name: str, attributes: Mapping[str, ir.Attribute]) -> ir.Value:
        return self._create(name, op, [self._value(_operands(op)[0])], attributes)

    def _leaky_relu(self, op: ir.OpView) -> ir.Value:
        slope = _number(_operands(op)[1])
        if slope is None:
            raise UnsupportedError(op, "expected a constant slope")
        return self._unary(
            op, "lic.leaky_relu", {"slope": ir.FloatAttr.get(ir.F32Type.get(), float(slope))}
        )

    def _pixel_shuffle(self, op: ir.OpView) -> ir.Value:
        factor = _number(_operands(op)[1])
        if not isinstance(factor, int):
            raise UnsupportedError(op, "expected a constant factor")
        i64 = ir.IntegerType.get_signless(64)
        return self._unary(op, "lic.pixel_shuffle", {"factor": ir.IntegerAttr.get(i64, factor)})

    def _add(self, op: ir.OpView, sign: float) -> ir.Value:
        """`a + alpha b`: a constant becomes one value for each channel; two activations need alpha 1."""
        left, right, *rest = _operands(op)
        alpha = _number(rest[0]) if rest else 1
        if alpha is None:
            raise UnsupportedError(op, "expected a constant alpha")
        factor = np.float32(sign * alpha)
        number = _number(right)
        addend = np.asarray(number, np.float32) if number is not None else _fold(right)
        if addend is not None:
            return self._add_constant(op, left, addend * factor)
        first = _fold(left)
        if factor == 1 and first is not None:
            return self._add_constant(op, right, first)
        if factor != 1 or first is not None or _shape(left, op) != _shape(right, op):
            self._refuse(op)
        return self._create("lic.add", op, [self._value(left), self._value(right)], {})

    def _add_constant(self, op: ir.OpView, x: ir.Value, addend: Array) -> ir.Value:
        channels = _shape(x, op)[1]
        wanted = (1, channels, 1, 1)
        try:
            per_channel = np.broadcast_to(addend, wanted)
        except ValueError:
            raise UnsupportedError(
                op, f"expected a constant of one value a channel, but got {addend.shape}"
            ) from None
        layer = self._layer(op)
        operands = [self._value(x), self._constant(per_channel, f"{layer}.values")]
        return self._create("lic.add", op, operands, {}, layer)


def _dense(values: Iterable[int]) -> ir.Attribute:
    return ir.DenseI64ArrayAttr.get(list(values))
