# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a pass is, and the one list of all passes.

A pass is a frozen dataclass: `name` is its flag in `licc-opt`, its fields are its options, its
docstring is its documentation, and `run` changes a module in place:

    @dataclass(frozen=True)
    class LicFuse(Pass):
        '''Group each convolution with what follows it.'''

        name: ClassVar[str] = "lic-fuse"
        subpixel: bool = option(True, "rewrite transposed convolutions as sub-pixel phases")

        def run(self, module: ir.Module) -> None: ...

The registry holds names of modules, not modules: one that is not run is not imported, and importing
this file imports nothing beyond the standard library.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import re
import types
import typing
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Union, cast

if TYPE_CHECKING:
    from torch_mlir import ir

# Flag -> "module:Class". The one place that lists our passes, in the order in which a build runs them.
PASSES: Mapping[str, str] = {
    "lic-raise-torch": "licc.passes.lic_raise_torch:LicRaiseTorch",
    "lic-calibrate": "licc.passes.lic_calibrate:LicCalibrate",
    "lic-assign-precision": "licc.passes.lic_assign_precision:LicAssignPrecision",
    "lic-fuse": "licc.passes.lic_fuse:LicFuse",
    "lic-tile": "licc.passes.lic_tile:LicTile",
    "lic-pose": "licc.passes.lic_pose:LicPose",
    "lic-schedule": "licc.passes.lic_schedule:LicSchedule",
    "lic-check-schedule": "licc.passes.lic_check_schedule:LicCheckSchedule",
    "lic-to-hls": "licc.passes.lic_to_hls:LicToHls",
}

# Passes of users for this run of licc-opt (`--load-pass`), by flag.
LOADED: dict[str, type[Pass]] = {}


class PassFailure(Exception):  # noqa: N818 (what MLIR calls it)
    """A pass could not do its work.

    Emit the reasons as diagnostics at the ops first (`op.location.emit_error(...)`); a message is
    only for a reason that has no place in the IR.
    """


class OptionError(ValueError):
    """An unknown pass, an unknown option, or a value that is not of the option's type."""


@dataclass(frozen=True)
class Pass(ABC):
    """A transformation of a module; see the top of this file."""

    name: ClassVar[str]

    @abstractmethod
    def run(self, module: ir.Module) -> None:
        """Change `module` in place; on failure emit diagnostics and raise `PassFailure`."""


def option(default: Any, description: str) -> Any:
    """A field of a pass with a default and a line of documentation for `licc-opt --list-passes`."""
    return dataclasses.field(default=default, metadata={"help": description})


# --------------------------------------------------------------------------------------------------
# Looking passes up
# --------------------------------------------------------------------------------------------------
def known_passes() -> tuple[str, ...]:
    """The flags of all passes, ours first."""
    return (*PASSES, *LOADED)


def add_pass(cls: type[Pass]) -> None:
    """Let a pass of a user have its flag, until `LOADED` is cleared.

    Raises:
        OptionError: it has no usable name, or no `run`.
    """
    name: Any = getattr(cls, "name", None)
    if not isinstance(name, str) or not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name):
        raise OptionError(f"{cls.__name__} expected a name such as 'my-pass', but has {name!r}")
    if name in PASSES or name in LOADED:
        raise OptionError(f"{cls.__name__} has the name of another pass, '{name}'")
    if inspect.isabstract(cls):
        raise OptionError(f"{cls.__name__} expected a method 'run', but has none")
    if "__dataclass_fields__" not in vars(cls):
        cls = dataclass(frozen=True)(cls)  # or its options would not be known
    LOADED[name] = cls


def load_pass(name: str) -> type[Pass]:
    """The class of the pass with flag `name`; `OptionError` lists the known ones."""
    if name in LOADED:
        return LOADED[name]
    if name not in PASSES:
        raise OptionError(f"unknown pass '{name}'; licc has {', '.join(known_passes())}")
    module, _, symbol = PASSES[name].partition(":")
    found: type[Pass] = getattr(importlib.import_module(module), symbol)
    if found.name != name:
        raise AssertionError(
            f"{PASSES[name]} is registered as '{name}' and calls itself '{found.name}'"
        )
    return found


