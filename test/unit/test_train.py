# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`licc-train` and `licc-distill`: what they learn, store, go on from and refuse."""

from __future__ import annotations

import csv
import errno
import os
import signal
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from PIL import Image
from support import networks

from licc.driver.build_dir import Interrupted
from licc.driver.console import exit_status
from licc.entropy.compressai import declare_torchvision_operators
from licc.entropy.tables import EntropyModel
from licc.errors import UserError
from licc.ingress.architectures import ARCHITECTURES
from licc.ingress.checkpoint import read_checkpoint
from licc.ingress.networks import check_keys, recognise
from licc.train import distill, files, main, run, start
from licc.train.codec import FloatCodec, Outcome
from licc.train.data import Batches, Photographs
from licc.train.objective import Objective, measure
from licc.train.processes import Processes
from licc.train.settings import PLAIN, Settings, Weights

ALONE = Processes(0, 1, torch.device("cpu"))


def photograph(seed: int, height: int = 96, width: int = 112) -> Image.Image:
    """Smooth noise: something that a network can learn a little of."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (6, 7, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    (folder / "inner").mkdir()
    for seed in range(6):
        photograph(seed).save(folder / ("inner" if seed % 2 else "") / f"{seed}.png")
    return folder


def shared(photos: Path, output: Path, steps: int = 4) -> list[str]:
    return [
        *("--lambda", "0.01", "--data", str(photos), "-o", str(output)),
        *("--steps", str(steps), "--batch", "2", "--crop", "64", "--every", "2"),
        *("--threads", "1", "--device", "cpu"),
    ]


def train(photos: Path, output: Path, *more: str, steps: int = 4, width: int = 4) -> int:
    given = ["--width", str(width), "--latent", "6", *shared(photos, output, steps), *more]
    return main.run_train(given)


@pytest.fixture(scope="module")
def teacher(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("teacher") / "teacher.pt"
    return networks.random_checkpoint("bls2017-hyperprior", 6, 6, 1, path)


def parts(path: Path) -> dict[str, torch.Tensor]:
    content: dict[str, Any] = torch.load(path, weights_only=True)
    del content["meta"]
    return {f"{part}.{key}": value for part, own in content.items() for key, value in own.items()}


def differing(one: Path, other: Path) -> list[str]:
    a, b = parts(one), parts(other)
    return sorted(k for k in {*a, *b} if k not in a or k not in b or not torch.equal(a[k], b[k]))


# What comes out


@pytest.mark.parametrize(
    "architecture",
    ["bls2017", "bls2017-hyperprior", "bmshj2018-hyperprior", "mbt2018-mean", "cheng2020-anchor"],
)
def test_networks_compute_what_their_checkpoints_do(architecture: str, tmp_path: Path) -> None:
    m = 4 if architecture.startswith("cheng") else 5
    path = networks.random_checkpoint(architecture, 4, m, 3, tmp_path / "a.pt", student=True)
    codec, missing = start.network(read_checkpoint(path))
    assert missing == ({"entropy_bottleneck"} if architecture == "bls2017" else set())
    states = networks.random_states(architecture, 4, m, 3)
    layers = networks.ARCHITECTURES[architecture](4, m)
    x = networks.synthetic_image(64, 64)
    codec.eval()
    with torch.no_grad():
        outcome: Outcome = codec(x)
        y = networks.run_transform(layers["g_a"], states["g_a"], x)
    torch.testing.assert_close(outcome.y, y, rtol=1e-4, atol=1e-4)
    if not codec.architecture.hyperprior:
        return
    medians = states["entropy_bottleneck"]["quantiles"][:, 0, 1].reshape(1, -1, 1, 1)
    seen = y.abs() if codec.architecture.absolute else y
    z = networks.run_transform(layers["h_a"], states["h_a"], seen)
    given = networks.run_transform(layers["h_s"], states["h_s"], (z - medians).round() + medians)
    scales, means = given, torch.zeros_like(given)
    if not codec.architecture.absolute:
        scales, means = given.chunk(2, 1)
    assert outcome.scales is not None
    torch.testing.assert_close(outcome.scales, scales, rtol=1e-3, atol=1e-3)
    y_hat = (outcome.y - means).round() + means
    x_hat = networks.run_transform(layers["g_s"], states["g_s"], y_hat)
    torch.testing.assert_close(outcome.x_hat, x_hat, rtol=1e-2, atol=1e-2)


def test_a_trained_network_is_read_by_licc_and_by_compressai(photos: Path, tmp_path: Path) -> None:
    declare_torchvision_operators()
    from compressai.models import ScaleHyperprior

    path = tmp_path / "teacher.pt"
    assert train(photos, path) == 0
    checkpoint = read_checkpoint(path)
    architecture, n, m = recognise(checkpoint)
    check_keys(checkpoint, architecture, n, m)
    assert (architecture.name, n, m) == ("bmshj2018-hyperprior", 4, 6)
    assert EntropyModel.of(path).conditional is not None
    model = ScaleHyperprior(4, 6)
    model.load_state_dict({**checkpoint.tensors})
    own, _ = start.network(checkpoint)
    x = networks.synthetic_image(64, 64)
    with torch.no_grad():
        x_hat = model.eval()(x)["x_hat"]
        outcome: Outcome = own.eval()(x)
        strings = model.compress(x)
    torch.testing.assert_close(outcome.x_hat, x_hat)
    assert len(strings["strings"]) == 2


def test_the_log_and_the_metadata_say_what_was_done(photos: Path, tmp_path: Path) -> None:
    path = tmp_path / "t.pt"
    train(photos, path)
    with path.with_suffix(".csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["step"] for row in rows] == ["2", "4"]
    assert all(float(row["held_out_psnr"]) > 0 and float(row["bpp"]) > 0 for row in rows)
    meta = read_checkpoint(path).meta
    assert (meta["N"], meta["M"], meta["lambda"]) == (4, 6, 0.01)
    training: Any = meta["training"]
    assert (training["steps"], training["seed"], training["batch"]) == (4, 1, 2)


def test_training_lowers_the_loss(photos: Path, tmp_path: Path) -> None:
    path = tmp_path / "t.pt"
    train(photos, path, "--lr", "5e-3", "--warm-up", "0", steps=16)
    held_out = Photographs(photos, 64).held_out(64)
    torch.manual_seed(1)
    before = measure(FloatCodec(ARCHITECTURES["bmshj2018-hyperprior"], 4, 6), held_out, 0.01)
    after = measure(start.network(read_checkpoint(path))[0], held_out, 0.01)
    assert after.loss < 0.5 * before.loss


# The loss


def test_the_loss_is_the_weighted_sum(photos: Path) -> None:
    torch.manual_seed(0)
    architecture = ARCHITECTURES["bmshj2018-hyperprior"]
    student, teacher = (FloatCodec(architecture, n, 5).eval() for n in (3, 4))
    x = torch.rand(2, 3, 64, 64)
    weights = Weights(0.3, 0.5, 0.7, 0.2)
    own, its = student(x), teacher(x)
    bits = own.bpp + 0.01 * 255**2 * F.mse_loss(own.x_hat, x)
    expected = (
        0.3 * (own.y - its.y).square().mean()
        + 0.5 * (own.x_hat - its.x_hat).square().mean()
        + 0.2 * (own.scales - its.scales).square().mean()
        + 0.7 * bits
    )
    terms = Objective(student, 0.01, weights)(x, its)
    torch.testing.assert_close(terms.loss, expected.detach())
    torch.testing.assert_close(terms.total, expected + student.aux_loss())
    plain = Objective(student, 0.01, PLAIN)(x)
    torch.testing.assert_close(plain.loss, bits.detach())


def test_the_rate_is_that_of_the_likelihoods() -> None:
    torch.manual_seed(0)
    codec = FloatCodec(ARCHITECTURES["bmshj2018-hyperprior"], 3, 5).eval()
    x = torch.rand(2, 3, 64, 64)
    outcome: Outcome = codec(x)
    with torch.no_grad():
        z = codec.run("h_a", outcome.y.abs())
        y_p = codec.entropy.gaussian_conditional(outcome.y, outcome.scales)[1]
        z_p = codec.entropy.entropy_bottleneck(z)[1]
    bits = -(torch.log2(y_p).sum() + torch.log2(z_p).sum())
    torch.testing.assert_close(outcome.bpp, bits / (2 * 64 * 64), rtol=1e-4, atol=1e-5)


def test_the_quantiles_and_the_weights_do_not_share_a_gradient() -> None:
    torch.manual_seed(0)
    codec = FloatCodec(ARCHITECTURES["bmshj2018-hyperprior"], 3, 5).train()
    objective = Objective(codec, 0.01, PLAIN)
    objective(torch.rand(1, 3, 64, 64)).total.backward()
    together = {name: p.grad for name, p in codec.named_parameters()}
    codec.zero_grad()
    codec.aux_loss().backward()
    (quantiles,) = codec.tables()
    assert [name for name, p in codec.named_parameters() if p.grad is not None] == [
        "entropy.entropy_bottleneck.quantiles"
    ]
    torch.testing.assert_close(together["entropy.entropy_bottleneck.quantiles"], quantiles.grad)


# Starting from something


def test_new_parts_train_alone_first(photos: Path, tmp_path: Path) -> None:
    init = networks.random_checkpoint("bls2017", 4, 6, 1, tmp_path / "bls.pt")
    given = ["--architecture", "bls2017-hyperprior", "--init", str(init), "--warm-up", "3"]
    outputs = [tmp_path / f"{steps}.pt" for steps in (3, 6)]
    for steps, output in zip((3, 6), outputs, strict=True):
        assert main.run_train([*given, *shared(photos, output, steps)]) == 0
    began = read_checkpoint(init).tensors
    alone, later = (parts(output) for output in outputs)
    states = [torch.load(o.with_suffix(".state"), weights_only=True)["codec"] for o in outputs]
    for key, value in began.items():
        assert torch.equal(states[0][key], value)
    assert not torch.equal(states[1]["g_a.0.weight"], began["g_a.0.weight"])
    assert not torch.equal(alone["h_s.0.weight"], later["h_s.0.weight"])


def test_a_state_dict_of_compressai_goes_on(photos: Path, tmp_path: Path) -> None:
    init = networks.random_checkpoint("bmshj2018-hyperprior", 4, 6, 1, tmp_path / "i.pt")
    codec, new = start.continued(
        start.read(init), ARCHITECTURES["bmshj2018-hyperprior"], 4, 6, seed=5
    )
    assert new == set()
    tensors = read_checkpoint(init).tensors
    assert torch.equal(codec.get_parameter("h_s.4.weight"), tensors["h_s.4.weight"])
    quantiles = tensors["entropy_bottleneck.quantiles"]
    assert torch.equal(codec.entropy.quantiles, quantiles)


def test_old_names_of_the_entropy_bottleneck_are_known(tmp_path: Path) -> None:
    path = networks.random_checkpoint("bmshj2018-hyperprior", 4, 6, 1, tmp_path / "i.pt")
    state = torch.load(path, weights_only=True)
    old = {"matrices": "_matrix", "biases": "_bias", "factors": "_factor"}
    renamed = {
        key if (found := next((new for new in old if f"k.{new}." in key), None)) is None
        else key.replace(f"{found}.", old[found]): value
        for key, value in state.items()
    }  # fmt: skip
    assert renamed.keys() != state.keys()
    torch.save(renamed, path)
    codec, missing = start.network(start.read(path))
    assert missing == set()
    biases = state["entropy_bottleneck.biases.2"]
    assert torch.equal(codec.entropy.entropy_bottleneck.biases[2], biases)


def test_distilling_brings_the_student_nearer_to_the_teacher(
    photos: Path, teacher: Path, tmp_path: Path
) -> None:
    options = ["--start", "random", "--width", "4", "--lr", "3e-3", "--warm-up", "0"]
    far = {}
    for name, more in (("plain", ["--no-distill"]), ("distilled", ["--weight-latent", "5"])):
        output = tmp_path / f"{name}.pt"
        assert (
            distill.run_distill([str(teacher), *options, *more, *shared(photos, output, 20)]) == 0
        )
        student, master = (start.network(start.read(path))[0].eval() for path in (output, teacher))
        x = torch.cat(Photographs(photos, 64).held_out(64))
        with torch.no_grad():
            far[name] = F.mse_loss(student.run("g_a", x), master.run("g_a", x)).item()
    assert far["distilled"] < 0.9 * far["plain"]


def test_a_student_of_another_architecture_is_distilled(
    photos: Path, teacher: Path, tmp_path: Path
) -> None:
    # Same latent size, other transforms: g_a of stride 16 both.
    output = tmp_path / "s.pt"
    given = ["--width", "4", "--architecture", "bmshj2018-hyperprior", *shared(photos, output, 2)]
    assert distill.run_distill([str(teacher), *given]) == 0
    assert recognise(read_checkpoint(output))[0].name == "bmshj2018-hyperprior"


def test_a_teacher_with_a_context_model_gives_its_transforms(photos: Path, tmp_path: Path) -> None:
    states = networks.flatten(networks.random_states("mbt2018-mean", 5, 6, 1))
    states["context_prediction.weight"] = torch.zeros(12, 6, 5, 5)
    states["entropy_parameters.0.weight"] = torch.zeros(6, 24, 1, 1)
    torch.save(states, tmp_path / "joint.pt")
    output = tmp_path / "s.pt"
    given = ["--width", "4", "--architecture", "mbt2018-mean", *shared(photos, output, 2)]
    assert distill.run_distill([str(tmp_path / "joint.pt"), *given]) == 0


@pytest.mark.slow
def test_a_student_is_tuned_for_its_integers(photos: Path, teacher: Path, tmp_path: Path) -> None:
    floats, output = tmp_path / "floats.pt", tmp_path / "integers.pt"
    distill.run_distill([str(teacher), "--width", "4", *shared(photos, floats, 1)])
    given = [str(teacher), "--student", str(floats), "--quantize", *shared(photos, output, 2)]
    assert distill.run_distill(given) == 0
    checkpoint = read_checkpoint(output)
    assert checkpoint.integers
    training: Any = checkpoint.meta["training"]
    assert (training["quantize"], training["student"]) == ("int8", "floats.pt")
    assert not torch.equal(parts(output)["g_a.0.weight"], parts(floats)["g_a.0.weight"])


# Stopping and going on


Tool = Callable[[Path, Path, Path], int]


def plain_tool(photos: Path, teacher: Path, output: Path) -> int:
    return train(photos, output, "--schedule", "plateau", "--weight-decay", "0.01", steps=6)


def distilling_tool(photos: Path, teacher: Path, output: Path) -> int:
    given = ["--width", "4", "--start", "random", *shared(photos, output, 6)]
    return distill.run_distill([str(teacher), *given])


def new_parts_tool(photos: Path, teacher: Path, output: Path) -> int:
    init = networks.random_checkpoint("bls2017", 4, 6, 1, output.with_name("bls.pt"))
    given = ["--architecture", "bls2017-hyperprior", "--init", str(init), "--warm-up", "4"]
    return main.run_train([*given, *shared(photos, output, 6)])


def integer_tool(photos: Path, teacher: Path, output: Path) -> int:
    # Calibrated once: what matters is that the training itself goes on as it was.
    start = output.with_name("start.pt")
    if not start.exists():
        floats = networks.random_checkpoint("bls2017-hyperprior", 4, 6, 1, output.with_name("f.pt"))
        given = ["--student", str(floats), "--quantize", *shared(photos, start, 1)]
        distill.run_distill([str(teacher), *given])
    given = ["--student", str(start), "--quantize", *shared(photos, output, 6)]
    return distill.run_distill([str(teacher), *given])


@pytest.mark.parametrize(
    "tool",
    [
        plain_tool,
        distilling_tool,
        new_parts_tool,
        pytest.param(integer_tool, marks=pytest.mark.slow),
    ],
)
def test_stopping_and_going_on_gives_the_same_weights(
    tool: Tool, photos: Path, teacher: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unbroken, broken = tmp_path / "unbroken.pt", tmp_path / "broken.pt"
    assert tool(photos, teacher, unbroken) == 0
    advance = run.Run.advance

    def interrupted(self: run.Run, *arguments: Any) -> run.Row:
        row = advance(self, *arguments)
        if self.step == 3:
            os.kill(os.getpid(), signal.SIGTERM)
        return row

    monkeypatch.setattr(run.Run, "advance", interrupted)
    with pytest.raises(Interrupted):
        tool(photos, teacher, broken)
    state = torch.load(broken.with_suffix(".state"), weights_only=True)
    assert state["step"] == 3
    assert differing(unbroken, broken)
    monkeypatch.undo()
    assert tool(photos, teacher, broken) == 0
    assert differing(unbroken, broken) == []
    finals = [torch.load(p.with_suffix(".state"), weights_only=True) for p in (unbroken, broken)]
    codecs = [state["codec"] for state in finals]
    assert all(torch.equal(codecs[0][key], codecs[1][key]) for key in codecs[0])


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        (["--seed", "2"], "made with --seed 1, but now it is 2"),
        (["--lr", "0.001"], "made with --lr 0.0004, but now it is 0.001"),
        (["--batch", "3"], "made with --batch 2, but now it is 3"),
        (["--lambda", "0.02"], "made with --lambda 0.01, but now it is 0.02"),
        (["--bf16"], "made with --bf16 False, but now it is True"),
    ],
)
def test_a_state_of_other_settings_is_refused(
    more: Sequence[str], reason: str, photos: Path, tmp_path: Path
) -> None:
    path = tmp_path / "t.pt"
    if not path.exists():
        train(photos, path, steps=1)
    before = path.with_suffix(".state").read_bytes()
    with pytest.raises(UserError) as error:
        train(photos, path, *more, steps=1)
    assert str(error.value).startswith(f"{path.with_suffix('.state')}: {reason};")
    assert path.with_suffix(".state").read_bytes() == before


def test_a_state_of_other_images_or_another_teacher_is_refused(
    photos: Path, teacher: Path, tmp_path: Path
) -> None:
    def attempt(master: Path, folder: Path) -> int:
        given = ["--width", "4", "--no-distill", *shared(folder, tmp_path / "s.pt", 1)]
        return distill.run_distill([str(master), *given])

    attempt(teacher, photos)
    fewer = tmp_path / "fewer"
    fewer.mkdir()
    for seed in range(3):
        photograph(seed).save(fewer / f"{seed}.png")
    with pytest.raises(UserError, match=r"made with other images \(6 images \w+, now 3 images"):
        attempt(teacher, fewer)
    other = networks.random_checkpoint("bls2017-hyperprior", 6, 6, 2, tmp_path / "other.pt")
    with pytest.raises(UserError, match="made with another teacher"):
        attempt(other, photos)


@pytest.mark.parametrize("content", [b"", b"not a state", None])
def test_a_damaged_state_is_named(content: bytes | None, photos: Path, tmp_path: Path) -> None:
    path = tmp_path / "t.pt"
    state = path.with_suffix(".state")
    if content is None:
        torch.save([1, 2], state)
    else:
        state.write_bytes(content)
    with pytest.raises(UserError, match=r"t\.state: not the state of a training; remove it"):
        train(photos, path)


def test_a_full_disk_leaves_the_state_of_before(
    photos: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "t.pt"
    advance = run.Run.advance

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def filling(self: run.Run, *arguments: Any) -> run.Row:
        if self.step == 2:  # what is stored after the first step is whole
            monkeypatch.setattr(files.os, "fsync", full)
        return advance(self, *arguments)

    monkeypatch.setattr(run.Run, "advance", filling)
    assert exit_status(lambda: train(photos, path, "--save-minutes", "0"), "") == 1
    error = capsys.readouterr().err.strip()
    assert error == (
        f"error: {path.with_suffix('.state')}: cannot write: No space left on device; "
        "what was there before is kept"
    )
    assert torch.load(path.with_suffix(".state"), weights_only=True)["step"] == 2
    assert sorted(p.suffix for p in tmp_path.iterdir()) == [".csv", ".pt", ".state"]


def test_a_loss_that_is_not_finite_changes_nothing_and_ends_the_training(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(run, "MOST_SKIPPED", 3)
    codec = FloatCodec(ARCHITECTURES["bmshj2018-factorized"], 3, 4)
    own = run.Run(codec, settings(steps=100), ALONE)
    objective = Objective(codec, 0.01, PLAIN)
    before = {name: p.clone() for name, p in codec.named_parameters()}
    bad = iter([torch.full((1, 3, 64, 64), float("nan"))] * 100)
    for _ in range(run.MOST_SKIPPED - 1):
        own.advance(objective, bad, None)
    trained = [p for group in codec.groups() for p in group.parameters]
    names = {id(p): name for name, p in codec.named_parameters()}
    assert all(torch.equal(p, before[names[id(p)]]) for p in trained)
    with pytest.raises(UserError, match="not been finite for 3 steps; start anew with a lower"):
        own.advance(objective, bad, None)


def settings(**changes: Any) -> Settings:
    texts = ("tool", "architecture", "start", "source", "teacher", "data", "quantize")
    counts = ("width", "latent", "batch", "crop", "every", "processes", "seed")
    none = ("minutes", "warm_up", "weight_decay", "weight_latent", "weight_image", "weight_hyper")
    values: dict[str, Any] = {
        **dict.fromkeys(texts, ""),
        **dict.fromkeys(counts, 1),
        **dict.fromkeys(none, 0),
        "lmbda": 0.01,
        "steps": 10,
        "lr": 1e-3,
        "schedule": "cosine",
        "clip": 1.0,
        "bf16": False,
        "weight_rd": 1.0,
    }
    return Settings(**(values | changes))


def test_the_schedule_rises_and_falls() -> None:
    codec = FloatCodec(ARCHITECTURES["bmshj2018-factorized"], 2, 2)
    own = run.Run(codec, settings(steps=110, warm_up=10), ALONE)
    rates = []
    for step in range(110):
        own.step = step
        rates.append(own._rate(fresh=False))
    assert rates[0] == pytest.approx(1e-4)
    assert max(rates) == rates[10] == pytest.approx(1e-3, rel=1e-3)
    assert rates[60] == pytest.approx(1e-3 * 0.505, rel=1e-3)
    assert rates[-1] < 2e-5
    assert all(a >= b for a, b in pairwise(rates[10:]))


def test_a_plateau_halves_the_learning_rate() -> None:
    codec = FloatCodec(ARCHITECTURES["bmshj2018-factorized"], 2, 2)
    own = run.Run(codec, settings(schedule="plateau"), ALONE)
    own.step = 5
    for _ in range(7):
        own.watched(1.0)
    assert own._rate(fresh=False) == pytest.approx(5e-4)
    again = run.Run(codec, settings(schedule="plateau"), ALONE)
    again.restore(own.state())
    assert again._rate(fresh=False) == own._rate(fresh=False)


def test_weight_decay_is_for_kernels_alone() -> None:
    codec = FloatCodec(ARCHITECTURES["bmshj2018-hyperprior"], 2, 2)
    own = run.Run(codec, settings(weight_decay=0.5), ALONE)
    names = {id(p): name for name, p in codec.named_parameters()}
    decayed = {
        names[id(p)]
        for group in own.optimizer.param_groups
        for p in group["params"]
        if group["weight_decay"]
    }
    assert decayed == {name for name in names.values() if name.endswith(".weight")}


# Images


def test_damaged_images_are_skipped_and_counted(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for seed in range(4):
        photograph(seed).save(tmp_path / f"{seed}.png")
    (tmp_path / "text.png").write_text("no image")
    whole = (tmp_path / "1.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    photograph(9, 40, 200).save(tmp_path / "thin.jpg")
    (tmp_path / "notes.txt").write_text("not counted")
    found = Photographs(tmp_path, 64)
    assert {p.name: reason for p, reason in found.skipped.items()} == {
        "text.png": "cannot be read",
        "thin.jpg": "smaller than a crop of 64",
    }
    batches = Batches(found, 4, 64, seed=1)
    for step in range(8):
        assert batches.make(step).shape == (4, 3, 64, 64)
    assert found.skipped[tmp_path / "cut.png"] == "does not decode"
    assert train(tmp_path, tmp_path / "t.pt", steps=1) == 0
    assert "images skipped: text.png cannot be read" in capsys.readouterr().out


def test_no_image_left_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no images there; give a folder of PNG or JPEG"):
        Photographs(tmp_path, 64)
    with pytest.raises(UserError, match="no such folder"):
        Photographs(tmp_path / "missing", 64)
    photograph(1).save(tmp_path / "a.png")
    with pytest.raises(UserError, match=r"none of its 1 images .*: a\.png smaller than a crop"):
        Photographs(tmp_path, 128)
    whole = (tmp_path / "a.png").read_bytes()
    (tmp_path / "a.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match="none of its images decodes"):
        Batches(Photographs(tmp_path, 64), 1, 64, 1).make(0)


def test_batches_depend_on_seed_step_and_process_alone(photos: Path) -> None:
    found = Photographs(photos, 64)
    batches = Batches(found, 3, 64, seed=7, rank=1)
    with batches.ahead(0, 12, workers=3) as ahead:
        in_order = list(ahead)
    assert len(in_order) == 12
    fresh = Batches(Photographs(photos, 64, cache=0), 3, 64, seed=7, rank=1)
    with fresh.ahead(5, 7, workers=1) as ahead:
        assert all(torch.equal(a, b) for a, b in zip(ahead, in_order[5:7], strict=True))
    others = [Batches(found, 3, 64, seed=7, rank=0), Batches(found, 3, 64, seed=8, rank=1)]
    assert all(not torch.equal(other.make(5), in_order[5]) for other in others)
    assert not torch.equal(in_order[5], in_order[6])


def test_decoded_images_are_kept_within_bounds(photos: Path) -> None:
    room = 2 * 96 * 112 * 4
    found = Photographs(photos, 64, cache=room)
    for step in range(6):
        Batches(found, 2, 64, seed=1).make(step)
        assert 0 < len(found._cache) <= 2


def test_held_out_images_are_never_trained_on(tmp_path: Path) -> None:
    for index in range(20):
        level = 255 if index in (0, 16) else 0
        Image.new("RGB", (70, 70), (level, level, level)).save(tmp_path / f"{index:02}.png")
    found = Photographs(tmp_path, 64)
    held_out = found.held_out(64)
    assert len(held_out) == 2
    assert all(bool((x == 1).all()) for x in held_out)
    assert not any(bool(Batches(found, 8, 64, seed=1).make(step).any()) for step in range(10))


def test_crops_stay_inside_and_keep_the_range(photos: Path) -> None:
    batch = Batches(Photographs(photos, 96), 8, 96, seed=3).make(0)
    assert batch.shape == (8, 3, 96, 96)
    assert 0.0 <= float(batch.min()) < float(batch.max()) <= 1.0
    assert batch.is_contiguous(memory_format=torch.channels_last)


# Command lines


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        (["--width", "0"], "--width 0: expected a whole number from 1"),
        (["--lambda", "nan"], "--lambda nan: expected a number above 0"),
        (["--lambda", "0"], "--lambda 0: expected a number above 0"),
        (["--crop", "80"], "--crop 80: expected a multiple of 64 (bmshj2018-hyperprior)"),
        (["--architecture", "vgg"], "--architecture vgg: unknown architecture; known: bls2017"),
        (["--device", "tpu"], "--device tpu: expected cpu, cuda or cuda:N"),
        (["--batch", "9"], "5 images are fewer than a batch of 9; give more of them"),
        (["--data", "missing"], "--data missing: no such folder"),
        (["-o", "missing/t.pt"], "-o missing/t.pt: its folder does not exist"),
        (["-o", "t"], "-o t: expected a name such as student.pt"),
        (["--init", "missing.pt"], "missing.pt: no such file"),
        (["--steps", "1.5"], "--steps 1.5: expected a whole number from 1"),
        (["--frobnicate"], "unrecognized arguments: --frobnicate; see licc-train --help"),
    ],
)
def test_mistakes_are_named(
    more: Sequence[str],
    reason: str,
    photos: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert exit_status(lambda: train(photos, tmp_path / "t.pt", *more), "") == 1
    error = capsys.readouterr().err
    assert reason in error
    assert error.startswith("error: ")
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ([], "no width given: --width N"),
        (["--width", "4", "--quantize"], "--quantize takes a student that was distilled before"),
        (["--width", "4", "--precision", "int8"], "--precision: only with --quantize"),
        (["--width", "4", "--latent", "5"], "--latent 5: the teacher's latent has 6 channels"),
        (["--width", "7", "--start", "narrow"], "--start narrow: the teacher is narrower (N = 6"),
        (["--width", "4", "--hyper", "-1"], "--hyper -1: expected a number from 0"),
        (["--student", "s.pt", "--width", "4"], "--width: --student FILE says it already"),
    ],
)
def test_mistakes_in_distilling_are_named(
    more: Sequence[str], reason: str, photos: Path, teacher: Path, tmp_path: Path
) -> None:
    with pytest.raises(UserError) as error:
        distill.run_distill([str(teacher), *shared(photos, tmp_path / "s.pt"), *more])
    assert reason in str(error.value)


def test_a_width_above_the_teachers_is_warned_of(
    photos: Path, teacher: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["--width", "8", *shared(photos, tmp_path / "s.pt", 1)]
    assert distill.run_distill([str(teacher), *given]) == 0
    assert "warning: --width 8 is more than the teacher's 6" in capsys.readouterr().err


def test_an_unknown_teacher_is_an_error(photos: Path, tmp_path: Path) -> None:
    torch.save({"features.0.weight": torch.ones(3, 3, 3, 3)}, tmp_path / "vgg.pt")
    with pytest.raises(UserError, match=r"vgg\.pt: unknown architecture: its layers are"):
        distill.run_distill(
            [str(tmp_path / "vgg.pt"), "--width", "4", *shared(photos, tmp_path / "s.pt")]
        )


def test_the_output_is_not_what_is_read(photos: Path, teacher: Path) -> None:
    before = teacher.read_bytes()
    with pytest.raises(UserError, match="is what the training starts from; give another name"):
        distill.run_distill([str(teacher), "--width", "4", *shared(photos, teacher)])
    assert teacher.read_bytes() == before
