# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Small typed `lic` modules with random integers, made without calibration or typing."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from torch_mlir import ir
from torch_mlir.dialects import func

from licc.dialects.quantized import Quantized, quantized, shape_of

IMAGE = Quantized(8, False, 0, 255, (1.0,))
ACTIVATION = Quantized(8, True, -128, 127, (1.0,))
GDN_INPUT = Quantized(32, True, -4096, 4095, (1.0,))
GAMMA = Quantized(32, True, 0, 131071, (1.0,))
LATENT = Quantized(16, True, -32768, 32767, (2.0**-4,))
SYMBOLS = Quantized(16, True, -2048, 2047, (1.0,))


@dataclass(frozen=True)
class Layer:
    """kind: conv, deconv, relu, leaky_relu, gdn, gdn1, igdn, igdn1, abs, add, round.

    A convolution has symmetric weights of `weight_bits` and reads `reads`, where it does not read a port.
    """

    kind: str
    outputs: int = 0
    kernel: int = 5
    stride: int = 2
    padding: int | None = None
    output_padding: int | None = None
    groups: int = 1
    dilations: int = 1
    weight_bits: int = 8
    reads: Quantized = ACTIVATION


def activation(bits: int, form: str = "signed") -> Quantized:
    """Activations of so many bits: "signed", "symmetric" or "unsigned" (in u8, of at most 8 bits)."""
    storage, most = 8 if bits <= 8 else 16, (1 << (bits - 1)) - 1
    if form == "unsigned":
        return Quantized(storage, False, 0, 2 * most + 1, (1.0,))
    return Quantized(storage, True, -most - (form == "signed"), most, (1.0,))


def within_i32(weight: np.ndarray, axis: int, most: int) -> np.ndarray:
    """Weights of which some are zero where more would take sums with inputs up to `most` beyond i32."""
    flat = np.moveaxis(weight, axis, 0).reshape(weight.shape[axis], -1)
    sums = np.abs(flat).cumsum(axis=1) * most
    kept = np.where(sums < 2**31 - 6000, flat, 0)
    moved = np.moveaxis(weight, axis, 0).shape
    return np.moveaxis(kept.reshape(moved), 0, axis)