def make_pass(name: str, options: Mapping[str, str]) -> Pass:
    """The pass `name` with the options given as text, keys spelled with dashes."""
    cls = load_pass(name)
    known = pass_options(cls)
    for key in options:
        if key not in known:
            have = f"it has {', '.join(known)}" if known else "it has none"
            raise OptionError(f"pass '{name}' has no option '{key}'; {have}")
    values = {known[k].field: known[k].parse(v) for k, v in options.items()}
    missing = [o.name for o in known.values() if o.required and o.field not in values]
    if missing:
        raise OptionError(f"pass '{name}' needs the option '{missing[0]}'")
    return cls(**values)


# --------------------------------------------------------------------------------------------------
# Options
# --------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Option:
    """One option of a pass, made from one field of its dataclass.

    Attributes:
        name: the spelling on the command line, with dashes.
        field: the name of the dataclass field.
        kind: the field's type: int, bool, float, str, a tuple of one of them, a Literal of strings,
            or one of these or None.
        default: the value when the option is not given; `dataclasses.MISSING` when it has to be.
        description: one line, possibly empty.
    """

    pass_name: str
    name: str
    field: str
    kind: Any
    default: Any
    description: str

    @property
    def required(self) -> bool:
        """Whether a pipeline has to give the option."""
        return self.default is dataclasses.MISSING

    @property
    def kind_name(self) -> str:
        """The type as documentation shows it, such as `int` or `int,int,...`."""
        kind = _without_none(self.kind)
        if typing.get_origin(kind) is Literal:
            return "|".join(cast("tuple[str, ...]", typing.get_args(kind)))
        if typing.get_origin(kind) is tuple:
            element = cast("type", typing.get_args(kind)[0]).__name__
            return f"{element},{element},..."
        return str(kind.__name__)

    def parse(self, text: str) -> Any:
        """The value that `text` stands for; `OptionError` says what was expected."""
        try:
            return _parse(_without_none(self.kind), text)
        except ValueError as error:
            raise OptionError(
                f"pass '{self.pass_name}' option '{self.name}' expected {self.kind_name}, "
                f"but got '{text}'"
            ) from error


def pass_options(cls: type[Pass]) -> dict[str, Option]:
    """The options of a pass, in the order of its fields, keyed by their spelling with dashes."""
    hints = typing.get_type_hints(cls)
    found = (
        Option(
            cls.name,
            field.name.replace("_", "-"),
            field.name,
            hints[field.name],
            _default(field),
            str(field.metadata.get("help", "")),
        )
        for field in dataclasses.fields(cls)
        if field.init
    )
    return {found_option.name: found_option for found_option in found}


def describe(cls: type[Pass]) -> str:
    """The documentation of a pass: its docstring without indentation."""
    return inspect.cleandoc(cls.__doc__ or "")


def pipeline_text(pass_: Pass) -> str:
    """The pass as a pipeline spells it, with the options that differ from their defaults."""
    given = [
        f"{o.name}={_spell(getattr(pass_, o.field))}"
        for o in pass_options(type(pass_)).values()
        if o.required or getattr(pass_, o.field) != o.default
    ]
    return f"{pass_.name}{{{' '.join(given)}}}" if given else pass_.name


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


def _without_none(kind: Any) -> Any:
    """`T` for `T | None`, any other type as it is."""
    if typing.get_origin(kind) not in (Union, types.UnionType):
        return kind
    rest = [part for part in typing.get_args(kind) if part is not type(None)]
    if len(rest) != 1:
        raise TypeError(f"an option cannot be of type {kind}")
    return rest[0]


def _parse(kind: Any, text: str) -> Any:
    if kind is bool:
        return _parse_bool(text)
    if kind in (int, float, str):
        return kind(text)
    if typing.get_origin(kind) is Literal:
        if text not in typing.get_args(kind):
            raise ValueError(text)
        return text
    if typing.get_origin(kind) is tuple:
        element = typing.get_args(kind)[0]
        return tuple(_parse(element, part.strip()) for part in text.split(",")) if text else ()
    raise TypeError(f"an option cannot be of type {kind}")


def _parse_bool(text: str) -> bool:
    if text in ("true", "1", ""):  # a name alone, as in {subpixel}, switches the option on
        return True
    if text in ("false", "0"):
        return False
    raise ValueError(text)


def _spell(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(_spell(part) for part in cast("Sequence[object]", value))
    text = str(value)
    if text and not any(c.isspace() or c in "{}'\"" for c in text):
        return text
    return f"'{text}'" if "'" not in text else f'"{text}"'
