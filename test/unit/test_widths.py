# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Weights and activations of 4 to 16 bits, all the way: the same integers everywhere, and what they cost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.schedules import chain_of_widths, lowered
from support.simulation import expect_exact, make, one_below
from support.typed import IMAGE, Layer, activation, sample, typed_module
from torch_mlir import ir

from licc.cost import packing
from licc.cost.precision import dsp_cycles, macs_per_dsp, total
from licc.dialects import make_context
from licc.dialects.ext import array
from licc.dialects.hls.ops import packing_refusal
from licc.interp import hls, lic
from licc.passes.lic_fuse import LicFuse
from licc.target.emit import EmitOptions, write_build
from licc.target.emit.reader import signed_bits, view_of

BITS = range(4, 17)


def chain(seed: int) -> tuple[ir.Module, ir.Module, Any]:
    """A typed chain of random widths, its design under a random legal schedule, and an input."""
    rng = np.random.default_rng(seed)
    with make_context() as context, ir.Location.unknown():
        typed = chain_of_widths(context, rng, 5 * seed)
        return typed, lowered(typed, rng), sample(typed, "g_a", seed)


def last(module: ir.Module, x: Any) -> Any:
    """What the last process of a design writes."""
    *_, (_, result) = hls.stream(hls.designs(module)["g_a"], x[0])
    return result[None]


def emit_chain(out: Path, seed: int) -> None:
    """The build of a chain, once both interpreters agree."""
    typed, module, x = chain(seed)
    np.testing.assert_array_equal(last(module, x), lic.run(typed, "g_a", x))
    options = EmitOptions(feed=lambda *_: one_below(x[0], 2), frames=2)
    with module.context:
        write_build(module, out, options)


def arrays(module: ir.Module) -> Iterator[tuple[str, int, int]]:
    """(packing, bits of activations, bits of weights) of each MAC array."""
    for op in hls.designs(module)["g_a"].regions[0].blocks[0].operations:
        for region in op.operation.regions:
            for unit in region.blocks[0].operations:
                if unit.operation.name == "hls.mac_array":
                    given = unit.attributes
                    ranges = array(given["activation_range"]), array(given["weight_range"])
                    yield ir.StringAttr(given["packing"]).value, *(signed_bits(*r) for r in ranges)


def test_interpreters_agree_on_all_widths() -> None:
    """The sample has all widths of weights, and every packing, those of two also beyond 8 bits."""
    seen: set[tuple[str, int, int]] = set()
    for seed in (0, 1, 2, 44, 52):
        typed, module, x = chain(seed)
        np.testing.assert_array_equal(last(module, x), lic.run(typed, "g_a", x))
        seen |= set(arrays(module))
    assert {weight for _, _, weight in seen} == set(BITS)
    assert {"pair", "pixels"} <= {way for way, value, weight in seen if max(value, weight) > 8}
    assert {way for way, _, _ in seen} == set(packing.PACKINGS)


@pytest.mark.parametrize("seed", [1, 52])
def test_chains_simulate_exactly(tmp_path: Path, seed: int) -> None:
    emit_chain(tmp_path, seed)
    expect_exact(tmp_path, 1)


def test_a_chain_on_exact_widths(tmp_path: Path) -> None:
    """On ap_int, where products are packed as on the hardware."""
    emit_chain(tmp_path, 44)
    expect_exact(tmp_path, 1, "exact")


@pytest.mark.slow
@pytest.mark.parametrize("target", ["csim", "exact", "sanitize", "lint"])
@pytest.mark.parametrize("seed", [0, 2, *range(3, 12)])
def test_more_chains(tmp_path: Path, seed: int, target: str) -> None:
    emit_chain(tmp_path, seed)
    status, text = make(tmp_path, target)
    assert status == 0, text
    assert "warning" not in text.lower(), text


# --------------------------------------------------------------------------------------------------
# What widths cost
# --------------------------------------------------------------------------------------------------
def one(bits: int, weight_bits: int, form: str = "signed") -> ir.Module:
    """A convolution that reads activations of so many bits."""
    layers = [
        Layer("conv", 4, 1, 1),
        Layer("conv", 4, 3, 1, weight_bits=weight_bits, reads=activation(bits, form)),
    ]
    with make_context() as context:
        return typed_module(context, {"g_a": ((3, 5, 6), IMAGE, layers)})


