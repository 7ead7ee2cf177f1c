# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The timed simulation: cycles as counted by hand, deadlocks named, data unchanged."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from support.hls_modules import Conv, Gdn
from support.simulation import emit, make

RUNTIME = Path(__file__).resolve().parents[2] / "runtime" / "hls"
COMPILERS = {
    "g++": ["-O1"],
    "clang++": ["-O2"],
    "sanitized": ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"],
}


# --------------------------------------------------------------------------------------------------
# Networks by hand
# --------------------------------------------------------------------------------------------------
def simulate(tmp_path, body, build="g++"):
    """Compile a main() with `body` against our hls_stream.h; its status and what it printed."""
    source = tmp_path / "network.cpp"
    source.write_text(
        '#include "licc_hls.hpp"\n'
        "using licc::timed::Network;\n"
        "void print(const std::string& deadlock, const Network& network) {\n"
        '  if (!deadlock.empty()) { std::cout << deadlock << "\\n"; return; }\n'
        "  for (const auto& process : network.processes()) {\n"
        "    const auto& account = process->accounts().back();\n"
        '    std::cout << process->name() << " " << process->ends().back() << " " << account.busy\n'
        '              << " " << account.empty << " " << account.full << "\\n";\n'
        "  }\n"
        "  for (const auto* channel : network.channels()) {\n"
        '    std::cout << channel->name() << " " << channel->high_water() << "\\n";\n'
        "  }\n"
        "}\n"
        "int main() {\n"
        "  Network network;\n"
        f"{body}}}\n"
    )
    compiler = build if build in ("g++", "clang++") else "g++"
    flags = [
        "-std=c++17",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-Wno-unknown-pragmas",
        "-Wno-unused-label",
    ]
    command = [compiler, *flags, *COMPILERS[build], f"-I{RUNTIME / 'timed'}", f"-I{RUNTIME}"]
    executable = tmp_path / "network"
    subprocess.run([*command, str(source), "-o", str(executable)], check=True)
    done = subprocess.run([str(executable)], stdout=-1, stderr=-2, text=True, check=False)
    # AddressSanitizer says of every program with fibers that it may be wrong about it.
    return done.returncode, re.sub(
        r"==\d+==WARNING: ASan doesn't fully support .*\n", "", done.stdout
    )


def chain(depth, interval, frames=1, unlimited=False):
    """`make` writes ten words a frame, one a cycle, two stages later; `take` reads one each `interval` cycles."""
    return (
        f'  hls::stream<int> words("words", {depth});\n'
        + ("  words.unlimit();\n" if unlimited else "")
        + '  network.add("make", 0, {}, {&words}, [&](int frames) {\n'
        "    licc::frames<0, 10>();\n"
        "    for (int i = 0; i < 10 * frames; ++i) { licc::cycle<1, 2>(); words.write(i); }\n"
        "  });\n"
        '  network.add("take", 0, {&words}, {}, [&](int frames) {\n'
        "    licc::frames<0, 10>();\n"
        f"    for (int i = 0; i < 10 * frames; ++i) {{ licc::cycle<{interval}, 4>(); if (words.read() != i) std::abort(); }}\n"
        "  });\n"
        f"  print(network.run({frames}), network);\n"
    )


@pytest.mark.parametrize("build", COMPILERS)
def test_a_chain_takes_the_cycles_counted_by_hand(tmp_path, build):
    # make: iterations in 0..9, words in 2..11, empty in 9 + 1 + 2. take: reads in 3, 6, ... 30, empty in
    # 30 + 3 + 4. Held when the last word comes, in 11: ten but those read in 3, 6 and 9.
    assert simulate(tmp_path, chain(16, 3), build) == (
        0,
        "make 12 10 0 0\ntake 37 30 3 0\nwords 7\n",
    )


def test_a_shallow_fifo_holds_its_writer_up(tmp_path):
    # Word k waits for the read of word k - 2, in 3 + 3(k - 2): the last one is written in 25.
    assert simulate(tmp_path, chain(2, 3)) == (0, "make 26 10 0 14\ntake 37 30 3 0\nwords 2\n")


