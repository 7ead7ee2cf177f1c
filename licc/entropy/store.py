# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a host needs beside the accelerator, in a build: `weights/entropy.json` and `weights/entropy.bin`.

docs/entropy.md lists the fields. A host that reads them needs neither the checkpoint nor Python.
"""

from __future__ import annotations

import json
import warnings
import zlib
from pathlib import Path
from typing import Any

from torch_mlir import ir

from licc.entropy import container
from licc.entropy.coder import Coder
from licc.entropy.compressai import NotInstalledError
from licc.entropy.identity import table_bytes
from licc.entropy.tables import CdfTable
from licc.quantize import facts

__all__ = ["BINARY", "DESCRIPTION", "describe", "write", "write_build"]

DESCRIPTION = "entropy.json"
BINARY = "entropy.bin"


def write_build(module: ir.Module, checkpoint: Path, folder: Path) -> None:
    """Write the files of a typed module; none where the build lacks g_a or g_s, half a codec.

    Where the checkpoint has no tables and CompressAI is not there to make them, there are none either, with
    a warning: the accelerator does not need them.

    Raises:
        UserError: the checkpoint's tables are wrong.
    """
    if not {"g_a", "g_s"} <= facts.functions(module).keys():
        return
    try:
        coder = Coder(module, checkpoint)
    except NotInstalledError as error:
        warnings.warn(f"{checkpoint}: weights/{BINARY} is not written: {error}", stacklevel=2)
        return
    write(coder, folder)


def write(coder: Coder, folder: Path) -> None:
    """Write the two files of a typed codec; equal codecs give equal bytes."""
    description, data = describe(coder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / BINARY).write_bytes(data)
    (folder / DESCRIPTION).write_text(json.dumps(description, indent=1) + "\n", encoding="utf-8")


def describe(coder: Coder) -> tuple[dict[str, Any], bytes]:
    """The description, and the tables that it points into, one after another.

    Raises:
        ValueError: the codec is a float one.
    """
    if not coder.typed:
        raise ValueError("a build holds integers; this codec computes floats")
    tables: dict[str, Any] = {}
    data = b""
    for name, table in _tables(coder).items():
        part = table_bytes(table)
        tables[name] = {"rows": len(table.lengths), "offset": len(data), "bytes": len(part)}
        data += part
    thresholds = coder.thresholds
    description: dict[str, Any] = {
        "container_version": container.VERSION,
        "model": coder.model_hash.hex(),
        "kind": coder.kind,
        "stride": list(coder.stride),
        "ports": {name: coder.port(name) for name in coder.ports},
        "scale_thresholds": None if thresholds is None else thresholds.tolist(),
        "tables": tables,
        "file": BINARY,
        "crc32": f"{zlib.crc32(data):08x}",
    }
    return description, data


def _tables(coder: Coder) -> dict[str, CdfTable]:
    """By the name of the tensor whose symbols they code."""
    bottleneck, conditional = coder.model.bottleneck, coder.model.conditional
    if bottleneck is None:
        return {}
    return {"y": bottleneck} if conditional is None else {"z": bottleneck, "y": conditional}