@dataclass
class _Builder:
    random: np.random.Generator
    value: ir.Value = field(init=False)
    kind: Quantized = field(init=False)

    def op(
        self,
        name: str,
        kind: Quantized,
        shape: tuple[int, ...],
        layer: str | None,
        others=(),
        **attributes,
    ):
        if layer is not None:
            attributes["layer"] = ir.StringAttr.get(layer)
        self.value = ir.Operation.create(
            name,
            results=[ir.RankedTensorType.get(shape, kind.type())],
            operands=[self.value, *others],
            attributes=attributes,
            loc=ir.Location.name(layer or "x"),
        ).results[0]
        self.kind = kind

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(ir.ShapedType(self.value.type).shape)

    def constant(self, values: np.ndarray, kind: Quantized | None) -> ir.Value:
        bits = 64 if kind is None else kind.bits
        stored = ir.IntegerType.get_signless(bits)
        array = np.ascontiguousarray(values, dtype=f"int{bits}")
        return ir.Operation.create(
            "lic.constant",
            results=[ir.RankedTensorType.get(array.shape, stored if kind is None else kind.type())],
            attributes={"value": ir.DenseElementsAttr.get(array, type=stored)},
        ).results[0]

    def conv(self, layer: Layer, path: str) -> None:
        transposed = layer.kind == "deconv"
        _, channels, height, width = self.shape
        k, s, o = layer.kernel, layer.stride, layer.outputs
        p = k // 2 if layer.padding is None else layer.padding
        extra = s - 1 if layer.output_padding is None else layer.output_padding
        depth = channels // layer.groups
        shape = (channels, o, k, k) if transposed else (o, depth, k, k)
        greatest = max(abs(self.kind.lo), self.kind.hi)
        most = (1 << (layer.weight_bits - 1)) - 1
        axis = 1 if transposed else 0
        weight = within_i32(self.random.integers(-most, most + 1, shape), axis, greatest)
        bias = self.random.integers(-5000, 5001, o)
        bound = int(np.abs(weight).sum(axis=(0, 2, 3) if transposed else (1, 2, 3)).max())
        bound = bound * greatest + 5000
        assert bound < 2**31
        scale = self.kind.scale
        stored = 8 if layer.weight_bits <= 8 else 16
        w = self.constant(weight, Quantized(stored, True, -most, most, (1.0,) * o, axis))
        b = self.constant(bias, Quantized(32, True, -(1 << 31), (1 << 31) - 1, (scale,) * o, 0))
        d = layer.dilations
        if transposed:
            size = tuple((e - 1) * s - 2 * p + k - 1 + extra + 1 for e in (height, width))
        else:
            size = tuple((e + 2 * p - d * (k - 1) - 1) // s + 1 for e in (height, width))
        array = ir.DenseI64ArrayAttr.get
        attributes = {
            "strides": array([s, s]),
            "padding": array([p, p]),
            "dilations": array([d, d]),
            "groups": ir.IntegerAttr.get(ir.IntegerType.get_signless(64), layer.groups),
        }
        if transposed:
            attributes["output_padding"] = array([extra, extra])
        acc = Quantized(32, True, -bound, bound, (scale,) * o, 1)
        name = "lic.deconv2d" if transposed else "lic.conv2d"
        self.op(name, acc, (1, o, *size), path, (w, b), **attributes)
        self.spread = bound / 16

    def requantize(self, kind: Quantized) -> None:
        channels = self.shape[1]
        factor = (kind.hi - kind.lo) / 2 / self.spread * self.random.uniform(0.5, 1.5, channels)
        shift = np.ceil(17 - np.log2(factor)).astype(int) - 1
        multiplier = np.clip(np.round(factor * 2.0**shift), 1 << 16, (1 << 17) - 1).astype(int)
        self.op(
            "lic.requantize",
            kind,
            self.shape,
            None,
            multiplier=ir.DenseI64ArrayAttr.get(multiplier.tolist()),
            shift=ir.DenseI64ArrayAttr.get(shift.tolist()),
        )

    def gdn(self, layer: Layer, path: str, gives: Quantized) -> None:
        self.requantize(GDN_INPUT)
        channels = self.shape[1]
        inverse = layer.kind.startswith("i")
        form = "gdn1" if layer.kind.endswith("1") else "rsqrt"
        gamma = self.random.integers(0, 131072 // (1 + channels // 48), (channels, channels))
        beta = self.random.integers(1000, 10**7, channels)
        most = int((beta + gamma.sum(axis=1) * (4096**2 if form == "rsqrt" else 4096)).max())
        least = int(beta.min())
        norm_shift = max(0, most.bit_length() - 30)
        norms = [max(1, (v + (1 << norm_shift >> 1)) >> norm_shift) for v in (least, most)]
        bits = (norms[1].bit_length() - 1) // (2 if form == "rsqrt" else 1)
        # A typical norm keeps the range; inverses multiply by about 2^bits.
        shift = 16 + (5 + bits if inverse else 5 - bits) + 8 - gives.magnitude_bits
        exponents = [
            ((n.bit_length() - 1) // 2 if form == "rsqrt" else n.bit_length() - 1)
            * (1 if inverse else -1)
            for n in norms
        ]
        shift = max(shift, max(exponents) - 16, 0)
        array = ir.DenseI64ArrayAttr.get
        self.op(
            "lic.gdn",
            gives,
            self.shape,
            path,
            (self.constant(beta, None), self.constant(gamma, GAMMA)),
            form=ir.StringAttr.get(form),
            inverse=ir.BoolAttr.get(inverse),
            norm=ir.TypeAttr.get(ir.IntegerType.get_signless(32)),
            norm_shift=i64(norm_shift),
            norm_range=array(norms),
            acc_range=array([least, most]),
            multiplier=array(self.random.integers(1 << 16, 1 << 17, channels).tolist()),
            shift=array([shift] * channels),
        )

    def elementwise(self, layer: Layer, path: str) -> None:
        if layer.kind == "leaky_relu":
            self.op(
                "lic.leaky_relu",
                self.kind,
                self.shape,
                path,
                slope=ir.FloatAttr.get_f32(0.01),
                multiplier=i64(83886),
                shift=i64(23),
            )
        elif layer.kind == "add":
            channels = self.shape[1]
            values = self.random.integers(-100, 100, (1, channels, 1, 1))
            other = self.constant(values, Quantized(16, True, -32768, 32767, (2.0**-8,)))
            multiplier = ir.DenseI64ArrayAttr.get([1 << 12, 1 << 4])
            self.op(
                "lic.add",
                ACTIVATION,
                self.shape,
                path,
                (other,),
                multiplier=multiplier,
                shift=i64(12),
            )
        elif layer.kind == "round":
            self.requantize(LATENT)
            self.op("lic.round_latent", SYMBOLS, self.shape, path)
        else:
            self.op(f"lic.{layer.kind}", self.kind, self.shape, path)


def i64(value: int) -> ir.IntegerAttr:
    return ir.IntegerAttr.get(ir.IntegerType.get_signless(64), value)


def typed_module(
    context: ir.Context,
    transforms: dict[str, tuple[tuple[int, int, int], Quantized, list[Layer]]],
    seed: int = 0,
) -> ir.Module:
    """A module of typed functions: name -> (channels, height, width), type of the argument, layers."""
    with context, ir.Location.unknown():
        module = ir.Module.create()
        for name, (shape, kind, layers) in transforms.items():
            with ir.InsertionPoint(module.body):
                _function(name, shape, kind, layers, np.random.default_rng(seed))
        assert module.operation.verify()
    return module


def _function(name, shape, kind, layers, random) -> None:
    argument = ir.RankedTensorType.get((1, *shape), kind.type())
    builder = _Builder(random)
    function = func.FuncOp(name, ([argument], [argument]))
    block = function.add_entry_block()
    builder.value, builder.kind = block.arguments[0], kind
    roles = {"g_a": ("image", "symbols"), "g_s": ("symbols", "image")}
    roles |= {"h_a": ("latent", "symbols"), "h_s": ("symbols", "scales")}
    with ir.InsertionPoint(block):
        for index, layer in enumerate(layers):
            path = f"{name}.{index}"
            needs = builder.kind.axis is not None and layer.kind not in ("relu", "leaky_relu")
            if layer.kind in ("conv", "deconv"):
                if needs:
                    builder.requantize(layer.reads)
                builder.conv(layer, path)
            elif layer.kind.endswith(("gdn", "gdn1")):
                follows = [later.reads for later in layers[index + 1 :] if later.outputs]
                builder.gdn(layer, path, follows[0] if follows else ACTIVATION)
            else:
                builder.elementwise(layer, path)
        if builder.kind.axis is not None:
            builder.requantize(IMAGE if name == "g_s" else LATENT)
        func.ReturnOp([builder.value])
    function.attributes["function_type"] = ir.TypeAttr.get(
        ir.FunctionType.get([argument], [builder.value.type])
    )
    for key, role in zip(("arg_attrs", "res_attrs"), roles[name], strict=True):
        attributes = ir.DictAttr.get({"lic.role": ir.StringAttr.get(role)})
        function.attributes[key] = ir.ArrayAttr.get([attributes])


def hyperprior(n: int, m: int, height: int, width: int) -> dict:
    """The four transforms of a ScaleHyperprior."""
    conv, deconv = (lambda o, k=5, s=2: Layer("conv", o, k, s)), (lambda o: Layer("deconv", o))
    ceil = lambda v, d: -(-v // d)  # noqa: E731
    y = (m, height // 16, width // 16)
    z = (n, ceil(ceil(height // 16, 2), 2), ceil(ceil(width // 16, 2), 2))
    g, i, r = Layer("gdn"), Layer("igdn"), Layer("relu")
    return {
        "g_a": ((3, height, width), IMAGE, [conv(n), g, conv(n), g, conv(n), g, conv(m)]),
        "h_a": (y, LATENT12, [Layer("abs"), conv(n, 3, 1), r, conv(n), r, conv(n), Layer("round")]),
        "h_s": (z, SYMBOLS, [Layer("add"), deconv(n), r, deconv(n), r, conv(m, 3, 1), r]),
        "g_s": (y, SYMBOLS_SMALL, [deconv(n), i, deconv(n), i, deconv(n), i, deconv(3)]),
    }


# Latents whose accumulators stay within i32 for any weights.
LATENT12 = Quantized(16, True, -2048, 2047, (2.0**-4,))
SYMBOLS_SMALL = Quantized(16, True, -512, 511, (1.0,))


# One function each: name, shape and type of its argument, layers.
NETWORKS = {
    "conv, GDN, rounding": ("g_a", (3, 11, 9), IMAGE, [Layer("conv", 4), Layer("gdn"), Layer("conv", 3, 3), Layer("round")]),
    "GDN1 and a wide stride": ("g_a", (3, 17, 21), IMAGE, [Layer("conv", 4, 9, 4), Layer("gdn1"), Layer("conv", 3)]),
    "transposed": ("g_s", (5, 4, 3), SYMBOLS_SMALL, [Layer("deconv", 4), Layer("igdn"), Layer("deconv", 3, 9, 4)]),
    "transposed, odd": ("g_s", (3, 4, 5), SYMBOLS_SMALL, [Layer("deconv", 3, 3, 2, 0, 0), Layer("igdn1"), Layer("deconv", 3, 4, 2, 1, 0)]),
    "abs, ReLU": ("h_a", (4, 6, 7), LATENT12, [Layer("abs"), Layer("conv", 3, 3, 1), Layer("relu"), Layer("conv", 2), Layer("round")]),
    "medians, leaky": ("h_s", (3, 4, 3), SYMBOLS_SMALL, [Layer("add"), Layer("deconv", 4), Layer("leaky_relu"), Layer("conv", 6, 3, 1), Layer("relu")]),
}  # fmt: skip


def sample(module: ir.Module, name: str, seed: int = 3) -> np.ndarray:
    """Stored integers over the whole range of the function's argument."""
    function = next(op for op in module.body.operations if op.attributes["sym_name"].value == name)
    argument = function.entry_block.arguments[0]
    kind = quantized(argument.type)
    assert kind is not None
    random = np.random.default_rng(seed)
    return random.integers(kind.lo, kind.hi + 1, shape_of(argument))