def test_an_unlimited_fifo_holds_nobody_up(tmp_path):
    body = chain(2, 3, 1000, unlimited=True)
    # 10000 words, more than are kept at first: in the last frame make is as quick as in the first.
    assert simulate(tmp_path, body) == (0, "make 10002 10 0 0\ntake 30007 30 0 0\nwords 0\n")


def test_a_fifo_of_one_word_halves_the_rate(tmp_path):
    # Words in 2, 4, ... 20; reads in 3, 5, ... 21; make is empty in 18 + 1 + 2, take in 21 + 1 + 4.
    expected = (0, "make 21 10 0 9\ntake 26 10 12 0\nwords 1\n")
    assert simulate(tmp_path, chain(1, 1)) == expected


def test_frames_follow_one_another_without_a_gap(tmp_path):
    # The second frame of make has its iterations in 10..19, that of take in 13..22: no stall any more.
    assert simulate(tmp_path, chain(16, 1, 2)) == (
        0,
        "make 22 10 0 0\ntake 27 10 0 0\nwords 2\n",
    )


def test_frames_that_end_within_a_beat(tmp_path):
    # 7 words for every 2 frames: the first frame ends with the 4th word, the second with the 7th.
    body = (
        '  hls::stream<int> words("words", 16);\n'
        '  network.add("make", 0, {}, {&words}, [&](int frames) {\n'
        "    licc::frames<2, 7, 2>();\n"
        "    for (int i = 0; i < 2 + (7 * frames + 1) / 2; ++i) { licc::cycle<1, 0>(); if (i > 1) words.write(i); }\n"
        "  });\n"
        '  network.add("take", 0, {&words}, {}, [&](int frames) {\n'
        "    licc::frames<0, 7, 2>();\n"
        "    for (int i = 0; i < (7 * frames + 1) / 2; ++i) { licc::cycle<1, 0>(); words.read(); }\n"
        "  });\n"
        "  network.run(3);\n"
        "  for (const auto& process : network.processes()) {\n"
        "    for (int i = 0; i < 3; ++i) {\n"
        '      std::cout << process->starts()[i] << " " << process->firsts()[i] << " " << process->lasts()[i]\n'
        '                << " " << process->ends()[i] << " " << process->accounts()[i].busy << "\\n";\n'
        "    }\n"
        "  }\n"
    )
    # make takes two iterations before the first frame, which are part of it; take reads a cycle later.
    expected = "0 0 5 6 6\n6 6 8 9 3\n9 9 12 13 4\n0 3 6 7 4\n7 7 9 10 3\n10 10 13 14 4\n"
    assert simulate(tmp_path, body) == (0, expected)


def fork(depth, words=4):
    """`split` writes `words` words to one stream, then to the other; `join` reads them in turn."""
    return (
        f'  hls::stream<int> first("first", {depth});\n'
        '  hls::stream<int> second("second", 2);\n'
        '  network.add("split", 0, {}, {&first, &second}, [&](int) {\n'
        f"    licc::frames<0, {2 * words}>();\n"
        f"    for (int i = 0; i < {words}; ++i) {{ licc::cycle<1, 0>(); first.write(i); }}\n"
        f"    for (int i = 0; i < {words}; ++i) {{ licc::cycle<1, 0>(); second.write(i); }}\n"
        "  });\n"
        '  network.add("join", 0, {&first, &second}, {}, [&](int) {\n'
        f"    licc::frames<0, {words}>();\n"
        f"    for (int i = 0; i < {words}; ++i) {{\n"
        "      licc::cycle<1, 0>();\n"
        "      if (first.read() != second.read()) std::abort();\n"
        "    }\n"
        "  });\n"
        "  print(network.run(1), network);\n"
    )


