# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The files of a report hold the numbers of the IR and of the simulation, and say which are which."""

from __future__ import annotations

import json
import math
import re
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.pages import origin_of, read_page, shows_tag, untagged
from support.schedules import random_schedule
from support.typed import hyperprior, typed_module
from torch_mlir import ir

from licc.dialects import make_context
from licc.errors import UserError
from licc.passes.lic_fuse import LicFuse
from licc.passes.lic_tile import LicTile
from licc.passes.lic_to_hls import LicToHls
from licc.report import dpu, page, render, roofline, spans, svg, write_reports
from licc.report.data import (
    FORMAT,
    Decibels,
    LayerFacts,
    QualityFacts,
    Report,
    Resources,
    ScheduleFacts,
)
from licc.report.decode import decode
from licc.report.facts import collect
from licc.report.main import run_report
from licc.report.page import ORIGINS, deviation
from licc.report.quality import entries, stated_quality
from licc.report.sqnr import layer_facts
from licc.report.stored import files, read_build
from licc.target.device import load


def lowered(seed: int = 3, **attributes: str) -> ir.Module:
    """The four transforms under a legal schedule; `attributes` of the module as MLIR."""
    module = typed_module(make_context(), hyperprior(8, 12, 64, 96))
    with module.context:
        given = module.operation.attributes
        given["lic.architecture"] = ir.StringAttr.get("bmshj2018-hyperprior")
        given["lic.input"] = ir.DenseI64ArrayAttr.get([60, 90])
        given["lic.padded"] = ir.DenseI64ArrayAttr.get([64, 96])
        LicFuse().run(module)
        LicTile().run(module)
        random_schedule(module, np.random.default_rng(seed))
        for name, text in attributes.items():
            given[f"lic.{name}"] = ir.Attribute.parse(text)
        LicToHls().run(module)
    return module


@pytest.fixture(scope="module")
def module() -> ir.Module:
    return lowered()


@pytest.fixture(scope="module")
def report(module: ir.Module) -> Report:
    return collect(module, checkpoint="student.pt")


def timed_of(report: Report) -> dict[str, Any]:
    """A timed.json of a build, in which no number is like one that is predicted."""
    count = iter(range(700_000_003, 800_000_000, 1_013))
    designs: list[dict[str, Any]] = []
    for design in report.designs:
        names = [
            (f"{design.name}_input_load", 17),
            *((p.name, p.cycles) for p in design.processes),
            (f"{design.name}_output_store", 19),
        ]
        processes: list[dict[str, Any]] = []
        for name, predicted in names:
            starts = [next(count) for _ in range(3)]
            processes.append(
                {
                    "name": name,
                    "predicted": predicted,
                    "busy": next(count),
                    "stalled_on_empty": next(count),
                    "stalled_on_full": next(count),
                    "starts": starts,
                    "ends": [start + 900_000_000 for start in starts],
                }
            )
        fifos = [
            {"name": p.reads, "depth": 16}
            | {
                key: next(count)
                for key in ("high_water", "words", "reader_waited", "writer_waited")
            }
            for p in design.processes
        ]
        designs.append(
            {"design": design.name, "frames": 3, "clock_mhz": report.clock_mhz}
            | {key: next(count) for key in ("interval", "latency", "with_parameters")}
            | {"processes": processes, "fifos": fifos, "more": "of another version"}
            | ({"fifo_caused": -next(count)} if design.name == "g_a" else {})
        )
    return {"label": "measured in simulation", "designs": designs}


