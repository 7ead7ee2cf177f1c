# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A student that starts from its teacher's most telling channels."""

from __future__ import annotations

import pytest
import torch
from support import networks
from torch import Tensor

from licc.errors import UserError
from licc.ingress.architectures import ARCHITECTURES, Layer
from licc.train import narrow as narrowing
from licc.train.codec import FloatCodec, Outcome, make_layer
from licc.train.narrow import narrow, reason_against, telling


def network(architecture: str, n: int, m: int, seed: int) -> FloatCodec:
    states = networks.random_states(architecture, n, m, seed)
    codec = FloatCodec(ARCHITECTURES[architecture], n, m)
    codec.load(networks.flatten(states))
    return codec.eval()


def image(seed: int = 3) -> Tensor:
    return networks.synthetic_image(256, 256, torch.Generator().manual_seed(seed))


def outcomes(*codecs: FloatCodec) -> list[Outcome]:
    with torch.no_grad():
        return [codec.eval()(image(5)) for codec in codecs]


@pytest.mark.parametrize("architecture", ["bls2017-hyperprior", "mbt2018-mean", "bls2017"])
def test_a_student_of_the_teachers_size_is_the_teacher(architecture: str) -> None:
    teacher = network(architecture, 4, 5, 1)
    student = FloatCodec(teacher.architecture, 4, 5)
    narrow(student, teacher, image())
    before, after = outcomes(teacher, student)
    torch.testing.assert_close(after.x_hat, before.x_hat, rtol=1e-2, atol=1e-3)
    torch.testing.assert_close(after.bpp, before.bpp, rtol=1e-3, atol=1e-4)


def widened(slim: FloatCodec, copies: bool) -> FloatCodec:
    """A network of twice the width that computes what `slim` does.

    Its channels 0, 2, ... are those of `slim`. The others are silent (what they would give is zero), or, with
    `copies`, the same once more, and their readers share the weights between both.
    """
    n, m = slim.n, slim.m
    wide = FloatCodec(slim.architecture, 2 * n, m)
    state = slim.state_dict()
    for key, value in wide.state_dict().items():
        own = state[key]
        if value.shape == own.shape:
            value.copy_(own)
            continue
        result = own
        part, index, name = (*key.split("."), "", "")[:3]
        deconv = name == "weight" and part in ("g_s", "h_s") and own.ndim == 4
        deconv = deconv and (part, index) != ("h_s", "4")
        for axis in range(own.ndim):
            if value.shape[axis] == own.shape[axis]:
                continue
            reads = name == "weight" and axis == (0 if deconv else 1)
            share = 0.5 if reads else 1.0
            other = result if copies else torch.zeros_like(result)
            if name in ("beta", "gamma") and not copies:
                other = torch.full_like(result, 1.0 if name == "beta" else 0.0)
            if part == "entropy" or name == "quantiles":
                other = result
            pair = [result * (share if copies else 1.0), other * (share if copies else 1.0)]
            result = torch.stack(pair, axis + 1).flatten(axis, axis + 1)
        value.copy_(result)
    return wide.eval()


