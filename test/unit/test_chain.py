# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The whole chain on whole networks: after every pass the same integers, and the same from the emitted C++."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import networks
from support.codecs import EXAMPLE
from support.simulation import make
from torch_mlir import ir

from licc.dialects.quantized import quantized
from licc.driver.build import build, run_phases
from licc.driver.options import Options
from licc.driver.phases import BY_NAME, PHASES, Phase
from licc.driver.progress import Progress
from licc.interp import hls, lic

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "data"
QUIET = Progress(verbose=False)


def checkpoint(tmp_path: Path, architecture: str, n: int, m: int) -> Path:
    path = tmp_path / "student.pt"
    networks.random_checkpoint(architecture, n, m, 7, path)
    return path


def inputs(module: ir.Module) -> dict[str, Any]:
    """Stored integers for every transform: over the whole range of an image, some tens of a latent."""
    random = np.random.default_rng(11)
    found: dict[str, Any] = {}
    for name in ("g_a", "h_a", "h_s", "g_s"):
        argument = lic.function(module, name).regions[0].blocks[0].arguments[0].type
        kind = quantized(argument)
        assert kind is not None
        low, high = (0, 255) if name == "g_a" else (max(kind.lo, -60), min(kind.hi, 60))
        found[name] = random.integers(low, high, argument.shape, endpoint=True)
    return found


@pytest.mark.parametrize(
    ("architecture", "n", "m"), [("bmshj2018-hyperprior", 9, 14), ("mbt2018-mean", 6, 10)]
)
def test_a_pass_never_changes_an_integer(tmp_path: Path, architecture: str, n: int, m: int) -> None:
    options = Options(checkpoint(tmp_path, architecture, n, m), input_hw=(45, 70))
    typed: dict[str, Any] = {}
    passes: list[str] = []

    def compare(phase: Phase, module: ir.Module) -> None:
        if phase.name == "type":
            typed["inputs"] = inputs(module)
            typed["results"] = {k: lic.run(module, k, x) for k, x in typed["inputs"].items()}
            assert all(result.std() > 0.5 for result in typed["results"].values())
        if phase.step in ("ingress", "raise", "calibrate") or "inputs" not in typed:
            return
        passes.append(phase.name)
        for name, x in typed["inputs"].items():
            got = last(module, name, x) if phase.name == "lower" else lic.run(module, name, x)
            np.testing.assert_array_equal(got, typed["results"][name])

    run_phases(options, PHASES[-1], QUIET, compare)
    assert passes == ["type", "fuse", "tile", "pose", "schedule", "lower"]


def last(module: ir.Module, name: str, x: Any) -> Any:
    """What the last process of a design writes."""
    *_, (_, result) = hls.stream(hls.designs(module)[name], x[0])
    return result[None]


def assert_exact(folder: Path, designs: int) -> None:
    status, output = make(folder, FRAMES=1, OPTIMISE="-O3")
    assert status == 0, output
    assert output.count(": 0 mismatches of ") == designs, output


def test_the_example_simulates_exactly(tmp_path: Path) -> None:
    options = Options(EXAMPLE, tmp_path / "build", input_hw=(64, 96))
    assert_exact(build(options, QUIET), designs=4)


def test_the_example_keeps_its_quality_in_integers(tmp_path: Path) -> None:
    """On images of the embedded calibration set: integers cost at most half a decibel."""
    from licc.calibration import load_images

    found: dict[str, Any] = {}

    def keep(phase: Phase, module: ir.Module) -> None:
        found[phase.name] = module.operation.clone()

    options = Options(EXAMPLE, input_hw=(256, 256), compile_to="type")
    run_phases(options, BY_NAME["type"], QUIET, keep)
    image = load_images(None, 1, (256, 256))[0]
    latents = lic.run(found["raise"], "g_a", image)
    floats = lic.run(found["raise"], "g_s", np.floor(latents + 0.5))
    pixels = np.rint(image * 255).astype(np.int64)
    stored = lic.run(found["type"], "g_a", pixels)
    latent = quantized(lic.function(found["type"], "h_a").regions[0].blocks[0].arguments[0].type)
    assert latent is not None
    symbols = np.floor(stored * latent.scale + 0.5).astype(np.int64)
    decoded = lic.run(found["type"], "g_s", symbols)
    float_db, integer_db = (
        10 * np.log10(255**2 / np.mean((np.clip(x, 0, 255) - pixels) ** 2))
        for x in (floats * 255, decoded)
    )
    assert float_db > 24
    assert integer_db > float_db - 0.5


@pytest.mark.slow
@pytest.mark.parametrize("size", [(250, 198), (131, 77)])
@pytest.mark.parametrize(
    ("architecture", "n", "m"), [("bmshj2018-hyperprior", 64, 192), ("mbt2018-mean", 37, 50)]
)
def test_random_networks_simulate_exactly(
    tmp_path: Path, architecture: str, n: int, m: int, size: tuple[int, int]
) -> None:
    options = Options(checkpoint(tmp_path, architecture, n, m), tmp_path / "build", input_hw=size)
    assert_exact(build(options, QUIET), designs=4)


@pytest.mark.slow
@pytest.mark.parametrize("target", ["lint", "sanitize"])
def test_the_example_is_clean(tmp_path: Path, target: str) -> None:
    options = Options(EXAMPLE, tmp_path / "build", input_hw=(33, 50))
    status, output = make(build(options, QUIET), target, FRAMES=1)
    assert status == 0, output


@pytest.mark.slow
@pytest.mark.skipif(not SHARED.is_dir(), reason="no ../shared/data: real weights and Kodak")
def test_real_weights_on_a_whole_image(tmp_path: Path) -> None:
    options = Options(
        SHARED / "xlic" / "bls2017_n128.pt",
        tmp_path / "build",
        input_hw=(512, 768),
        golden=SHARED / "kodak" / "kodim23.png",
    )
    assert_exact(build(options, QUIET), designs=2)
