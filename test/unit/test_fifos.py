# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""FIFO depths against curves worked out by hand, and against chains that are run cycle by cycle."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import dataflow

from licc.cost import cycles, fifos
from licc.cost.fifos import Curve, Paced, backlogs, depths, slowest
from licc.cost.folding import Folding
from licc.cost.geometry import ConvGeometry
from licc.cost.process import Process


def curve(*points: tuple[float, float]) -> Curve:
    times, counts = zip(*points, strict=True)
    return Curve(np.array(times, dtype=float), np.array(counts, dtype=float))


def stage(geometry: ConvGeometry, folding: Folding, intake: int, lanes: int) -> list[Paced]:
    """A convolution and its drain."""
    array = Process(
        "conv", "c", "l", geometry.input, geometry.output, 8, 32, 24, (), geometry, geometry.least_rows
    )  # fmt: skip
    drain = Process("drain", "d", "l", geometry.output, geometry.output, 32, 8, 0, (), geometry)
    return [Paced(array, folding, intake), Paced(drain, Folding(lanes, lanes), lanes)]


def up(channels: int, outputs: int, height: int, width: int) -> ConvGeometry:
    shape = (outputs, 2 * height, 2 * width)
    return ConvGeometry.subpixel((channels, height, width), shape, (5, 5), 2, (2, 2))


