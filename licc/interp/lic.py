# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The interpreter of `lic`: float functions in float32, typed ones on their stored integers, exactly.

It is the law in executable form (docs/semantics.md): a pass may change structure, never an integer, and
tests run this after every pass. Spatial sizes come from the arrays, not from the types, so calibration
can run a 720p function on a small image. Every typed value is held to the range its type proves.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt
from torch_mlir import ir

from licc.dialects.ext import array
from licc.dialects.quantized import Quantized, quantized
from licc.interp import arith, exact
from licc.interp.arith import Integers, RangeError
from licc.interp.narrow import is_narrow, narrow_elements
from licc.interp.root import root
from licc.schedule import stripes

__all__ = ["InterpError", "Observer", "elements", "function", "run", "run_op"]

Array = npt.NDArray[Any]
Observer = Callable[[Any, Array], None]
Environment = dict[ir.Value, Array]


class InterpError(Exception):
    """An op that cannot be interpreted, or a value outside its proven range; names op and layer."""


def run(module: ir.Module, name: str, x: Array, observe: Observer | None = None) -> Array:
    """Interpret function `name` of `module` on `x`.

    A function with `lic.stripes` is run on every stripe of a whole input, and the results are stitched.

    Args:
        module: a module of `lic` functions.
        name: the function's symbol, such as "g_a".
        x: 1xCxHxW; floats for a float function, stored integers for a typed one. Of a striped function
            W is that of the whole.
        observe: called with the function's argument, then with each op whose result is an activation,
            and the array; for every stripe again.

    Returns:
        1xCxHxW: float32, or the stored integers as int64.

    Raises:
        InterpError: no such function, an input of another shape, a constant whose value was elided, an
            unknown op, or a typed value outside the range that its type proves.
    """
    op = function(module, name)
    striped = stripes.read(op)
    if striped is None:
        return _run_function(op, name, x, observe)
    try:
        parts = stripes.cut(x, striped)
    except stripes.StripesError as error:
        raise InterpError(f"@{name}: {error}") from error
    return stripes.stitch([_run_function(op, name, part, observe) for part in parts], striped)


def _run_function(op: Any, name: str, x: Array, observe: Observer | None) -> Array:
    block = op.regions[0].blocks[0]
    argument = block.arguments[0]
    typed = quantized(argument.type)
    channels = ir.ShapedType(argument.type).shape[1]
    if x.ndim != 4 or x.shape[:2] != (1, channels):
        raise InterpError(f"@{name}: expected an input of 1x{channels}xHxW, but got {x.shape}")
    value = x.astype(np.float32) if typed is None else _stored(x, f"@{name}: argument")
    _hold(value, typed, f"@{name}: argument")
    if observe is not None:
        observe(argument, value)
    return _run_block(block, {argument: value}, observe)


def _stored(x: Array, what: str) -> Integers:
    try:
        return arith.integers(x)
    except RangeError as error:
        raise InterpError(f"{what}: {error}") from error


def function(module: ir.Module, name: str) -> Any:
    """The `func.func` called `name`; raises InterpError when there is none."""
    names: list[str] = []
    for op in module.body.operations:
        if op.operation.name != "func.func":
            continue
        names.append(ir.StringAttr(op.operation.attributes["sym_name"]).value)
        if names[-1] == name:
            return op.operation
    raise InterpError(f"no function @{name}; there are: {', '.join(names) or 'none'}")


def elements(attribute: ir.Attribute, what: str) -> Array:
    """The values of an elements attribute.

    Raises:
        InterpError: they were elided when the IR was printed.
    """
    # A resource has no Python class of its own that an attribute would be an instance of.
    if not isinstance(attribute, ir.DenseElementsAttr):
        raise InterpError(f"{what}: its values were elided when this IR was printed")
    if is_narrow(attribute.type):
        return narrow_elements(attribute)
    shape = tuple(ir.ShapedType(attribute.type).shape)
    # A splat holds one value for all: the buffer protocol gives it strides of 0 or a single element.
    return np.broadcast_to(np.array(attribute), shape)


