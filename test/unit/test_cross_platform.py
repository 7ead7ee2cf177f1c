# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A float hyper path decodes garbage where its sums are ordered otherwise; an integer one has no order.

Both float evaluations below are plain IEEE float32 products and sums of one and the same @h_s, as any
library may order them, written with elementwise operations that round alike on every machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from support.codecs import EXAMPLE
from support.simulation import make
from torch_mlir import ir

from licc.calibration import _candidates
from licc.dialects import make_context
from licc.driver.build import run_phases
from licc.driver.options import Options
from licc.driver.phases import PHASES, Phase
from licc.driver.progress import Progress
from licc.entropy import Coder, EntropyModel, StreamError, rans, thresholds
from licc.interp import hls, lic
from licc.quantize.pipeline import float_module, typed_module
from licc.target.emit import EmitOptions, write_build

SIZE = (256, 256)


# --------------------------------------------------------------------------------------------------
# Two float evaluations of one hyper synthesis
# --------------------------------------------------------------------------------------------------
def convolve(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, forward: bool) -> np.ndarray:
    """A "valid" convolution of [I, H, W] with [O, I, K, K] in float32, term by term in one of two orders."""
    kernel = weight.shape[2]
    height, width = x.shape[1] - kernel + 1, x.shape[2] - kernel + 1
    total = np.zeros((len(weight), height, width), np.float32)
    terms = [(i, r, c) for i in range(len(x)) for r in range(kernel) for c in range(kernel)]
    for i, r, c in terms if forward else reversed(terms):
        total += weight[:, i, r, c, None, None] * x[i, r : r + height, c : c + width]
    return total + bias[:, None, None]


def up(x: np.ndarray) -> np.ndarray:
    """What a transposed convolution of stride 2 convolves: zeros between pixels, two around."""
    channels, height, width = x.shape
    spread = np.zeros((channels, 2 * height + 4, 2 * width + 4), np.float32)
    spread[:, 2 : 2 + 2 * height : 2, 2 : 2 + 2 * width : 2] = x
    return spread


@cache
def weights() -> dict[str, np.ndarray]:
    content: dict[str, Any] = torch.load(EXAMPLE, weights_only=True)
    state = {key: value.numpy() for key, value in content["h_s"].items()}
    for layer in ("0", "2"):
        turned = state[f"{layer}.weight"].transpose(1, 0, 2, 3)[:, :, ::-1, ::-1]
        state[f"{layer}.weight"] = turned
    state["medians"] = content["entropy_bottleneck"]["quantiles"][:, 0, 1].numpy()
    return state


def float_scales(z: np.ndarray, forward: bool) -> np.ndarray:
    state = weights()
    x = z.astype(np.float32) + state["medians"][:, None, None]
    for layer in ("0", "2"):
        x = convolve(up(x), state[f"{layer}.weight"], state[f"{layer}.bias"], forward)
        x = np.maximum(x, 0)
    x = np.pad(x, ((0, 0), (1, 1), (1, 1)))
    return np.maximum(convolve(x, state["4.weight"], state["4.bias"], forward), 0)


def float_indexes(scales: np.ndarray, model: EntropyModel) -> np.ndarray:
    table, bound = model.scale_table, np.float32(model.scale_bound)
    return np.searchsorted(table[:-1], np.maximum(scales, bound), side="left")


# --------------------------------------------------------------------------------------------------
# Photographs
# --------------------------------------------------------------------------------------------------
def photographs() -> Iterator[np.ndarray]:
    """The embedded photographs, turned and mirrored; first the one whose scales are known to differ."""
    images = {path.stem: np.asarray(Image.open(path).convert("RGB")) for path in _candidates(None)}
    names = sorted(images, key=lambda name: name != "dog")
    for turns in (7, 0, 1, 2, 3, 4, 5, 6):
        for name in names:
            turned = np.rot90(images[name], turns % 4)
            yield np.ascontiguousarray(turned[::-1] if turns > 3 else turned)


@dataclass(frozen=True)
class Case:
    image: np.ndarray
    y: np.ndarray
    z: np.ndarray
    indexes: tuple[np.ndarray, np.ndarray]


