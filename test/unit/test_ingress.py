# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checkpoints of every architecture and format become `lic` modules that compute what the network does."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from support.compressai_import import compressai_models
from support.networks import (
    AMBIGUOUS,
    ARCHITECTURES,
    flatten,
    is_mean_scale,
    random_checkpoint,
    random_states,
    reduced_cheng2020_anchor,
    run_transform,
    synthetic_image,
)
from support.reference import find_function, function_names, layers, roles, run_function
from torch_mlir import ir

from licc.dialects import make_context
from licc.ingress import import_checkpoint
from licc.ingress.architectures import ARCHITECTURES as KNOWN
from licc.ingress.architectures import result_size
from licc.passes.lic_raise_torch import LicRaiseTorch

SIZE = (59, 75)
PADDED = (64, 80)


def raised(
    path: Path, size: tuple[int, int] = SIZE, transforms: list[str] | None = None
) -> ir.Module:
    """Return the checkpoint as a verified `lic` module."""
    module = import_checkpoint(path, size, make_context(), transforms)
    assert module.operation.verify()
    LicRaiseTorch().run(module)
    assert module.operation.verify()
    return module


def padded_image() -> torch.Tensor:
    return synthetic_image(*PADDED)


def assert_close(got: torch.Tensor, wanted: torch.Tensor) -> None:
    assert got.shape == wanted.shape
    assert float((got - wanted).abs().max()) < 1e-4