def down(channels: int, outputs: int, height: int, width: int) -> ConvGeometry:
    shape = (outputs, height // 2, width // 2)
    return ConvGeometry.conv((channels, height, width), shape, (5, 5), 2, (2, 2))


def same(channels: int, outputs: int, height: int, width: int) -> ConvGeometry:
    shape = (outputs, height, width)
    return ConvGeometry.conv((channels, height, width), shape, (3, 3), 1, (1, 1))


def gdn(shape: tuple[int, int, int], folding: Folding, intake: int, roots: int) -> list[Paced]:
    """A norm and its root."""
    norm = Process("norm", "n", "l", shape, shape, 16, 32, 40, form="rsqrt")
    root = Process("root", "r", "l", shape, shape, 32, 8, 0, form="rsqrt")
    return [Paced(norm, folding, intake), Paced(root, Folding(roots, roots), roots)]


def run(chain: Sequence[Paced], given: Sequence[int], frames: int = 5) -> int:
    """Cycles of a frame in the steady state, with FIFOs of these depths; those before repacks have 16."""
    steps, sizes = [dataflow.source(1)], list[int]()
    for i, paced in enumerate(chain):
        before = chain[i - 1] if i else None
        if before is not None and before.process.kind != "conv":
            lanes, channels = before.folding.oc, paced.process.input[0]
            if lanes != paced.intake:
                steps.append(dataflow.repack(channels, lanes, paced.intake))
                sizes.append(16)
        steps.append(_steps(paced, before))
        sizes.append(given[i])
    last = chain[-1]
    pixels, channels = last.process.pixels, last.process.output[0]
    steps.append(dataflow.sink(int(cycles.words(pixels, channels, last.folding.oc))))
    return dataflow.interval(steps, [*sizes, given[-1]], frames)


def _steps(paced: Paced, before: Paced | None) -> Iterator[dataflow.Step]:
    kind = paced.process.kind
    if kind == "drain":
        assert before is not None
        return dataflow.drain(paced, before)
    return {"conv": dataflow.conv, "norm": dataflow.norm, "root": dataflow.root}[kind](paced)


# --------------------------------------------------------------------------------------------------
# By hand
# --------------------------------------------------------------------------------------------------
def test_a_reader_as_even_as_its_writer_needs_nothing() -> None:
    even = curve((0, 0), (10, 5))
    assert fifos.delay(even, even) == pytest.approx(0)
    assert fifos.held(even, even) == pytest.approx(0)


def test_rows_of_15_and_10_before_even_reads() -> None:
    # Two rows in 25 cycles. After the first one, at 15, an even reader would have 1.2: it starts 2.5 cycles late.
    # At 25 two rows are written, and 1.8 read.
    written, read = curve((0, 0), (15, 1), (25, 2)), curve((0, 0), (25, 2))
    assert fifos.delay(written, read) == pytest.approx(2.5)
    assert fifos.held(written, read) == pytest.approx(0.2)


def test_even_writes_before_a_reader_that_reads_in_the_last_rows() -> None:
    # A transposed convolution reads a row during its odd rows only, 10 of 25 cycles: 0.6 rows have to lie there.
    written, read = curve((0, 0), (25, 1)), curve((0, 0), (15, 0), (25, 1))
    assert fifos.delay(written, read) == pytest.approx(0)
    assert fifos.held(written, read) == pytest.approx(0.6)


def test_what_was_read_of_a_frame_before_counts() -> None:
    # Reads that are half a frame ahead of their own steps delay the reader by half a frame: nothing lies longer.
    written, ahead = curve((0, 0), (10, 4)), curve((0, 2), (10, 6))
    assert fifos.delay(written, ahead) == pytest.approx(5)
    assert fifos.held(written, ahead) == pytest.approx(0)


def test_a_process_that_takes_what_comes() -> None:
    # 1 a cycle for four cycles, then nothing for six; 0.5 a cycle are read: 2 wait at the end of the burst, and are
    # gone after four more.
    written = curve((0, 0), (4, 4), (10, 4))
    read, most = fifos.follow(written, 0.5)
    assert most == pytest.approx(2)
    assert read.at(np.array([0.0, 4.0, 8.0, 10.0])) == pytest.approx([0, 2, 4, 4])
    # Fast enough for the burst: nothing waits. Too slow for the frame: refused.
    assert fifos.follow(written, 1.0)[1] == pytest.approx(0)
    with pytest.raises(ValueError, match=r"passes 3\.0 of 4\.0 pixels"):
        fifos.follow(written, 0.3)


def test_what_a_port_has_to_read_ahead() -> None:
    read = curve((0, 0), (4, 4), (10, 4))
    assert fifos.burst(read, 1.0) == pytest.approx(0)
    assert fifos.burst(read, 0.5) == pytest.approx(2)
    with pytest.raises(ValueError, match=r"passes 3\.0 of 4\.0 pixels"):
        fifos.burst(read, 0.3)


def test_curves_of_a_transposed_convolution() -> None:
    geometry = up(4, 4, 8, 8)
    read, written = fifos.conv_curves(geometry, Folding(4, 4), 4, 25 * 64.0)
    # Rows of 15 and 10 cycles a position; rows are read in the odd ones, two are there before.
    assert written.at(np.array([0.0, 120.0, 200.0])) == pytest.approx([0, 16, 32])
    assert read.at(np.array([0.0, 120.0, 200.0])) == pytest.approx([16, 16, 24])
    assert (read.total, written.total) == (64, 256)
    with pytest.raises(ValueError, match="takes 1600 cycles of 1500"):
        fifos.conv_curves(geometry, Folding(4, 4), 4, 1500.0)


# --------------------------------------------------------------------------------------------------
# Against running it
# --------------------------------------------------------------------------------------------------
def tight() -> list[Paced]:
    """Two convolutions that both take all of the interval: 25 cycles for each of 8 x 24 positions."""
    first = stage(up(4, 4, 8, 24), Folding(4, 4), 4, 4)
    return first + stage(down(4, 4, 16, 48), Folding(4, 4), 4, 4)


def test_two_processes_without_slack() -> None:
    chain = tight()
    assert slowest(chain) == 25 * 8 * 24
    found = depths(chain)
    assert run(chain, found) == slowest(chain)
    # Within a frame it is a fifth of a row of 48 pixels, as above; at its seam the reader wants three rows in the
    # time of one, so that it starts later and a whole row lies there.
    assert backlogs(chain)[2] == pytest.approx(48)
    # With next to nothing in the FIFOs beside it, no word less would do.
    assert run(chain, [16, 2, 48, 2, 16]) == slowest(chain)
    assert run(chain, [16, 2, 47, 2, 16]) > slowest(chain)
    assert run(chain, [16, 2, 32, 2, 16]) > slowest(chain)


def test_two_transposed_convolutions_without_slack() -> None:
    # The second one has four times the positions and a fourth of the channels in a step.
    first = stage(up(4, 4, 4, 16), Folding(1, 4), 4, 4)
    chain = first + stage(up(4, 4, 8, 32), Folding(4, 4), 4, 4)
    assert slowest(chain) == 25 * 4 * 64
    found = depths(chain)
    assert run(chain, found) == slowest(chain)
    found[2] = (int(backlogs(chain)[2]) + fifos.SLACK) * 2 // 3
    assert run(chain, found) > slowest(chain)


def test_a_drain_as_slow_as_its_array_is_on_average() -> None:
    # 15 and 10 cycles for two pixels each; a drain that takes 12.5 of them. The second row has to wait.
    geometry = up(1, 5, 6, 16)
    chain = stage(geometry, Folding(5, 1), 1, 1)
    assert slowest(chain) == 25 * 6 * 16
    pixels = backlogs(chain)[1]
    # Ten words in ten cycles are as fast as it comes: nothing waits.
    assert pixels == pytest.approx(0)
    # Twelve words a group: the row of ten cycles comes faster than they leave, by two in twelve.
    wide = stage(up(1, 6, 6, 16), Folding(6, 1), 1, 1)
    assert backlogs(wide)[1] == pytest.approx(32 * (1 - 10 / 12))
    assert run(wide, depths(wide)) == slowest(wide)


@st.composite
def chains(draw: st.DrawFn) -> list[Paced]:
    channels, height, width = 4, *draw(st.sampled_from([(6, 8), (4, 10), (8, 6)]))
    chain: list[Paced] = []
    for _ in range(draw(st.integers(2, 3))):
        kinds = [down] if height * width > 150 else [up, down, same]
        kind = up if min(height, width) < 4 else draw(st.sampled_from(kinds))
        outputs = draw(st.sampled_from([2, 4, 6]))
        geometry = kind(channels, outputs, height, width)
        # Behind another stage, the words that come or others: then they are repacked.
        widths = [d for d in range(1, channels + 1) if channels % d == 0]
        intake = draw(st.sampled_from(widths))
        folding = Folding(
            draw(st.sampled_from([1, 2, outputs])),
            draw(st.sampled_from([d for d in widths if d % intake == 0])),
            draw(st.integers(1, 3)),
            draw(st.sampled_from([1, 3])),
            draw(st.sampled_from([1, 1, 2])),
        )
        spent = fifos.own_cycles(stage(geometry, folding, intake, 1)[0], None)
        # The narrowest drain that does not hold the array up, or not much.
        slack = draw(st.sampled_from([1.0, 1.3, 2.0]))
        for lanes in (d for d in range(1, outputs + 1) if outputs % d == 0):
            made = stage(geometry, folding, intake, lanes)
            if fifos.own_cycles(made[1], made[0]) <= slack * spent:
                break
        chain += made
        if draw(st.booleans()):
            sizes = st.sampled_from([1, 2, outputs])
            roots = draw(sizes)
            norm = Folding(draw(sizes), draw(sizes))
            chain += gdn(geometry.output, norm, made[1].folding.oc, roots)
        channels, height, width = geometry.output
    return chain


@settings(max_examples=25, deadline=None)
@given(chains())
def test_chains_keep_their_rate(chain: list[Paced]) -> None:
    assert run(chain, depths(chain)) == slowest(chain)
