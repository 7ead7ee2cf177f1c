# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A build directory that appears whole or not at all.

A build is written into a sibling directory, which takes the place of the previous build in one rename.
Whatever goes wrong before, an interruption included, leaves the previous build as it was.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from licc.errors import UserError

# The file that says that a directory is a build of licc, and what it was made from.
MANIFEST = "licc.json"
# All that a build has at its top; anything else in the directory was put there by somebody else.
ENTRIES = frozenset(
    {MANIFEST, "ir", "hls", "vitis", "host", "weights", "report.txt", "report.json", "report.html"}
)

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


class Interrupted(BaseException):
    """SIGINT or SIGTERM has come; `signum` says which."""

    def __init__(self, signum: int) -> None:
        super().__init__(signum)
        self.signum = signum


@contextmanager
def interruptible() -> Generator[None]:
    """Let SIGINT, SIGTERM and SIGHUP raise `Interrupted`, so that every `finally` runs."""

    def stop(signum: int, _frame: FrameType | None) -> None:
        raise Interrupted(signum)

    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, stop) for number in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def check_output(output: Path) -> Path:
    """The absolute path of a build directory that may be made or replaced.

    Raises:
        UserError: it is a file, a directory that is not a build of licc or holds files of others, or
            the current directory.
    """
    shown, output = output, Path(os.path.realpath(output))
    if not output.exists():
        return output
    if not output.is_dir():
        raise UserError(f"{shown}: exists and is not a directory; give another one with -o")
    if output in (cwd := Path.cwd(), *cwd.parents):
        raise UserError(f"{shown}: the current directory cannot be replaced; give another with -o")
    try:
        found = sorted(path.name for path in output.iterdir())
    except OSError as error:
        raise UserError(f"{shown}: cannot read: {error.strerror}") from error
    if found and MANIFEST not in found:
        raise UserError(f"{shown}: not empty and not a build of licc; give another one with -o")
    foreign = [name for name in found if name not in ENTRIES]
    if foreign:
        raise UserError(
            f"{shown}: holds '{foreign[0]}', which licc did not write and would delete; "
            "move it away or give another directory with -o"
        )
    return output


@contextmanager
def new_build(output: Path) -> Generator[Path]:
    """A fresh directory to build in; it becomes `output` when the block ends without an exception.

    Raises:
        UserError: `output` cannot be written, or see `check_output`.
    """
    shown, output = output, check_output(output)
    made = _make_parents(output, shown)
    try:
        work = Path(tempfile.mkdtemp(prefix=f".{output.name}.", suffix=".tmp", dir=output.parent))
    except OSError as error:
        _remove_parents(made)
        raise UserError(f"{shown}: cannot write: {error.strerror}") from error
    try:
        _like_a_new_directory(work)
        yield work
        check_output(shown)  # once more: a build takes long enough for somebody to put a file there
        _replace(work, output)
    except BaseException:
        with _no_signals():
            shutil.rmtree(work, ignore_errors=True)
            _remove_parents(made)
        raise


def _make_parents(output: Path, shown: Path) -> list[Path]:
    """Make the folders above `output` that are missing; those made, innermost first."""
    missing = [path for path in output.parents if not path.exists()]
    above = next(path for path in output.parents if path.exists())
    if not above.is_dir():
        raise UserError(f"{shown}: cannot write: {above.name} is not a directory")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        _remove_parents(missing)
        raise UserError(f"{shown}: cannot write: {error.strerror}") from error
    return missing


def _remove_parents(made: list[Path]) -> None:
    for path in made:
        with suppress(OSError):  # not there, or somebody else uses it by now
            path.rmdir()


def _like_a_new_directory(path: Path) -> None:
    """Give it the mode that mkdir would: mkdtemp makes it private."""
    mask = os.umask(0)
    os.umask(mask)
    path.chmod(0o777 & ~mask)


def _replace(work: Path, output: Path) -> None:
    """Put `work` in the place of `output` and delete what was there."""
    with _no_signals():
        if not output.exists():
            work.rename(output)
            return
        if not _exchange(work, output):
            old = work.with_name(work.name + ".old")
            output.rename(old)
            work.rename(output)
            old.rename(work)
    shutil.rmtree(work, ignore_errors=True)


def _exchange(one: Path, other: Path) -> bool:
    """Swap two paths in one step where the system can (Linux); whether it could."""
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is None:
        return False
    swap = (_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE)
    return renameat2(*swap) == 0


@contextmanager
def _no_signals() -> Generator[None]:
    before = signal.pthread_sigmask(
        signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    )
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def write_file(path: Path, content: str | bytes) -> None:
    """Write a file that is whole or, after a failure, as it was before; `UserError` if it cannot be."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    if path.exists() and not path.is_file():  # a device such as /dev/stdout, or a pipe
        if path.is_dir():
            raise UserError(f"{path}: is a directory; give a file with -o")
        path.write_bytes(data)
        return
    work: Path | None = None
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        work = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        mask = os.umask(0)
        os.umask(mask)
        work.chmod(0o666 & ~mask)
        work.replace(path)
    except OSError as error:
        raise UserError(f"{path}: cannot write: {error.strerror}") from error
    finally:
        if work is not None:
            work.unlink(missing_ok=True)