@cache
def failing() -> Case:
    """A photograph whose scale indexes differ between the two evaluations."""
    module, model = float_module(EXAMPLE, make_context(), SIZE), EntropyModel.of(EXAMPLE)
    for image in photographs():
        x = image.transpose(2, 0, 1)[None].astype(np.float32) / np.float32(255)
        y = lic.run(module, "g_a", x)
        z = lic.run(module, "h_a", y)[0].astype(np.int64)
        first, second = (float_indexes(float_scales(z, order), model) for order in (True, False))
        if not np.array_equal(first, second):
            return Case(image, np.rint(y[0]).astype(np.int64), z, (first, second))
    pytest.fail("no embedded photograph has scales that depend on the order of sums")


def test_both_float_evaluations_are_right() -> None:
    case = failing()
    scales = [float_scales(case.z, order).astype(np.float64) for order in (True, False)]
    module = float_module(EXAMPLE, make_context(), SIZE)
    for values in scales:
        # Float32 against another library's float32: nobody could call one of them wrong.
        np.testing.assert_allclose(values, lic.run(module, "h_s", case.z[None])[0], atol=3e-4)
    assert 0 < np.abs(scales[0] - scales[1]).max() < 3e-4


def test_a_float_hyper_path_fails() -> None:
    """What one machine writes, the other cannot read, though one scale in thousands fell on the other side."""
    case, table = failing(), EntropyModel.of(EXAMPLE).conditional
    assert table is not None
    written, read = case.indexes
    assert 1 <= np.count_nonzero(written != read) <= 3
    assert np.abs(written - read).max() == 1
    string = rans.encode(case.y, written, table)
    np.testing.assert_array_equal(rans.decode(string, written, table), case.y)
    # CompressAI's own decoder, which does not notice and gives symbols.
    got = np.array(
        rans.compressai.rans()
        .RansDecoder()
        .decode_with_indexes(
            string + bytes(1 << 22),  # it reads beyond the end
            read.reshape(-1).tolist(),
            table.rows,
            table.lengths.tolist(),
            table.offsets.tolist(),
        )
    )
    first = int(np.flatnonzero(written != read)[0])
    wrong = got != case.y.reshape(-1)
    assert not wrong[:first].any()
    assert wrong[first:].mean() > 0.01
    with pytest.raises(StreamError):
        rans.decode(string, read, table)


def test_the_integer_hyper_path_does_not() -> None:
    """lic interpreter, the dataflow's interpreter: the same indexes, and the image comes back."""
    case = failing()
    floats = float_module(EXAMPLE, make_context(), SIZE)
    coder = Coder(typed_module(floats, "int8", max_images=2), EXAMPLE)
    decoded, *_ = coder.reconstruct(case.image)
    np.testing.assert_array_equal(coder.decode(coder.encode(case.image)), decoded)
    error = np.mean((decoded.astype(float) - case.image) ** 2)
    assert 10 * np.log10(255**2 / error) > 24


@pytest.mark.slow
def test_all_of_ours_have_the_same_indexes(tmp_path: Path) -> None:
    """The interpreter of `lic`, that of `hls`, and the emitted C++, on the photograph that broke the floats."""
    case = failing()
    found: dict[str, Any] = {}

    def visit(phase: Phase, module: ir.Module) -> None:
        if phase.name == "type":
            found["limits"] = thresholds.read(module)
            y = lic.run(module, "g_a", case.image.transpose(2, 0, 1)[None].astype(np.int64))
            found["z"] = lic.run(module, "h_a", y)
            found["lic"] = lic.run(module, "h_s", found["z"])[0]
        if phase.name == "lower":
            design = hls.designs(module)["h_s"]
            *_, (_, found["hls"]) = hls.stream(design, found["z"][0])
            for name, op in hls.designs(module).items():
                if name != "h_s":
                    op.operation.erase()
            feed = EmitOptions(feed=lambda _name, _results: found["z"][0])
            write_build(module, tmp_path, feed)

    options = Options(EXAMPLE, input_hw=SIZE, precision="int8")
    run_phases(options, PHASES[-1], Progress(verbose=False), visit)
    status, text = make(tmp_path, OPTIMISE="-O3", FRAMES=1)
    assert status == 0, text
    assert ": 0 mismatches of " in text  # with the golden output, which is read here
    golden = np.fromfile(tmp_path / "hls" / "golden" / "h_s.output.bin", "<i2")
    emitted = golden.reshape(*found["lic"].shape[1:], -1).transpose(2, 0, 1)
    expected = thresholds.indexes(found["lic"], found["limits"])
    assert len(np.unique(expected)) > 20
    for scales in (found["hls"], emitted):
        np.testing.assert_array_equal(thresholds.indexes(scales, found["limits"]), expected)
