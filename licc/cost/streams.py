# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What lies between processes: FIFOs, repacks and ports."""

from __future__ import annotations

from typing import Any

import numpy as np

from licc.cost import cycles, memory
from licc.cost.cycles import ceil_div
from licc.cost.lut import mux
from licc.cost.memory import FIFO_LUT_WORDS
from licc.cost.process import Cost

# An AXI master with its burst buffers, of 64 bits: an estimate for the adapter that Vitis HLS writes.
MASTER_BRAM18, MASTER_LUT, MASTER_FF = 2, 1000, 1500
REPACK_LUT, REPACK_FF = 80, 60
BEAT_FIFO = 512
# The widest word of a FIFO: Vitis HLS packs its lanes into one integer of at most so many bits (its own message,
# in Xilinx/Vitis-HLS-Introductory-Examples, issue 19). Accumulators and norms travel as 32 bits a lane.
MOST_WORD_BITS, SUM_BITS = 4096, 32


def fifo(depth: Any, width: Any) -> tuple[Any, Any, Any]:
    """(BRAM18s, LUTs, flip-flops) of a FIFO of `depth` words of `width` bits.

    Short ones are shift registers, 32 words a LUT and bit, with a register behind. In block RAM: a word that
    was just written is bypassed in registers, with a multiplexer for each two bits.
    """
    depth, width = np.asarray(depth), np.asarray(width)
    bits = np.ceil(np.log2(np.maximum(depth, 2))).astype(np.int64)
    shifts = memory.fifo_in_lutram(depth, width)
    luts = (
        np.where(shifts, width * ceil_div(depth, FIFO_LUT_WORDS), ceil_div(width, 2))
        + 3 * bits
        + 10
    )
    ffs = np.where(shifts, width, 2 * width) + 3 * bits + 5
    return memory.fifo_bram18(depth, width), luts, ffs


def deepest(depth: int, width: int) -> int:
    """The deepest FIFO that costs no more than one of `depth` words: its block RAM or shift registers full."""
    brams, luts, _ = (int(n) for n in fifo(depth, width))
    step = FIFO_LUT_WORDS if not brams else 512
    best, trial = depth, ceil_div(depth, step) * step
    while True:
        more, logic, _ = (int(n) for n in fifo(trial, width))
        if more > brams or (not brams and logic > luts + 16):
            return best
        best, trial = trial, trial + step


def repack(channels: int, pixels: int, lanes_in: int, lanes_out: int, bits: int) -> Cost:
    """A shift register of both words: every lane of it takes a neighbour or a lane that comes in.

    The positions at which words come in are counted by running it.
    """
    held = (lanes_in + lanes_out) * bits
    ways = 2 + len(_positions(channels, lanes_in, lanes_out))
    luts = int(held * mux(ways)) + REPACK_LUT
    return Cost(cycles.repack(pixels, channels, lanes_in, lanes_out), 0, 0, luts, held + REPACK_FF)


def _positions(channels: int, lanes_in: int, lanes_out: int) -> set[int]:
    """Lanes that may be held when a word comes in (see cycles.repack)."""
    words_in, words_out = ceil_div(channels, lanes_in), ceil_div(channels, lanes_out)
    held = taken = given = 0
    found: set[int] = set()
    while given < words_out:
        if taken < words_in and held < lanes_out:
            found.add(held)
            taken, held = taken + 1, held + lanes_in
        if held >= lanes_out or taken == words_in:
            given, held = given + 1, max(held - lanes_out, 0)
    return found


def port(pixels: int, channels: int, lanes: int, bits: int) -> Cost:
    """An AXI master, its FIFO of beats, and the shift register between beats and words.

    The register holds a word and a beat (two when writing); a beat lands at any multiple of the greatest
    common divisor of word and beat.
    """
    beat = 8 * cycles.BEAT_BYTES
    width = lanes * bits
    ways = ceil_div(width, int(np.gcd(width, beat))) + 1
    brams, luts, ffs = (int(n) for n in fifo(BEAT_FIFO, beat))
    luts += int((width + beat) * mux(min(ways, 8))) + MASTER_LUT + REPACK_LUT
    return Cost(
        cycles.port(pixels, channels, lanes, bits),
        0,
        brams + MASTER_BRAM18,
        luts,
        ffs + width + 2 * beat + MASTER_FF + REPACK_FF,
    )