@pytest.mark.parametrize("architecture", ["bls2017-hyperprior", "bmshj2018-hyperprior-relu"])
def test_silent_channels_are_dropped_without_a_trace(architecture: str) -> None:
    slim = network(architecture, 3, 5, 2)
    with torch.no_grad():
        wide = widened(slim, copies=False)
        student = FloatCodec(slim.architecture, 3, 5)
        narrow(student, wide, image(), fit=False)
    expected, before, after = outcomes(slim, wide, student)
    torch.testing.assert_close(before.x_hat, expected.x_hat, rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(after.x_hat, expected.x_hat, rtol=1e-2, atol=2e-3)


def test_readers_take_over_what_dropped_channels_gave() -> None:
    slim = network("bmshj2018-hyperprior-relu", 3, 5, 2)
    students: list[FloatCodec] = []
    with torch.no_grad():
        wide = widened(slim, copies=True)
        for fit in (True, False):
            torch.manual_seed(0)
            students.append(FloatCodec(slim.architecture, 3, 5))
            narrow(students[-1], wide, image(), fit=fit)
    expected, before, fitted, dropped = outcomes(slim, wide, *students)
    torch.testing.assert_close(before.y, expected.y, rtol=1e-3, atol=1e-3)

    def error(outcome: Outcome) -> float:
        return float((outcome.y - expected.y).square().mean() / expected.y.square().mean())

    assert error(fitted) < 1e-4
    assert error(dropped) > 1e-2
    assert float((fitted.x_hat - expected.x_hat).square().mean()) < 1e-5


@pytest.mark.parametrize("kind", ["conv", "deconv"])
@pytest.mark.parametrize(("kernel", "stride"), [(3, 1), (5, 2), (9, 4)])
def test_all_taps_are_fitted(
    kind: str, kernel: int, stride: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(narrowing, "TAPS_RIDGE", 1e-9)
    torch.manual_seed(0)
    layer = Layer(kind, 3, 4, kernel, stride)
    wanted, found = make_layer(layer), make_layer(layer)
    x = torch.randn(2, 3, 96, 96) + 0.5
    with torch.no_grad():
        target = wanted(x)
        narrowing._refit(layer, found, x, target)
        torch.testing.assert_close(found(x), target, rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(found.weight, wanted.weight, rtol=1e-3, atol=1e-3)


def test_the_most_telling_channels_are_chosen() -> None:
    random = torch.Generator().manual_seed(0)
    free = torch.randn(1, 3, 40, 40, generator=random)
    # 0: loud, and not read; 1: read; 2: nearly 1 once more; 3: faint, but read loudly; 4: silent
    x = torch.cat((10 * free[:, :1], free[:, 1:2], free[:, 1:2] * 0.99, 0.1 * free[:, 2:]), 1)
    x = torch.cat((x, torch.zeros_like(x[:, :1])), 1)
    importance = torch.diag(torch.tensor([1e-4, 1.0, 1.0, 30.0, 1e6], dtype=torch.float64))
    assert telling(x, importance, 2).tolist() in ([1, 3], [2, 3])
    assert telling(x, importance, 3).tolist() in ([0, 1, 3], [0, 2, 3])
    assert telling(x, importance, 5).tolist() == [0, 1, 2, 3, 4]


def test_fewer_latents_are_kept_too() -> None:
    teacher = network("mbt2018-mean", 4, 6, 1)
    student = FloatCodec(teacher.architecture, 4, 4)
    narrow(student, teacher, image())
    before, after = outcomes(teacher, student)
    assert after.y.shape[1] == 4
    nearest = [
        min(float((own - other).square().mean()) for other in before.y[0]) for own in after.y[0]
    ]
    assert max(nearest) < 1e-6
    assert after.scales is not None
    assert after.scales.shape == after.y.shape


def test_the_norm_keeps_its_mean() -> None:
    teacher = network("bls2017-hyperprior", 8, 5, 3)
    student = FloatCodec(teacher.architecture, 4, 5)
    narrow(student, teacher, image())

    def power(codec: FloatCodec) -> Tensor:
        with torch.no_grad():
            first = codec.get_submodule("g_a.0")(image())
            gdn = codec.get_submodule("g_a.1")
            return (first / gdn(first)).mean((0, 2, 3))  # GDN1: the norm

    own, theirs = power(student), power(teacher)
    for value in own:
        assert float((theirs - value).abs().min()) < 0.02 * float(value)


@pytest.mark.parametrize(
    ("student", "teacher", "reason"),
    [
        (("bls2017", 4, 4), ("bmshj2018-factorized", 4, 4), "the teacher is of another arch"),
        (("bls2017", 5, 4), ("bls2017", 4, 4), "the teacher is narrower (N = 4, M = 4)"),
        (("bls2017", 4, 5), ("bls2017", 4, 4), "the teacher is narrower (N = 4, M = 4)"),
        (("cheng2020-anchor", 4, 4), ("cheng2020-anchor", 6, 6), "cheng2020-anchor has resid"),
    ],
)
def test_what_cannot_be_narrowed_is_said(
    student: tuple[str, int, int], teacher: tuple[str, int, int], reason: str
) -> None:
    own, theirs = (FloatCodec(ARCHITECTURES[a], n, m) for a, n, m in (student, teacher))
    assert (reason_against(own, theirs) or "").startswith(reason)
    with pytest.raises(UserError, match=r"--start narrow: .*; use --start random"):
        narrow(own, theirs, image())
