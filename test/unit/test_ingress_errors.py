# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Each bad checkpoint gets one line that names the file, the layer and what to do."""

from __future__ import annotations

import importlib
import io
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from support.compressai_import import compressai_models
from support.networks import flatten, random_checkpoint, random_states
from torch import Tensor, nn

from licc.dialects import make_context
from licc.errors import UserError
from licc.ingress import import_checkpoint

VBR = "compressai.models.vbr"
DIVERGED = "the training has diverged, use a checkpoint from before"
REMEDY = "save plain tensors with torch.save(model.state_dict(), path)"


def refusal(path: Path, size: tuple[int, int] = (64, 64), **options: Any) -> str:
    """Return the message that `path` is refused with, without the path."""
    with pytest.raises(UserError) as error:
        import_checkpoint(path, size, make_context(), **options)
    message = str(error.value)
    assert "\n" not in message
    assert not message.endswith(".")
    return message.removeprefix(f"{path}: ")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "student.pt"


def hyperprior(**changes: Any) -> dict[str, Tensor]:
    """Return a state_dict of ScaleHyperprior(4, 6) with `changes` by key; None takes one away."""
    flat: dict[str, Any] = flatten(random_states("bmshj2018-hyperprior", 4, 6, 0))
    flat |= changes
    return {key: value for key, value in flat.items() if value is not None}


# Files that are no checkpoints


def test_missing_file(path: Path) -> None:
    assert refusal(path) == "no such file"


def test_directory(tmp_path: Path) -> None:
    assert refusal(tmp_path) == "not a file"


@pytest.mark.parametrize("content", [b"", b"hello", b"\x89PNG\r\n", bytes(4096)])
def test_not_a_checkpoint(content: bytes, path: Path) -> None:
    path.write_bytes(content)
    assert refusal(path) == "not a checkpoint: neither a torch.save nor a torch.export file"


def test_zip_without_tensors(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x/readme.txt", "hello")
    assert refusal(path) == "not a checkpoint: a zip archive without tensors"


def test_truncated_checkpoint(path: Path) -> None:
    random_checkpoint("bls2017", 4, 6, 0, path)
    path.write_bytes(path.read_bytes()[:-2000])
    assert refusal(path).startswith("not a checkpoint: ")


def test_damaged_pickle(path: Path) -> None:
    path.write_bytes(b"\x80\x02garbage")
    assert refusal(path).startswith("not a checkpoint: ")


def test_plain_pickle_is_not_run(path: Path) -> None:
    path.write_bytes(pickle.dumps({"g_a": 1}, protocol=2))
    assert refusal(path).startswith("not a checkpoint: ")


# Files that hold code


class Trap:
    """Unpickling this writes a file."""

    target: Path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.target,))


@pytest.mark.parametrize("zipped", [True, False])
def test_pickled_module_is_refused_with_the_remedy(zipped: bool, path: Path) -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 5))
    torch.save(network, path, _use_new_zipfile_serialization=zipped)
    assert refusal(path) == (
        "holds a pickled 'torch.nn.modules.container.Sequential', and unpickling it would run code; "
        f"{REMEDY}"
    )


def test_code_in_a_checkpoint_is_never_run(path: Path, tmp_path: Path) -> None:
    trap = Trap()
    trap.target = tmp_path / "sprung"
    torch.save({"g_a.0.weight": torch.zeros(1), "x": trap}, path)
    assert "would run code" in refusal(path)
    assert not trap.target.exists()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_torchscript_is_refused(path: Path) -> None:
    torch.jit.save(torch.jit.script(nn.Sequential(nn.Conv2d(3, 4, 5))), path)
    assert refusal(path) == f"a TorchScript program holds code; {REMEDY}"


# Checkpoints that hold something else

CONTENTS: dict[str, tuple[Any, str]] = {
    "tensor": (
        torch.zeros(3),
        f"not a checkpoint: holds a Tensor, not a state_dict; {REMEDY}",
    ),
    "list": ([1, 2], f"not a checkpoint: holds a list, not a state_dict; {REMEDY}"),
    "empty": ({}, f"not a checkpoint: holds no tensors; {REMEDY}"),
    "numbered": ({0: torch.zeros(3)}, f"not a checkpoint: its keys are not names; {REMEDY}"),
    "number": ({"g_a": 3.5}, "'g_a' is a float, expected tensors or a state_dict"),
    "no meta": ({"meta": 5}, "meta: expected a mapping, but got a int"),
    "other format": (
        {"meta": {"format": "x"}},
        "meta: expected format 'licc-student', but got 'x'",
    ),
    "version": (
        {"meta": {"format": "licc-student", "version": 2}},
        "meta: expected version 1, but got '2'; update licc",
    ),
}


@pytest.mark.parametrize("case", CONTENTS)
def test_other_contents(case: str, path: Path) -> None:
    content, message = CONTENTS[case]
    torch.save(content, path)
    assert refusal(path) == message


# Weights

SMALL = "bmshj2018-hyperprior with N = 4, M = 6"


def _with(key: str, index: Any, value: float) -> dict[str, Tensor]:
    flat = hyperprior()
    flat[key][index] = value
    return flat


