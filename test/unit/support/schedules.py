# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random legal schedules and random small networks, without the solver."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from support.typed import (
    IMAGE,
    LATENT12,
    SYMBOLS_SMALL,
    Layer,
    activation,
    typed_module,
)
from torch_mlir import ir

from licc.cost.folding import Folding
from licc.cost.process import Process, auxiliary
from licc.dialects.hls.ops import PACKINGS, packing_refusal
from licc.passes.lic_fuse import LicFuse
from licc.passes.lic_tile import LicTile
from licc.passes.lic_to_hls import LicToHls
from licc.schedule.stages import (
    CLOCK,
    TARGET,
    Piece,
    Stage,
    i64,
    read_transforms,
    value_range,
    write_foldings,
)

MOST_POSITIONS = 9
COSTS = ("cycles", "dsp", "bram18", "lut", "ff")


def random_schedule(module: ir.Module, rng: np.random.Generator) -> None:
    """Give every stage of a fused and tiled module a legal schedule; predicted costs are all 1.

    Words of several pixels are at ports, and behind elementwise processes that read such a port.
    """
    with module.context:
        for transform in read_transforms(module):
            written: list[int] = []
            graph = any(len(stage.sources) > 1 for stage in transform.stages)
            for stage in transform.stages:
                last = stage is transform.stages[-1]
                source = stage.sources[0]
                given = 0 if source is None else written[source]
                written.append(_Stage(stage, rng, given, last, graph).write())
        module.operation.attributes[TARGET] = ir.StringAttr.get("zcu102")
        module.operation.attributes[CLOCK] = i64(300)


class _Stage:
    """Draws the schedule of one stage."""

    def __init__(
        self, stage: Stage, rng: np.random.Generator, given: int, last: bool, graph: bool
    ) -> None:
        """`given` are the lanes that the stage before writes, 0 where this one reads the port.

        In a graph whose ways meet again, pixels are side by side in words of ports alone.
        """
        self.stage, self.rng, self.given, self.last = stage, rng, given, last
        self.graph = graph
        self.foldings: dict[str, Folding] = {}
        self.intake = 0

    def write(self) -> int:
        """Put it on the op; returns the lanes that the stage writes."""
        for piece in self.stage.pieces:
            self.foldings[piece.process.kind] = getattr(self, piece.process.kind)(piece.process)
        # Drawn beside the rest, so that it changes nothing else.
        coin = self.rng.spawn(1)[0]
        multiply = [p.process.kind for p in self.stage.pieces if auxiliary(p.process)]
        fabric = [kind for kind in multiply if coin.random() < 0.5]
        write_foldings(self.stage, self.foldings, self.intake, fabric)
        attributes = self.stage.op.attributes
        streams = sum(len(piece.process.lane_bits) for piece in self.stage.pieces)
        depths = self.rng.integers(2, 40, streams).tolist()
        attributes["fifo_depths"] = ir.DenseI64ArrayAttr.get(depths)
        if "conv" in self.foldings:
            attributes["packing"] = ir.StringAttr.get(self._packing(self.stage.pieces[0]))
        for name in COSTS:
            attributes[name] = i64(1)
        return self.foldings[self.stage.pieces[-1].process.kind].oc

    def conv(self, process: Process) -> Folding:
        geometry: Any = process.geometry
        channels, _, width = process.input
        ic = self._upto(channels)
        wide = self.given > channels
        if wide or (not self.given and self._flip()):
            ic = channels
        self.intake = self._one([d for d in range(1, ic + 1) if ic % d == 0])
        if wide:
            self.intake = self.given
        elif not self.given and ic == channels and self._flip():
            self.intake = channels * self._one([k for k in (1, 2, 3, 4, 5) if width % k == 0])
        outputs = process.output[0]
        return Folding(
            self._even(outputs + outputs % 2),
            ic,
            self._upto(max(taps.count for taps in geometry.rows)),
            self._upto(max(taps.count for taps in geometry.columns)),
            self._even(min(geometry.positions, MOST_POSITIONS)),
        )

    def drain(self, process: Process) -> Folding:
        channels, _, width = process.output
        geometry: Any = process.geometry
        array = self.foldings["conv"]
        group = array.px * geometry.upsample
        # Often what needs no reordering.
        lanes = min(array.oc, channels) if self._flip() else self._upto(channels)
        if self.last and len(self.stage.pieces) == 2 and self._flip():
            several = [k for k in range(1, group + 1) if group % k == 0 and width % k == 0]
            lanes = channels * self._one(several)
        return Folding(lanes, lanes)

    def norm(self, process: Process) -> Folding:
        channels = process.input[0]
        if not self.foldings:
            self.intake = self.given if 0 < self.given <= channels else self._upto(channels)
        return Folding(self._upto(channels), self._upto(channels))

    def root(self, process: Process) -> Folding:
        channels = process.input[0]
        lanes = self.foldings["norm"].oc if self._flip() else self._upto(channels)
        return Folding(lanes, lanes)

    def elementwise(self, process: Process) -> Folding:
        channels, _, width = process.input
        lanes = self._upto(channels)
        several = [k for k in (1, 2, 3) if width % k == 0]
        if self.given > channels:
            lanes = self.given
        elif not self.given and len(self.stage.pieces) == 1 and not self.graph and self._flip():
            lanes = channels * self._one(several)
        self.intake = lanes
        return Folding(lanes, lanes)

    def _packing(self, piece: Piece) -> str:
        value, weight = list(piece.ops[0].operands)[:2]
        folding = self.foldings["conv"]
        ranges = value_range(value), value_range(weight)
        legal = [
            packing
            for packing in PACKINGS
            if not packing_refusal(packing, folding.oc, folding.px, *ranges)
        ]
        # Those that share DSPs more often.
        return self._one([*legal, *legal[1:], *legal[1:]])

    def _even(self, most: int) -> int:
        """Any number up to `most`, even ones most often: they share DSPs."""
        number = self._upto(most)
        return number if number % 2 and self.rng.random() < 0.3 else min(number + number % 2, most)

    def _upto(self, most: int) -> int:
        return int(self.rng.integers(1, most + 1))

    def _one(self, choices: Sequence[Any]) -> Any:
        return choices[int(self.rng.integers(len(choices)))]

    def _flip(self) -> bool:
        return bool(self.rng.integers(2))