@pytest.mark.parametrize("build", COMPILERS)
def test_a_deadlock_names_who_waits_for_whom(tmp_path, build):
    # split has written words in 0, 1 and 2, the third when the first had been read, and stops in 3.
    expected = (
        "deadlock in cycle 3: 'split' waits for room in 'first' (full, depth 2) that 'join' makes; "
        "'join' waits for a word in 'second' (empty) from 'split'\n"
    )
    assert simulate(tmp_path, fork(2), build) == (0, expected)
    assert simulate(tmp_path, fork(3), build)[1].startswith("split ")


def test_unlimited_fifos_hold_whatever_is_needed(tmp_path):
    body = fork(2, 20000).replace(
        '  network.add("split"', '  first.unlimit();\n  second.unlimit();\n  network.add("split"'
    )
    # split: 40000 iterations. join reads pairs from 20001, when the first word of the second stream is there.
    expected = "split 40000 40000 0 0\njoin 40001 20000 20001 0\nfirst 0\nsecond 0\n"
    assert simulate(tmp_path, body) == (0, expected)


def test_a_process_that_ends_too_early_is_named(tmp_path):
    body = chain(16, 1).replace("i < 10 * frames", "i < 10 * frames - 1", 1)
    assert simulate(tmp_path, body) == (
        0,
        "deadlock in cycle 12: 'take' waits for a word in 'words' (empty) from 'make', which has ended\n",
    )


def test_more_accesses_than_the_interval_has_cycles_cost_cycles(tmp_path):
    body = (
        '  hls::stream<int> words("words", 16);\n'
        '  network.add("make", 0, {}, {&words}, [&](int) {\n'
        "    licc::frames<0, 4>();\n"
        "    for (int i = 0; i < 4; ++i) { licc::cycle<2, 0>(); for (int j = 0; j < 3; ++j) words.write(j); }\n"
        "  });\n"
        '  network.add("take", 0, {&words}, {}, [&](int) {\n'
        "    licc::frames<0, 4>();\n"
        "    for (int i = 0; i < 4; ++i) { licc::cycle<3, 0>(); for (int j = 0; j < 3; ++j) words.read(); }\n"
        "  });\n"
        "  print(network.run(1), network);\n"
    )
    # make: four iterations of three cycles instead of two. take: the same, one cycle later, so that a
    # word is still read in the cycle in which the next one is written.
    assert simulate(tmp_path, body) == (0, "make 12 12 0 0\ntake 13 12 1 0\nwords 2\n")


# --------------------------------------------------------------------------------------------------
# Emitted designs
# --------------------------------------------------------------------------------------------------
CONV = Conv(inputs=3, outputs=4, height=7, width=9, kernel=(3, 3), oc=2, ic=3)


def emit_conv(out, conv=CONV):
    emit(conv.module(), out, conv.golden(), {"g_a": conv.x})


def timed(out, target="timed", **variables):
    status, text = make(out, target, TIMED_FRAMES=3, **variables)
    assert status == 0, text
    assert ": 0 mismatches of " in text
    assert "measured in simulation of the emitted C++, not on hardware" in text
    return json.loads((out / "hls" / "timed.json").read_text())["designs"][0]


def busy(design):
    return {
        process["name"].removeprefix("g_a_"): process["busy"] for process in design["processes"]
    }