@pytest.mark.parametrize(
    ("weight_bits", "lo", "hi", "expected"),
    [
        (4, -8, 7, 4),
        (5, -16, 15, 4),
        (4, -128, 127, 2),
        (8, -128, 127, 2),
        (8, 0, 255, 2),
        (8, -2048, 2047, 2),
        (8, -4096, 4095, 1),
        (9, -512, 511, 2),
        (10, -512, 511, 1),
        (10, -255, 255, 2),
        (10, 0, 255, 2),
        (11, -128, 127, 2),
        (12, -128, 127, 1),
        (12, 0, 127, 2),
        (16, -128, 127, 1),
        (16, -16, 15, 2),
    ],
)
def test_macs_a_dsp(weight_bits: int, lo: int, hi: int, expected: int) -> None:
    assert macs_per_dsp(weight_bits, lo, hi) == expected


def test_what_is_counted_is_what_verifies() -> None:
    """The cost of widths and the dialect's verifier cannot disagree, for arrays of any parity."""
    folded = {"pair": (2, 1), "pixels": (1, 2), "quad": (2, 2)}
    for weight_bits in BITS:
        for bits in BITS:
            kind = activation(bits)
            weights = (1 - (1 << (weight_bits - 1)), (1 << (weight_bits - 1)) - 1)
            legal = {
                way
                for way, (oc, px) in folded.items()
                if not packing_refusal(way, oc, px, (kind.lo, kind.hi), weights)
            }
            wanted = 4 if "quad" in legal else 2 if legal else 1
            assert macs_per_dsp(weight_bits, kind.lo, kind.hi) == wanted
            for oc in range(1, 5):
                for px in range(1, 5):
                    way = packing.choice(weights[1], -kind.lo, oc, px)
                    assert not packing_refusal(way, oc, px, (kind.lo, kind.hi), weights)


def test_dsp_cycles_by_hand() -> None:
    layers = [
        Layer("conv", 4, 5, 2),
        Layer("gdn"),
        Layer("deconv", 2, 5, 2, weight_bits=10, reads=activation(10)),
    ]
    with make_context() as context:
        module = typed_module(context, {"g_a": ((3, 8, 12), IMAGE, layers)})
    for _ in range(2):
        found = dsp_cycles(module)
        assert list(found) == ["g_a.0", "g_a.1", "g_a.2"]
        macs = [each.macs for each in found.values()]
        # A 5x5 kernel of stride 2 has 25 taps for each input pixel, none of them of an inserted zero.
        assert macs == [4 * 6 * 4 * 3 * 25, 4 * 6 * 4 * 4, 4 * 6 * 4 * 2 * 25]
        assert [each.macs_per_dsp for each in found.values()] == [2.0, 1.0, 1.0]
        assert total(found).dsp_cycles == macs[0] / 2 + macs[1] + macs[2]
        assert total(found, ["g_s"]).macs == 0
        LicFuse().run(module)


def test_memories_are_as_wide_as_proven() -> None:
    """9-bit weights take 9 bits on chip, and 16 in the parameter file."""
    module = one(10, 9)
    rng = np.random.default_rng(0)
    with module.context, ir.Location.unknown():
        designs = lowered(module, rng)
        (design,) = [view_of(op) for op in hls.designs(designs).values()]
    (memory,) = [
        memory
        for process in design.processes
        for memory in process.memories
        if process.layer == "g_a.1" and memory.name == "weights"
    ]
    assert (memory.element, memory.stored) == ("licc::Int<9>", "std::int16_t")
    assert memory.beats == memory.words * -(-memory.lanes * 2 // 8)


def test_four_bits_of_storage_are_fused(tmp_path: Path) -> None:
    """Weights stored as i4, of a transposed convolution too, reach the hardware."""
    layers = [Layer("deconv", 2, 3, 2, weight_bits=4), Layer("conv", 2, 1, 1, weight_bits=4)]
    with make_context() as context, ir.Location.unknown():
        typed = typed_module(context, {"g_s": ((3, 3, 4), IMAGE, layers)})
        text = re.sub(r"i8<-7:7>", "i4<-7:7>", str(typed))
        text = re.sub(r"(value = dense<.*?> : tensor<)((?:\dx){4})i8>", r"\1\2i4>", text)
        assert "xi4>" in text
        narrow = ir.Module.parse(text)
        x = sample(typed, "g_s")
        wanted = lic.run(typed, "g_s", x)
        np.testing.assert_array_equal(lic.run(narrow, "g_s", x), wanted)
        module = lowered(narrow, np.random.default_rng(1))
        *_, (_, result) = hls.stream(hls.designs(module)["g_s"], x[0])
        np.testing.assert_array_equal(result[None], wanted)