# --------------------------------------------------------------------------------------------------
# Blocks
# --------------------------------------------------------------------------------------------------
def _run_block(block: Any, values: Environment, observe: Observer | None) -> Array:
    """Interpret a block; returns what its terminator returns. Values die after their last use."""
    left = {value: _uses(value) for value in values}
    for view in block.operations:
        op = view.operation
        operands = [values[value] for value in op.operands]
        if op.name in ("func.return", "lic.yield"):
            return operands[0]
        result = _run_op(view, operands, observe)
        for value in op.operands:
            left[value] -= 1
            if not left[value]:
                del values[value]
        values[op.results[0]] = result
        left[op.results[0]] = _uses(op.results[0])
        if observe is not None and op.name not in ("lic.constant", "lic.stage"):
            observe(view, result)
    raise InterpError("a block that returns nothing")


def _uses(value: ir.Value) -> int:
    return sum(1 for _ in value.uses)


def _run_op(op: Any, operands: list[Array], observe: Observer | None) -> Array:
    name = op.operation.name
    if name == "lic.stage":
        block = op.operation.regions[0].blocks[0]
        return _run_block(block, dict(zip(block.arguments, operands, strict=True)), observe)
    compute = _OPS.get(name)
    if compute is None:
        _fail(op, "no interpretation of this op")
    try:
        result = compute(op, operands)
    except RangeError as error:
        _fail(op, str(error))
    _hold(result, quantized(op.operation.results[0].type), _name(op))
    return result


def run_op(op: Any, operands: list[Array]) -> Array:
    """Interpret one op of `lic` on its operands; see `run`."""
    return _run_op(op, operands, None)


def _name(op: Any) -> str:
    attributes = op.operation.attributes
    layer = f" of {ir.StringAttr(attributes['layer']).value}" if "layer" in attributes else ""
    return f"'{op.operation.name}'{layer}"


def _fail(op: Any, message: str) -> NoReturn:
    raise InterpError(f"{_name(op)}: {message}")


def _hold(values: Array, kind: Quantized | None, what: str) -> None:
    """Every stored integer lies in the range that its type proves."""
    if kind is None:
        return
    least, most = arith.span(values)
    if least < kind.lo or most > kind.hi:
        raise InterpError(
            f"{what}: {least}..{most} is outside the proven range {kind.lo}..{kind.hi}"
        )


# --------------------------------------------------------------------------------------------------
# Ops
# --------------------------------------------------------------------------------------------------
def _out(op: Any) -> Quantized | None:
    return quantized(op.operation.results[0].type)


def _integer(op: Any, name: str) -> int:
    return ir.IntegerAttr(op.operation.attributes[name]).value


def _pair(op: Any, name: str) -> tuple[int, int]:
    first, second = array(op.operation.attributes[name])
    return first, second


def _channels(op: Any, name: str) -> Integers:
    """One integer for all channels, or one each, to broadcast against [1, C, H, W]."""
    return np.array(array(op.operation.attributes[name]), dtype=np.int64)[None, :, None, None]


def _constant(op: Any, _: list[Array]) -> Array:
    value = elements(op.operation.attributes["value"], f"'lic.constant' at {op.location}")
    return value.astype(np.float32 if value.dtype.kind == "f" else np.int64)


def _with_bias(parts: list[Array], bias: Array) -> Array:
    """The channels of all groups with their bias, [1, C, H, W]; may overwrite `parts`."""
    sums = parts[0] if len(parts) == 1 else np.concatenate(parts)
    sums += bias[:, None, None]
    return sums[None]


def _conv2d(op: Any, operands: list[Array]) -> Array:
    x, weight, bias = operands
    stride, padding, dilation = (_pair(op, n) for n in ("strides", "padding", "dilations"))
    kernel = weight.shape[2:]
    size = tuple(
        (extent + 2 * p - d * (k - 1) - 1) // s + 1
        for extent, p, d, k, s in zip(x.shape[2:], padding, dilation, kernel, stride, strict=True)
    )
    _check_size(op, size)
    offsets = tuple(
        [d * j - p for j in range(k)] for d, p, k in zip(dilation, padding, kernel, strict=True)
    )
    groups = _integer(op, "groups")
    parts = [
        exact.correlate(xs, ws, (offsets[0], offsets[1]), stride, (size[0], size[1]))
        for xs, ws in zip(np.split(x[0], groups), np.split(weight, groups), strict=True)
    ]
    return _with_bias(parts, bias)


def _check_size(op: Any, size: tuple[int, ...]) -> None:
    if min(size) < 1:
        _fail(op, "expected an input no smaller than the kernel")