def build_of(report: Report, folder: Path, timed: Any = None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files(report).items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "hls").mkdir(exist_ok=True)
    if timed is not None:
        (folder / "hls" / "timed.json").write_text(json.dumps(timed), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def simulated(report: Report, tmp_path_factory: pytest.TempPathFactory) -> Report:
    return read_build(build_of(report, tmp_path_factory.mktemp("build"), timed_of(report)))


# --------------------------------------------------------------------------------------------------
# Facts
# --------------------------------------------------------------------------------------------------
def test_facts_are_those_of_the_ir(report: Report) -> None:
    assert [design.name for design in report.designs] == ["g_a", "h_a", "h_s", "g_s"]
    g_a = report.designs[0]
    by_name = {process.name: process for process in g_a.processes}
    first, drain = by_name["g_a_0_conv"], by_name["g_a_0_drain"]
    assert (first.kind, first.work) == ("conv", "conv 5x5 /2")
    assert (first.input, first.output) == ((3, 64, 96), (8, 32, 48))
    assert first.macs == 75 * 8 * 32 * 48
    assert first.fill == 3 / 64
    assert (first.in_type, first.out_type) == ("ui8", "i32")
    assert (drain.kind, drain.out_type) == ("drain", "i16")
    assert drain.work.removesuffix(" in LUTs") == "drain + requantize"
    assert drain.folding is None
    assert first.reads == "g_a_input_stream"
    assert {p.reads for p in g_a.processes[1:]} == {f"{p.name}_stream" for p in g_a.processes[:-1]}
    assert by_name["g_a_1_norm"].macs == 8 * 8 * 32 * 48
    assert first.parameters >= 8 * 75
    assert g_a.cycles == max(*(p.cycles for p in g_a.processes), g_a.source.cycles, g_a.sink.cycles)
    assert g_a.fps == pytest.approx(300e6 / g_a.cycles)
    assert g_a.source.bytes == 3 * 64 * 96
    assert g_a.sink.bytes == 12 * 4 * 6 * 2
    assert report.roles[0].fps == min(d.fps for d in report.designs[:2])
    works = {p.name: p.work.removesuffix(" in LUTs") for d in report.designs for p in d.processes}
    assert works["h_a_0_abs"] == "abs"
    assert works["h_a_1_drain"] == "drain + requantize + relu"
    assert works["g_s_0_deconv"] == "deconv 5x5 /2"
    assert works["h_a_5_drain"] == "drain + requantize + round"


@pytest.mark.parametrize("seed", [1, 2])
def test_foldings_and_resources_are_those_of_the_ops(seed: int) -> None:
    module = lowered(seed)
    report = collect(module)
    processes = {p.name: p for d in report.designs for p in d.processes}
    seen = 0
    for design in module.body.operations:
        for op in design.operation.regions[0].blocks[0].operations:
            if op.operation.name != "hls.process":
                continue
            attributes = op.operation.attributes
            facts = processes[ir.StringAttr(attributes["name"]).value]
            for name in ("dsp", "bram18", "lut", "ff", "uram", "cycles"):
                assert getattr(facts, name) == ir.IntegerAttr(attributes[name]).value
            # Without its memories, which are long.
            text = op.operation.get_asm(large_elements_limit=4, assume_verified=True)
            if facts.folding is not None:
                (found,) = set(re.findall(r"#hls\.folding<(.*?)>", text))
                assert facts.folding == tuple(int(n.split()[0]) for n in found.split(","))
                seen += facts.folding[4] > 1
            packing = re.search(r'packing = "(\w+)"', text)
            assert facts.packing == (packing[1] if packing else "")
            assert facts.work.endswith(" in LUTs") == bool(re.search(r"[{ ]fabric[,}]", text))
            stream = re.search(
                r"!hls\.stream<vector<(\d+)x\w+>, (\d+)", str(op.operation.operands[0].type)
            )
            assert stream
            assert (facts.lanes[0], facts.fifo_depth) == (int(stream[1]), int(stream[2]))
    assert seen


def test_totals_hold_what_lies_between_processes(report: Report) -> None:
    for design in report.designs:
        of_processes = sum((p.resources for p in design.processes), Resources())
        assert design.resources == of_processes + design.streams
        assert design.streams.lut > 2000  # two masters of 1000 at least
    for role in report.roles:
        total = sum((report.design(name).resources for name in role.designs), Resources())
        assert role.resources == total


def test_weights_read_in_a_frame(report: Report) -> None:
    """Each word of a convolution's memory is read once for each group of positions of each row."""
    checked = 0
    for design in report.designs:
        for process in design.processes:
            if process.kind != "conv" or process.work.startswith("deconv"):
                continue
            assert process.folding is not None
            oc, ic, kh, kw, px = process.folding
            channels, height, width = process.output
            groups = math.ceil(width / px) * math.ceil(channels / oc)
            taps = int(process.work.split()[1].partition("x")[0])
            steps = math.ceil(taps / kh) * math.ceil(taps / kw) * math.ceil(process.input[0] / ic)
            assert process.weight_bytes == height * groups * steps * oc * ic * kh * kw
            checked += 1
    assert checked >= 6


def test_attributes_of_the_module() -> None:
    module = lowered(
        separate='["encoder", "decoder"]',
        schedule="{decoder = {cycles = 12 : i64, bound = 11 : i64, gap_ppm = 90909 : i64, optimal = false}, "
        "encoder = {cycles = 7 : i64, bound = 7 : i64, gap_ppm = 0 : i64, optimal = true}}",
    )
    with module.context:
        stripes = ir.Attribute.parse("{count = 3 : i64}")
        module.body.operations[0].operation.attributes["stripes"] = stripes
    report = collect(module)
    assert [role.name for role in report.roles] == [
        "encoder (g_a alone)",
        "encoder (h_a alone)",
        "decoder (g_s alone)",
        "decoder (h_s alone)",
    ]
    assert "are loaded one after the other" in render(report)
    assert report.schedules == (
        ScheduleFacts("encoder", 7, 7, 0, True),
        ScheduleFacts("decoder", 12, 11, 90909, False),
    )
    g_a = report.designs[0]
    assert (g_a.stripes, report.designs[1].stripes) == (3, 1)
    assert g_a.fps == pytest.approx(300e6 / g_a.cycles / 3)
    text = page(report)
    assert "9.09 %" in text
    assert "optimal in the model" in text
    assert "3 an image" in text


def test_a_module_without_designs() -> None:
    with make_context(), pytest.raises(ValueError, match=r"hls\.design"):
        collect(ir.Module.parse("module {}"))


# --------------------------------------------------------------------------------------------------
# Text and JSON
# --------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Options:
    checkpoint: Path


def test_text_says_what_the_numbers_are(report: Report, simulated: Report) -> None:
    text = render(report)
    assert "licc report: student.pt (bmshj2018-hyperprior)" in text
    assert "predicted by the schedule, not measured; no FPGA or Vitis was run" in text
    assert "input 60x90, padded to 64x96 (bottom and right, by the host)" in text
    assert "encoder: g_a + h_a" in text
    assert "g_s_6_deconv" in text
    assert "not checked:" in text
    assert "simulated" not in text.replace("not simulated", "")
    assert all(line == line.rstrip() for line in text.splitlines())
    text = render(simulated)
    run = simulated.run("g_a")
    assert run is not None
    assert f"simulated: {run.interval:,} cycles a frame" in text
    assert "simulated: measured in simulation" in text


def test_files(module: ir.Module, report: Report, tmp_path: Path) -> None:
    write_reports(module, module, tmp_path, Options(Path("there/student.pt")))
    assert {path.name for path in tmp_path.iterdir()} == {
        "report.html",
        "report.json",
        "report.txt",
    }
    data = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert data["format"] == FORMAT
    assert data["checkpoint"] == "student.pt"
    assert data["predicted"].startswith("predicted")
    assert data["padded"] == [64, 96]
    assert data["simulated"] is None
    assert data["designs"][0]["processes"][0]["name"] == "g_a_0_conv"
    assert read_build(tmp_path) == report


def test_json_comes_back_as_it_was(report: Report, simulated: Report) -> None:
    assert simulated.simulated is not None
    for each in (report, simulated):
        text = json.dumps(asdict(each))
        assert decode(Report, json.loads(text), Path("report.json")) == each
    assert {field.name for field in fields(Report)} == set(json.loads(json.dumps(asdict(report))))


# --------------------------------------------------------------------------------------------------
# The page
# --------------------------------------------------------------------------------------------------
def test_the_page_is_whole_by_itself(simulated: Report, report: Report) -> None:
    for each in (report, simulated):
        text = page(each)
        tree = read_page(text)
        assert not re.search(r"https?:|//[a-z]|@import|url\(", text)
        assert not [
            n for n in tree.walk() if n.tag in ("script", "link", "img", "iframe", "object")
        ]
        assert not [n for n in tree.walk() if "src" in n.attributes]
        ids = [n.attributes["id"] for n in tree.walk() if "id" in n.attributes]
        assert len(set(ids)) == len(ids)
        links = [n.attributes["href"] for n in tree.find("a")]
        assert links
        assert {link.removeprefix("#") for link in links} <= set(ids)
        content = tree.text
        for design in each.designs:
            for process in design.processes:
                assert process.name in content
        for name in ("PAGE", "None", "nan", "inf "):
            assert name not in content


def simulated_numbers(report: Report) -> set[str]:
    """Everything that timed.json says or that follows from it, as it is written."""
    found: set[str] = set()
    assert report.simulated is not None
    for run in report.simulated.designs:
        design = report.design(run.design)
        fps = report.simulated_fps(run.design)
        assert fps is not None
        found |= {f"{run.interval:,}", f"{run.latency:,}", deviation(run.interval, design.cycles)}
        found |= {f"{run.fifo_caused:,}"} if run.fifo_caused is not None else set()
        found |= {f"{run.latency / report.clock_mhz / 1e3:,.2f}"}
        for process in run.processes:
            counts = (process.busy, process.stalled_on_empty, process.stalled_on_full)
            found |= {f"{n:,}" for n in counts} | {deviation(process.busy, process.predicted)}
        for fifo in run.fifos:
            found |= {f"{n:,}" for n in (fifo.high_water, fifo.reader_waited, fifo.writer_waited)}
    return found


def test_no_simulated_number_without_its_tag(simulated: Report) -> None:
    numbers = simulated_numbers(simulated)
    text = page(simulated)
    tree = read_page(text)
    assert sum(number in tree.text for number in numbers) == len(numbers)
    assert not untagged(tree, numbers, "simulated")
    # The test itself: without the tags, or with another origin, it has to complain.
    for before, after in (
        ('<span class="tag simulated">simulated</span>', ""),
        ('data-origin="simulated"', 'data-origin="predicted"'),
        ('data-origin="simulated"', ""),
    ):
        assert before in text
        assert untagged(read_page(text.replace(before, after)), numbers, "simulated")


def test_rates_in_the_headline_have_tags(simulated: Report) -> None:
    tiles = [n for n in read_page(page(simulated)).walk() if "tile" in n.classes]
    assert len(tiles) == 2
    for tile, role in zip(tiles, simulated.roles, strict=True):
        figures = [n for n in tile.walk() if "figure" in n.classes]
        rate = simulated.simulated_role_fps(role)
        assert rate is not None
        assert figures[0].text.startswith(f"{role.fps:,.1f} images/s")
        assert origin_of(figures[0]) == "predicted"
        assert figures[1].text.startswith(f"{rate:,.1f} images/s")
        assert origin_of(figures[1]) == "simulated"


def test_whatever_has_an_origin_shows_it(simulated: Report, report: Report) -> None:
    quality = (QualityFacts("Kodak", "float", 0.5, 30.0),)
    for each in (report, replace(simulated, quality=quality)):
        tree = read_page(page(each))
        holders = [n for n in tree.walk() if "data-origin" in n.attributes]
        assert {n.attributes["data-origin"] for n in holders} <= set(ORIGINS)
        for node in holders:
            assert shows_tag(node, node.attributes["data-origin"]), node.text[:200]


def test_nothing_is_called_simulated_before_it_is(report: Report) -> None:
    tree = read_page(page(report))
    assert "simulated" not in {n.attributes.get("data-origin") for n in tree.walk()}
    assert "not simulated yet" in tree.text
    # The model and what is given are there all the same.
    assert {n.attributes.get("data-origin") for n in tree.walk()} >= {"predicted", "model"}


def test_names_are_escaped(report: Report, tmp_path: Path) -> None:
    evil = '<script>alert("1")</script>&amp;'
    timed = timed_of(report)
    timed["designs"][0]["processes"][0]["name"] = evil
    timed["designs"][0]["fifos"][0]["name"] = evil
    build = build_of(replace(report, checkpoint=evil, device_title=evil), tmp_path, timed)
    tree = read_page(page(read_build(build)))
    assert not tree.find("script")
    assert tree.text.count(evil) >= 4


def test_quality_is_shown_as_given(report: Report) -> None:
    assert "Not known to this build" in page(report)
    text = page(replace(report, quality=(QualityFacts("Kodak", "float", 0.551, 29.65),)))
    (cell,) = [n for n in read_page(text).find("td") if n.text == "29.65"]
    assert origin_of(cell) == "given"
    assert shows_tag(cell, "given")


def test_layers_are_listed_with_the_worst_first() -> None:
    typed = typed_module(make_context(), hyperprior(8, 12, 64, 96))
    ratios = {"g_a.0": 31.25, "g_s.2": -3.5, "g_a.2": 18.0}
    with typed.context:
        ops = [op.operation for f in typed.body.operations for op in f.entry_block.operations]
        for op in ops:
            layer = ir.StringAttr(op.attributes["layer"]).value if "layer" in op.attributes else ""
            if layer in ratios:
                op.attributes["lic.sqnr"] = ir.FloatAttr.get_f32(ratios[layer])
        # What finishes a layer speaks for it, and the worse of both counts.
        (finish,) = [
            op
            for op in ops
            if op.name == "lic.requantize"
            and "layer" in op.operands[0].owner.attributes
            and op.operands[0].owner.attributes["layer"] == ir.StringAttr.get("g_a.2")
        ]
        finish.attributes["lic.sqnr"] = ir.FloatAttr.get_f32(12.0)
        facts = layer_facts(typed)
    known = [(f.layer, f.sqnr) for f in facts if f.sqnr is not None]
    assert known == [("g_s.2", -3.5), ("g_a.2", 12.0), ("g_a.0", 31.25)]
    assert {f.sqnr for f in facts[3:]} == {None}
    by_name = {f.layer: f for f in facts}
    first = by_name["g_a.0"]
    assert (first.work, first.weights, first.reads) == ("conv2d", 8, 8)


def test_precision_of_layers_in_page_text_and_json(report: Report, tmp_path: Path) -> None:
    layers = (
        LayerFacts("g_s.2", "deconv2d", 9, 13, Decibels(-3.5)),
        LayerFacts("g_a.1", "gdn", 17, 13, None),
    )
    each = replace(report, policy="hybrid", layers=layers)
    text = render(each)
    assert re.search(r"precision \(hybrid\): .*worst first", text)
    assert re.search(r"g_s\.2 +deconv2d +9 +13 +-3\.5\n +g_a\.1 +gdn +17 +13\n", text)
    (cell,) = [n for n in read_page(page(each)).find("td") if n.text == "−3.5"]
    assert origin_of(cell) == "calibrated"
    assert shows_tag(cell, "calibrated")
    assert "hybrid" in [n.text for n in read_page(page(each)).find("dd")]
    assert read_build(build_of(each, tmp_path)) == each
    assert "calibrated" not in {
        n.attributes.get("data-origin") for n in read_page(page(report)).walk()
    }


def test_gantt_is_measured_where_it_can_be(report: Report, simulated: Report) -> None:
    def kinds(each: Report) -> set[str]:
        rows = [n for n in read_page(page(each)).walk() if "gantt" in n.classes]
        assert len(rows) == 4
        return {origin_of(node) for node in rows}

    assert kinds(report) == {"predicted"}
    assert kinds(simulated) == {"simulated"}


def test_a_part_without_uram_and_logic_that_is_not_modelled(report: Report) -> None:
    tree = read_page(page(report))
    assert "the part has none" in tree.text
    zero = replace(
        report,
        designs=tuple(replace(d, lut=0, ff=0) for d in report.designs),
        roles=tuple(replace(r, lut=0, ff=0) for r in report.roles),
    )
    assert read_page(page(zero)).text.count("not modelled") >= 4
    over = replace(report, roles=(replace(report.roles[0], dsp=9_999),))
    values = [
        n for n in read_page(page(over)).walk() if "value" in n.classes and "over" in n.classes
    ]
    assert [node.text.split()[0] for node in values] == ["9,999"]


# --------------------------------------------------------------------------------------------------
# What is computed for the page
# --------------------------------------------------------------------------------------------------
def test_the_model_of_the_dpu(report: Report) -> None:
    machine = dpu.load()
    assert machine.peak_tops == pytest.approx(1.2288)
    assert machine.sustained_tops / machine.peak_tops == pytest.approx(0.899, abs=5e-4)
    encoder, decoder = dpu.compare(report, machine)
    convolutions = 8 * 32 * 48 * 75 + (8 * 16 * 24 + 8 * 8 * 12 + 12 * 4 * 6) * 200
    convolutions += 8 * 4 * 6 * 108 + (8 * 2 * 3 + 8 * 2) * 200
    assert encoder.macs == pytest.approx(convolutions, rel=0.01)
    assert encoder.gdn == 64 * (32 * 48 + 16 * 24 + 8 * 12)
    assert encoder.sustained == pytest.approx(3 * 1.105e12 / (2 * encoder.macs))
    assert decoder.peak == pytest.approx(3 * 4096 * 300e6 / (2 * decoder.macs))


def test_predicted_spans(report: Report) -> None:
    g_a = report.designs[0]
    rows = {span.name: span for span in spans.predicted(g_a)}
    behind = (3 / 64 + 3 / 32) * g_a.cycles
    assert rows["g_a_0_conv"].start == pytest.approx(3 / 64 * g_a.cycles)
    assert rows["g_a_2_conv"].start == pytest.approx(behind)
    assert rows["g_a_1_root"].end == pytest.approx((1 + 3 / 64) * g_a.cycles)


def test_simulated_spans(simulated: Report) -> None:
    run = simulated.run("g_a")
    assert run is not None
    first, second = spans.simulated(run)[:2]
    assert (first.start, first.end) == (0, 900_000_000)
    assert second.start == run.processes[1].starts[2] - run.processes[0].starts[2]
    assert len(second.others) == 2


def test_roofline_points(report: Report) -> None:
    role = report.roles[0]
    weights = {point.label: point for point in roofline.weight_points(report, role)}
    g_a = report.designs[0]
    first = next(p for p in g_a.processes if p.kind == "conv")
    assert weights["g_a.0"].x == pytest.approx(first.macs / first.weight_bytes)
    assert weights["g_a.0"].y == pytest.approx(first.macs / g_a.cycles)
    ddr = {point.label: point for point in roofline.ddr_points(report, role)}
    # An image of bytes in, values of 16 bits for GDN out.
    layer = next(layer for layer in roofline.layers(g_a) if layer.name == "g_a.0")
    assert layer.tensors == 3 * 64 * 96 + 2 * 8 * 32 * 48
    assert ddr["g_a.0"].x == pytest.approx(first.macs / (layer.tensors + layer.parameters))
    assert ddr["g_a, whole"].x == pytest.approx(g_a.macs / (3 * 64 * 96 + 2 * 12 * 4 * 6))


def test_drawings() -> None:
    assert svg.ticks(100_000) == [0, 20_000, 40_000, 60_000, 80_000, 100_000]
    assert svg.ticks(0) == [0]
    assert len(svg.ticks(7)) in (4, 5, 6, 8)
    drawn = read_page(str(svg.strip([(0.0, 2.0, "a"), (0.5, 0.25, "b")], [0.9])))
    widths = [float(n.attributes["width"]) for n in drawn.find("rect")]
    assert widths == [1000, 250]
    assert str(svg.element("text", "<&", x=1.50)) == '<text x="1.5">&lt;&amp;</text>'


def test_deviations() -> None:
    assert deviation(103, 100) == "+3.00 %"
    assert deviation(90, 100) == "−10.00 %"
    assert deviation(1, 0) == ""


def test_stated_quality(tmp_path: Path) -> None:
    good = {"images": "Kodak", "model": "float", "bpp": 0.5, "psnr": 30}
    odd: list[Any] = [
        3,
        {},
        good | {"bpp": True},
        good | {"psnr": "30"},
        good | {"bpp": float("nan")},
    ]
    assert list(entries({"quality": [good, *odd]})) == [QualityFacts("Kodak", "float", 0.5, 30.0)]
    assert not list(entries({}))
    assert not list(entries({"quality": "good"}))
    assert not stated_quality(tmp_path / "nowhere.pt")
    (tmp_path / "empty.pt").touch()
    assert not stated_quality(tmp_path / "empty.pt")
    import torch

    meta = {"format": "licc-student", "version": 1, "quality": [good]}
    torch.save({"g_a": {"0.weight": torch.zeros(1)}, "meta": meta}, tmp_path / "student.pt")
    assert [q.psnr for q in stated_quality(tmp_path / "student.pt")] == [30.0]


# --------------------------------------------------------------------------------------------------
# licc-report
# --------------------------------------------------------------------------------------------------
def test_licc_report_takes_in_the_simulation(
    report: Report, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    build = build_of(report, tmp_path / "build")
    before = {path.name: path.read_bytes() for path in build.glob("report.*")}
    assert run_report([str(build)]) == 0
    assert {path.name: path.read_bytes() for path in build.glob("report.*")} == before
    assert "without simulation" in capsys.readouterr().out
    build_of(report, build, timed_of(report))
    assert run_report([str(build)]) == 0
    assert "with " in capsys.readouterr().out
    after = {path.name: path.read_bytes() for path in build.glob("report.*")}
    assert all(after[name] != before[name] for name in before)
    data = json.loads(after["report.json"])
    assert data["simulated"]["designs"][0]["interval"] > 700_000_000
    assert run_report([str(build)]) == 0  # again, from what it wrote itself
    assert {path.name: path.read_bytes() for path in build.glob("report.*")} == after
    (build / "hls" / "timed.json").unlink()
    assert run_report([str(build)]) == 0
    assert {path.name: path.read_bytes() for path in build.glob("report.*")} == before


def changed(data: Any, path: str, value: Any) -> Any:
    """`data` with what is at a path such as `designs.0.cycles` replaced, or without it for `...`."""
    *steps, last = path.split(".")
    at = data
    for step in steps:
        at = at[int(step)] if isinstance(at, list) else at[step]
    key: Any = int(last) if isinstance(at, list) else last
    if value is ...:
        del at[key]
    else:
        at[key] = value
    return data


REPORT_ERRORS: dict[str, tuple[str, Any, str]] = {
    "old": ("format", ..., r"of an older licc \(format 1, not \d\); run licc again"),
    "new": ("format", 99, "of a newer licc"),
    "odd": ("format", "x", "'format': expected a count, but got 'x'"),
    "missing": ("designs.0.processes.0.lut", ..., r"'designs\[0\].processes\[0\].lut' is missing"),
    "negative": ("designs.0.cycles", -1, "'designs\\[0\\].cycles': expected a count, but got '-1'"),
    "bool": ("designs.0.cycles", True, "expected a count, but got 'True'"),
    "huge": ("designs.0.cycles", 10**40, "expected a count"),
    "nan": ("designs.0.fps", math.nan, "'designs\\[0\\].fps': expected a number, but got 'nan'"),
    "infinite": ("ddr_gbps", 10**400, "'ddr_gbps': expected a number"),
    "list": ("designs.0.processes", {}, "expected a list, but got an object"),
    "object": ("total", [], "'total': expected an object, but got a list"),
    "lanes": ("designs.0.processes.0.lanes", [1], "expected 2 items, but got 1"),
    "folding": ("designs.0.processes.0.folding", [1, 2], "a folding that is not of five"),
    "shape": ("designs.0.input", [1], "a shape that is not of three"),
    "no designs": ("designs", [], "no design or no clock"),
    "no cycles": ("designs.0.cycles", 0, "a design of no cycles"),
    "role": ("roles.0.designs", ["z"], "a role without its designs"),
    "text": ("checkpoint", 3, "'checkpoint': expected a text, but got '3'"),
}

TIMED_ERRORS: dict[str, tuple[str, Any, str]] = {
    "other cycles": (
        "designs.0.processes.1.predicted",
        5,
        "g_a_0_conv: simulated for a schedule of 5",
    ),
    "other clock": ("designs.0.clock_mhz", 1, "simulated at 1 MHz, but the build is for 300 MHz"),
    "other design": ("designs.0.design", "a\nb", r"design 'a\\nb' is not in"),
    "twice": ("designs.1.design", "g_a", "g_a"),
    "other process": ("designs.0.processes.1.name", "z", "process 'g_a_0_conv' was not simulated"),
    "nothing": ("designs.0.interval", 0, "no frame was run"),
    "no spans": ("designs.0.processes.1.starts", [], "starts and ends do not match"),
    "backwards": ("designs.0.processes.1.starts", [9_000_000_000] * 3, "ends before it starts"),
    "label": ("label", ..., "'label' is missing"),
    "text": (
        "designs.0.processes.0.busy",
        "many",
        "'designs\\[0\\].processes\\[0\\].busy': expected a count",
    ),
}


@pytest.mark.parametrize("name", REPORT_ERRORS)
def test_errors_of_report_json(name: str, report: Report, tmp_path: Path) -> None:
    path, value, message = REPORT_ERRORS[name]
    build = build_of(report, tmp_path)
    data = changed(json.loads((build / "report.json").read_text()), path, value)
    (build / "report.json").write_text(json.dumps(data), encoding="utf-8")
    fails(build, r"report\.json: .*" + message)


@pytest.mark.parametrize("name", TIMED_ERRORS)
def test_errors_of_timed_json(name: str, report: Report, tmp_path: Path) -> None:
    path, value, message = TIMED_ERRORS[name]
    timed = changed(timed_of(report), path, value)
    fails(build_of(report, tmp_path, timed), r"timed\.json: .*" + message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'{"label": ' + b"9" * 5000 + b"}", "not JSON"),
        (b"[]", "expected an object"),
        (b"null", "expected an object"),
    ],
)
def test_errors_of_any_file(text: bytes, message: str, report: Report, tmp_path: Path) -> None:
    build = build_of(report, tmp_path)
    (build / "hls" / "timed.json").write_bytes(text)
    fails(build, f"timed.json: .*{message}")
    (build / "report.json").write_bytes(text)
    fails(build, f"report.json: .*{message}")


