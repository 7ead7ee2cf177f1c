# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What calibration writes into the IR and typing reads back: discardable attributes of ops and arguments.

    lic.observed = #lic.observed<min, max>    the range that was seen
    lic.clip     = dense<...> : tensor<Wxf32> the magnitude to clip at, for 4, 5, ... signed bits
    lic.channels = dense<...> : tensor<Cx2xf32>   by channel: mean, mean square
    lic.channel_clip = dense<...> : tensor<CxWxf32> by channel, as lic.clip
    lic.covariance = dense<...> : tensor<CxCxf32> of the channels at a pixel
    lic.correlation = #lic.observed<rows, columns> of a pixel with the next one down and to the right

Clipping magnitudes have the least squared error of that width; the last one holds for all wider types. All but
the first are on values that a convolution reads. A value is an op's result or a function's argument.

    lic.calibration = {images, max_images, size, crop}   on the module: what it was calibrated with

lets typing measure on the same pictures again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from torch_mlir import ir
from torch_mlir.dialects import func

from licc.dialects.lic import ObservedAttr
from licc.interp.narrow import is_narrow, narrow_elements
from licc.quantize.statistics import Array, ChannelStatistics, width_index

OBSERVED = "lic.observed"
CLIP = "lic.clip"
CHANNELS = "lic.channels"
CHANNEL_CLIP = "lic.channel_clip"
COVARIANCE = "lic.covariance"
CORRELATION = "lic.correlation"
FACTS = (OBSERVED, CLIP, CHANNELS, CHANNEL_CLIP, COVARIANCE, CORRELATION)
ROLE = "lic.role"
# On a typed op whose channels were divided by scales that the next weights absorb.
CHANNEL_SCALES = "lic.channel_scales"
# dB of signal to quantization noise of a typed value (licc/quantize/measure.py).
SQNR = "lic.sqnr"


def functions(module: ir.Module) -> dict[str, func.FuncOp]:
    """The functions of `module` by name."""
    return {
        ir.StringAttr(op.attributes["sym_name"]).value: op
        for op in module.body.operations
        if isinstance(op, func.FuncOp)
    }


def roles(function: func.FuncOp) -> tuple[str, str]:
    """The roles of the argument and of the result; "" where one is not stated."""
    return _role(function, "arg_attrs"), _role(function, "res_attrs")


def _role(function: func.FuncOp, name: str) -> str:
    if name not in function.attributes:
        return ""
    attributes = ir.DictAttr(ir.ArrayAttr(function.attributes[name])[0])
    return ir.StringAttr(attributes[ROLE]).value if ROLE in attributes else ""


def owner(value: ir.Value) -> ir.Operation:
    """The op that defines `value`, or the function whose argument it is."""
    if isinstance(value, ir.BlockArgument):
        return value.owner.owner.operation
    return value.owner.operation


def owner_attributes(value: ir.Value) -> Mapping[str, ir.Attribute]:
    """The attributes of the op or function argument that defines `value`."""
    if isinstance(value, ir.BlockArgument):
        function = value.owner.owner
        if "arg_attrs" not in function.attributes:
            return {}
        attributes = ir.DictAttr(ir.ArrayAttr(function.attributes["arg_attrs"])[value.arg_number])
        return {named.name: named.attr for named in attributes}
    return {name: value.owner.attributes[name] for name in _names(value.owner)}


def _names(operation: Any) -> list[str]:
    return [name for name in FACTS if name in operation.attributes]


def attach(value: ir.Value, facts: Mapping[str, ir.Attribute]) -> None:
    """Set `facts` on what defines `value`, beside the attributes that are there."""
    if not isinstance(value, ir.BlockArgument):
        for name, attribute in facts.items():
            value.owner.attributes[name] = attribute
        return
    function = value.owner.owner
    present = (
        list(ir.ArrayAttr(function.attributes["arg_attrs"]))
        if "arg_attrs" in function.attributes
        else [ir.DictAttr.get({}) for _ in value.owner.arguments]
    )
    old = {named.name: named.attr for named in ir.DictAttr(present[value.arg_number])}
    present[value.arg_number] = ir.DictAttr.get({**old, **facts})
    function.attributes["arg_attrs"] = ir.ArrayAttr.get(present)


