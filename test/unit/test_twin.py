# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Integer training: the integers of a step are those of the module that licc types the checkpoint to."""

from __future__ import annotations

import copy
import functools
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from support.networks import random_checkpoint
from torch import Tensor
from torch_mlir import ir

from licc.dialects import make_context
from licc.entropy.coder import Coder
from licc.errors import UserError
from licc.ingress.checkpoint import read_checkpoint
from licc.interp import lic as interpreter
from licc.quantize.pipeline import float_module, typed_module
from licc.train.files import write_student
from licc.train.integers.codec import IntegerCodec
from licc.train.integers.steps import Context, Convolution

HYPERPRIOR = "bmshj2018-hyperprior"
RESIDUAL = "cheng2020-anchor"
# N, M, steps: small enough to be quick, of every op that typing knows.
NETWORKS = {
    HYPERPRIOR: (6, 8, 3),
    "bls2017-hyperprior": (6, 8, 3),
    "mbt2018-mean": (6, 8, 2),
    "bmshj2018-factorized-leaky-relu": (6, 8, 3),
    RESIDUAL: (6, 6, 1),
}
SIZE = (64, 128)
EXAMPLES = Path(__file__).parents[2] / "examples"
STUDENTS = [EXAMPLES / f"student_n{n}_{lam}.pt" for n in (64, 32) for lam in ("0.025", "0.0067")]


@functools.cache
def _start(architecture: str) -> IntegerCodec:
    """A random network with the scales of calibration."""
    n, m, _ = NETWORKS[architecture]
    with tempfile.TemporaryDirectory() as folder:
        path = random_checkpoint(architecture, n, m, 3, Path(folder) / "net.pt")
        return IntegerCodec.of(path, max_images=2, size=SIZE)


def _codec(architecture: str) -> IntegerCodec:
    return copy.deepcopy(_start(architecture))


def _batch(seed: int, count: int = 2) -> Tensor:
    """Smooth colours with some noise, of 256 levels, Bx3x64x128."""
    random = torch.Generator().manual_seed(seed)
    coarse = torch.rand(count, 3, 4, 8, generator=random)
    smooth = torch.nn.functional.interpolate(coarse, SIZE, mode="bicubic")
    noisy = smooth + 0.05 * torch.randn(smooth.shape, generator=random)
    return (noisy.clamp(0, 1) * 255).round() / 255


def _train(codec: IntegerCodec, steps: int, rate: float = 2e-3) -> list[float]:
    """The losses of some steps on one batch."""
    groups = [{"params": list(g.parameters), "lr": rate * g.rate} for g in codec.groups()]
    optimizer, tables = torch.optim.Adam(groups), torch.optim.Adam(codec.tables(), lr=1e-2)
    codec.train()
    x, losses = _batch(1), list[float]()
    for step in range(steps):
        torch.manual_seed(step)
        outcome = codec(x)
        loss = outcome.bpp + 0.01 * 255**2 * (outcome.x_hat - x).square().mean()
        optimizer.zero_grad()
        tables.zero_grad()
        (loss + codec.aux_loss()).backward()
        optimizer.step()
        tables.step()
        losses.append(float(loss.detach()))
    codec.eval()
    return losses


def _typed(codec: IntegerCodec, folder: Path) -> tuple[ir.Module, Path]:
    """What licc makes of the codec's file."""
    path = folder / "student.pt"
    write_student(codec, 0.01, {}, path)
    return typed_module(float_module(path, make_context(), (64, 64))), path


@torch.no_grad()
def _inputs(codec: IntegerCodec) -> dict[str, Tensor]:
    """What each function gets of a batch, as stored integers."""
    found = {"g_a": (_batch(2) * 255).round()}
    if "h_a" in codec.functions:
        found["h_a"] = codec.run("g_a", found["g_a"])[0].q
        found["h_s"] = codec.run("h_a", found["h_a"])[0].q
    # Latents and symbols of any size, up to the ends of their range.
    kind = codec.functions["g_s"].argument
    random = torch.Generator().manual_seed(5)
    spread = torch.randn(2, codec.m, 4, 8, generator=random) * 20 / kind.scale
    spread[0, 0, 0, :2] = torch.tensor([kind.lo, kind.hi])
    return found | {"g_s": spread.round().clamp(kind.lo, kind.hi)}


