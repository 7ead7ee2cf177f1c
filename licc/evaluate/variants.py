# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The codecs to compare: each checkpoint in floats, and in the integers of each policy.

A variant is made once and kept as IR in the folder of results. Its key is a digest of all that it
depends on: the checkpoint, the policy and its file, the calibration images and licc's own code.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from licc import calibration
from licc.driver.build_dir import write_file
from licc.errors import UserError
from licc.evaluate.coding import Source

if TYPE_CHECKING:
    from torch_mlir import ir

FLOAT = "float"
# As licc.quantize.load has it, which is imported where it is used.
TRAINED = "trained"
# What can change an integer, a rate or a measure; reports, plots and schedules cannot.
_PACKAGES = ("cost", "dialects", "entropy", "ingress", "interp", "quantize")
_FILES = (
    "calibration.py",
    "evaluate/coding.py",
    "evaluate/layers.py",
    "evaluate/metrics.py",
    "evaluate/variants.py",
)
_KEY_DIGITS = 16
# Of an activation in the interpreter: 64 bits, and as much again for what an op needs meanwhile.
_BYTES = 16


@dataclass(frozen=True)
class Checkpoint:
    """A file to evaluate; `digest` is the SHA-256 of it."""

    path: Path
    digest: str

    @property
    def name(self) -> str:
        """What tables call it."""
        return self.path.stem


@dataclass(frozen=True)
class Precision:
    """Floats, the integers of a policy, or those that a checkpoint was trained with.

    Attributes:
        name: what tables call it.
        spelling: as the user gave it; "float" for none, "trained" for the checkpoint's own scales.
        digest: of the code of the policy, where it is not licc's own.
    """

    name: str
    spelling: str
    digest: str = ""

    @property
    def is_float(self) -> bool:
        """Whether it is the reference."""
        return self.spelling == FLOAT

    @property
    def is_calibrated(self) -> bool:
        """Whether calibration images have a say in it."""
        return self.spelling not in (FLOAT, TRAINED)


@dataclass(frozen=True)
class Facts:
    """What the IR of a variant says.

    Attributes:
        architecture: of the network.
        width: channels of its first convolution, N.
        input: height and width that the costs are for.
        macs: useful multiply-accumulates of an image.
        dsp_cycles: of one DSP that does them; None in floats.
        dsp_layers: the same by layer.
        calibrated_sqnr: signal to quantization noise in dB on the calibration images, by layer, where the
            IR has it.
        bytes_per_pixel: memory that the interpreter takes for an image, at most.
    """

    architecture: str
    width: int
    input: tuple[int, int]
    macs: int
    dsp_cycles: float | None
    dsp_layers: dict[str, float]
    calibrated_sqnr: dict[str, float]
    bytes_per_pixel: float

    @property
    def network(self) -> str:
        """What checkpoints share that are points of one curve."""
        return f"{self.architecture} N={self.width}" if self.architecture else ""

    @property
    def cycles_per_pixel(self) -> float | None:
        """DSP cycles by pixels of the image."""
        if self.dsp_cycles is None:
            return None
        return self.dsp_cycles / (self.input[0] * self.input[1])


@dataclass(frozen=True)
class Variant:
    """A checkpoint in one precision, made or to be made."""

    checkpoint: Checkpoint
    precision: Precision
    key: str
    module: Path
    floats: Path | None

    @property
    def label(self) -> str:
        """What progress calls it."""
        return f"{self.checkpoint.name} {self.precision.name}"

    def source(self) -> Source:
        """What a worker needs."""
        return Source(
            self.key,
            self.module.read_text(encoding="utf-8"),
            None if self.floats is None else self.floats.read_text(encoding="utf-8"),
            self.checkpoint.path.read_bytes(),
            self.checkpoint.path.suffix,
        )


# --------------------------------------------------------------------------------------------------
# What there is to compare
# --------------------------------------------------------------------------------------------------
def read_checkpoints(paths: Iterable[Path]) -> list[Checkpoint]:
    """The files, each once; `UserError` for one that is not there."""
    found: dict[str, Checkpoint] = {}
    for path in paths:
        try:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError as error:
            reason = "no such file" if isinstance(error, FileNotFoundError) else error.strerror
            raise UserError(f"{path}: {reason}") from error
        found.setdefault(digest, Checkpoint(path, digest))
    names = [checkpoint.name for checkpoint in found.values()]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise UserError(f"{twice}: two checkpoints have this name; rename one")
    return list(found.values())