WEIGHTS: dict[str, tuple[Callable[[], dict[str, Any]], str]] = {
    "nan": (
        lambda: _with("g_a.2.weight", (0, 0, 0, 0), float("nan")),
        f"g_a.2.weight: NaN in 1 of 400 weights; {DIVERGED}",
    ),
    "infinity": (
        lambda: _with("h_s.0.bias", slice(0, 2), float("inf")),
        f"h_s.0.bias: infinite values in 2 of 4 weights; {DIVERGED}",
    ),
    "both infinities": (
        lambda: hyperprior(**{"h_s.0.bias": torch.tensor([float("inf"), -float("inf"), 0.0, 1.0])}),
        f"h_s.0.bias: infinite values in 2 of 4 weights; {DIVERGED}",
    ),
    "nan in gdn": (
        lambda: _with("g_s.3.gamma", (1, 2), float("nan")),
        f"g_s.3.gamma: NaN in 1 of 16 weights; {DIVERGED}",
    ),
    "too large": (
        lambda: hyperprior(**{"g_a.0.bias": torch.full((4,), 1e300, dtype=torch.float64)}),
        "g_a.0.bias: weights too large for float32",
    ),
    "sparse": (
        lambda: hyperprior(**{"g_a.0.bias": torch.ones(4).to_sparse()}),
        "g_a.0.bias: expected a dense tensor, but got torch.sparse_coo",
    ),
    "width": (
        lambda: hyperprior(**{"g_a.2.weight": torch.zeros(5, 4, 5, 5)}),
        f"g_a.2.weight: expected shape 4x4x5x5, but got 5x4x5x5 ({SMALL})",
    ),
    "bias": (
        lambda: hyperprior(**{"h_a.2.bias": torch.zeros(7)}),
        f"h_a.2.bias: expected shape 4, but got 7 ({SMALL})",
    ),
    "gamma": (
        lambda: hyperprior(**{"g_a.1.gamma": torch.zeros(4, 5)}),
        f"g_a.1.gamma: expected shape 4x4, but got 4x5 ({SMALL})",
    ),
    "quantiles": (
        lambda: hyperprior(**{"entropy_bottleneck.quantiles": torch.zeros(6, 1, 3)}),
        f"entropy_bottleneck.quantiles: expected shape 4x1x3, but got 6x1x3 ({SMALL})",
    ),
    "missing": (
        lambda: hyperprior(**{"g_a.6.bias": None, "h_a.0.bias": None}),
        "g_a.6.bias: missing, and 1 more (bmshj2018-hyperprior)",
    ),
    "unexpected": (
        lambda: hyperprior(**{"g_a.0.scale": torch.zeros(1)}),
        "g_a.0.scale: unexpected (bmshj2018-hyperprior)",
    ),
    "unexpected part": (
        lambda: hyperprior(**{"context_prediction.weight": torch.zeros(12, 6, 5, 5)}),
        (
            "context_prediction (an autoregressive context model): cannot be compiled; its g_a and g_s can "
            "be: --transforms g_a,g_s"
        ),
    ),
    "beta": (
        lambda: hyperprior(**{"g_a.1.beta_reparam.pedestal": torch.ones(1) * 4}),
        "g_a.1.beta: expected positive values after re-parametrisation, but got -3",
    ),
    "gamma sign": (
        lambda: hyperprior(**{"g_s.5.gamma_reparam.pedestal": torch.ones(1)}),
        "g_s.5.gamma: expected non-negative values after re-parametrisation, but got -",
    ),
}


@pytest.mark.parametrize("case", WEIGHTS)
def test_bad_weights(case: str, path: Path) -> None:
    make, message = WEIGHTS[case]
    torch.save(make(), path)
    got = refusal(path)
    assert got.startswith(message) if message.endswith("-") else got == message


# Architectures


def test_unknown_architecture_lists_what_was_seen_and_what_is_known(path: Path) -> None:
    layers = {"g_a.0.weight": torch.zeros(8, 3, 7, 7), "g_a.1.beta": torch.zeros(8)}
    torch.save(layers | {"g_a.2.weight": torch.zeros(8, 8, 3, 3)}, path)
    message = refusal(path)
    assert message.startswith("unknown architecture: its layers are g_a 7x7 gdn 3x3; known: ")
    for name in (
        "bls2017 (g_a 9x9 gdn 5x5 gdn 5x5, g_s 5x5 gdn 5x5 gdn 9x9)",
        "bmshj2018-factorized (",
        "bmshj2018-factorized-relu or bmshj2018-factorized-leaky-relu (g_a 5x5 5x5 5x5 5x5,",
        "bmshj2018-hyperprior or mbt2018-mean (",
    ):
        assert name in message