@torch.no_grad()
def _differences(codec: IntegerCodec, typed: ir.Module) -> dict[str, int]:
    """By function, how many integers of the codec are not the interpreter's."""
    counts: dict[str, int] = {}
    for name, q in _inputs(codec).items():
        own = codec.run(name, q)[0].q.double().numpy()
        wanted = [
            interpreter.run(typed, name, x[None].astype(np.int64)) for x in q.double().numpy()
        ]
        assert len(np.unique(own)) > 3, name
        counts[name] = int((own != np.concatenate(wanted)).sum())
    return counts


@pytest.mark.parametrize("student", STUDENTS, ids=lambda path: path.stem)
def test_students_of_the_zoo_compute_what_they_were_trained_as(student: Path) -> None:
    codec = IntegerCodec.of(student).eval()
    typed = typed_module(float_module(student, make_context(), (64, 64)))
    assert _differences(codec, typed) == dict.fromkeys(codec.functions, 0)


@pytest.mark.parametrize(
    "architecture",
    [pytest.param(name, marks=pytest.mark.slow) if name == RESIDUAL else name for name in NETWORKS],
)
def test_integers_of_training_are_those_of_the_compiled_checkpoint(
    architecture: str, tmp_path: Path
) -> None:
    codec = _codec(architecture)
    before = {k: v.clone() for k, v in codec.state_dict().items()}
    _train(codec, NETWORKS[architecture][2])
    # Everything that can be learned has moved.
    still = [n for n, p in codec.named_parameters() if torch.equal(p, before[n])]
    assert not still
    typed, path = _typed(codec, tmp_path)
    assert _differences(codec, typed) == dict.fromkeys(codec.functions, 0)
    # From image to image, and what that costs.
    x = _batch(7, 1)
    with torch.no_grad():
        outcome = codec(x)
    pixels = (x[0].permute(1, 2, 0) * 255).round().byte().numpy()
    coded = Coder(typed, path).reconstruct(pixels)
    decoded = (outcome.x_hat[0].permute(1, 2, 0) * 255).round().byte().numpy()
    assert np.array_equal(coded.image, decoded)
    # Strings have whole words, and deviations of a table, those above.
    bits = float(outcome.bpp) * SIZE[0] * SIZE[1]
    assert coded.bits == pytest.approx(bits, rel=0.25, abs=160)


def test_training_begins_where_calibration_ends(tmp_path: Path) -> None:
    path = random_checkpoint(HYPERPRIOR, 6, 8, 3, tmp_path / "net.pt")
    typed = typed_module(float_module(path, make_context(), (64, 64)), "int8", None, 2, SIZE)
    found = _differences(_codec(HYPERPRIOR).eval(), typed)
    # Biases of 29 bits are not all that a float32 holds; what is left of them is a unit here or there.
    assert sum(found.values()) <= 3


def test_training_goes_on_from_its_own_scales(tmp_path: Path) -> None:
    codec = _codec(HYPERPRIOR)
    _train(codec, 2)
    typed, path = _typed(codec, tmp_path)
    again = IntegerCodec.of(path)
    assert _differences(again.eval(), typed) == dict.fromkeys(codec.functions, 0)


def test_a_few_steps_lower_the_loss() -> None:
    losses = _train(_codec(HYPERPRIOR), 12, 1e-3)
    assert min(losses[-3:]) < 0.9 * losses[0]


def test_scales_alone_can_be_learned() -> None:
    """From activations that are clipped to a third, back to what calibration gives."""
    codec = _codec(HYPERPRIOR)
    codec.floats.requires_grad_(False)
    x, losses = _batch(1), list[float]()
    with torch.no_grad():
        wanted = codec(x).x_hat
        for name in codec.scales.free:
            if not name.endswith("weight_scales"):
                codec.scales.change(name).sub_(1.1)
    optimizer = torch.optim.Adam(codec.scales.parameters(), lr=0.1)
    for _ in range(10):
        loss = (codec(x).x_hat - wanted).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.5 * losses[0], losses


def test_state_holds_everything() -> None:
    codec, fresh = _codec(HYPERPRIOR), _codec(HYPERPRIOR)
    _train(codec, 2)
    fresh.load_state_dict(codec.state_dict())
    x = _batch(4)
    with torch.no_grad():
        first, second = codec.eval()(x), fresh.eval()(x)
    assert torch.equal(first.x_hat, second.x_hat)
    assert torch.equal(first.bpp, second.bpp)
    own, its = codec.parts(), fresh.parts()
    for part, tensors in own.items():
        for key, values in tensors.items():
            assert torch.equal(values, its[part][key]), (part, key)


