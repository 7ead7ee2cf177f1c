# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reading checkpoints as plain tensors: whatever a file holds, none of it is run."""

from __future__ import annotations

import pickle
import re
import warnings
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import torch
from torch import Tensor

from licc.errors import UserError

WRAPPERS = ("state_dict", "network", "model_state_dict", "model")
"""Keys under which training scripts store the network's state_dict."""

PREFIXES = ("module.", "_orig_mod.")
"""What DataParallel and torch.compile put before each key."""

REMEDY = "save plain tensors with torch.save(model.state_dict(), path)"
DIVERGED = "the training has diverged, use a checkpoint from before"
STUDENT_FORMAT = "licc-student"
STUDENT_VERSIONS = (1,)
INTEGERS = "integers"
"""The part that holds the scales of integer training."""


@dataclass(frozen=True)
class Checkpoint:
    """The tensors of a checkpoint by full key (`g_a.0.weight`), and what else a student has.

    Attributes:
        path: of the file.
        tensors: of the network, float32 where they are floats.
        meta: the student's metadata.
        integers: scales that training chose (licc/quantize/trained.py), as they are in the file.
    """

    path: Path
    tensors: Mapping[str, Tensor]
    meta: Mapping[str, object] = field(default_factory=dict[str, object])
    integers: Mapping[str, Tensor] = field(default_factory=dict[str, Tensor])

    def error(self, message: str) -> UserError:
        """Return a user error about this file."""
        return UserError(f"{self.path}: {message}")

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes of all tensors."""
        return {key: tuple(tensor.shape) for key, tensor in self.tensors.items()}


def is_program(path: Path) -> bool:
    """Say whether `path` is an archive that torch.export.save made."""
    if not path.is_file() or not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        names = {name.partition("/")[2] for name in archive.namelist()}
    return "archive_format" in names or "serialized_exported_program.json" in names


def _check_file(path: Path) -> None:
    if not path.exists():
        raise UserError(f"{path}: no such file")
    if not path.is_file():
        raise UserError(f"{path}: not a file")


def _is_pickle(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(1) == b"\x80"  # every pickle since protocol 2 starts so


def _pickled_class(error: Exception) -> str | None:
    """Return the class that the restricted unpickler refused, by its name."""
    found = re.search(r"(?:GLOBAL|[Uu]nsupported class) ([\w.]+)", str(error))
    return found[1] if found else None


def _load(path: Path) -> object:
    """torch.load with the restricted unpickler, and no other."""
    archive = zipfile.is_zipfile(path)
    if archive:
        with zipfile.ZipFile(path) as opened:
            names = {name.partition("/")[2] for name in opened.namelist()}
        if "data.pkl" not in names:
            raise UserError(f"{path}: not a checkpoint: a zip archive without tensors")
        if "constants.pkl" in names:
            raise UserError(f"{path}: a TorchScript program holds code; {REMEDY}")
    elif not _is_pickle(path):
        raise UserError(f"{path}: not a checkpoint: neither a torch.save nor a torch.export file")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.load(path, map_location="cpu", weights_only=True, mmap=archive)
    except pickle.UnpicklingError as error:
        name = _pickled_class(error)
        if name is None:
            raise UserError(f"{path}: not a checkpoint: its pickle cannot be read") from error
        raise UserError(
            f"{path}: holds a pickled '{name}', and unpickling it would run code; {REMEDY}"
        ) from error
    except (RuntimeError, EOFError, OSError, KeyError, ValueError, AttributeError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0][:120]
        raise UserError(f"{path}: not a checkpoint: {reason}") from error


def _is_state(value: object) -> bool:
    if not isinstance(value, Mapping):
        return False
    content = cast("Mapping[object, object]", value)
    return bool(content) and all(isinstance(v, Tensor) for v in content.values())


def _unwrap(path: Path, content: object) -> Mapping[str, object]:
    """Return the mapping that holds the network: the content or what a training script put in it."""
    if not isinstance(content, Mapping):
        kind = type(content).__name__
        raise UserError(f"{path}: not a checkpoint: holds a {kind}, not a state_dict; {REMEDY}")
    mapping = cast("Mapping[object, object]", content)
    if not all(isinstance(key, str) for key in mapping):
        raise UserError(f"{path}: not a checkpoint: its keys are not names; {REMEDY}")
    named = cast("Mapping[str, object]", mapping)
    for wrapper in WRAPPERS:
        if isinstance(named.get(wrapper), Mapping):
            return _unwrap(path, named[wrapper])
    return named


def _plain_key(key: str) -> str:
    for prefix in PREFIXES:
        if key.startswith(prefix):
            return _plain_key(key.removeprefix(prefix))
    return key


def _flatten(path: Path, content: Mapping[str, object]) -> dict[str, Tensor]:
    """Return all tensors by full key, whether the parts are mappings or the keys are dotted."""
    tensors: dict[str, Tensor] = {}
    for name, value in content.items():
        if isinstance(value, Tensor):
            tensors[_plain_key(name)] = value
        elif _is_state(value):
            part = cast("Mapping[str, Tensor]", value)
            tensors |= {f"{_plain_key(name)}.{_plain_key(k)}": v for k, v in part.items()}
        elif value:  # an empty part (a transform without weights) says nothing
            kind = type(value).__name__
            raise UserError(f"{path}: '{name}' is a {kind}, expected tensors or a state_dict")
    if not tensors:
        raise UserError(f"{path}: not a checkpoint: holds no tensors; {REMEDY}")
    return tensors


def _checked_meta(path: Path, meta: object) -> Mapping[str, object]:
    if not isinstance(meta, Mapping):
        raise UserError(f"{path}: meta: expected a mapping, but got a {type(meta).__name__}")
    meta = cast("Mapping[str, object]", meta)
    if meta.get("format") != STUDENT_FORMAT:
        raise UserError(
            f"{path}: meta: expected format '{STUDENT_FORMAT}', but got '{meta.get('format')}'"
        )
    if meta.get("version") not in STUDENT_VERSIONS:
        known = ", ".join(map(str, STUDENT_VERSIONS))
        raise UserError(
            f"{path}: meta: expected version {known}, but got '{meta.get('version')}'; update licc"
        )
    return meta


def _check_layout(path: Path, key: str, tensor: Tensor) -> Tensor:
    if tensor.layout != torch.strided or tensor.is_quantized:
        raise UserError(f"{path}: {key}: expected a dense tensor, but got {tensor.layout}")
    return tensor


def _check_tensor(path: Path, key: str, tensor: Tensor) -> Tensor:
    """Return `tensor` as dense f32 where it is a number that the network computes with."""
    _check_layout(path, key, tensor)
    if not tensor.is_floating_point():
        return tensor
    # The sum is finite only if every term is (infinities of both signs give NaN): one fast pass.
    if not bool(torch.isfinite(tensor.sum(dtype=torch.float64))):
        bad = int((~torch.isfinite(tensor)).sum())
        kind = "NaN" if bool(torch.isnan(tensor).any()) else "infinite values"
        raise UserError(f"{path}: {key}: {kind} in {bad} of {tensor.numel()} weights; {DIVERGED}")
    narrowed = tensor.detach().to(torch.float32)
    if tensor.dtype == torch.float64 and not bool(torch.isfinite(narrowed).all()):
        raise UserError(f"{path}: {key}: weights too large for float32")
    return narrowed


def read_checkpoint(path: Path) -> Checkpoint:
    """Read the state_dict checkpoint `path` without running anything in it.

    Raises:
        UserError: the file is missing, no checkpoint, holds pickled objects, or a NaN or an infinity.
    """
    _check_file(path)
    content = dict(_unwrap(path, _load(path)))
    meta = _checked_meta(path, content.pop("meta")) if "meta" in content else {}
    every = _flatten(path, content)
    scales = {k: t for k, t in every.items() if k.startswith(f"{INTEGERS}.")}
    tensors = {k: _check_tensor(path, k, t) for k, t in every.items() if k not in scales}
    integers = {
        k.removeprefix(f"{INTEGERS}."): _check_layout(path, k, t).detach()
        for k, t in scales.items()
    }
    return Checkpoint(path, tensors, meta, integers)