@pytest.mark.parametrize(
    ("architecture", "student"),
    [(name, name in AMBIGUOUS) for name in sorted(ARCHITECTURES)]
    + [("bls2017", True), ("bmshj2018-hyperprior", True), ("cheng2020-anchor", True)],
)
def test_every_architecture_computes_what_the_network_does(
    architecture: str, student: bool, tmp_path: Path
) -> None:
    n, m = 6, 10
    path = random_checkpoint(architecture, n, m, 3, tmp_path / "x.pt", student=student)
    states = random_states(architecture, n, m, 3)
    networks = ARCHITECTURES[architecture](n, m)
    module = raised(path)
    assert set(function_names(module)) == set(networks)
    attributes = module.operation.attributes
    assert attributes["lic.architecture"].value == architecture
    assert list(attributes["lic.input"]) == list(SIZE)
    assert list(attributes["lic.padded"]) == list(PADDED)

    def reference(name: str, x: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            return run_transform(networks[name], states[name], x)

    y = reference("g_a", padded_image())
    if "h_a" not in networks:
        medians = (
            states["entropy_bottleneck"]["quantiles"][None, :, 0, 1, None, None]
            if "entropy_bottleneck" in states
            else torch.zeros(1)
        )
        symbols = run_function(module, "g_a", padded_image())
        assert roles(module, "g_a") == ("image", "symbols")
        assert float((symbols - torch.floor(y - medians + 0.5)).abs().max()) <= 1
        assert float((symbols != torch.floor(y - medians + 0.5)).float().mean()) < 1e-3
        assert_close(run_function(module, "g_s", symbols), reference("g_s", symbols + medians))
        return
    medians = states["entropy_bottleneck"]["quantiles"][None, :, 0, 1, None, None]
    assert_close(run_function(module, "g_a", padded_image()), y)
    z = reference("h_a", y if is_mean_scale(architecture) else y.abs())
    symbols = run_function(module, "h_a", y)
    assert float((symbols != torch.floor(z - medians + 0.5)).float().mean()) < 1e-3
    assert_close(run_function(module, "h_s", symbols), reference("h_s", symbols + medians))
    assert_close(run_function(module, "g_s", y.round()), reference("g_s", y.round()))


@pytest.mark.parametrize(
    ("model", "architecture", "n", "m"),
    [
        ("FactorizedPrior", "bmshj2018-factorized", 8, 12),
        ("FactorizedPriorReLU", "bmshj2018-factorized-relu", 5, 7),
        ("ScaleHyperprior", "bmshj2018-hyperprior", 8, 12),
        ("MeanScaleHyperprior", "mbt2018-mean", 6, 10),
        ("Cheng2020Anchor", "cheng2020-anchor", 6, 6),
    ],
)
@torch.no_grad()
def test_compressai_models_compute_the_same(
    model: str, architecture: str, n: int, m: int, tmp_path: Path
) -> None:
    models = compressai_models()
    reduced = model == "Cheng2020Anchor"
    network: Any = reduced_cheng2020_anchor(n) if reduced else getattr(models, model)(n, m).eval()
    network.load_state_dict(flatten(random_states(architecture, n, m, 5)))
    network.update(force=True)
    torch.save({"state_dict": network.state_dict(), "epoch": 3}, tmp_path / "model.pth.tar")
    module = raised(tmp_path / "model.pth.tar")
    x = padded_image()
    y = network.g_a(x)
    bottleneck = network.entropy_bottleneck
    if not hasattr(network, "h_a"):
        symbols = bottleneck.quantize(y, "symbols", bottleneck._get_medians()[None]).float()
        assert float((run_function(module, "g_a", x) != symbols).float().mean()) < 1e-3
        y_hat = symbols + bottleneck._get_medians()[None].reshape(1, -1, 1, 1)
        assert_close(run_function(module, "g_s", symbols), network.g_s(y_hat))
        return
    assert_close(run_function(module, "g_a", x), y)
    absolute = not is_mean_scale(architecture)
    z = network.h_a(y.abs() if absolute else y)
    medians = bottleneck._get_medians().reshape(1, -1, 1, 1)
    symbols = torch.round(z - medians)
    assert float((run_function(module, "h_a", y) != symbols).float().mean()) < 1e-3
    assert_close(run_function(module, "h_s", symbols), network.h_s(symbols + medians))
    assert_close(run_function(module, "g_s", y), network.g_s(y))


@torch.no_grad()
def test_the_class_of_the_page_is_what_is_compiled(tmp_path: Path) -> None:
    compressai_models()
    page = Path(__file__).parents[2] / "docs" / "checkpoints.md"
    (code,) = re.findall(
        r"(    from compressai.*?)\n\n\S", page.read_text(encoding="utf-8"), re.DOTALL
    )
    names: dict[str, Any] = {}
    exec(textwrap.dedent(code), names)
    network = names["ReducedCheng2020Anchor"](6).eval()
    network.load_state_dict(flatten(random_states("cheng2020-anchor", 6, 6, 5)))
    network.update(force=True)
    torch.save(network.state_dict(), tmp_path / "x.pt")
    x = synthetic_image(64, 128)  # a whole number of h_a's strides too
    wanted = network(x)["x_hat"]
    module = raised(tmp_path / "x.pt", (64, 128))
    y = run_function(module, "g_a", x)
    _, means = run_function(module, "h_s", run_function(module, "h_a", y)).chunk(2, 1)
    decoded = run_function(module, "g_s", torch.round(y - means) + means)
    assert float(((decoded - wanted).abs() > 1e-3).float().mean()) < 1e-2


def test_roles_layers_and_locations_of_a_scale_hyperprior(tmp_path: Path) -> None:
    module = raised(random_checkpoint("bmshj2018-hyperprior", 4, 6, 0, tmp_path / "x.pt"))
    assert function_names(module) == ["g_a", "h_a", "h_s", "g_s"]
    assert roles(module, "g_a") == ("image", "latent")
    assert roles(module, "h_a") == ("latent", "symbols")
    assert roles(module, "h_s") == ("symbols", "scales")
    assert roles(module, "g_s") == ("symbols", "image")
    assert layers(module, "g_a") == [
        ("lic.conv2d", "g_a.0"),
        ("lic.gdn", "g_a.1"),
        ("lic.conv2d", "g_a.2"),
        ("lic.gdn", "g_a.3"),
        ("lic.conv2d", "g_a.4"),
        ("lic.gdn", "g_a.5"),
        ("lic.conv2d", "g_a.6"),
    ]
    assert layers(module, "h_a") == [
        ("lic.abs", "h_a.abs"),
        ("lic.conv2d", "h_a.0"),
        ("lic.relu", "h_a.1"),
        ("lic.conv2d", "h_a.2"),
        ("lic.relu", "h_a.3"),
        ("lic.conv2d", "h_a.4"),
        ("lic.round_latent", "h_a.round"),
    ]
    assert layers(module, "h_s")[0] == ("lic.add", "h_s.medians")
    body = find_function(module, "g_s").regions[0].blocks[0].operations
    gdn = next(op for op in body if op.operation.name == "lic.gdn")
    assert str(gdn.location) == 'loc("g_s.1")'
    assert gdn.attributes["inverse"].value
    assert gdn.attributes["form"].value == "rsqrt"


def test_mean_scale_hyperprior_decodes_a_latent(tmp_path: Path) -> None:
    module = raised(random_checkpoint("mbt2018-mean", 4, 6, 0, tmp_path / "x.pt"))
    assert roles(module, "g_s") == ("latent", "image")
    assert layers(module, "h_a")[0] == ("lic.conv2d", "h_a.0")
    assert layers(module, "h_a")[1] == ("lic.leaky_relu", "h_a.1")


def test_residual_blocks_keep_the_names_of_their_parts(tmp_path: Path) -> None:
    module = raised(random_checkpoint("cheng2020-anchor", 4, 4, 0, tmp_path / "x.pt"))
    assert roles(module, "g_a") == ("image", "latent")
    assert roles(module, "g_s") == ("latent", "image")
    found = layers(module, "g_a")
    assert sorted(found[:6]) == [
        ("lic.add", "g_a.0"),
        ("lic.conv2d", "g_a.0.conv1"),
        ("lic.conv2d", "g_a.0.conv2"),
        ("lic.conv2d", "g_a.0.skip"),
        ("lic.gdn", "g_a.0.gdn"),
        ("lic.leaky_relu", "g_a.0.leaky_relu"),
    ]
    # A module that is called twice is two layers.
    assert ("lic.leaky_relu", "g_a.1.leaky_relu") in found
    assert ("lic.leaky_relu", "g_a.1.leaky_relu_2") in found
    assert ("lic.pixel_shuffle", "g_s.1.subpel_conv.1") in layers(module, "g_s")
    for name in function_names(module):
        paths = [layer for _, layer in layers(module, name)]
        assert len(set(paths)) == len(paths)


@pytest.mark.parametrize("family", ["bmshj2018-factorized", "bmshj2018-hyperprior", "mbt2018-mean"])
def test_without_meta_a_network_without_gdn_is_one_of_relu(family: str, tmp_path: Path) -> None:
    states = random_states(f"{family}-leaky-relu", 4, 6, 0)
    torch.save(flatten(states), tmp_path / "x.pt")
    module = import_checkpoint(tmp_path / "x.pt", SIZE, make_context(), ["g_a"])
    assert module.operation.attributes["lic.architecture"].value == f"{family}-relu"


def test_gdn_is_folded_with_the_bounds_applied(tmp_path: Path) -> None:
    states = random_states("bmshj2018-factorized", 4, 6, 0)
    states["g_a"]["1.gamma"][0, 1] = -3.0  # below the bound: stands for zero
    states["g_a"]["1.beta"][2] = 0.0  # below the bound: stands for the smallest beta
    torch.save(flatten(states), tmp_path / "x.pt")
    module = raised(tmp_path / "x.pt")
    body = find_function(module, "g_a").regions[0].blocks[0].operations
    gdn = next(op for op in body if op.operation.name == "lic.gdn")
    beta, gamma = (
        np.array(operand.owner.attributes["value"]) for operand in list(gdn.operation.operands)[1:]
    )
    assert gamma[0, 1] == pytest.approx(0.0, abs=1e-12)
    assert gamma.min() >= 0
    assert beta[2] == pytest.approx(1e-6, rel=1e-3)
    assert gamma[3, 3] == pytest.approx(float(states["g_a"]["1.gamma"][3, 3]) ** 2, rel=1e-5)


def test_zero_medians_leave_no_trace(tmp_path: Path) -> None:
    states = random_states("bmshj2018-hyperprior", 4, 6, 0)
    states["entropy_bottleneck"]["quantiles"][:, 0, 1] = 0
    torch.save(flatten(states), tmp_path / "x.pt")
    assert layers(raised(tmp_path / "x.pt"), "h_s")[0] == ("lic.deconv2d", "h_s.0")


def test_medians_make_a_bias_where_there_is_none(tmp_path: Path) -> None:
    states = random_states("bls2017", 4, 6, 0)
    assert "4.bias" not in states["g_a"]
    donor = random_states("bmshj2018-factorized", 4, 6, 0)
    torch.save({**states, "entropy_bottleneck": donor["entropy_bottleneck"]}, tmp_path / "x.pt")
    module = raised(tmp_path / "x.pt")
    medians = donor["entropy_bottleneck"]["quantiles"][None, :, 0, 1, None, None]
    y = run_transform(ARCHITECTURES["bls2017"](4, 6)["g_a"], states["g_a"], padded_image())
    wanted = torch.floor(y - medians + 0.5)
    got = run_function(module, "g_a", padded_image())
    assert float((got != wanted).float().mean()) < 1e-3
    assert layers(module, "g_s")[0] == ("lic.add", "g_s.medians")


WRAPPINGS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "plain": lambda flat: flat,
    "state_dict": lambda flat: {"state_dict": flat, "loss": 1.5, "optimizer": {"lr": 1e-4}},
    "network": lambda flat: {"network": flat, "step": 7},
    "module.": lambda flat: {"state_dict": {f"module.{k}": v for k, v in flat.items()}},
    "compiled": lambda flat: {f"_orig_mod.module.{k}": v for k, v in flat.items()},
    "old entropy keys": lambda flat: {
        k.replace("matrices.", "_matrices.")
        .replace("biases.", "_bias")
        .replace("factors.", "_factor"): v
        for k, v in flat.items()
    },
    "half": lambda flat: {k: v.half() if v.dtype == torch.float32 else v for k, v in flat.items()},
    "double": lambda flat: {
        k: v.double() if v.dtype == torch.float32 else v for k, v in flat.items()
    },
}