def fails(build: Path, message: str) -> None:
    """licc-report says one line and leaves the files as they are."""
    before = {path: path.read_bytes() for path in build.rglob("*") if path.is_file()}
    with pytest.raises(UserError, match=message) as raised:
        run_report([str(build)])
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 400
    assert {path: path.read_bytes() for path in build.rglob("*") if path.is_file()} == before


def test_errors_of_the_command_line(report: Report, tmp_path: Path) -> None:
    for arguments, message in (
        ([str(tmp_path / "nowhere")], "no such folder"),
        ([str(tmp_path)], "no report.json in it"),
        (["a", "b"], "unrecognized arguments: b; see licc-report --help"),
        (["--no"], "unrecognized arguments: --no"),
    ):
        with pytest.raises(UserError, match=message):
            run_report(arguments)
    build = build_of(report, tmp_path / "build")
    (build / "report.txt").unlink()
    (build / "report.txt").mkdir()
    with pytest.raises(UserError, match="is a directory"):
        run_report([str(build)])


def test_the_command(report: Report, tmp_path: Path) -> None:
    """Without torch or MLIR, and with one line for an error."""
    build = build_of(report, tmp_path / "build", timed_of(report))
    code = (
        "import sys; from licc.report.main import entry; status = entry();"
        "assert not {'torch', 'torch_mlir', 'numpy'} & set(sys.modules); sys.exit(status)"
    )
    done = run([sys.executable, "-c", code, str(build)])
    assert (done.returncode, done.stderr) == (0, "")
    shutil.rmtree(build / "hls")
    (build / "report.json").write_text("{}")
    done = run([sys.executable, "-m", "licc.report", str(build)])
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {build / 'report.json'}: of an older licc")
    assert done.stderr.count("\n") == 1


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_devices_give_what_the_page_divides_by(report: Report) -> None:
    """Each device: with and without URAM, whatever its memory."""
    for name in ("zcu102", "u250", "kv260", "zcu104", "ultra96v2"):
        device = load(name)
        counts = {key: Resources(**asdict(getattr(device, key))) for key in ("total", "usable")}
        each = replace(report, device=name, ddr_gbps=float(device.ddr_gbps), **counts)
        read_page(page(each))
