# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Frozen dataclasses from JSON, checked against their annotations: any file gives data or one line."""

from __future__ import annotations

import dataclasses
import json
import math
import types
import typing
from pathlib import Path
from typing import Any, TypeVar, cast

from licc.errors import UserError
from licc.report.data import Decibels, Signed

MAX_BYTES = 1 << 26
# Numbers that may be below zero, and what they are otherwise.
_SIGNED: dict[Any, Any] = {Signed: int, Decibels: float}
# Beyond it floats are not exact, and no frame takes a year.
MAX_INTEGER = 1 << 53

T = TypeVar("T")


class _UnexpectedError(Exception):
    """`where` in the file, what was wanted there."""


def read_json(path: Path) -> Any:
    """The content of a JSON file.

    Raises:
        UserError: it is missing, absurdly large, or not JSON.
    """
    if not path.is_file():
        raise UserError(f"{path}: no such file")
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UserError(f"{path}: larger than {MAX_BYTES >> 20} MiB, and no file of licc")
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{path}: cannot read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        reason = (str(error).splitlines() or [""])[0][:80]
        raise UserError(f"{path}: not JSON: {reason}") from error


def decode(type_: type[T], value: Any, path: Path) -> T:
    """`value`, read from `path`, as a `type_`; fields with a default may be missing, others may be more.

    Raises:
        UserError: a field is missing or of another type; the message says which one.
    """
    try:
        return cast("T", _decode(type_, value, ""))
    except _UnexpectedError as error:
        raise UserError(f"{path}: {error}") from error


def _decode(type_: Any, value: Any, where: str) -> Any:
    if dataclasses.is_dataclass(type_):
        return _dataclass(cast("type[Any]", type_), value, where)
    origin, arguments = typing.get_origin(type_), typing.get_args(type_)
    if origin in (types.UnionType, typing.Union):  # X | None, and no other
        return None if value is None else _decode(arguments[0], value, where)
    if origin is tuple:
        return _tuple(arguments, value, where)
    return _scalar(type_, value, where)


def _dataclass(type_: type[Any], value: Any, where: str) -> Any:
    given = _expect_object(value, where)
    hints = typing.get_type_hints(type_)
    members: dict[str, Any] = {}
    for field in dataclasses.fields(type_):
        inner = f"{where}.{field.name}" if where else field.name
        if field.name in given:
            members[field.name] = _decode(hints[field.name], given[field.name], inner)
        elif field.default is dataclasses.MISSING:
            raise _UnexpectedError(f"'{inner}' is missing; it is of another version of licc")
    return type_(**members)


def _expect_object(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _UnexpectedError(
            f"'{where or 'the whole'}': expected an object, but got {_shown(value)}"
        )
    return cast("dict[str, Any]", value)


def _tuple(arguments: tuple[Any, ...], value: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise _UnexpectedError(f"'{where}': expected a list, but got {_shown(value)}")
    items = cast("list[Any]", value)
    if arguments[-1] is ...:
        return tuple(_decode(arguments[0], item, f"{where}[{i}]") for i, item in enumerate(items))
    if len(items) != len(arguments):
        raise _UnexpectedError(f"'{where}': expected {len(arguments)} items, but got {len(items)}")
    return tuple(
        _decode(type_, item, f"{where}[{i}]")
        for i, (type_, item) in enumerate(zip(arguments, items, strict=True))
    )


def _scalar(type_: Any, value: Any, where: str) -> Any:
    plain = _SIGNED.get(type_, type_)
    if plain is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value) if abs(value) <= MAX_INTEGER else math.inf
    good = type(value) is plain
    if good and plain in (int, float):
        least = 0 if type_ is plain else -MAX_INTEGER
        good = least <= value <= MAX_INTEGER  # False for NaN
    if not good:
        wanted = {int: "a count", float: "a number", str: "a text", bool: "true or false"}[plain]
        raise _UnexpectedError(f"'{where}': expected {wanted}, but got {_shown(value)}")
    return value


def shown(text: str) -> str:
    """A text of a file as part of one line of ASCII, cut if it is long."""
    return ascii(text)[1:-1][:60]


def _shown(value: Any) -> str:
    if isinstance(value, (dict, list)):
        return "an object" if isinstance(value, dict) else "a list"
    if value is None:
        return "null"
    if isinstance(value, int) and abs(value) > MAX_INTEGER:
        return "one of more than 53 bits"  # str() refuses thousands of digits
    return f"'{shown(str(value))}'"
