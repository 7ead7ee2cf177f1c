# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""From the text of `--precision` to a policy, and what is said when a user's file is at fault.

A policy is spelled NAME or FILE.py:CLASS, and may have options: `search{budget=1.1}`. Names are ours or
those of entry points in the group `licc.policies`. A file is run as Python: naming it is what allows that.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from licc.errors import UserError
from licc.quantize.policy import Policy
from licc.user_code import is_file, load_class, summary, user_code

__all__ = [
    "DEFAULT_POLICY",
    "POLICIES",
    "TRAINED",
    "is_file",
    "known_policies",
    "load_policy",
    "policy_name",
]

DEFAULT_POLICY = "hybrid"
# No policy: the types that training chose, where a checkpoint has them.
TRAINED = "trained"
GROUP = "licc.policies"

# Name -> "module:Class".
POLICIES: Mapping[str, str] = {
    "int8": "licc.quantize.policy:Int8",
    "hybrid": "licc.quantize.hybrid:Hybrid",
    "search": "licc.quantize.search:Search",
}

_SPELLING = re.compile(r"(?P<name>[^{}]+?)\s*(?:\{(?P<options>[^{}]*)\})?", re.DOTALL)


def load_policy(text: str) -> Policy:
    """The policy that `text` spells; its `name` is `policy_name(text)`.

    Raises:
        UserError: no such policy, or its file or options are at fault.
    """
    name, given = _split(text)
    cls = _policy_class(name)
    options = _options(cls, name, given)
    with user_code(f"{cls.__name__}()", cls):
        policy = cls(**options)
    policy.name = policy_name(text)
    return policy


def policy_name(text: str) -> str:
    """What reports call the policy that `text` spells: the same without the folders of a file.

    Raises:
        UserError: text that spells none.
    """
    name, given = _split(text)
    file, colon, symbol = name.rpartition(":")
    short = f"{Path(file).name}:{symbol}" if colon else Path(name).name
    return f"{short}{{{given}}}" if given else short


def _split(text: str) -> tuple[str, str]:
    """Name and options."""
    spelled = _SPELLING.fullmatch(text.strip())
    if spelled is None:
        raise UserError(
            f"--precision {text}: expected NAME or FILE.py:CLASS, with options as in search{{budget=1.1}}"
        )
    return spelled["name"], " ".join((spelled["options"] or "").replace(",", " ").split())


def known_policies() -> dict[str, str]:
    """Names that need no file, ours first, with where their classes are."""
    found = {point.name: point.value for point in metadata.entry_points(group=GROUP)}
    return {**POLICIES, **{name: where for name, where in found.items() if name not in POLICIES}}


def _policy_class(name: str) -> type[Policy]:
    if is_file(name):
        return load_class(name, Policy, "--precision")
    known = known_policies()
    if name not in known:
        raise UserError(
            f"--precision {name}: no such policy; expected FILE.py:CLASS or one of {', '.join(known)}"
        )
    module, _, symbol = known[name].partition(":")
    try:
        cls = getattr(importlib.import_module(module), symbol)
    except Exception as error:
        text = summary(error)
        raise UserError(
            f"--precision {name}: its entry point '{known[name]}' fails: {text}"
        ) from error
    if not (isinstance(cls, type) and issubclass(cls, Policy)):
        raise UserError(f"--precision {name}: its entry point '{known[name]}' is no Policy")
    return cls


# --------------------------------------------------------------------------------------------------
# Options
# --------------------------------------------------------------------------------------------------
def _options(cls: type[Policy], name: str, text: str) -> dict[str, Any]:
    from licc.passes.pipelines import parse_options
    from licc.passes.registry import OptionError

    try:
        given = parse_options(text)
    except OptionError as error:
        raise UserError(f"--precision {name}: {error}") from error
    known = cls.options()
    found: dict[str, Any] = {}
    for key, value in given.items():
        option = key.replace("-", "_")
        if option not in known:
            raise UserError(
                f"--precision {name}: no option '{key}'; it has {', '.join(known) or 'none'}"
            )
        found[option] = _value(name, key, value, known[option])
    return found


def _value(name: str, key: str, text: str, default: Any) -> Any:
    """`text` as the type of `default`."""
    booleans = {"true": True, "1": True, "": True, "false": False, "0": False}
    try:
        if isinstance(default, bool):
            return booleans[text]
        return type(default)(text)
    except (ValueError, KeyError):
        kind = type(default).__name__
        raise UserError(
            f"--precision {name}: option '{key}' expected {kind}, but got '{text}'"
        ) from None