def _transposed_size(op: Any, x: Array, kernel: tuple[int, ...]) -> tuple[int, int]:
    rows, columns = (
        (extent - 1) * s - 2 * p + (k - 1) + o + 1
        for extent, s, p, k, o in zip(
            x.shape[2:],
            _pair(op, "strides"),
            _pair(op, "padding"),
            kernel,
            _pair(op, "output_padding"),
            strict=True,
        )
    )
    _check_size(op, (rows, columns))
    return rows, columns


def _deconv2d(op: Any, operands: list[Array]) -> Array:
    x, weight, bias = operands
    weight = _dilate(weight, _pair(op, "dilations"))
    size = _transposed_size(op, x, weight.shape[2:])
    groups = _integer(op, "groups")
    parts = [
        exact.scatter(xs, ws, _pair(op, "strides"), _pair(op, "padding"), size)
        for xs, ws in zip(np.split(x[0], groups), np.split(weight, groups), strict=True)
    ]
    return _with_bias(parts, bias)


def _dilate(weight: Array, dilation: tuple[int, int]) -> Array:
    if dilation == (1, 1):
        return weight
    kernel = tuple(d * (k - 1) + 1 for d, k in zip(dilation, weight.shape[2:], strict=True))
    spread = np.zeros((*weight.shape[:2], *kernel), dtype=weight.dtype)
    spread[:, :, :: dilation[0], :: dilation[1]] = weight
    return spread


