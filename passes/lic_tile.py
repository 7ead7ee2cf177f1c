# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`lic-tile`: column stripes where an image is too wide, and the line buffer of each convolution."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from licc.passes.registry import OptionError, Pass, PassFailure, option

if TYPE_CHECKING:
    from torch_mlir import ir

    from licc.cost.geometry import ConvGeometry
    from licc.schedule.stages import Stage, Transform
    from licc.schedule.stripes import Step, Stripes
    from licc.target.device import Device

AUTO = "auto"
# The transforms that may be striped: the others work on latents, which are small.
STRIPED = ("g_a", "g_s")
BRAM18_BITS, URAM_BITS = 18 * 1024, 72 * 4096
# Which part of the memory bits `auto` lets line buffers and weights take. They never fill theirs to the
# last bit, and FIFOs, tables and what orders pixels need some too.
FILL = 0.9
# How many columns `auto` computes for one of the image, so that the transforms of a role share the device;
# where that takes more, they are loaded one after the other.
SHARING_WIDENING = 1.25
# No more stripes than that are tried by `auto`.
MOST = 64


@dataclass(frozen=True)
class LicTile(Pass):
    """Cut g_a and g_s into column stripes, and give each stage its `tile = #lic.tile<stripe, rows>`.

    A striped function is narrowed to the width of a stripe, and `lic.stripes` on it says how the host
    cuts its input and stitches its outputs: `count`, `input_width` and `output_width` of the whole,
    `input_offsets` and `output_offsets` of each stripe, and `crop`, the first column of the whole output that
    is taken from each. No integer of the whole output changes (docs/rationale/stripes.md).

    With `stripes=auto` there are as few as let line buffers and weights fit the device by a rule of thumb, one
    if possible; a number forces so many.

    `rows` is what the line buffer holds: the rows that the taps of an output row span, and those that are
    filled while it is computed. A line buffer that is larger than all memory of the device is an error.
    """

    name: ClassVar[str] = "lic-tile"
    target: str = option("zcu102", "the device whose memory line buffers have to fit")
    stripes: str = option(AUTO, "column stripes of g_a and g_s: a number, or auto")
    share: Literal["auto", "role", "transform"] = option(
        "auto", "what `auto` fits: the transforms of a role together if it can, or each alone"
    )

    def __post_init__(self) -> None:
        """Refuse what is neither a number nor auto."""
        if self.stripes != AUTO and not _is_count(self.stripes):
            raise OptionError(
                f"pass '{self.name}' option 'stripes' expected {AUTO} or a number from 1, "
                f"but got '{self.stripes}'"
            )

    def run(self, module: ir.Module) -> None:
        """Narrow the functions, and set the attribute on their stages."""
        from torch_mlir import ir

        from licc.schedule.stages import StageError, emit, read_transforms
        from licc.target.device import load

        device = load(self.target)
        with module.context, ir.Location.unknown():
            try:
                transforms = {t.name: t for t in read_transforms(module)}
                for transform, stripes in self._stripes(transforms, device):
                    _narrow(transform, stripes)
                # Again: the types have changed.
                for transform in read_transforms(module):
                    for stage in transform.stages:
                        _tile(stage, device)
            except StageError as error:
                emit(error)
                raise PassFailure from error

    def _stripes(
        self, transforms: Mapping[str, Transform], device: Device
    ) -> Iterator[tuple[Transform, Stripes]]:
        """The functions that are striped now; those that already are stay as they are."""
        from licc.schedule import stripes
        from licc.schedule.stages import ROLES

        for members in ROLES.values():
            role = [transforms[name] for name in members if name in transforms]
            for transform in role:
                if transform.name not in STRIPED or stripes.read(transform.function) is not None:
                    continue
                if self.stripes == AUTO:
                    beside = [transform] if self.share == "transform" else role
                    found = _fitting(transform, beside, device)
                else:
                    found = _forced(transform, int(self.stripes))
                if found.count > 1:
                    yield transform, found


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and int(text) >= 1


# --------------------------------------------------------------------------------------------------
# How many stripes
# --------------------------------------------------------------------------------------------------
def _forced(transform: Transform, count: int) -> Stripes:
    from licc.schedule.stages import StageError
    from licc.schedule.stripes import StripesError, plan

    try:
        return plan(_layers(transform), _input_width(transform), count)
    except StripesError as error:
        raise StageError(transform.function, f"'{transform.name}': {error}") from error


