# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The library of the backend `csim`: the emitted C++ of a build, compiled when it is first asked for."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
from pathlib import Path

from licc.errors import UserError

__all__ = ["ensure_library"]


def ensure_library(build: Path) -> Path:
    """`hls/csim.so` of a build, compiled unless it is newer than its sources; half a minute for a whole network.

    Raises:
        UserError: there are no sources to compile, no compiler, or it failed.
    """
    folder = build / "hls"
    library = folder / "csim.so"
    if _is_current(library):
        return library
    makefile = folder / "Makefile"
    if not (folder / "csim.cpp").is_file() or not makefile.is_file():
        raise UserError(
            f"{folder}: no csim.cpp; compile the checkpoint again with this version of licc"
        )
    missing = [tool for tool in ("make", "g++") if shutil.which(tool) is None]
    if missing:
        raise UserError(f"{library}: missing; install {' and '.join(missing)} to compile it")
    with makefile.open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another process may be at it
        if not _is_current(library):
            _compile(folder, library)
    return library


def _is_current(library: Path) -> bool:
    if not library.is_file():
        return False
    made = library.stat().st_mtime_ns
    sources = (path for kind in ("*.cpp", "*.hpp") for path in library.parent.glob(kind))
    return all(path.stat().st_mtime_ns <= made for path in sources)


def _compile(folder: Path, library: Path) -> None:
    from rich.console import Console

    command = ["make", "-C", str(folder), "library"]
    with Console(stderr=True).status(f"compiling {library}, which is done once"):
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", check=False
        )
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if "rror" in line] or ["no message"]
        raise UserError(
            f"{library}: cannot be compiled: {lines[0].strip()}; run {' '.join(command)}"
        )