@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_state_dicts_are_found_in_what_training_scripts_save(wrapping: str, tmp_path: Path) -> None:
    flat = flatten(random_states("bmshj2018-hyperprior", 4, 6, 0))
    torch.save(WRAPPINGS[wrapping](flat), tmp_path / "x.pt")
    module = raised(tmp_path / "x.pt")
    assert module.operation.attributes["lic.architecture"].value == "bmshj2018-hyperprior"
    assert function_names(module) == ["g_a", "h_a", "h_s", "g_s"]


def test_the_legacy_file_format_is_read(tmp_path: Path) -> None:
    flat = flatten(random_states("bmshj2018-factorized", 4, 6, 0))
    torch.save(flat, tmp_path / "x.pt", _use_new_zipfile_serialization=False)
    assert function_names(raised(tmp_path / "x.pt")) == ["g_a", "g_s"]


def test_gdn_constants_may_be_missing(tmp_path: Path) -> None:
    flat = flatten(random_states("bmshj2018-factorized", 4, 6, 0))
    torch.save({k: v for k, v in flat.items() if "reparam" not in k}, tmp_path / "bare.pt")
    torch.save(flat, tmp_path / "full.pt")
    x = padded_image()
    bare, full = (run_function(raised(tmp_path / f), "g_a", x) for f in ("bare.pt", "full.pt"))
    assert torch.equal(bare, full)


