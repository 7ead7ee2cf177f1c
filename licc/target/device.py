# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Devices are data: one TOML file each under `licc/data/devices` (docs/add-a-device.md)."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import Any

from licc.errors import UserError

_RESOURCES = ("dsp", "bram18", "uram", "lut", "ff")


@dataclass(frozen=True)
class Resources:
    """Counts of one part, or budgets on it."""

    dsp: int
    bram18: int
    uram: int
    lut: int
    ff: int


@dataclass(frozen=True)
class Device:
    """A board.

    Attributes:
        name: as given with `--target`.
        title: board and part, for reports.
        part: the vendor's part number, for Vitis.
        platform: the Vitis platform, "" where there is none.
        clock_mhz: of the accelerator unless another one is asked for.
        max_clock_mhz: highest clock that is accepted.
        ddr_gbps: peak bandwidth of the memory, gigabytes a second.
        ports: memory ports that accelerators may use; each AXI master takes one.
        banks: what the platform calls them (its SP tags); empty where it is not known.
        total: what the part has.
        fractions: which part of each resource a design may take.
    """

    name: str
    title: str
    part: str
    platform: str
    clock_mhz: int
    max_clock_mhz: int
    ddr_gbps: float
    ports: int
    banks: tuple[str, ...]
    total: Resources
    fractions: tuple[tuple[str, float], ...]

    @property
    def usable(self) -> Resources:
        """`total` times `fractions`, rounded down."""
        share = dict(self.fractions)
        return Resources(
            **{name: math.floor(getattr(self.total, name) * share[name]) for name in _RESOURCES}
        )


def known() -> tuple[str, ...]:
    """The names of the devices, sorted."""
    folder = resources.files("licc").joinpath("data", "devices")
    names = (entry.name for entry in folder.iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


def load(name: str) -> Device:
    """The device `name`.

    Raises:
        UserError: there is no such device; the message lists those there are.
    """
    if name not in known():
        raise UserError(f"unknown target '{name}'; licc knows {', '.join(known())}")
    file = resources.files("licc").joinpath("data", "devices", f"{name}.toml")
    return _device(name, tomllib.loads(file.read_text(encoding="utf-8")))


def _device(name: str, table: dict[str, Any]) -> Device:
    return Device(
        name,
        table["title"],
        table["part"],
        table["platform"],
        table["clock"]["default_mhz"],
        table["clock"]["max_mhz"],
        table["ddr_gbps"],
        table["ports"],
        tuple(table.get("banks", ())),
        Resources(**{key: table["resources"][key] for key in _RESOURCES}),
        tuple((key, float(table["usable"][key])) for key in _RESOURCES),
    )