def read_precisions(spellings: Iterable[str]) -> list[Precision]:
    """Floats, then the policies in their order, each once.

    Raises:
        UserError: no such policy, or its file or options are at fault.
    """
    from licc.quantize.load import load_policy

    found = [Precision(FLOAT, FLOAT)]
    for spelling in spellings:
        if spelling == FLOAT or (spelling == TRAINED and TRAINED in (p.spelling for p in found)):
            continue
        if spelling == TRAINED:
            found.append(Precision(TRAINED, TRAINED))
            continue
        name = load_policy(spelling).name or spelling
        if any(name == other.name and spelling != other.spelling for other in found):
            name = spelling
        if all(spelling != other.spelling for other in found):
            found.append(Precision(name, spelling, _policy_digest(spelling)))
    return found


def default_precisions(checkpoint: Checkpoint) -> list[Precision]:
    """What a checkpoint is evaluated in where nothing is asked for: the scales that it was trained with, if any.

    Raises:
        UserError: the file is no checkpoint that licc reads.
    """
    from licc.ingress.checkpoint import is_program, read_checkpoint
    from licc.quantize.load import DEFAULT_POLICY

    path = checkpoint.path
    trained = not is_program(path) and bool(read_checkpoint(path).integers)
    return read_precisions([TRAINED if trained else DEFAULT_POLICY])


def _policy_digest(spelling: str) -> str:
    """Of the file that a policy comes from, unless it is part of licc."""
    from licc.quantize.load import POLICIES, is_file, known_policies

    name = spelling.partition("{")[0].strip()
    if is_file(name):
        return _digest([Path(name.rpartition(":")[0] if ".py:" in name else name).read_bytes()])
    if name in POLICIES:
        return ""
    spec = importlib.util.find_spec(known_policies()[name].partition(":")[0])
    origin = None if spec is None else spec.origin
    return _digest([Path(origin).read_bytes()]) if origin else ""


def calibration_digest(folder: Path | None) -> str:
    """Of the images that calibration may read; "" for the embedded ones, which are licc's."""
    if folder is None:
        return ""
    paths = sorted(p for p in folder.iterdir() if p.suffix.lower() in calibration.SUFFIXES)
    return _digest(path.read_bytes() for path in paths)


@cache
def code_digest(names: tuple[str, ...]) -> str:
    """Of these packages and files of licc."""
    # `licc.dialects` and `licc.passes` have folders of their own, so packages are asked, not paths.
    files = [path for name in names for path in _files(name)]
    return _digest(path.read_bytes() for path in files)


def _files(name: str) -> list[Path]:
    if name.endswith(".py"):
        return [Path(str(resources.files("licc").joinpath(*name.split("/"))))]
    spec = importlib.util.find_spec(f"licc.{name}")
    folders = [] if spec is None else list(spec.submodule_search_locations or ())
    return sorted(path for folder in folders for path in Path(folder).rglob("*.py"))


def _digest(parts: Iterable[bytes]) -> str:
    whole = hashlib.sha256()
    for part in parts:
        whole.update(hashlib.sha256(part).digest())
    return whole.hexdigest()


# --------------------------------------------------------------------------------------------------
# Making them
# --------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Setting:
    """What variants are made with: the folder to calibrate on and the image size that costs are for."""

    folder: Path
    calibrate: Path | None
    size: tuple[int, int] = calibration.DEFAULT_SIZE


def plan(
    checkpoints: Sequence[Checkpoint], precisions: Sequence[Precision] | None, setting: Setting
) -> Iterator[Variant]:
    """All variants, by checkpoint; where no precisions are asked for, each in its default ones."""
    common = f"{code_digest(_PACKAGES + _FILES)} {setting.size}"
    with_images = f"{common} {calibration_digest(setting.calibrate)}"
    for checkpoint in checkpoints:
        floats: Path | None = None
        for precision in precisions or default_precisions(checkpoint):
            depends = with_images if precision.is_calibrated else common
            text = f"{checkpoint.digest} {precision.spelling} {precision.digest} {depends}"
            key = hashlib.sha256(text.encode()).hexdigest()[:_KEY_DIGITS]
            slug = re.sub(r"[^\w.=-]+", "_", f"{checkpoint.name}-{precision.name}").strip("_")
            path = setting.folder / "ir" / f"{slug}-{key[:8]}.mlir"
            yield Variant(checkpoint, precision, key, path, floats)
            floats = path if precision.is_float else floats


