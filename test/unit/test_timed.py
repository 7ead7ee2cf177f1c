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


def chain(depth, interval, frames=1):
    """`make` writes ten words, one a cycle, two stages later; `take` reads one each `interval` cycles."""
    return (
        f'  hls::stream<int> words("words", {depth});\n'
        '  network.add("make", 0, {}, {&words}, [&](int) {\n'
        "    for (int i = 0; i < 10; ++i) { licc::cycle<1, 2>(); words.write(i); }\n"
        "  });\n"
        '  network.add("take", 0, {&words}, {}, [&](int) {\n'
        f"    for (int i = 0; i < 10; ++i) {{ licc::cycle<{interval}, 4>(); if (words.read() != i) std::abort(); }}\n"
        "  });\n"
        f"  print(network.run({frames}), network);\n"
    )


@pytest.mark.parametrize("build", COMPILERS)
def test_a_chain_takes_the_cycles_counted_by_hand(tmp_path, build):
    # make: iterations in 0..9, words in 2..11, empty in 9 + 1 + 2. take: reads in 3, 6, ... 30, empty in
    # 30 + 3 + 4. Held when the last word comes, in 11: ten but those read in 3, 6 and 9.
    assert simulate(tmp_path, chain(16, 3), build) == (
        0,
        "make 12 12 0 0\ntake 37 34 3 0\nwords 7\n",
    )


def test_a_shallow_fifo_holds_its_writer_up(tmp_path):
    # Word k waits for the read of word k - 2, in 3 + 3(k - 2): the last one is written in 25.
    assert simulate(tmp_path, chain(2, 3)) == (0, "make 26 12 0 14\ntake 37 34 3 0\nwords 2\n")


def test_a_fifo_of_one_word_halves_the_rate(tmp_path):
    # Words in 2, 4, ... 20; reads in 3, 5, ... 21; make is empty in 18 + 1 + 2, take in 21 + 1 + 4.
    expected = (0, "make 21 12 0 9\ntake 26 14 12 0\nwords 1\n")
    assert simulate(tmp_path, chain(1, 1)) == expected


def test_frames_follow_one_another(tmp_path):
    # The second frame of make starts in 12; its words come in 14..23. take is free in 17, before the
    # last of them, and reads in 17..26 what lies there.
    assert simulate(tmp_path, chain(16, 1, 2)) == (
        0,
        "make 24 12 0 0\ntake 31 14 0 0\nwords 4\n",
    )


def fork(depth):
    """`split` writes four words to one stream, then four to the other; `join` reads them in turn."""
    return (
        f'  hls::stream<int> first("first", {depth});\n'
        '  hls::stream<int> second("second", 2);\n'
        '  network.add("split", 0, {}, {&first, &second}, [&](int) {\n'
        "    for (int i = 0; i < 4; ++i) { licc::cycle<1, 0>(); first.write(i); }\n"
        "    for (int i = 0; i < 4; ++i) { licc::cycle<1, 0>(); second.write(i); }\n"
        "  });\n"
        '  network.add("join", 0, {&first, &second}, {}, [&](int) {\n'
        "    for (int i = 0; i < 4; ++i) { licc::cycle<1, 0>(); first.read(); second.read(); }\n"
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


def test_a_process_that_ends_too_early_is_named(tmp_path):
    body = chain(16, 1).replace("i < 10", "i < 9", 1)
    assert simulate(tmp_path, body) == (
        0,
        "deadlock in cycle 12: 'take' waits for a word in 'words' (empty) from 'make', which has ended\n",
    )


def test_more_accesses_than_the_interval_has_cycles_cost_cycles(tmp_path):
    body = (
        '  hls::stream<int> words("words", 16);\n'
        '  network.add("make", 0, {}, {&words}, [&](int) {\n'
        "    for (int i = 0; i < 4; ++i) { licc::cycle<2, 0>(); for (int j = 0; j < 3; ++j) words.write(j); }\n"
        "  });\n"
        '  network.add("take", 0, {&words}, {}, [&](int) {\n'
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
    emit(conv.module(), out, {"g_a_0_conv": conv.result(conv.x)}, {"g_a": conv.x})


def timed(out, target="timed", **variables):
    status, text = make(out, target, TIMED_FRAMES=3, **variables)
    assert status == 0, text
    assert ": 0 mismatches of " in text
    assert "measured in simulation of the emitted C++, not on hardware" in text
    return json.loads((out / "hls" / "timed.json").read_text())["designs"][0]


def test_an_emitted_convolution_takes_its_steps_and_its_drains(tmp_path):
    emit_conv(tmp_path)
    design = timed(tmp_path)
    process = next(p for p in design["processes"] if p["name"] == "g_a_0_conv")
    # Two rows of nine words first, then seven rows of nine pixels, two blocks and nine taps each; the
    # pipeline of 32 stages empties after each of these loops.
    assert process["busy"] == 18 + 7 * 9 * 2 * 9 + 8 * 32
    assert process["stalled_on_full"] == 0
    assert design["interval"] >= process["busy"]
    assert design["latency"] > design["interval"]


def test_unbounded_fifos_leave_only_the_slowest_process(tmp_path):
    emit_conv(tmp_path)
    design = timed(tmp_path, DEPTH="all=4096")
    assert design["interval"] == max(p["busy"] for p in design["processes"])
    shallow = timed(tmp_path, DEPTH="all=1")
    assert shallow["interval"] > design["interval"]
    assert {fifo["high_water"] for fifo in shallow["fifos"]} == {1}


def test_a_mismatch_is_found(tmp_path):
    emit_conv(tmp_path)
    golden = tmp_path / "hls" / "golden" / "g_a.output.bin"
    data = bytearray(golden.read_bytes())
    data[5] ^= 1
    golden.write_bytes(data)
    status, text = make(tmp_path, "timed")
    assert status != 0
    assert "first mismatch at channel 1, row 0, column 1" in text


def test_emitted_code_is_clean_under_sanitizers(tmp_path):
    gdn = Gdn(oc=2, ic=3, lanes=1)
    emit(gdn.module(), tmp_path, gdn.golden(), {"g_a": gdn.x})
    plain = timed(tmp_path)
    assert timed(tmp_path, "timed_sanitize") == plain
