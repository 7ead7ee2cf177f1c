# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""From a checkpoint to the torch dialect.

Importing this package does not import torch; reading a checkpoint does.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from torch_mlir import ir

__all__ = ["import_checkpoint"]


def import_checkpoint(
    path: Path,
    input_hw: tuple[int, int],
    context: ir.Context,
    transforms: Sequence[str] | None = None,
) -> ir.Module:
    """Read the checkpoint `path` and return its codec in the torch dialect.

    The module holds a function per transform (`@g_a`, `@h_a`, `@h_s`, `@g_s`) for images of `input_hw`
    (height, width), with `lic.role` on arguments and results, and the attributes `lic.architecture`,
    `lic.input` and `lic.padded`. `transforms` selects some of them; for a `.pt2` program it names the
    one that the file holds.

    Raises:
        UserError: the file is no checkpoint that licc reads, or its network is not supported.
    """
    from licc.ingress.importer import import_network

    return import_network(path, input_hw, context, transforms)