@pytest.mark.parametrize(
    "architecture", ["bls2017", "bmshj2018-hyperprior", "mbt2018-mean-relu", "cheng2020-anchor"]
)
def test_a_subset_of_the_transforms_is_enough(architecture: str, tmp_path: Path) -> None:
    states = random_states(architecture, 4, 6, 0)
    for name in ARCHITECTURES[architecture](4, 6):
        torch.save({name: states[name]}, tmp_path / "x.pt")
        assert function_names(raised(tmp_path / "x.pt")) == [name]


def test_transforms_can_be_selected(tmp_path: Path) -> None:
    path = random_checkpoint("bmshj2018-hyperprior", 4, 6, 0, tmp_path / "x.pt")
    module = raised(path, transforms=["g_s", "g_a"])
    assert function_names(module) == ["g_a", "g_s"]
    assert roles(module, "g_a") == ("image", "latent")  # the hyperprior is still there


@pytest.mark.parametrize(
    "architecture",
    ["bls2017", "bmshj2018-factorized-relu", "bmshj2018-hyperprior", "cheng2020-anchor"],
)
@pytest.mark.parametrize("size", [(1, 1), (33, 16), (198, 250)])
def test_sizes_follow_from_the_padded_image(
    architecture: str, size: tuple[int, int], tmp_path: Path
) -> None:
    module = raised(random_checkpoint(architecture, 3, 4, 0, tmp_path / "x.pt"), size)
    padded = tuple(-(-extent // 16) * 16 for extent in size)
    shapes = {}
    for name in function_names(module):
        kind = find_function(module, name).attributes["function_type"].value
        shapes[name] = [tuple(ir.ShapedType(t).shape)[2:] for t in (*kind.inputs, *kind.results)]
    y = (padded[0] // 16, padded[1] // 16)
    assert shapes["g_a"] == [padded, y]
    assert shapes["g_s"] == [y, padded]
    if "h_a" in shapes:
        z = tuple((extent + 3) // 4 for extent in y)
        assert shapes["h_a"] == [y, z]
        assert shapes["h_s"] == [z, tuple(4 * extent for extent in z)]


def test_layer_sizes_agree_with_torch() -> None:
    for architecture in KNOWN.values():
        layers_by_name = architecture.build(2, 2)
        assert result_size(layers_by_name["g_a"], (32, 48)) == (2, 3)
        assert result_size(layers_by_name["g_s"], (2, 3)) == (32, 48)


def test_random_checkpoints_are_named_and_shaped_as_compressai_does() -> None:
    models = compressai_models()
    for name, model in (
        ("bmshj2018-factorized", models.FactorizedPrior),
        ("bmshj2018-factorized-relu", models.FactorizedPriorReLU),
        ("bmshj2018-hyperprior", models.ScaleHyperprior),
        ("mbt2018-mean", models.MeanScaleHyperprior),
        ("cheng2020-anchor", lambda n, _: reduced_cheng2020_anchor(n)),
    ):
        ours = flatten(random_states(name, 4, 6, 0, rescale=False))
        theirs = model(4, 6).state_dict()
        assert {k: (v.shape, v.dtype) for k, v in ours.items()} == {
            k: (v.shape, v.dtype) for k, v in theirs.items()
        }