def _fitting(transform: Transform, role: list[Transform], device: Device) -> Stripes:
    """The least count that fits by the rule of docs/rationale/stripes.md.

    Raises:
        StageError: weights and line buffers do not fit with any.
    """
    from licc.schedule.stages import StageError
    from licc.schedule.stripes import plans

    available = _memory_bits(device)
    others = sum(sum(_stage_bits(s)) for t in role if t is not transform for s in t.stages)
    lines, weights = (sum(b) for b in zip(*map(_stage_bits, transform.stages), strict=True))
    narrower = list(islice(plans(_layers(transform), _input_width(transform)), MOST))

    def needed(stripes: Stripes) -> float:
        return weights + lines * stripes.input_stripe / stripes.input_width

    for stripes in narrower:
        if stripes.widening <= SHARING_WIDENING and needed(stripes) + others <= FILL * available:
            return stripes
    # The transforms of the role are loaded one after the other.
    for limit in (FILL * available, available):
        for stripes in narrower:
            if needed(stripes) <= limit:
                return stripes
    largest = max(transform.stages, key=lambda stage: sum(_stage_bits(stage)))
    raise StageError(
        largest.op,
        f"layer '{largest.layer}': expected line buffers and weights of '{transform.name}' of at most "
        f"{available} bits on {device.name}, but got {round(needed(narrower[-1]))} in stripes of "
        f"{narrower[-1].input_stripe} columns; choose a larger target or a smaller network",
    )


def _memory_bits(device: Device) -> int:
    """Bits of the block RAM and the UltraRAM that a design may take."""
    return device.usable.bram18 * BRAM18_BITS + device.usable.uram * URAM_BITS


def _stage_bits(stage: Stage) -> tuple[int, int]:
    """Bits of a stage's line buffer and of its weights and gammas."""
    lines = sum(line.bits for line in _line_buffers(stage))
    return lines, sum(map(_constant_bits, stage.op.operation.regions[0].blocks[0].operations))


@dataclass(frozen=True)
class _Lines:
    """The line buffer of a convolution."""

    geometry: ConvGeometry
    rows: int
    bits: int


def _line_buffers(stage: Stage) -> Iterator[_Lines]:
    for piece in stage.pieces:
        geometry = piece.process.geometry
        if piece.process.kind == "conv" and geometry is not None:
            channels, _, width = geometry.input
            rows = geometry.least_rows
            yield _Lines(geometry, rows, rows * width * channels * piece.process.in_bits)


def _constant_bits(op: Any) -> int:
    """Bits of a constant by its proven range."""
    from licc.dialects.quantized import quantized, shape_of

    if op.operation.name != "lic.constant":
        return 0
    kind = quantized(op.results[0].type)
    return 0 if kind is None else prod(shape_of(op.results[0])) * kind.magnitude_bits


# --------------------------------------------------------------------------------------------------
# The IR
# --------------------------------------------------------------------------------------------------
def _layers(transform: Transform) -> list[Step]:
    """What each stage does to the width of an image: it has one convolution at most."""
    from licc.schedule.stripes import Step

    found: list[Step] = []
    for stage in transform.stages:
        geometry = next((line.geometry for line in _line_buffers(stage)), None)
        found.append(Step(geometry, stage.sources))
    return found


def _input_width(transform: Transform) -> int:
    from licc.dialects.quantized import shape_of

    return shape_of(transform.function.arguments[0])[3]


def _narrow(transform: Transform, stripes: Stripes) -> None:
    """Give every activation of a function the width that it has in a stripe."""
    from torch_mlir import ir

    from licc.schedule.stages import CONVOLUTIONS, stage_ops
    from licc.schedule.stripes import ATTRIBUTE, attribute, narrowed

    function = transform.function
    _set_width(function.arguments[0], stripes.input_stripe)
    widths: list[int] = []
    for stage, layer in zip(transform.stages, _layers(transform), strict=True):
        source = stage.sources[0]
        width = stripes.input_stripe if source is None else widths[source]
        for argument in stage.op.operation.regions[0].blocks[0].arguments:
            _set_width(argument, width)
        for op in stage_ops(stage.op):
            if op.operation.name in CONVOLUTIONS and layer.geometry is not None:
                width = narrowed(layer.geometry, width)
            _set_width(op.results[0], width)
        _set_width(stage.op.results[0], width)
        widths.append(width)
    inputs, results = [function.arguments[0].type], [transform.stages[-1].op.results[0].type]
    function.attributes["function_type"] = ir.TypeAttr.get(ir.FunctionType.get(inputs, results))
    function.attributes[ATTRIBUTE] = attribute(stripes)


def _set_width(value: ir.Value, width: int) -> None:
    from torch_mlir import ir

    from licc.dialects.quantized import element_type, shape_of

    shape = (*shape_of(value)[:3], width)
    value.set_type(ir.RankedTensorType.get(shape, element_type(value.type)))


def _tile(stage: Stage, device: Device) -> None:
    from licc.dialects.lic import TileAttr
    from licc.schedule.stages import StageError, i64

    available = _memory_bits(device)
    for line in _line_buffers(stage):
        if line.bits > available:
            channels, _, width = line.geometry.input
            raise StageError(
                stage.op,
                f"layer '{stage.layer}': expected a line buffer of at most {available} bits on "
                f"{device.name}, but got {line.bits}: {line.rows} rows of {width} pixels of {channels} "
                "channels; use more stripes, a larger target or a smaller network",
            )
        stage.op.attributes["tile"] = TileAttr.get(i64(line.geometry.output[2]), i64(line.rows))
