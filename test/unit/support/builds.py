# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the host's library reads of a build, of any typed module; the library itself, or a skip."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from torch_mlir import ir

from licc.entropy import store
from licc.errors import UserError
from licc.target import host


def runtime() -> Any:
    """`licc.runtime`, or skip where its library was not built."""
    import licc.runtime.codec

    try:
        licc.runtime.codec.host()
    except UserError as error:
        pytest.skip(str(error))
    return licc.runtime


def write_host_build(module: ir.Module, checkpoint: Path, folder: Path) -> Path:
    """`host/` and the entropy model's `weights/` of a typed module; the folder."""
    host.write_network(module, folder / "host")
    store.write_build(module, checkpoint, folder / "weights")
    host.write_checksums(folder)
    return folder
