# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""report.txt and report.json hold the numbers of the IR and say what they are."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.typed import hyperprior, typed_module
from torch_mlir import ir

from licc.dialects import make_context
from licc.passes.lic_fuse import LicFuse
from licc.passes.lic_schedule import LicSchedule
from licc.passes.lic_tile import LicTile
from licc.passes.lic_to_hls import LicToHls
from licc.report import collect, render, write_reports


def lowered(share: str = "auto") -> ir.Module:
    module = typed_module(make_context(), hyperprior(8, 12, 64, 96))
    with module.context:
        attributes = module.operation.attributes
        attributes["lic.architecture"] = ir.StringAttr.get("bmshj2018-hyperprior")
        attributes["lic.input"] = ir.DenseI64ArrayAttr.get([60, 90])
        attributes["lic.padded"] = ir.DenseI64ArrayAttr.get([64, 96])
    for pass_ in (LicFuse(), LicTile(), LicSchedule(dsp=300, share=share), LicToHls()):  # pyright: ignore[reportArgumentType]
        pass_.run(module)
    return module


@pytest.fixture(scope="module")
def module() -> ir.Module:
    return lowered()


@dataclass(frozen=True)
class Options:
    checkpoint: Path


def test_facts_are_those_of_the_ir(module: ir.Module) -> None:
    report = collect(module)
    assert [design.name for design in report.designs] == ["g_a", "h_a", "h_s", "g_s"]
    g_a = report.designs[0]
    by_name = {process.name: process for process in g_a.processes}
    first = by_name["g_a_0_conv"]
    assert (first.work, first.input, first.output) == ("conv 5x5 /2", (3, 64, 96), (8, 32, 48))
    assert first.macs == 75 * 8 * 32 * 48
    assert (first.in_type, first.out_type) == ("ui8", "i16")
    assert by_name["g_a_1_norm"].macs == 8 * 8 * 32 * 48
    assert first.parameters >= 8 * 75
    assert g_a.cycles >= max(process.cycles for process in g_a.processes)
    assert g_a.fps == pytest.approx(300e6 / g_a.cycles)
    assert sum(p.dsp for d in report.designs[:2] for p in d.processes) == report.roles[0].dsp <= 300
    assert report.roles[0].fps == min(d.fps for d in report.designs[:2])
    works = {p.name: p.work for d in report.designs for p in d.processes}
    assert works["h_a_0_abs"] == "abs"
    assert works["h_a_1_conv"] == "conv 3x3 /1 + relu"
    assert works["g_s_0_deconv"] == "deconv 5x5 /2"
    assert works["h_a_5_conv"] == "conv 5x5 /2 + round"


def test_text_says_what_the_numbers_are(module: ir.Module) -> None:
    text = render(collect(module, checkpoint="student.pt"))
    assert "licc report: student.pt (bmshj2018-hyperprior)" in text
    assert "predicted by the schedule, not measured; no FPGA or Vitis was run" in text
    assert "input 60x90, padded to 64x96 (bottom and right, by the host)" in text
    assert "encoder: g_a + h_a" in text
    assert "g_s_6_deconv" in text
    assert "not checked:" in text
    assert all(line == line.rstrip() for line in text.splitlines())


def test_separate_transforms_are_said_to_be() -> None:
    report = collect(lowered("transform"))
    assert [role.name for role in report.roles] == [
        "encoder (g_a alone)",
        "encoder (h_a alone)",
        "decoder (g_s alone)",
        "decoder (h_s alone)",
    ]
    assert "are loaded one after the other" in render(report)


def test_files(module: ir.Module, tmp_path: Path) -> None:
    write_reports(module, module, tmp_path, Options(Path("there/student.pt")))
    data = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert data["checkpoint"] == "student.pt"
    assert data["predicted"].startswith("predicted")
    assert data["padded"] == [64, 96]
    assert data["designs"][0]["processes"][0]["name"] == "g_a_0_conv"
    assert (
        (tmp_path / "report.txt").read_text(encoding="utf-8").startswith("licc report: student.pt")
    )


def test_a_module_without_designs() -> None:
    with make_context(), pytest.raises(ValueError, match=r"hls\.design"):
        collect(ir.Module.parse("module {}"))
