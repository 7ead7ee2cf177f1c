# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Files of a training, each written in one step: readers and interrupted runs see a whole one."""

from __future__ import annotations

import hashlib
import io
import os
import pickle
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import cast

import torch

from licc.errors import UserError
from licc.ingress.checkpoint import STUDENT_FORMAT, STUDENT_VERSIONS
from licc.train.codec import Codec
from licc.train.settings import Settings, difference


def save(content: object, path: Path) -> None:
    """Write what torch.save makes of `content`.

    Raises:
        UserError: it cannot be written (a full disk, say); the file of before is as it was.
    """
    # Made in memory first: torch's own writer hides why a write fails.
    buffer = io.BytesIO()
    torch.save(content, buffer)
    partial = path.with_name(path.name + ".partial")
    try:
        with partial.open("wb") as file:
            file.write(buffer.getbuffer())
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        with suppress(OSError):
            partial.unlink()
        raise UserError(
            f"{path}: cannot write: {error.strerror}; what was there before is kept"
        ) from error


def check_apart(output: Path, *inputs: Path | None) -> None:
    """Check that no file that is read will be written.

    Raises:
        UserError: the output is one of them.
    """
    for path in inputs:
        if path is not None and path.resolve() == output.resolve():
            raise UserError(f"-o {output}: is what the training starts from; give another name")


def digest(path: Path) -> str:
    """SHA-256 of a file, its first 16 digits."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:16]
    except OSError as error:
        raise UserError(f"{path}: cannot read: {error.strerror}") from error


def write_student(codec: Codec, lmbda: float, training: Mapping[str, object], path: Path) -> None:
    """Write a network as licc reads it: plain tensors by part, nothing that has to be unpickled.

    Raises:
        UserError: see `save`.
    """
    meta = {
        "format": STUDENT_FORMAT,
        "version": STUDENT_VERSIONS[-1],
        "architecture": codec.architecture.name,
        "N": codec.n,
        "M": codec.m,
        "lambda": lmbda,
        "metric": "mse",
        "training": dict(training),
    }
    save({**codec.parts(), "meta": meta}, path)


def read_state(path: Path, settings: Settings) -> Mapping[str, object] | None:
    """The stored state of a training with the same settings; None where there is no file.

    Raises:
        UserError: the file cannot be read, or its training had other settings.
    """
    if not path.exists():
        return None
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, OSError, KeyError, ValueError, pickle.UnpicklingError) as error:
        raise UserError(f"{path}: not the state of a training; remove it to start anew") from error
    state = cast("Mapping[str, object]", content) if isinstance(content, Mapping) else {}
    before = state.get("settings")
    if not isinstance(before, Mapping):
        raise UserError(f"{path}: not the state of a training; remove it to start anew")
    found = difference(cast("Mapping[str, object]", before), settings)
    if found is not None:
        raise UserError(f"{path}: {found}; give what it was, remove it, or name another -o")
    return state