ATTENTION = "unsupported layer; cheng2020-anchor is the same network without attention"
CONTEXT = "cannot be compiled; its g_a and g_s can be: --transforms g_a,g_s"
MODELS: dict[str, tuple[tuple[int, ...], str]] = {
    "JointAutoregressiveHierarchicalPriors": (
        (4, 6),
        f"context_prediction (an autoregressive context model): {CONTEXT}",
    ),
    "Cheng2020Anchor": (
        (6,),
        f"context_prediction (an autoregressive context model): {CONTEXT}",
    ),
    "Cheng2020AnchorCheckerboard": ((6,), f"latent_codec (a context model): {CONTEXT}"),
    "ScaleHyperpriorVbr": ((4, 6), "Gain (gains of a variable rate): cannot be compiled"),
}


@pytest.mark.parametrize("model", MODELS)
def test_models_with_a_context_model(model: str, path: Path) -> None:
    models = compressai_models()
    widths, message = MODELS[model]
    kind = getattr(models, model, None) or getattr(importlib.import_module(VBR), model)
    torch.save(kind(*widths).state_dict(), path)
    assert refusal(path) == message
    if "--transforms" not in message:
        return
    assert refusal(path, transforms=["g_s", "h_s"]) == message
    module = import_checkpoint(path, (64, 64), make_context(), ["g_a", "g_s"])
    names = [op.attributes["sym_name"].value for op in module.body.operations]
    assert names == ["g_a", "g_s"]


@pytest.mark.parametrize(
    ("model", "widths", "message"),
    [
        ("Cheng2020Attention", (6,), f"g_a.3 (AttentionBlock): {ATTENTION}"),
        (
            "Elic2022Official",
            (4, 320),
            (
                "g_a.1 (ResidualBottleneckBlock): unsupported layer; use the residual blocks of "
                "cheng2020-anchor"
            ),
        ),
    ],
)
def test_unsupported_blocks_are_named_by_layer(
    model: str, widths: tuple[int, ...], message: str, path: Path
) -> None:
    states = getattr(compressai_models(), model)(*widths).state_dict()
    torch.save({k: v for k, v in states.items() if k.startswith(("g_a.", "g_s."))}, path)
    assert refusal(path) == message


def test_a_broken_residual_block_is_named_by_its_tensor(path: Path) -> None:
    states: dict[str, Any] = flatten(random_states("cheng2020-anchor", 4, 4, 0))
    del states["g_s.2.conv2.bias"]
    torch.save(states, path)
    assert refusal(path) == "g_s.2.conv2.bias: missing (cheng2020-anchor)"
    states["g_s.2.conv2.bias"] = torch.zeros(3)
    torch.save(states, path)
    assert refusal(path) == (
        "g_s.2.conv2.bias: expected shape 4, but got 3 (cheng2020-anchor with N = 4, M = 4)"
    )
    states["g_s.2.conv2.bias"] = torch.zeros(4)
    states["g_a.2.gdn.beta_reparam.pedestal"] = torch.ones(1) * 4
    torch.save(states, path)
    assert refusal(path).startswith("g_a.2.gdn.beta: expected positive values")


def test_a_state_dict_of_something_else(path: Path) -> None:
    torch.save(nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2)).state_dict(), path)
    assert refusal(path).startswith("unknown architecture: its layers are 0, 1; known: bls2017")


def student(**meta: Any) -> dict[str, Any]:
    states: dict[str, Any] = dict(random_states("bmshj2018-hyperprior", 4, 6, 0))
    return states | {"meta": {"format": "licc-student", "version": 1} | meta}


@pytest.mark.parametrize(
    ("meta", "message"),
    [
        ({"architecture": "bls2018"}, "meta: unknown architecture 'bls2018'; known: bls2017, "),
        (
            {"architecture": "bls2017"},
            (
                "meta: architecture is 'bls2017', but the layers are those of 'bmshj2018-hyperprior' "
                "(g_a 5x5 gdn 5x5 gdn 5x5 gdn 5x5, h_a 3x3 5x5 5x5, h_s 5x5 5x5 3x3, "
                "g_s 5x5 gdn 5x5 gdn 5x5 gdn 5x5)"
            ),
        ),
        (
            {"architecture": "bmshj2018-hyperprior", "N": 5},
            "meta: N is 5, but the weights have N = 4",
        ),
        ({"M": 96}, "meta: M is 96, but the weights have M = 6"),
    ],
)
def test_metadata_that_contradicts_the_weights(
    meta: dict[str, Any], message: str, path: Path
) -> None:
    torch.save(student(**meta), path)
    assert refusal(path).startswith(message)


# Requests


@pytest.mark.parametrize("size", [(0, 64), (64, 0), (-1, 64), (16385, 64), (64, 10**9)])
def test_input_size(size: tuple[int, int], path: Path) -> None:
    random_checkpoint("bls2017", 4, 6, 0, path)
    assert refusal(path, size) == (
        f"--input {size[0]}x{size[1]}: expected height and width from 1 to 16384"
    )


def test_transform_that_is_not_there(path: Path) -> None:
    random_checkpoint("bls2017", 4, 6, 0, path)
    assert refusal(path, transforms=["h_a"]) == ("no transform 'h_a'; the checkpoint has g_a, g_s")


def test_buffers_are_not_checkpoints(path: Path) -> None:
    buffer = io.BytesIO()
    torch.save([torch.zeros(2)], buffer)
    path.write_bytes(buffer.getvalue())
    assert "holds a list" in refusal(path)
