# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Entropy models of checkpoints: read, made where they are missing, refused where they are wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from support import networks
from support.codecs import EXAMPLE
from support.compressai_import import compressai_models
from support.entropy import entropy_models

from licc.entropy.tables import CONDITIONAL, EntropyModel
from licc.errors import UserError

NAMES = ("_quantized_cdf", "_cdf_length", "_offset")


def checkpoint(tmp_path: Path, change: dict[str, Any], drop: tuple[str, ...] = ()) -> Path:
    """The example with other entropy tensors, as one state_dict."""
    content = torch.load(EXAMPLE, weights_only=True)
    content.pop("meta")
    state = {f"{part}.{k}": v for part, values in content.items() for k, v in values.items()}
    state = {k: v for k, v in (state | change).items() if not k.startswith(drop or ("-",))}
    path = tmp_path / "student.pt"
    torch.save(state, path)
    return path


def stored(part: str, name: str) -> torch.Tensor:
    return torch.load(EXAMPLE, weights_only=True)[part][name].clone()


def assert_same(table: Any, model: Any) -> None:
    for ours, name in zip((table.cdfs, table.lengths, table.offsets), NAMES, strict=True):
        np.testing.assert_array_equal(ours, getattr(model, name).numpy())


def test_stored_tables_are_read_as_they_are() -> None:
    model = EntropyModel.of(EXAMPLE)
    state = torch.load(EXAMPLE, weights_only=True)
    assert model.bottleneck is not None
    assert model.conditional is not None
    for table, part in ((model.bottleneck, "entropy_bottleneck"), (model.conditional, CONDITIONAL)):
        for ours, name in zip((table.cdfs, table.lengths, table.offsets), NAMES, strict=True):
            np.testing.assert_array_equal(ours, state[part][name].numpy())
    np.testing.assert_array_equal(model.scale_table, state[CONDITIONAL]["scale_table"].numpy())
    assert model.scale_bound == float(np.float32(0.11))


@pytest.mark.parametrize("architecture", ["bmshj2018-hyperprior", "mbt2018-mean"])
@pytest.mark.parametrize("tables", [True, False])
def test_missing_tables_are_made_as_update_makes_them(
    tmp_path: Path, architecture: str, tables: bool
) -> None:
    """Empty as in a network saved before update(), or no Gaussian conditional at all."""
    models = compressai_models()
    path = networks.random_checkpoint(architecture, 5, 7, 2, tmp_path / "student.pt")
    state = torch.load(path, weights_only=True)
    cls = {"mbt2018-mean": models.MeanScaleHyperprior}.get(architecture, models.ScaleHyperprior)
    theirs = cls(5, 7)
    theirs.load_state_dict(state)
    theirs.update()
    if not tables:
        torch.save({k: v for k, v in state.items() if CONDITIONAL not in k}, path)
    ours = EntropyModel.of(path)
    assert_same(ours.bottleneck, theirs.entropy_bottleneck)
    assert_same(ours.conditional, theirs.gaussian_conditional)
    np.testing.assert_array_equal(ours.scale_table, theirs.gaussian_conditional.scale_table.numpy())


def test_old_names_and_other_filters(tmp_path: Path) -> None:
    """`_matrix0` of CompressAI before 1.2, and a bottleneck of two layers."""
    theirs = entropy_models().EntropyBottleneck(32, filters=(4,))
    old = {"matrices.": "_matrix", "biases.": "_bias", "factors.": "_factor"}
    change: dict[str, torch.Tensor] = {}
    for key, value in theirs.state_dict().items():
        for new, name in old.items():
            key = key.replace(new, name)
        change[f"entropy_bottleneck.{key}"] = value
    path = checkpoint(tmp_path, change, drop=tuple(f"entropy_bottleneck.{k}" for k in old))
    theirs.update()
    assert_same(EntropyModel.of(path).bottleneck, theirs)


def test_networks_without_an_entropy_model_have_none(tmp_path: Path) -> None:
    path = networks.random_checkpoint("bls2017", 4, 6, 1, tmp_path / "student.pt")
    assert EntropyModel.of(path) == EntropyModel()
    path = networks.random_checkpoint("bmshj2018-factorized", 4, 6, 1, tmp_path / "student.pt")
    model = EntropyModel.of(path)
    assert model.conditional is None
    assert model.bottleneck is not None
    assert len(model.bottleneck.lengths) == 6


def changed(part: str, name: str, at: Any, value: int) -> dict[str, Any]:
    tensor = stored(part, name)
    tensor[at] = value
    return {f"{part}.{name}": tensor}


B, G = "entropy_bottleneck", CONDITIONAL
BAD = {
    "start": (changed(B, "_quantized_cdf", (3, 0), 1), f"{B}._quantized_cdf: row 3 does not start"),
    "end": (changed(G, "_cdf_length", 5, 3), f"{G}._quantized_cdf: row 5 does not end at 65536"),
    "rise": (changed(G, "_quantized_cdf", (2, 2), 0), f"{G}._quantized_cdf: row 2 does not rise"),
    "long": (changed(B, "_cdf_length", 1, 10**6), f"{B}._cdf_length: .* row 1 has 1000000"),
    "short": (changed(B, "_cdf_length", 1, -4), f"{B}._cdf_length: .* row 1 has -4"),
    "far": (changed(B, "_offset", 7, -(2**30)), f"{B}._offset: .* row 7 has -1073741824"),
    "rows": ({f"{B}._offset": torch.zeros(31, dtype=torch.int32)}, f"{B}._offset: .* 32 values"),
    "rank": (
        {f"{G}._quantized_cdf": torch.zeros(9, dtype=torch.int32)},
        f"{G}._quantized_cdf: .* 9",
    ),
    "float": ({f"{G}._offset": torch.zeros(64)}, f"{G}._offset: expected integers"),
    "scales": (
        {f"{G}.scale_table": torch.tensor([0.2, 0.1])},
        f"{G}.scale_table: expected positive scales, each above",
    ),
    "fewer": (
        {f"{G}.scale_table": torch.tensor([0.1, 0.2])},
        f"{G}._quantized_cdf: expected 2 rows, one a scale, but got 64",
    ),
    "bound": (
        {f"{G}.lower_bound_scale.bound": torch.tensor([-1.0])},
        f"{G}.scale_bound: expected a positive scale",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_table_is_one_line_that_names_it(tmp_path: Path, case: str) -> None:
    change, message = BAD[case]
    path = checkpoint(tmp_path, change)
    with pytest.raises(UserError, match=message) as error:
        EntropyModel.of(path)
    assert str(error.value).startswith(f"{path}: ")
    assert "\n" not in str(error.value)


def test_neither_tables_nor_distributions(tmp_path: Path) -> None:
    drop = tuple(f"{B}.{k}" for k in (*NAMES, "matrices", "biases", "factors"))
    with pytest.raises(UserError, match=r"call update\(\) on the network before it is saved"):
        EntropyModel.of(checkpoint(tmp_path, {}, drop))
