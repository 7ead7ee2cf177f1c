# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Classes from files of users, named as FILE.py:CLASS: policies and passes.

The file is run as Python: that the user names it is what allows that. What goes wrong in it is one line
with the place, as any other mistake of a user.
"""

from __future__ import annotations

import importlib.util
import re
import sys
import traceback
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from licc.errors import UserError

_T = TypeVar("_T")
# Where a module keeps its path as the user wrote it.
_SHOWN = "__licc_path__"


def load_class(text: str, base: type[_T], what: str) -> type[_T]:
    """The class that FILE.py:CLASS names, or the only one of the file, checked to be a `base`.

    Args:
        text: FILE.py:CLASS, or FILE.py.
        base: what the class has to be derived from.
        what: the option that the user gave, for messages, such as "--precision".

    Raises:
        UserError: the file cannot be read or run, or has no such class.
    """
    file, _, symbol = text.rpartition(":") if not text.endswith(".py") else (text, "", "")
    module = _run_file(Path(file), what)
    own = {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, type)
        and issubclass(value, base)
        and value.__module__ == module.__name__
    }
    if not symbol:
        if len(own) != 1:
            listed = ", ".join(own) or "none"
            raise UserError(
                f"{file}: expected one class derived from {base.__name__}, but found {listed}; "
                f"name it as {file}:CLASS"
            )
        return next(iter(own.values()))
    value = getattr(module, symbol, None)
    if value is None:
        listed = f"it has {', '.join(own)}" if own else f"it has no {base.__name__} at all"
        raise UserError(f"{file}: no class '{symbol}'; {listed}")
    if not (isinstance(value, type) and issubclass(value, base)):
        raise UserError(f"{file}: '{symbol}' is not derived from {base.__module__}.{base.__name__}")
    return value


def is_file(text: str) -> bool:
    """Whether the spelling names a file rather than something that is installed."""
    return text.endswith(".py") or ".py:" in text


def _run_file(path: Path, what: str) -> ModuleType:
    if not path.is_file():
        raise UserError(f"{what} {path}: no such file")
    # A name of its own, so that the file can neither hide nor be hidden by a module of the same name.
    name = f"licc_user_{re.sub(r'[^A-Za-z0-9_]', '_', str(path.resolve()))}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # dataclasses look their module up by name.
    sys.modules[name] = module
    module.__dict__[_SHOWN] = str(path)
    try:
        with user_code("import", module):
            spec.loader.exec_module(module)
    except UserError:
        del sys.modules[name]
        raise
    return module


@contextmanager
def user_code(what: str, owner: Any, passing: tuple[type[Exception], ...] = ()) -> Generator[None]:
    """Run code of a user: an exception becomes one line with its file and line number.

    Args:
        what: what was called, such as "MyPolicy.weight_bits('g_a.0')".
        owner: the class or module that the code is from.
        passing: exceptions that stay what they are, beside `UserError`.
    """
    try:
        yield
    except (UserError, *passing):
        raise
    except (Exception, SystemExit) as error:
        if str(getattr(owner, "__module__", "")).startswith("licc."):
            raise  # a mistake of ours
        raise UserError(f"{_place(error, owner)}: {what} fails: {summary(error)}") from error


def summary(error: BaseException) -> str:
    """Kind and first line of an exception."""
    text = str(error).strip().partition("\n")[0]
    if isinstance(error, SyntaxError):
        text = error.msg
    name = type(error).__name__
    return f"{name}: {text}" if text else name


def _place(error: BaseException, owner: Any) -> str:
    """FILE:LINE of the innermost line of the user's own file, as far as it is known."""
    module = owner if isinstance(owner, ModuleType) else sys.modules.get(owner.__module__)
    file = str(getattr(module, "__file__", None) or getattr(owner, "__name__", owner))
    shown = str(getattr(module, _SHOWN, file))
    if isinstance(error, SyntaxError) and error.filename == file:
        return f"{shown}:{error.lineno}"
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == file]
    return f"{shown}:{lines[-1]}" if lines else shown