def detach(argument: ir.Value, name: str) -> None:
    """Take a fact away from a function's argument."""
    function = argument.owner.owner
    if name not in owner_attributes(argument):
        return
    present = list(ir.ArrayAttr(function.attributes["arg_attrs"]))
    kept = {n.name: n.attr for n in ir.DictAttr(present[argument.arg_number]) if n.name != name}
    present[argument.arg_number] = ir.DictAttr.get(kept)
    function.attributes["arg_attrs"] = ir.ArrayAttr.get(present)


def interval(low: float, high: float) -> ir.Attribute:
    """`#lic.observed<low, high>`."""
    return ObservedAttr.get(ir.FloatAttr.get_f64(low), ir.FloatAttr.get_f64(high))


def read_interval(value: ir.Value, name: str) -> tuple[float, float] | None:
    """The range that attribute `name` holds for `value`, None when it is absent."""
    attribute = owner_attributes(value).get(name)
    if attribute is None:
        return None
    low, high = (ir.FloatAttr(a).value for a in (attribute.min, attribute.max))  # pyright: ignore[reportAttributeAccessIssue]
    return low, high


def read_clip(value: ir.Value, bits: int) -> float | None:
    """The magnitude to clip the whole of `value` at, for signed integers of `bits` bits; None when absent."""
    attribute = owner_attributes(value).get(CLIP)
    if attribute is None:
        return None
    clips = elements(attribute)
    return float(clips[width_index(bits, len(clips))])


def clip_facts(clips: Array) -> dict[str, ir.Attribute]:
    """The attribute that holds the clipping magnitudes [W] of a tensor."""
    return {CLIP: _dense(clips)}


def channel_facts(statistics: ChannelStatistics) -> dict[str, ir.Attribute]:
    """The attributes that hold `statistics`."""
    table = np.stack([statistics.mean, statistics.power], axis=1)
    found = {CHANNELS: _dense(table), CHANNEL_CLIP: _dense(statistics.clips)}
    if statistics.covariance is not None:
        found[COVARIANCE] = _dense(statistics.covariance)
        found[CORRELATION] = interval(*statistics.correlation)
    return found


def _dense(values: Array) -> ir.Attribute:
    return ir.DenseElementsAttr.get(np.ascontiguousarray(values, dtype=np.float32))


def read_channels(value: ir.Value) -> ChannelStatistics | None:
    """What calibration said of the channels of `value`, None when it said nothing."""
    attributes = owner_attributes(value)
    if CHANNELS not in attributes or CHANNEL_CLIP not in attributes:
        return None
    mean, power = elements(attributes[CHANNELS]).astype(np.float64).T
    clips = elements(attributes[CHANNEL_CLIP]).astype(np.float64)
    correlation = read_interval(value, CORRELATION)
    if COVARIANCE not in attributes or correlation is None:
        return ChannelStatistics(clips, mean, power)
    covariance = elements(attributes[COVARIANCE]).astype(np.float64)
    return ChannelStatistics(clips, mean, power, covariance, correlation)


def elements(attribute: ir.Attribute) -> np.ndarray[Any, Any]:
    """The elements of a dense attribute, splats spread out."""
    if is_narrow(attribute.type):
        return narrow_elements(attribute)
    dense: Any = ir.DenseElementsAttr(attribute)
    if dense.is_splat:
        shape = tuple(ir.ShapedType(dense.type).shape)
        splat = dense.get_splat_value()
        return np.full(
            shape, splat.value, np.float32 if isinstance(splat, ir.FloatAttr) else np.int64
        )
    return np.array(dense)


def constant(value: ir.Value) -> Array:
    """The elements of the f32 `lic.constant` that defines `value`."""
    return elements(value.owner.attributes["value"]).astype(np.float64)