def lowered(typed: ir.Module, rng: np.random.Generator) -> ir.Module:
    """The designs of a typed module under a random schedule; `typed` stays as it is."""
    module = ir.Module.parse(str(typed), typed.context)
    LicFuse().run(module)
    LicTile().run(module)
    random_schedule(module, rng)
    LicToHls().run(module)
    assert module.operation.verify()
    return module


def random_network(rng: np.random.Generator) -> tuple[str, tuple[int, int, int], Any, list[Layer]]:
    """Name, shape and type of the argument, and layers of a small transform; see `typed_module`."""

    def one(choices: Sequence[Any]) -> Any:
        return choices[int(rng.integers(len(choices)))]

    def number(least: int, most: int) -> int:
        return int(rng.integers(least, most + 1))

    name = one(["g_a", "g_s", "h_a", "h_s"])
    layers: list[Layer] = []
    kind = {"g_a": IMAGE, "h_a": LATENT12}.get(name, SYMBOLS_SMALL)
    if name == "h_a":
        layers.append(Layer("abs"))
    if name == "h_s":
        layers.append(Layer("add"))
    up = name in ("g_s", "h_s")
    height, width = (number(2, 4), number(2, 9)) if up else (number(7, 18), number(7, 23))
    for _ in range(number(1, 2)):
        if up:
            stride = one([2, 2, 4])
            kernel = one([k for k in (3, 4, 5, 9) if k >= stride])
            layer = Layer("deconv", number(1, 6), kernel, stride)
            if one([False, False, True]):
                layer = Layer("conv", number(1, 6), 3, 1)
        else:
            layer = Layer("conv", number(1, 6), one([1, 3, 5, 9]), one([1, 2, 2, 3, 4]))
        layers.append(layer)
        follows = one(["", "relu", "leaky_relu", "gdn", "igdn", "gdn1", "igdn1"])
        if follows:
            layers.append(Layer(follows))
    if name == "h_a":
        layers.append(Layer("round"))
    return name, (number(1, 6), height, width), kind, layers


def random_widths(rng: np.random.Generator, index: int) -> dict[str, Any]:
    """Widths of a convolution's weights, all of 4 to 16 in turn, and of what it reads, often ones that share."""
    bits = int(rng.integers(4, 11)) if rng.random() < 0.6 else 4 + index * 5 % 13
    if index % 13 < 2:  # weights of 4 and 5 bits
        bits = int(rng.integers(4, 6))
    forms = ["signed", "symmetric", "unsigned"] if bits <= 8 else ["signed", "symmetric"]
    reads = activation(bits, forms[int(rng.integers(len(forms)))])
    return {"weight_bits": 4 + index % 13, "reads": reads}


def chain_of_widths(context: ir.Context, rng: np.random.Generator, first: int) -> ir.Module:
    """A typed g_a of five convolutions, transposed ones and GDNs among them, each of widths of its own.

    Their weights have 4 + `first` bits and one more each, modulo 13.
    """
    layers: list[Layer] = []
    for index in range(5):
        kind, kernel = "deconv" if index == 2 and rng.random() < 0.5 else "conv", 2
        if kind == "conv":
            kernel = int(rng.choice([1, 1, 3]))
        stride = 2 if kind == "deconv" else 1
        outputs = int(rng.choice([1, 2, 3, 4, 4, 6]))
        layers.append(Layer(kind, outputs, kernel, stride, **random_widths(rng, first + index)))
        follows = str(rng.choice(["", "", "relu", "gdn1", "igdn"]))
        if follows:
            layers.append(Layer(follows))
    shape = (int(rng.integers(1, 5)), int(rng.integers(3, 5)), int(rng.integers(3, 7)))
    return typed_module(context, {"g_a": (shape, IMAGE, layers)}, int(rng.integers(1 << 30)))


def random_typed(context: ir.Context, rng: np.random.Generator) -> tuple[str, ir.Module]:
    """A random typed module of one transform, and its name."""
    name, shape, kind, layers = random_network(rng)
    return name, typed_module(context, {name: (shape, kind, layers)}, int(rng.integers(1 << 30)))
