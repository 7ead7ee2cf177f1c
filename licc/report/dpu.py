# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The same network on another machine: a model, never a measurement."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources

from licc.report.data import Report


@dataclass(frozen=True)
class Dpu:
    """A programmable overlay: `sustained_tops` of a core is what others measured on such a network."""

    title: str
    board: str
    cores: int
    clock_mhz: int
    operations_per_cycle: int
    sustained_tops: float

    @property
    def peak_tops(self) -> float:
        """Of a core."""
        return self.operations_per_cycle * self.clock_mhz * 1e6 / 1e12

    def fps(self, macs: int, tops: float | None = None) -> float:
        """Images a second of `macs` multiply-accumulates each, two operations a MAC, on all cores."""
        return self.cores * (self.sustained_tops if tops is None else tops) * 1e12 / (2 * macs)


@dataclass(frozen=True)
class Compared:
    """A role: convolutions only (`macs`), what GDN would add (`gdn`), and the rates by the model."""

    role: str
    designs: tuple[str, ...]
    macs: int
    gdn: int
    sustained: float
    peak: float


def load() -> Dpu:
    """The machine of licc/data/comparisons."""
    file = resources.files("licc").joinpath("data", "comparisons", "dpu-b4096.toml")
    return Dpu(**tomllib.loads(file.read_text(encoding="utf-8")))


def compare(report: Report, dpu: Dpu) -> Iterator[Compared]:
    """Each role with any convolutions."""
    for role in report.roles:
        designs = [report.design(name) for name in role.designs]
        macs = {
            kind: sum(d.stripes * p.macs for d in designs for p in d.processes if p.kind == kind)
            for kind in ("conv", "norm")
        }
        if macs["conv"]:
            rates = dpu.fps(macs["conv"]), dpu.fps(macs["conv"], dpu.peak_tops)
            yield Compared(role.name, role.designs, macs["conv"], macs["norm"], *rates)