@pytest.mark.parametrize(
    ("conv", "array", "drain"),
    [
        # Seven rows of nine pixels, two blocks and nine taps each. Nothing to reorder: nine pixels in two
        # words a row.
        (CONV, 7 * 9 * 2 * 9, 7 * 9 * 2),
        # A row has three groups of three pixels, three steps each: 9. A row of input has 27 words. Rows 0 to 4
        # read a row each, row 5 none, row 6 the two that the next frame starts with. The drain writes a group
        # of three pixels in six words.
        (
            Conv(height=7, width=9, oc=4, kh=3, px=3, intake=1, lanes=2),
            5 * 27 + 9 + 2 * 27,
            7 * 3 * 6,
        ),
        # Two input rows of four words of two pixels are read during each of three output rows, of four
        # steps; words of a pixel come and go.
        (
            Conv(
                inputs=2,
                outputs=3,
                height=6,
                width=8,
                kernel=(3, 3),
                stride=2,
                oc=3,
                ic=2,
                kh=3,
                kw=3,
                intake=4,
                lanes=3,
            ),
            3 * 2 * 4,
            3 * 4,
        ),
        # Phases of 2 x 2 rows and columns with 1 and 2 taps: input columns in two groups of two, two blocks of
        # 1 + 2 steps in even rows, 2 + 4 in odd ones. During an odd row, an input row of three words is read
        # (during the last one of a frame two of the next frame, none during the one before). The drain takes
        # four words of 2 x 2 outputs a group and gives four pixels of three words.
        (
            Conv(
                inputs=3,
                outputs=3,
                height=3,
                width=3,
                kernel=(3, 3),
                upsample=2,
                output_padding=1,
                oc=2,
                ic=3,
                px=2,
                lanes=1,
            ),
            3 * 2 * 2 * (3 + 6),
            6 * 2 * 12,
        ),
    ],
)
def test_an_emitted_convolution_takes_the_cycles_counted_by_hand(tmp_path, conv, array, drain):
    emit_conv(tmp_path, conv)
    design = timed(tmp_path, DEPTH="all=4096")
    found = busy(design)
    assert (found["0_conv"], found["0_drain"]) == (array, drain)
    # Frame after frame without a gap: pipelines empty behind the last one of a call alone.
    assert design["interval"] == max(found.values())
    assert design["fifo_caused"] == 0


@pytest.mark.parametrize(
    ("intake", "oc", "ic", "cycles"),
    [(3, 2, 3, 3 * 2), (2, 5, 5, 3), (1, 2, 3, 6), (1, 3, 5, 5)],
)
def test_an_emitted_norm_takes_the_cycles_counted_by_hand(tmp_path, intake, oc, ic, cycles):
    # A pixel of five channels: its product in blocks, or its words if they are more.
    gdn = Gdn(channels=5, height=3, width=4, oc=oc, ic=ic, intake=intake, lanes=oc)
    emit(gdn.module(), tmp_path, gdn.golden(), {"g_a": gdn.x})
    assert busy(timed(tmp_path))["1_norm"] == 12 * cycles


def test_cycles_lost_to_fifos_are_told(tmp_path):
    # A word a cycle, which a FIFO of one word cannot give.
    emit_conv(tmp_path, Conv(height=7, width=9, oc=4, kh=3, px=3, intake=1, lanes=2))
    design = timed(tmp_path, DEPTH="all=4096")
    assert design["interval"] == max(p["busy"] for p in design["processes"])
    assert design["fifo_caused"] == 0
    shallow = timed(tmp_path, DEPTH="all=1")
    assert shallow["interval"] > design["interval"]
    assert shallow["fifo_caused"] == shallow["interval"] - design["interval"]
    assert {fifo["high_water"] for fifo in shallow["fifos"]} == {1}
    process = next(p for p in shallow["processes"] if p["name"] == "g_a_0_conv")
    assert process["starts"][-1] <= process["first"] < process["last"] < process["ends"][-1]


def test_a_mismatch_is_found(tmp_path):
    emit_conv(tmp_path)
    golden = tmp_path / "hls" / "golden" / "g_a.output.bin"
    data = bytearray(golden.read_bytes())
    data[5] ^= 1
    golden.write_bytes(data)
    status, text = make(tmp_path, "timed")
    assert status != 0
    assert "first mismatch at frame 0, channel 1, row 0, column 1" in text


def test_emitted_code_is_clean_under_sanitizers(tmp_path):
    gdn = Gdn(oc=2, ic=3, lanes=1)
    emit(gdn.module(), tmp_path, gdn.golden(), {"g_a": gdn.x})
    plain = timed(tmp_path)
    assert timed(tmp_path, "timed_sanitize") == plain
