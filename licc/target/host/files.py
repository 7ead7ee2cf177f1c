# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The checksums of all that the host's library reads of a build."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

__all__ = ["CHECKSUMS", "write_checksums"]

CHECKSUMS = "host/files.json"
FOLDERS = ("host", "weights")
VERSION = 1
# What the host's library does not read: examples that a user may change.
_SOURCES = frozenset({".cpp", ".hpp", ".txt", ".md"})


def write_checksums(build: Path) -> None:
    """Write `host/files.json`: bytes and CRC-32 of every file of `host` and `weights`. Call it last."""
    files = {
        path.relative_to(build).as_posix(): path
        for folder in FOLDERS
        for path in sorted((build / folder).rglob("*"))
        if path.is_file() and path.suffix not in _SOURCES and path != build / CHECKSUMS
    }
    listed = {
        name: {"bytes": path.stat().st_size, "crc32": f"{zlib.crc32(path.read_bytes()):08x}"}
        for name, path in files.items()
    }
    target = build / CHECKSUMS
    target.parent.mkdir(exist_ok=True)
    text = json.dumps({"version": VERSION, "files": listed}, indent=1)
    target.write_text(text + "\n", encoding="utf-8")
