# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Small typed `lic` functions with branches that meet again, of random integers: no calibration, no typing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from support.typed import ACTIVATION, IMAGE, LATENT, SYMBOLS_SMALL, Layer, _Builder, i64
from torch_mlir import ir
from torch_mlir.dialects import func

from licc.dialects.quantized import Quantized

Body = Callable[["Graph"], None]


@dataclass(frozen=True)
class Point:
    """A value to come back to."""

    value: ir.Value
    kind: Quantized


class Graph(_Builder):
    """Builds a function op by op; `here` and `back` make branches, `join` ends them."""

    count = 0

    @property
    def path(self) -> str:
        """A layer that has no name yet."""
        self.count += 1
        return f"{self.name}.{self.count}"

    @property
    def here(self) -> Point:
        return Point(self.value, self.kind)

    def back(self, point: Point) -> None:
        self.value, self.kind = point.value, point.kind

    def conv_(self, outputs: int, kernel: int = 3, stride: int = 1) -> None:
        """A convolution of i8, with accumulators."""
        self.narrow()
        self.conv(Layer("conv", outputs, kernel, stride), self.path)

    def leaky(self) -> None:
        self.elementwise(Layer("leaky_relu"), self.path)

    def norm(self, kind: str = "gdn") -> None:
        self.gdn(Layer(kind), self.path, ACTIVATION)

    def narrow(self, kind: Quantized = ACTIVATION) -> None:
        if self.kind.axis is not None:
            self.requantize(kind)

    def shuffled(self, outputs: int, factor: int = 2, kernel: int = 3) -> None:
        """A convolution and a pixel shuffle: one requantization for each channel of its result."""
        self.conv_(outputs * factor**2, kernel)
        channels = self.shape[1]
        factors = (255 / 2 / self.spread) * self.random.uniform(0.5, 1.5, outputs)
        shift = np.ceil(17 - np.log2(factors)).astype(int) - 1
        most = np.clip(np.round(factors * 2.0**shift), 1 << 16, (1 << 17) - 1).astype(int)
        each = factor**2
        self.op(
            "lic.requantize",
            ACTIVATION,
            self.shape,
            None,
            multiplier=ir.DenseI64ArrayAttr.get(np.repeat(most, each).tolist()),
            shift=ir.DenseI64ArrayAttr.get(np.repeat(shift, each).tolist()),
        )
        _, _, height, width = self.shape
        shape = (1, channels // each, height * factor, width * factor)
        self.op("lic.pixel_shuffle", ACTIVATION, shape, self.path, factor=i64(factor))

    def join(self, other: Point, kind: Quantized = ACTIVATION) -> None:
        self.narrow()
        multiplier = [int(self.random.integers(1 << 14, 1 << 16)) for _ in range(2)]
        self.op(
            "lic.add",
            kind,
            self.shape,
            self.path,
            (other.value,),
            multiplier=ir.DenseI64ArrayAttr.get(multiplier),
            shift=i64(16),
        )

    # Blocks of CompressAI
    def block(self, outputs: int) -> None:
        """ResidualBlock: conv, leaky, conv, leaky, and what came, by a 1x1 convolution if its width changes."""
        self.narrow()
        start = self.here
        for _ in range(2):
            self.conv_(outputs)
            self.leaky()
        self.narrow()
        end, channels = self.here, self.shape[1]
        self.back(start)
        if self.shape[1] != channels:
            self.conv_(outputs, 1)
            self.narrow()
        other = self.here
        self.back(end)
        self.join(other)

    def strided(self, outputs: int) -> None:
        """ResidualBlockWithStride: conv of stride 2, leaky, conv, GDN, and a 1x1 convolution of stride 2."""
        self.narrow()
        start = self.here
        self.conv_(outputs, 3, 2)
        self.leaky()
        self.conv_(outputs)
        self.norm()
        end = self.here
        self.back(start)
        self.conv_(outputs, 1, 2)
        self.narrow()
        other = self.here
        self.back(end)
        self.join(other)

    def upsampled(self, outputs: int) -> None:
        """ResidualBlockUpsample: shuffled conv, leaky, conv, inverse GDN, and a shuffled conv."""
        self.narrow()
        start = self.here
        self.shuffled(outputs)
        self.leaky()
        self.conv_(outputs)
        self.norm("igdn")
        end = self.here
        self.back(start)
        self.shuffled(outputs)
        other = self.here
        self.back(end)
        self.join(other)


def residual_module(
    context: ir.Context,
    transforms: dict[str, tuple[tuple[int, int, int], Body]],
    seed: int = 0,
) -> ir.Module:
    """A module of typed functions: name -> (channels, height, width) of the argument, what builds it."""
    with context, ir.Location.unknown():
        module = ir.Module.create()
        for name, (shape, body) in transforms.items():
            with ir.InsertionPoint(module.body):
                _function(name, shape, body, np.random.default_rng(seed))
        assert module.operation.verify()
    return module


def _function(name: str, shape: tuple[int, ...], body: Body, random: Any) -> None:
    kind = IMAGE if name == "g_a" else SYMBOLS_SMALL
    argument = ir.RankedTensorType.get((1, *shape), kind.type())
    graph = Graph(random)
    graph.name = name
    function = func.FuncOp(name, ([argument], [argument]))
    block = function.add_entry_block()
    graph.value, graph.kind = block.arguments[0], kind
    with ir.InsertionPoint(block):
        body(graph)
        graph.narrow(IMAGE if name == "g_s" else LATENT)
        func.ReturnOp([graph.value])
    result = graph.value.type
    function.attributes["function_type"] = ir.TypeAttr.get(
        ir.FunctionType.get([argument], [result])
    )
    roles = {"g_a": ("image", "symbols"), "g_s": ("symbols", "image")}
    for key, role in zip(("arg_attrs", "res_attrs"), roles[name], strict=True):
        attributes = ir.DictAttr.get({"lic.role": ir.StringAttr.get(role)})
        function.attributes[key] = ir.ArrayAttr.get([attributes])


def encoder(n: int, m: int, blocks: int = 2) -> Body:
    """The analysis of cheng2020-anchor, with fewer blocks if wanted: 4 have its 16 times smaller latent."""

    def body(graph: Graph) -> None:
        for _ in range(blocks):
            graph.strided(n)
            graph.block(n)
        graph.conv_(m, 3, 2)

    return body


def decoder(n: int, blocks: int = 1) -> Body:
    """Its synthesis."""

    def body(graph: Graph) -> None:
        graph.block(n)
        for _ in range(blocks):
            graph.upsampled(n)
            graph.block(n)
        graph.shuffled(3)

    return body


def random_body(random: np.random.Generator, up: bool) -> Body:
    """A chain of convolutions, shuffles and norms with random skips over it, perhaps inside one another."""

    def one(graph: Graph) -> None:
        channels = int(random.integers(1, 5))
        step = random.choice(["conv", "wide", "gdn", "shuffle" if up else "conv"])
        if step == "shuffle" and graph.shape[2] < 12:
            graph.shuffled(channels)
        else:
            graph.conv_(channels, 1 if step == "wide" else 3, 1)
        if step == "gdn":
            graph.norm(str(random.choice(["gdn", "igdn", "gdn1"])))
        elif random.random() < 0.5:
            graph.leaky()
        graph.narrow()

    def skip(graph: Graph, deep: int) -> None:
        graph.narrow()
        start, shape = graph.here, graph.shape
        for _ in range(int(random.integers(1, 3))):
            same(graph, deep, shape[1])
        end = graph.here
        graph.back(start)
        if random.random() < 0.5:
            same(graph, 0, shape[1])
        other = graph.here
        graph.back(end)
        graph.join(other)
        if random.random() < 0.3:
            graph.elementwise(Layer("relu"), graph.path)

    def same(graph: Graph, deep: int, channels: int) -> None:
        """A step that keeps the shape."""
        if deep and random.random() < 0.4:
            skip(graph, deep - 1)
            return
        graph.conv_(channels, int(random.choice([1, 3])))
        if random.random() < 0.5:
            graph.leaky()
        graph.narrow()

    def body(graph: Graph) -> None:
        for _ in range(int(random.integers(1, 3))):
            if random.random() < 0.7:
                one(graph)
            skip(graph, 2)
        if graph.kind == ACTIVATION:
            graph.conv_(3)

    return body