def test_a_state_of_other_types_is_refused() -> None:
    codec, other = _codec(HYPERPRIOR), _codec(HYPERPRIOR)
    state = other.state_dict()
    state["scales.g_a/1/range"] = torch.tensor([8, 1, -8, 7])
    with pytest.raises(
        UserError, match=r"g_a\.1\.range: \[8, 1, -128, 127\] here, \[8, 1, -8, 7\]"
    ):
        codec.load_state_dict(state)


def test_averages_of_weights_are_codecs_too(tmp_path: Path) -> None:
    codec = _codec(HYPERPRIOR)
    average = torch.optim.swa_utils.AveragedModel(codec)
    _train(codec, 1)
    average.update_parameters(codec)
    _train(codec, 1)
    average.update_parameters(codec)
    module: Any = average.module
    typed, _ = _typed(module.eval(), tmp_path)
    assert _differences(module, typed) == dict.fromkeys(codec.functions, 0)


def test_medians_stay_where_types_put_them() -> None:
    codec = _codec(HYPERPRIOR)
    before = codec.medians.clone()
    assert bool(before.any())
    _train(codec, 2)
    quantiles = codec.parts()["entropy_bottleneck"]["quantiles"]
    assert not torch.equal(codec.floats.entropy.quantiles[:, 0, 1], before)
    assert torch.equal(quantiles[:, 0, 1], before)


@torch.no_grad()
def test_weight_scales_leave_room_for_accumulators(tmp_path: Path) -> None:
    """However fine training would have them, and however large biases and wide inputs are."""
    codec = _codec(HYPERPRIOR).eval()
    codec.scales.change("h_a.0.weight_scales").fill_(-12.0)
    codec.scales.change("g_a.0.weight_scales").fill_(-8.0)
    codec.floats.get_parameter("g_a.0.bias").fill_(50.0)
    typed, _ = _typed(codec, tmp_path)
    assert _differences(codec, typed)["g_a"] == 0
    wide = torch.randint(-30000, 30000, (1, 8, 4, 8)).float()
    own = codec.run("h_a", wide)[0].q.double().numpy()
    assert np.array_equal(own, interpreter.run(typed, "h_a", wide.numpy().astype(np.int64)))


@torch.no_grad()
def test_accumulators_that_do_not_fit_name_their_layer() -> None:
    codec = _codec(HYPERPRIOR).eval()
    step = next(p.step for p in codec.functions["h_a"].steps if isinstance(p.step, Convolution))
    large = Convolution(step.layer, step.geometry, 1 << 15, step.limits)
    x = codec.run("g_a", _inputs(codec)["g_a"])[0]
    codec.scales.change("h_a.0.weight_scales").fill_(-12.0)
    codec.floats.get_parameter("h_a.0.weight").mul_(1e3)
    large.run(Context(codec, codec.scales), [x])
    codec.floats.get_parameter("h_a.0.weight").fill_(float("nan"))
    with pytest.raises(UserError, match=r"^h_a\.0: .*learning rate"):
        large.run(Context(codec, codec.scales), [x])


def test_factors_out_of_range_name_their_layer() -> None:
    codec = _codec(HYPERPRIOR).eval()
    with torch.no_grad():
        codec.scales.change("g_s.0.scale").fill_(-40.0)
    with pytest.raises(UserError, match=r"^g_s\.0: .*learning rate"):
        codec.run("g_s", _inputs(codec)["g_s"])


def test_networks_without_an_entropy_model_are_refused(tmp_path: Path) -> None:
    path = random_checkpoint("bls2017", 6, 8, 3, tmp_path / "net.pt")
    with pytest.raises(UserError, match="entropy_bottleneck: missing"):
        IntegerCodec.of(path, max_images=2, size=SIZE)


def test_floats_of_the_file_are_what_its_integers_stand_for(tmp_path: Path) -> None:
    """Weights are stored as whole multiples of their scales, whatever they were trained as."""
    codec = _codec("bls2017-hyperprior")
    _train(codec, 3)
    _, path = _typed(codec, tmp_path)
    stored, scales = read_checkpoint(path), codec.entries()
    for layer in ("g_a.0", "h_s.4"):
        steps = scales[f"{layer}.weight_scales"][:, None, None, None]
        inputs = {"g_a.0": 1.0, "h_s.4": scales["h_s.3.channel_scales"][:, None, None]}[layer]
        whole = stored.tensors[f"{layer}.weight"].double().numpy() * inputs / steps
        np.testing.assert_allclose(whole, np.rint(whole), atol=1e-4)
