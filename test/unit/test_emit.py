# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What is emitted, compiled and simulated: bit for bit like plain formulas, and loud when it is not."""

from __future__ import annotations

import json
import math
import random
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.hls_modules import (
    Conv,
    Gdn,
    design,
    lanes_of,
    memory,
    memory_type,
    pointwise,
    port_in,
    port_out,
    repack,
    rshr,
)
from support.schedules import lowered, random_typed
from support.simulation import NAMES, TOPS, emit, expect_exact, make, one_below
from support.typed import sample
from torch_mlir import ir

from licc.cost import cycles
from licc.dialects import make_context
from licc.errors import UserError
from licc.interp import hls
from licc.target.emit import EmitError, EmitOptions, write_build
from licc.target.emit.golden import sums_of
from licc.target.emit.reader import signed_bits, view_of
from licc.target.emit.rows import Rows, overwritten
from licc.target.emit.write import golden_input


# --------------------------------------------------------------------------------------------------
# Random layers, four designs a build
# --------------------------------------------------------------------------------------------------
def divisors(number):
    return [d for d in range(1, number + 1) if number % d == 0]


def random_conv(rng, layer):
    """A convolution with any kernel, stride, padding, phases, folding, words, types and following units."""
    element = rng.choice(["i8", "ui8", "i16"])
    upsample = rng.choice([1, 1, 2, 3])
    kernel = (
        (rng.randint(1, 9), rng.randint(1, 9)) if rng.random() < 0.5 else (rng.choice([3, 5]),) * 2
    )
    height, width = rng.randint(1, 12), rng.randint(1, 12)
    output_padding = 0
    if upsample == 1:
        padding = rng.randint(0, min(kernel) - 1)
        height, width = max(height, kernel[0] - 2 * padding), max(width, kernel[1] - 2 * padding)
    else:
        kernel = max(kernel[0], upsample), max(kernel[1], upsample)
        padding, output_padding = rng.randint(0, min(kernel) // 2), rng.randint(0, upsample - 1)
        height, width = max(height, 1 + 2 * padding), max(width, 1 + 2 * padding)
    inputs, outputs = rng.randint(1, 9), rng.randint(1, 9)
    ic = min(rng.choice([1, 2, 3, 4, 8]), inputs)
    intake = rng.choice(divisors(ic))
    if ic == inputs and rng.random() < 0.4:
        intake = ic * rng.choice(divisors(width))
    bits = rng.choice([9, 10, 0]) if element == "i16" else 0
    arguments = {
        "inputs": inputs,
        "outputs": outputs,
        "height": height,
        "width": width,
        "kernel": kernel,
        "stride": rng.randint(1, 4) if upsample == 1 else 1,
        "padding": padding,
        "upsample": upsample,
        "output_padding": output_padding,
        "oc": rng.choice([1, 2, 3, 4, 8]),
        "ic": ic,
        "kh": rng.randint(1, max(1, min(4, -(-kernel[0] // upsample)))),
        "kw": rng.randint(1, max(1, min(5, -(-kernel[1] // upsample)))),
        "px": rng.choice([1, 1, 2, 3, 4]),
        "intake": intake,
        "extra_rows": rng.choice([0, 0, 1, 2]),
        "element": element,
        "bits": bits,
        "out_element": rng.choice(["i8", "i16", "ui8"]),
        "activation": rng.choice(["", "relu", "leaky_relu"]),
        "fraction": rng.choice([0, 0, 2]),
        "seed": rng.randint(0, 10**6),
        "layer": layer,
    }
    arguments["lanes"] = random_lanes(rng, Conv(**arguments))
    narrow = element != "i16" or bits > 0
    packings = ["", "single", "pixels" if narrow and arguments["px"] % 2 == 0 else ""]
    return Conv(**arguments, packing=rng.choice(packings))


def random_lanes(rng, conv):
    """Lanes of what drains a convolution: of a pixel, or of several."""
    group = conv.px * conv.upsample
    several = [k for k in divisors(conv.out_shape[2]) if k > 1 and group % k == 0]
    if several and rng.random() < 0.5:
        return conv.outputs * rng.choice(several)
    return rng.randint(1, conv.outputs)


def convolutions(seed):
    """Text, golden results and inputs of four designs of one random convolution each."""
    rng = random.Random(seed)
    text, golden, inputs = "", {}, {}
    for name, top in zip(NAMES, TOPS, strict=True):
        conv = random_conv(rng, f"{name}.0")
        body = port_in(conv.x.shape, conv.element, conv.intake, name=name)
        body += conv.text(f"{name}_0_conv")
        out = port_out("1", conv.out_shape, conv.out_element, conv.lanes, name=name)
        text += design(name, top, body + out)
        golden |= conv.golden(f"{name}_0")
        inputs[name] = conv.x
    return text, golden, inputs


def gdns(seed):
    """The same with GDN: each form in both directions, with random foldings."""
    rng = random.Random(seed)
    text, golden, inputs = "", {}, {}
    forms = [("rsqrt", False), ("rsqrt", True), ("gdn1", False), ("gdn1", True)]
    for name, top, (form, inverse) in zip(NAMES, TOPS, forms, strict=True):
        gdn = Gdn(
            channels=rng.randint(1, 9),
            height=rng.randint(1, 5),
            width=rng.randint(1, 5),
            form=form,
            inverse=inverse,
            oc=rng.randint(1, 5),
            ic=rng.randint(1, 5),
            lanes=rng.randint(1, 5),
            intake=rng.randint(1, 9),
            norm_shift=rng.randint(0, 8),
            out_element=rng.choice(["i8", "i16"]),
            seed=rng.randint(0, 10**6),
        )
        body = port_in(gdn.x.shape, "i16", gdn.intake, "latent", name)
        body += gdn.text(0, 1, f"{name}_1", f"{name}.1")
        last = 2 if gdn.oc == gdn.lanes else 3
        out = port_out(last, gdn.x.shape, gdn.out_element, gdn.lanes, name=name)
        text += design(name, top, body + out)
        golden |= {f"{name}{key.removeprefix('g_a')}": value for key, value in gdn.golden().items()}
        inputs[name] = gdn.x
    return text, golden, inputs


@pytest.mark.parametrize("made", [convolutions, gdns])
@pytest.mark.parametrize("seed", range(40, 60))
def test_interpreter_and_formulas_agree(made, seed):
    text, golden, inputs = made(seed)
    with make_context(), ir.Location.unknown():
        module = ir.Module.parse(text)  # keeps its ops alive
        for name, op in hls.designs(module).items():
            for process, values in hls.run(op, inputs[name]).items():
                np.testing.assert_array_equal(values, golden[process], process)


@pytest.mark.parametrize("made", [convolutions, gdns])
@pytest.mark.parametrize("seed", range(3))
def test_layers_simulate_exactly(tmp_path, made, seed):
    text, golden, inputs = made(seed)
    emit(text, tmp_path, golden, inputs, frames=3)
    expect_exact(tmp_path, 4)


@pytest.mark.slow
@pytest.mark.parametrize("made", [convolutions, gdns])
@pytest.mark.parametrize("seed", range(3, 20))
def test_more_layers_simulate_exactly(tmp_path, made, seed):
    text, golden, inputs = made(seed)
    emit(text, tmp_path, golden, inputs)
    expect_exact(tmp_path, 4)


@pytest.mark.slow
@pytest.mark.parametrize("made", [convolutions, gdns])
@pytest.mark.parametrize("target", ["exact", "sanitize"])
def test_other_builds_of_the_same_code(tmp_path, made, target):
    """On ap_int of exactly the stated widths; and without undefined behaviour or stray accesses."""
    text, golden, inputs = made(100)
    emit(text, tmp_path, golden, inputs)
    expect_exact(tmp_path, 4, target)


# --------------------------------------------------------------------------------------------------
# Random networks under random schedules
# --------------------------------------------------------------------------------------------------
def emit_network(out, seed):
    """The build of a random small transform under a random legal schedule, of two golden frames."""
    rng = np.random.default_rng(seed)
    with make_context() as context, ir.Location.unknown():
        name, typed = random_typed(context, rng)
        x = sample(typed, name)[0]
        module = lowered(typed, rng)
        write_build(module, out, EmitOptions(feed=lambda *_: one_below(x, 2), frames=2))


@pytest.mark.parametrize("seed", range(5))
def test_networks_simulate_exactly(tmp_path, seed):
    emit_network(tmp_path, seed)
    expect_exact(tmp_path, 1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5, 60))
def test_more_networks_simulate_exactly(tmp_path, seed):
    emit_network(tmp_path, seed)
    expect_exact(tmp_path, 1)


@pytest.mark.slow
@pytest.mark.parametrize("target", ["exact", "sanitize"])
@pytest.mark.parametrize("seed", range(100, 104))
def test_other_builds_of_networks(tmp_path, seed, target):
    emit_network(tmp_path, seed)
    expect_exact(tmp_path, 1, target)


# --------------------------------------------------------------------------------------------------
# Chains
# --------------------------------------------------------------------------------------------------
def latent_chain():
    """abs, then add of a constant, then a repack, then round: 5 channels in words of 2, then of 3."""
    shape = (5, 3, 4)
    x = np.random.default_rng(0).integers(-32768, 32768, shape)
    constant = np.array([3, -2000, 500, 0, -7])
    image = lanes_of(constant, 2)
    word = "vector<2xi16>"
    absolute = (
        '      %last = "hls.activation"(%word) {kind = "abs", range = array<i64: 0, 32767>, '
        f"multiplier = 0 : i64, shift = 0 : i64}} : ({word}) -> {word}\n"
    )
    add = (
        '      %last = "hls.add"(%word, %c) {multiplier = array<i64: 65536, 131071>, shift = 17 : i64, '
        f"range = array<i64: -9000, 9000>}} : ({word}, {memory_type(image, 'i16')}) -> {word}\n"
    )
    rounding = (
        '      %last = "hls.round"(%word) {shift = 4 : i64, range = array<i64: -100, 100>} : '
        "(vector<3xi16>) -> vector<3xi16>\n"
    )
    body = (
        port_in(shape, "i16", 2, "latent", "h_a")
        + pointwise(0, 1, shape, "i16", 2, absolute, "i16", "h_a_abs", "h_a.abs")
        + pointwise(
            1,
            2,
            shape,
            "i16",
            2,
            add,
            "i16",
            "h_a_add",
            "h_a.add",
            memory("constant", "c", image, "i16"),
        )
        + repack(2, 3, shape, "i16", 2, 3, "h_a_repack", "h_a.round")
        + pointwise(3, 4, shape, "i16", 3, rounding, "i16", "h_a_round", "h_a.round")
        + port_out(4, shape, "i16", 3, "symbols", "h_a")
    )
    magnitude = np.minimum(np.abs(x), 32767)
    moved = np.clip(rshr(magnitude * 65536 + constant[:, None, None] * 131071, 17), -9000, 9000)
    golden = {
        "h_a_abs": magnitude,
        "h_a_add": moved,
        "h_a_repack": moved,
        "h_a_round": np.clip(rshr(moved, 4), -100, 100),
    }
    return design("h_a", "hyper_encoder", body), golden, {"h_a": x}


def test_pointwise_processes_simulate_exactly(tmp_path):
    text, golden, inputs = latent_chain()
    emit(text, tmp_path, golden, inputs)
    expect_exact(tmp_path, 1)


def wide_chain():
    """abs on words of two pixels from port to port; a frame is 30 values, so that frames share beats."""
    shape = (3, 5, 2)
    x = np.random.default_rng(1).integers(-128, 128, shape)
    absolute = (
        '      %last = "hls.activation"(%word) {kind = "abs", range = array<i64: 0, 127>, '
        "multiplier = 0 : i64, shift = 0 : i64} : (vector<6xi8>) -> vector<6xi8>\n"
    )
    body = (
        port_in(shape, "i8", 6, "latent", "h_a")
        + pointwise(0, 1, shape, "i8", 6, absolute, "i8", "h_a_abs", "h_a.abs")
        + port_out(1, shape, "i8", 6, "symbols", "h_a")
    )
    golden = {"h_a_abs": np.minimum(np.abs(x), 127)}
    return design("h_a", "hyper_encoder", body), golden, {"h_a": x}


def test_words_of_several_pixels_simulate_exactly(tmp_path):
    text, golden, inputs = wide_chain()
    emit(text, tmp_path, golden, inputs, frames=3)
    expect_exact(tmp_path, 1)
    # More frames than there are golden ones: those again.
    status, output = make(tmp_path, FRAMES=7)
    assert (status, "0 mismatches of 1080 values" in output) == (0, True), output


@pytest.mark.parametrize(
    ("lanes_in", "lanes_out"), [(a, b) for a in (1, 2, 5, 8) for b in (1, 3, 5, 8)]
)
def test_repack_steps_are_enough_and_few(lanes_in, lanes_out):
    for channels in range(1, 40):
        in_words, out_words = -(-channels // lanes_in), -(-channels // lanes_out)
        steps = cycles.repack(1, channels, lanes_in, lanes_out)
        assert max(in_words, out_words) <= steps <= max(in_words, out_words) + 1


# --------------------------------------------------------------------------------------------------
# Failures
# --------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def one_conv(tmp_path_factory):
    """A build of one convolution that simulates exactly; tests put back what they change."""
    conv = Conv(inputs=3, outputs=4, height=6, width=7, oc=2, ic=3, seed=5)
    out = tmp_path_factory.mktemp("conv")
    emit(conv.module(), out, conv.golden(), {"g_a": conv.x})
    expect_exact(out, 1)
    return conv, out


def changed(path: Path, offset: int, value: int | None = None):
    """Flip a byte of a file (or set it); returns what it was."""
    data = bytearray(path.read_bytes())
    before = bytes(data)
    data[offset] = data[offset] ^ 0x55 if value is None else value
    path.write_bytes(bytes(data))
    return before


def test_a_wrong_weight_is_found_where_it_first_shows(one_conv):
    conv, out = one_conv
    path = out / "weights" / "g_a.bin"
    # Weights lie a word a beat: two outputs x three inputs = 6 bytes. Word 9 + 4 is the middle tap of
    # outputs 2 and 3; its byte 3 is output 3, input 0.
    offset = (9 + 4) * 8 + 3
    weight = int(conv.weight[3, 0, 1, 1])
    before = changed(path, offset, (weight ^ 0x7F) & 0xFF)
    status, text = make(out)
    path.write_bytes(before)
    wrong = conv.weight.copy()
    wrong[3, 0, 1, 1] = np.array(weight ^ 0x7F).astype(np.int8)
    right, conv.weight = conv.weight, wrong
    values = conv.accumulators(conv.x)
    conv.weight = right
    differs = np.argwhere((values != conv.accumulators(conv.x)).any(axis=0))
    row, column = differs[0]
    assert status != 0
    assert text.splitlines()[0] == (
        "g_a: layer g_a.0, process g_a_0_conv: first mismatch at frame 0, channel 3, "
        f"row {row}, column {column}"
    )


def test_a_wrong_golden_output_is_found_with_its_values(one_conv):
    conv, out = one_conv
    path = out / "hls" / "golden" / "g_a.output.bin"
    before = changed(path, (6 * 7 + 2 * 7 + 3) * 4 + 1)
    status, text = make(out)
    path.write_bytes(before)
    expected = conv.result(np.flip(conv.x, (1, 2)))  # the second golden frame
    value = int(expected[1, 2, 3])
    other = int(np.int8(np.uint8(value & 0xFF) ^ np.uint8(0x55)))
    assert status != 0
    assert (
        "g_a: layer g_a.0, output g_a_output: first mismatch at frame 1, channel 1, row 2, column 3: "
        f"expected {other}, got {value}\n"
    ) in text


def test_missing_golden_data_and_headers_are_named(one_conv):
    _, out = one_conv
    path = out / "hls" / "golden" / "g_a.sums"
    kept = path.read_bytes()
    path.unlink()
    status, text = make(out)
    path.write_bytes(kept)
    assert status != 0
    assert "g_a: golden/g_a.sums: cannot be read" in text
    path.write_bytes(kept[:10])
    status, text = make(out)
    path.write_bytes(kept)
    assert status != 0
    assert "golden sums end too early" in text
    path = out / "hls" / "golden" / "g_a.input.bin"
    kept = path.read_bytes()
    path.write_bytes(kept[:-1])
    status, text = make(out)
    path.write_bytes(kept)
    assert status != 0
    assert "g_a: golden/g_a.input.bin: 251 bytes are not frames of 126" in text
    status, text = make(out, "clean")
    assert status == 0
    status, text = make(out, AP_TYPES="/nowhere")
    assert status != 0
    assert "error: no ap_int.h in '/nowhere': pip install hls4ml==1.3.0, or set AP_TYPES" in text


def test_only_the_asked_design_runs(one_conv):
    _, out = one_conv
    status, text = make(out, DESIGNS="h_a")
    assert status != 0
    assert "error: no such design" in text


@pytest.mark.slow
@pytest.mark.parametrize("made", [convolutions, gdns])
def test_both_compilers_accept_every_warning_of_layers(tmp_path, made):
    text, golden, inputs = made(101)
    emit(text, tmp_path, golden, inputs)
    status, output = make(tmp_path, "lint")
    assert (status, output) == (0, "")


def test_both_compilers_accept_every_warning(tmp_path):
    text, golden, inputs = latent_chain()
    emit(text, tmp_path, golden, inputs)
    status, output = make(tmp_path, "lint")
    assert (status, output) == (0, "")


# --------------------------------------------------------------------------------------------------
# What the printer does not know
# --------------------------------------------------------------------------------------------------
def two_chains():
    """A design with two inputs and two outputs."""
    body = port_in((2, 1, 1), "i8", 2, name="a") + port_out(0, (2, 1, 1), "i8", 2, name="a")
    return design("g_a", "encoder", body + (body.replace("%0", "%1").replace('"a_', '"b_')))


def replaced(text, old, new, count=-1):
    assert old in text
    return text.replace(old, new, count)


ABS = (
    '      %last = "hls.activation"(%word) {kind = "abs", range = array<i64: 0, 127>, multiplier = 0 : i64, '
    "shift = 0 : i64} : (vector<2xi8>) -> vector<2xi8>\n"
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (two_chains(), "'hls.design' op expected one 'hls.port_in' and one 'hls.port_out'"),
        (
            replaced(
                design(
                    "g_a",
                    "encoder",
                    port_in((2, 1, 1), "i8", 2)
                    + pointwise(0, 1, (2, 1, 1), "i8", 2, ABS, "i8", "g_a_abs", "g_a.abs")
                    + port_out(1, (2, 1, 1), "i8", 2),
                ),
                '"hls.read"(%in) {shape = array<i64: 2, 1, 1>}',
                '"hls.window_buffer"(%in) {input = array<i64: 2, 1, 1>, output = array<i64: 2, 1, 1>, '
                "stride = 1 : i64, upsample = 1 : i64, row_taps = array<i64: 0, 1>, column_taps = array<i64: 0, 1>, "
                "rows = 2 : i64, banks = array<i64: 1, 1>, folding = #hls.folding<2 : i64, 2 : i64, 1 : i64, 1 : i64, 1 : i64>}",
            ),
            "'hls.window_buffer' op expected 'hls.mac_array' behind it",
        ),
    ],
)
def test_what_the_printer_does_not_know_is_an_error_and_nothing_is_written(tmp_path, text, message):
    with make_context(), ir.Location.unknown():
        module = ir.Module.parse(text)
        with pytest.raises(EmitError) as error:
            write_build(module, tmp_path)
    assert message in str(error.value)
    assert str(error.value).startswith("loc(")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("conv", "least", "row"),
    [
        # (input rows, output rows, stride, (first tap row, taps)): the row that is filled meanwhile
        ((12, 12, 1, (0, 1)), 2, 0),
        ((7, 7, 1, (-1, 3)), 4, 0),
        # Without padding, the next frame comes in while the last three rows of this one are still read.
        ((7, 5, 1, (0, 3)), 6, 4),
        ((9, 4, 2, (0, 3)), 6, 6),
    ],
)
def test_rows_are_not_overwritten_while_they_are_read(conv, least, row):
    height, out_height, stride, taps = conv

    def rows(held):
        return Rows((1, height, 1), (1, out_height, 1), stride, 1, (taps,), held, 1)

    assert overwritten(rows(least)) is None
    assert overwritten(rows(least - 1)) == row


def walked_distances(conv, body):
    """Iterations between writes of the line buffer, reads and the writes that replace, group by group."""
    height, width = conv.x.shape[1:]
    words = (
        width // (conv.intake // conv.inputs)
        if conv.intake > conv.inputs
        else width * math.ceil(conv.inputs / conv.intake)
    )
    groups = math.ceil(math.ceil(conv.out_shape[2] / conv.upsample) / conv.px)
    rows, columns = conv.axis_taps(0), conv.axis_taps(1)
    written, read = {}, {}
    raw = war = 1 << 30
    step = taken = 0
    kind, repeats, row = body.kinds[0], 0, -1
    for _ in range(3 * conv.out_shape[1] + 1):
        for n in range(kind.words):
            line, word = divmod(taken, words)
            when = step + -(-(n + 1) * kind.trip // kind.words) - 1
            # All columns that a word has a part of.
            for x in range(word * width // words, -(-(word + 1) * width // words)):
                written[line, x] = when
                war = min(war, when - read.get((line - body.rows, x), -(1 << 30)))
            taken += 1
        if row >= 0:
            frame, y = divmod(row, conv.out_shape[1])
            dy, used = rows[y % conv.upsample]
            top = y // conv.upsample * conv.stride + dy
            lines = [frame * height + t for t in range(top, top + len(used)) if 0 <= t < height]
            per_group = kind.steps // groups
            for group in range(groups):
                left = group * conv.px * conv.stride
                reach = {
                    left + p * conv.stride + dx + j
                    for dx, taps in columns
                    for p in range(conv.px)
                    for j in range(len(taps))
                }
                for place in ((line, x) for line in lines for x in reach if 0 <= x < width):
                    raw = min(raw, step + group * per_group - written[place])
                    read[place] = step + (group + 1) * per_group - 1
        step, row = step + kind.trip, row + 1
        again = kind.back >= 0 and repeats > 0
        following = body.kinds[kind.back if again else kind.next]
        if kind.back >= 0:
            repeats = repeats - 1 if again else following.repeats
        kind = following
    return raw, war


@pytest.mark.parametrize("seed", range(30))
def test_the_scheduler_is_told_no_more_distance_than_there_is(seed):
    conv = random_conv(random.Random(seed), "g_a.0")
    with make_context(), ir.Location.unknown():
        module = ir.Module.parse(conv.module())  # keeps its ops alive
        body = view_of(module.body.operations[0].operation).processes[0].body
    raw, war = body.distances
    found = walked_distances(conv, body)
    assert 1 <= raw <= found[0]
    assert 1 <= war <= found[1]


# --------------------------------------------------------------------------------------------------
# Files
# --------------------------------------------------------------------------------------------------
def test_parameters_and_their_manifest(one_conv):
    conv, out = one_conv
    blob = (out / "weights" / "g_a.bin").read_bytes()
    manifest = json.loads((out / "weights" / "manifest.json").read_text())["g_a"]
    assert (manifest["file"], manifest["bytes"]) == ("g_a.bin", len(blob))
    assert manifest["crc32"] == f"{zlib.crc32(blob):08x}"
    kinds = [memory["memory"] for memory in manifest["memories"]]
    assert kinds == ["weights", "bias", "multiplier", "shift"]
    for part in manifest["memories"]:
        data = blob[part["offset"] : part["offset"] + part["bytes"]]
        assert part["crc32"] == f"{zlib.crc32(data):08x}"
        assert part["offset"] % 8 == 0
    bias = manifest["memories"][1]
    stored = np.frombuffer(blob, "<i4", bias["words"] * bias["lanes"], bias["offset"])
    assert stored.tolist() == conv.bias.tolist()


def test_vitis_files_say_that_they_were_not_run(one_conv):
    _, out = one_conv
    config = (out / "hls" / "hls_config_g_a.cfg").read_text()
    script = (out / "hls" / "run_hls.tcl").read_text()
    assert config.startswith("# Not run here")
    assert script.startswith("# Not run here")
    assert "syn.top=encoder\n" in config
    assert "part=xczu9eg-ffvb1156-2-e\n" in config
    assert "set_top encoder\n" in script


def test_every_pragma_has_a_reason(one_conv):
    _, out = one_conv
    for path in sorted((out / "hls").glob("*.?pp")):
        for line in path.read_text().splitlines():
            if line.startswith("#pragma HLS") and "interface" not in line:
                assert " // " in line, (path.name, line)


def test_sums_depend_on_every_value():
    values = np.random.default_rng(0).integers(-128, 128, (3, 2, 5))
    whole = sums_of(values)
    assert len(whole) == 2 * 4 + 2 * 5 * 2 + 3 * 2 * 2
    for index in np.ndindex(values.shape):
        other = values.copy()
        other[index] += 1
        assert sums_of(other)[:8] != whole[:8]


@pytest.mark.parametrize(
    ("lo", "hi", "bits"),
    [(0, 0, 1), (-1, 0, 1), (0, 1, 2), (-128, 127, 8), (-129, 0, 9), (0, 255, 9)],
)
def test_signed_bits(lo, hi, bits):
    assert signed_bits(lo, hi) == bits


# --------------------------------------------------------------------------------------------------
# Golden inputs
# --------------------------------------------------------------------------------------------------
def image_view(height, width):
    conv = Conv(inputs=3, outputs=2, height=height, width=width, element="ui8")
    with make_context(), ir.Location.unknown():
        module = ir.Module.parse(conv.module())
        return view_of(module.body.operations[0].operation)


def test_golden_image_is_cropped_and_replicated(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (6, 5, 3), dtype=np.uint8)
    path = tmp_path / "image.png"
    Image.fromarray(pixels).save(path)
    view = image_view(4, 9)
    values = golden_input(view, EmitOptions(golden_image=path), {})
    np.testing.assert_array_equal(values[:, :, :5], np.moveaxis(pixels[:4], -1, 0))
    assert (values[:, :, 5:] == values[:, :, 4:5]).all()


def test_golden_image_by_default_is_embedded():
    values = golden_input(image_view(300, 310), EmitOptions(), {})
    assert values.shape == (3, 300, 310)
    assert len(np.unique(values)) > 50


def test_golden_image_that_is_none(tmp_path):
    path = tmp_path / "image.png"
    path.write_text("no image")
    with pytest.raises(UserError, match=r"image\.png: cannot be read as an image"):
        golden_input(image_view(4, 9), EmitOptions(golden_image=path), {})


def test_golden_input_is_fed_from_earlier_results():
    view = image_view(4, 9)
    results = {"before": np.ones((3, 4, 9), np.int64)}
    options = EmitOptions(feed=lambda name, done: done["before"] if name == "g_a" else None)
    assert (golden_input(view, options, results) == 1).all()
    # What does not fit is not taken.
    assert (golden_input(view, options, {"before": results["before"][:, 1:]}) != 1).any()


def test_golden_pattern_without_an_image(tmp_path):
    text, golden, _ = latent_chain()
    with make_context(), ir.Location.unknown():
        module = ir.Module.parse(text)
        values = golden_input(view_of(module.body.operations[0].operation), EmitOptions(), {})
        assert values.min() == -15
        assert values.max() == 15
        # By default the interpreter makes the golden data.
        write_build(module, tmp_path)
    assert (tmp_path / "hls" / "golden" / "h_a.output.bin").stat().st_size == golden[
        "h_a_round"
    ].size * 2
    expect_exact(tmp_path, 1)