def _subpixel_conv2d(op: Any, operands: list[Array]) -> Array:
    """Phase by phase, as the op defines it: shares no code with `lic.deconv2d`."""
    x, weight, bias = operands
    each = bias.reshape(weight.shape[0], -1)  # one, or one for each phase
    stride, padding = _pair(op, "strides"), _pair(op, "padding")
    rows, columns = _transposed_size(op, x, weight.shape[2:])
    dtype = np.float32 if x.dtype.kind == "f" else np.int64
    result = np.empty((weight.shape[0], rows, columns), dtype=dtype)
    for py in range(min(stride[0], rows)):
        for px in range(min(stride[1], columns)):
            taps = [
                [t for t in range(k) if (phase + p - t) % s == 0]
                for phase, p, k, s in zip((py, px), padding, weight.shape[2:], stride, strict=True)
            ]
            offsets = [
                [(phase + p - t) // s for t in ts]
                for phase, p, ts, s in zip((py, px), padding, taps, stride, strict=True)
            ]
            kernel = weight[:, :, taps[0]][:, :, :, taps[1]]
            size = (-(-(rows - py) // stride[0]), -(-(columns - px) // stride[1]))
            of_phase = each[:, (py * stride[1] + px) % each.shape[1], None, None]
            sums = exact.correlate(x[0], kernel, (offsets[0], offsets[1]), (1, 1), size)
            result[:, py :: stride[0], px :: stride[1]] = sums + of_phase
    return result[None]


def _by_strips(compute: Callable[[Array], Array], x: Array) -> Array:
    """`compute` on [C, pixels] of a [1, C, H, W], strip by strip; it keeps shape and type."""
    flat = x[0].reshape(x.shape[1], -1)
    result = np.empty_like(flat)
    for strip in exact.strips(*flat.shape):
        result[:, strip] = compute(flat[:, strip])
    return result.reshape(x.shape)


def _gdn(op: Any, operands: list[Array]) -> Array:
    x, beta, gamma = operands
    form = ir.StringAttr(op.operation.attributes["form"]).value
    inverse = ir.BoolAttr(op.operation.attributes["inverse"]).value
    out = _out(op)

    def compute(x: Array) -> Array:
        powers = x * x if form == "rsqrt" else np.abs(x)
        sums = exact.matmul(gamma, powers) + beta[:, None]
        if out is None:
            return _float_gdn(x, sums, form, inverse)
        return _typed_gdn(op, x, sums.astype(np.int64, copy=False), out)

    return _by_strips(compute, x)


def _typed_gdn(op: Any, x: Integers, sums: Integers, out: Quantized) -> Integers:
    form = ir.StringAttr(op.operation.attributes["form"]).value
    inverse = ir.BoolAttr(op.operation.attributes["inverse"]).value
    lo, hi = _pair(op, "acc_range")
    arith.within(sums, lo, hi, "sum of the norm")
    norm = arith.rshr(sums, _integer(op, "norm_shift")).clip(min=1)
    arith.within(norm, *_pair(op, "norm_range"), "norm")
    mantissa, exponent = root(norm, form, inverse)
    multiplier, shift = (_channels(op, n)[0, :, :, 0] for n in ("multiplier", "shift"))
    scaled = arith.rshr(x * mantissa * multiplier, shift + 16 - exponent)
    return arith.clamp(scaled, out.lo, out.hi)


def _float_gdn(x: Array, norm: Array, form: str, inverse: bool) -> Array:
    scale = np.sqrt(norm) if form == "rsqrt" else norm
    return x * scale if inverse else x / scale


def _relu(op: Any, operands: list[Array]) -> Array:
    out = _out(op)
    if out is None:
        return np.maximum(operands[0], np.float32(0))
    return arith.relu(operands[0], out.lo, out.hi)


def _leaky_relu(op: Any, operands: list[Array]) -> Array:
    x, out = operands[0], _out(op)
    if out is None:
        slope = ir.FloatAttr(op.operation.attributes["slope"]).value
        return np.where(x >= 0, x, x * np.float32(slope))
    return arith.leaky_relu(x, _integer(op, "multiplier"), _integer(op, "shift"), out.lo, out.hi)


def _abs(op: Any, operands: list[Array]) -> Array:
    out = _out(op)
    return np.abs(operands[0]) if out is None else arith.absolute(operands[0], out.lo, out.hi)


def _add(op: Any, operands: list[Array]) -> Array:
    out = _out(op)
    if out is None:
        return operands[0] + operands[1]
    return arith.add(
        operands[0], operands[1], _pair(op, "multiplier"), _integer(op, "shift"), out.lo, out.hi
    )


def _pixel_shuffle(op: Any, operands: list[Array]) -> Array:
    factor = _integer(op, "factor")
    _, channels, height, width = operands[0].shape
    split = operands[0].reshape(channels // factor**2, factor, factor, height, width)
    return split.transpose(0, 3, 1, 4, 2).reshape(1, -1, height * factor, width * factor)


def _typed_out(op: Any) -> Quantized:
    out = _out(op)
    if out is None:
        _fail(op, "expected a typed result")
    return out


def _quantize(op: Any, operands: list[Array]) -> Array:
    out = _typed_out(op)
    scales = _spread(out, operands[0].ndim)
    return arith.quantize(operands[0] / scales, 1.0, out.lo, out.hi, out.zero_point)


def _dequantize(op: Any, operands: list[Array]) -> Array:
    kind = quantized(op.operation.operands[0].type)
    if kind is None:
        _fail(op, "expected a typed input")
    real = (operands[0] - kind.zero_point) * _spread(kind, operands[0].ndim)
    return real.astype(np.float32)


def _spread(kind: Quantized, rank: int) -> npt.NDArray[np.float64]:
    """The scales of a type, to broadcast against a tensor of `rank`."""
    if kind.axis is None:
        return np.float64(kind.scale) * np.ones((1,) * rank)
    shape = [1] * rank
    shape[kind.axis] = len(kind.scales)
    return np.array(kind.scales, dtype=np.float64).reshape(shape)


def _requantize(op: Any, operands: list[Array]) -> Array:
    out = _typed_out(op)
    multiplier, shift = (_channels(op, n)[0, :, :, 0] for n in ("multiplier", "shift"))
    return _by_strips(lambda x: arith.requantize(x, multiplier, shift, out.lo, out.hi), operands[0])


def _round_latent(op: Any, operands: list[Array]) -> Array:
    out = _out(op)
    if out is None:
        return np.floor(operands[0] + np.float32(0.5))
    kind = quantized(op.operation.operands[0].type)
    fraction_bits = 0 if kind is None else 1 - math.frexp(kind.scale)[1]
    return arith.round_latent(operands[0], fraction_bits, out.lo, out.hi)


_OPS: Mapping[str, Callable[[Any, list[Array]], Array]] = {
    "lic.abs": _abs,
    "lic.add": _add,
    "lic.constant": _constant,
    "lic.conv2d": _conv2d,
    "lic.deconv2d": _deconv2d,
    "lic.dequantize": _dequantize,
    "lic.gdn": _gdn,
    "lic.leaky_relu": _leaky_relu,
    "lic.pixel_shuffle": _pixel_shuffle,
    "lic.quantize": _quantize,
    "lic.relu": _relu,
    "lic.requantize": _requantize,
    "lic.round_latent": _round_latent,
    "lic.subpixel_conv2d": _subpixel_conv2d,
}