class Maker:
    """Makes the variants of one checkpoint after another; calibrates each once."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.digest = ""
        self.floats: ir.Module | None = None
        self.calibrated: ir.Module | None = None

    def make(self, variant: Variant) -> Facts:
        """The facts of a variant, whose IR is in its file afterwards.

        Raises:
            UserError: the checkpoint, a policy or the calibration images are at fault.
        """
        known = read_facts(variant)
        if known is not None:
            return known
        module = self._module(variant)
        facts = _facts(module, variant.precision.is_float)
        variant.module.parent.mkdir(parents=True, exist_ok=True)
        write_file(variant.module, module.operation.get_asm(enable_debug_info=True))
        write_file(_beside(variant), json.dumps(asdict(facts), indent=1) + "\n")
        return facts

    def _module(self, variant: Variant) -> ir.Module:
        from licc import dialects
        from licc.quantize import pipeline

        if self.digest != variant.checkpoint.digest:
            path, size = variant.checkpoint.path, self.setting.size
            self.floats = pipeline.float_module(path, dialects.make_context(), size)
            self.calibrated, self.digest = None, variant.checkpoint.digest
        assert self.floats is not None
        if variant.precision.is_float:
            return self.floats
        if self.calibrated is None and variant.precision.is_calibrated:
            images = self.setting.calibrate
            self.calibrated = pipeline.calibrated_module(
                self.floats, None if images is None else str(images)
            )
        source = self.calibrated if variant.precision.is_calibrated else self.floats
        assert source is not None
        try:
            return pipeline.typed_module(source, variant.precision.spelling)
        except UserError as error:
            text = str(error)
            prefix = "" if text.startswith(str(variant.checkpoint.path)) else f"{variant.label}: "
            raise UserError(prefix + text) from error


def _beside(variant: Variant) -> Path:
    return variant.module.with_suffix(".json")


def read_facts(variant: Variant) -> Facts | None:
    """The facts of a variant that was made before; None if it was not."""
    if not variant.module.is_file():
        return None
    try:
        data: dict[str, Any] = json.loads(_beside(variant).read_text(encoding="utf-8"))
        data["input"] = tuple(data["input"])
        return Facts(**data)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _facts(module: ir.Module, is_float: bool) -> Facts:
    from torch_mlir import ir

    from licc.dialects.ext import array
    from licc.report.sqnr import layer_sqnr

    attributes = module.operation.attributes
    named = "lic.architecture" in attributes
    height, width = array(attributes["lic.input"])
    layers = {} if is_float else _dsp_layers(module)
    return Facts(
        ir.StringAttr(attributes["lic.architecture"]).value if named else "",
        _width(module),
        (height, width),
        sum(macs for macs, _ in layers.values()),
        None if is_float else sum(cycles for _, cycles in layers.values()),
        {layer: cycles for layer, (_, cycles) in layers.items()},
        {} if is_float else {layer: float(db) for layer, db in layer_sqnr(module).items()},
        _activations(module) * _BYTES / (height * width),
    )


def _width(module: ir.Module) -> int:
    """Channels that the first convolution gives; 0 without one."""
    from licc.dialects.quantized import shape_of
    from licc.quantize import facts

    ops = (op for f in facts.functions(module).values() for op in f.entry_block.operations)
    first = next((op for op in ops if op.operation.name in ("lic.conv2d", "lic.deconv2d")), None)
    return 0 if first is None else shape_of(first.results[0])[1]


def _activations(module: ir.Module) -> int:
    """Values that the largest op reads and writes."""
    from licc.dialects.quantized import shape_of
    from licc.quantize import facts

    most = 0
    for function in facts.functions(module).values():
        for op in function.entry_block.operations:
            shapes = [shape_of(value) for value in (*op.operands, *op.results)]
            most = max(most, sum(math.prod(s) for s in shapes if len(s) == 4 and s[0] == 1))
    return most


def _dsp_layers(module: ir.Module) -> dict[str, tuple[int, float]]:
    from licc.cost.precision import dsp_cycles

    return {
        layer: (each.macs, float(each.dsp_cycles)) for layer, each in dsp_cycles(module).items()
    }
