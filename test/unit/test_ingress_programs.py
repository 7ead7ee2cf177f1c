# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`.pt2` programs of torch.export: read as data, retraced at the size asked for, refused by layer."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from support.compressai_import import compressai_models
from support.networks import flatten, random_states, synthetic_image
from support.reference import function_names, layers, roles, run_function
from torch import Tensor, nn
from torch_mlir import ir

from licc.dialects import make_context
from licc.errors import UserError
from licc.ingress import import_checkpoint
from licc.ingress.modules import Gdn
from licc.passes.lic_raise_torch import LicRaiseTorch
from licc.passes.registry import PassFailure

REMEDY = "export it again with torch.export.save and static shapes"


def save(network: nn.Module, path: Path, channels: int = 3, **options: Any) -> Path:
    """Export `network` at 32x48 and save it."""
    example = torch.zeros(1, channels, 32, 48)
    program = torch.export.export(network.eval(), (example,), strict=False)
    torch.export.save(program, path, **options)
    return path


def raised(path: Path, size: tuple[int, int], transforms: list[str] | None = None) -> ir.Module:
    module = import_checkpoint(path, size, make_context(), transforms)
    assert module.operation.verify()
    LicRaiseTorch().run(module)
    assert module.operation.verify()
    return module


def refusal(path: Path, **options: Any) -> str:
    with pytest.raises(UserError) as error:
        import_checkpoint(path, (64, 64), make_context(), **options)
    message = str(error.value)
    assert "\n" not in message
    return message.removeprefix(f"{path}: ")


def gdn(channels: int, form: str = "rsqrt", inverse: bool = False) -> Gdn:
    random = torch.Generator().manual_seed(channels)
    state = {
        "beta": torch.rand(channels, generator=random) + 0.5,
        "gamma": torch.rand(channels, channels, generator=random),
    }
    return Gdn(form, inverse, state)


@pytest.fixture
def analysis() -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(
        nn.Conv2d(3, 6, 5, 2, 2),
        gdn(6),
        nn.Conv2d(6, 6, 3, 2, 1, groups=2, bias=False),
        nn.ReLU(inplace=True),
        nn.Conv2d(6, 8, 3, padding=2, dilation=2),
        nn.LeakyReLU(0.2, inplace=True),
        nn.ConvTranspose2d(8, 4, 4, 2, 1),
        gdn(4, "gdn1", inverse=True),
        nn.PixelShuffle(2),
        nn.Conv2d(1, 5, (3, 5), stride=(4, 4), padding=(1, 2)),
    )


@torch.no_grad()
def test_a_program_runs_at_another_size_than_it_was_exported_at(
    analysis: nn.Module, tmp_path: Path
) -> None:
    module = raised(save(analysis, tmp_path / "g_a.pt2"), (60, 70))
    assert function_names(module) == ["g_a"]
    assert roles(module, "g_a") == ("image", "latent")
    attributes = module.operation.attributes
    assert attributes["lic.architecture"].value == "exported"
    height, width = list(attributes["lic.padded"])
    x = synthetic_image(height, width)
    got = run_function(module, "g_a", x)
    assert float((got - analysis(x)).abs().max()) < 1e-4
    assert layers(module, "g_a") == [
        ("lic.conv2d", "g_a.0"),
        ("lic.gdn", "g_a.1"),
        ("lic.conv2d", "g_a.2"),
        ("lic.relu", "g_a.3"),
        ("lic.conv2d", "g_a.4"),
        ("lic.leaky_relu", "g_a.5"),
        ("lic.deconv2d", "g_a.6"),
        ("lic.gdn", "g_a.7"),
        ("lic.pixel_shuffle", "g_a.8"),
        ("lic.conv2d", "g_a.9"),
    ]


class Residual(nn.Module):
    """A strided block with a strided skip, and one that a pixel shuffle enlarges on both sides."""

    def __init__(self, up: bool) -> None:
        super().__init__()
        self.main = nn.Conv2d(3, 12, 3, 1, 1) if up else nn.Conv2d(3, 6, 3, 2, 1)
        self.skip = nn.Conv2d(3, 12, 1) if up else nn.Conv2d(3, 6, 1, 2)
        self.after: nn.Module = nn.PixelShuffle(2) if up else nn.LeakyReLU()
        self.shuffle: nn.Module = nn.PixelShuffle(2) if up else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.after(self.main(x)) + self.shuffle(self.skip(x))


@pytest.mark.parametrize("up", [False, True])
@torch.no_grad()
def test_both_sides_of_a_residual_block_change_the_size_once(up: bool, tmp_path: Path) -> None:
    torch.manual_seed(1)
    network = Residual(up)
    name = "g_s" if up else "g_a"
    module = raised(save(network, tmp_path / f"{name}.pt2"), (29, 33))
    assert list(module.operation.attributes["lic.padded"]) == [30, 34]
    x = torch.randn(1, 3, *((15, 17) if up else (30, 34)))
    assert float((run_function(module, name, x) - network(x)).abs().max()) < 1e-5
    assert ("lic.add", f"{name}.add") in layers(module, name)


@pytest.mark.parametrize("name", ["g_a", "h_a", "h_s", "g_s"])
@torch.no_grad()
def test_compressai_transforms_as_programs(name: str, tmp_path: Path) -> None:
    network = compressai_models().ScaleHyperprior(4, 6)
    network.load_state_dict(flatten(random_states("bmshj2018-hyperprior", 4, 6, 2)))
    transform = getattr(network, name)
    channels = {"g_a": 3, "h_a": 6, "h_s": 4, "g_s": 6}[name]
    path = save(transform, tmp_path / f"student.{name}.pt2", channels)
    module = raised(path, (100, 130))
    size = {"g_a": (112, 144), "h_a": (7, 9), "h_s": (2, 3), "g_s": (7, 9)}[name]
    x = torch.randn(1, channels, *size, generator=torch.Generator().manual_seed(0))
    assert float((run_function(module, name, x) - transform(x)).abs().max()) < 1e-4


@pytest.mark.parametrize("form", ["rsqrt", "gdn1"])
@pytest.mark.parametrize("inverse", [False, True])
@torch.no_grad()
def test_compressai_gdn_forms(form: str, inverse: bool, tmp_path: Path) -> None:
    compressai_models()
    from compressai.layers import GDN, GDN1

    layer = (GDN if form == "rsqrt" else GDN1)(4, inverse=inverse)
    layer.gamma.copy_(torch.rand(4, 4))
    network = nn.Sequential(nn.Conv2d(3, 4, 5, 2, 2), layer)
    module = raised(save(network, tmp_path / "g_a.pt2"), (32, 32))
    assert layers(module, "g_a")[1] == ("lic.gdn", "g_a.1")
    x = synthetic_image(32, 32)
    assert float((run_function(module, "g_a", x) - network(x)).abs().max()) < 1e-4


class Forms(nn.Module):
    """GDN in all the ways in which it can be written."""

    def __init__(self, write: Callable[[Tensor, Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.write = write
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.gamma = nn.Parameter(torch.rand(4, 4, 1, 1))
        self.beta = nn.Parameter(torch.rand(4) + 0.5)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv(x)
        return self.write(y, self.gamma, self.beta)


def _norm(power: Tensor, gamma: Tensor, beta: Tensor) -> Tensor:
    return nn.functional.conv2d(power, gamma, beta)


WRITINGS: dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]] = {
    "division": lambda y, g, b: y / torch.sqrt(_norm(y * y, g, b)),
    "square": lambda y, g, b: torch.rsqrt(_norm(torch.square(y), g, b)) * y,
    "reciprocal": lambda y, g, b: y * torch.reciprocal(torch.sqrt(_norm(y**2, g, b))),
    "divided by the root's inverse": lambda y, g, b: y / torch.rsqrt(_norm(y**2, g, b)),
    "gdn1 division": lambda y, g, b: y / _norm(y.abs(), g, b),
    "gdn1 reciprocal": lambda y, g, b: y * (1.0 / _norm(y.abs(), g, b)),
    "gdn1 inverse": lambda y, g, b: _norm(y.abs(), g, b) * y,
}


@pytest.mark.parametrize("writing", WRITINGS)
@torch.no_grad()
def test_gdn_is_recognised_however_it_is_written(writing: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = Forms(WRITINGS[writing])
    module = raised(save(network, tmp_path / "g_a.pt2"), (32, 32))
    assert [op for op, _ in layers(module, "g_a")] == ["lic.conv2d", "lic.gdn"]
    x = synthetic_image(32, 32)
    assert float((run_function(module, "g_a", x) - network(x)).abs().max()) < 1e-4


class Elementwise(nn.Module):
    """What a program may do between its convolutions."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.register_buffer("offset", torch.rand(1, 4, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv(x).abs() - self.get_buffer("offset")
        return torch.round(y + 0.25 + nn.functional.relu(y))


@torch.no_grad()
def test_elementwise_ops_and_a_final_round(tmp_path: Path) -> None:
    network = Elementwise()
    module = raised(save(network, tmp_path / "g_a.pt2"), (32, 32))
    assert roles(module, "g_a") == ("image", "symbols")
    assert [op for op, _ in layers(module, "g_a")].count("lic.add") == 3
    x = synthetic_image(32, 32)
    assert torch.equal(run_function(module, "g_a", x), network(x))


def test_the_transform_is_named_by_request_file_content_or_file_name(
    analysis: nn.Module, tmp_path: Path
) -> None:
    path = save(analysis, tmp_path / "student.pt2", extra_files={"transform": "g_a"})
    assert function_names(raised(path, (64, 64))) == ["g_a"]
    path = save(analysis, tmp_path / "student-g_a.pt2")
    assert function_names(raised(path, (64, 64))) == ["g_a"]
    path = save(analysis, tmp_path / "student.pt2")
    assert function_names(raised(path, (64, 64), ["g_a"])) == ["g_a"]
    assert refusal(path) == (
        "which transform is it? name one with --transforms (g_a, h_a, h_s, g_s) "
        "or in the file's name (g_a.pt2)"
    )
    assert refusal(path, transforms=["g_a", "g_s"]) == (
        "a .pt2 program is one transform, but 2 are asked for"
    )


# What is refused

LAYERS = "licc compiles convolutions, GDN, ReLU, LeakyReLU, abs, round, PixelShuffle"


@pytest.mark.parametrize(
    ("layer", "name"),
    [
        (nn.Sigmoid(), "aten.sigmoid"),
        (nn.MaxPool2d(2), "aten.max_pool2d"),
        (nn.BatchNorm2d(4), "aten.batch_norm"),
        (nn.Upsample(scale_factor=2), "aten.upsample_nearest2d"),
    ],
)
def test_unsupported_layer_is_named_with_its_path(
    layer: nn.Module, name: str, tmp_path: Path
) -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Sequential(nn.ReLU(), layer))
    path = save(network, tmp_path / "g_a.pt2")
    assert refusal(path) == f"g_a.1.1 ({name}): unsupported layer; {LAYERS}"


def test_a_product_that_is_no_gdn_is_named(tmp_path: Path) -> None:
    class Gate(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x * x.abs()

    path = save(nn.Sequential(nn.Conv2d(3, 4, 3), Gate()), tmp_path / "g_a.pt2")
    module = import_checkpoint(path, (64, 64), make_context())
    with module.context:
        seen: list[str] = []
        handler = module.context.attach_diagnostic_handler(lambda d: seen.append(d.message) or True)
        with pytest.raises(PassFailure):
            LicRaiseTorch().run(module)
        handler.detach()
    assert seen == [
        (
            "'torch.aten.mul.Tensor' op is an unsupported layer g_a.1; licc compiles convolutions, GDN, "
            "ReLU, LeakyReLU, abs, round, PixelShuffle and added constants"
        )
    ]


def test_dynamic_shapes_are_refused(tmp_path: Path) -> None:
    height = torch.export.Dim("height", min=16, max=64)
    program = torch.export.export(
        nn.Sequential(nn.Conv2d(3, 4, 3)),
        (torch.zeros(1, 3, 32, 32),),
        dynamic_shapes=({2: height},),
        strict=False,
    )
    path = tmp_path / "g_a.pt2"
    torch.export.save(program, path)
    assert refusal(path) == f"a program with dynamic shapes is not supported; {REMEDY}"


def test_two_inputs_are_refused(tmp_path: Path) -> None:
    class Two(nn.Module):
        def forward(self, x: Tensor, y: Tensor) -> Tensor:
            return x + y

    example = torch.zeros(1, 3, 8, 8)
    path = tmp_path / "g_a.pt2"
    torch.export.save(torch.export.export(Two(), (example, example), strict=False), path)
    assert refusal(path) == (
        "expected a program of one tensor in and one out, but got 2 in and 1 out; "
        "export each transform (model.g_a) alone"
    )


def test_rank_is_checked(tmp_path: Path) -> None:
    path = tmp_path / "g_a.pt2"
    torch.export.save(torch.export.export(nn.ReLU(), (torch.zeros(3, 8),), strict=False), path)
    assert refusal(path) == "expected an input of rank 4 (NCHW), but got 3x8"


def test_nan_is_refused(tmp_path: Path) -> None:
    conv = nn.Conv2d(3, 4, 3)
    conv.weight.data[0, 0, 0, 0] = float("nan")
    path = save(nn.Sequential(conv), tmp_path / "g_a.pt2")
    assert (
        refusal(path)
        == "0.weight: NaN in the weights; the training has diverged, use a checkpoint from before"
    )


def rewrite(path: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    """Rewrite each entry of an archive; None drops it."""
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in entries.items():
            new = change(name, data)
            if new is not None:
                archive.writestr(name, new)
    return path


def edited(path: Path, suffix: str, edit: Callable[[Any], None]) -> Path:
    """Rewrite one JSON entry."""

    def change(name: str, data: bytes) -> bytes:
        if not name.endswith(suffix):
            return data
        content = json.loads(data)
        edit(content)
        return json.dumps(content).encode()

    return rewrite(path, change)


@pytest.fixture
def program(tmp_path: Path) -> Path:
    return save(nn.Sequential(nn.Conv2d(3, 4, 3)), tmp_path / "g_a.pt2")


def test_operators_other_than_aten_are_never_looked_up(program: Path) -> None:
    def edit(model: Any) -> None:
        model["graph_module"]["graph"]["nodes"][0]["target"] = "torch.os.system"

    message = refusal(edited(program, "models/model.json", edit))
    assert message == f"g_a.0 (torch.os.system): unsupported layer; {LAYERS}"


def test_pickled_weights_are_never_loaded(program: Path) -> None:
    def edit(config: Any) -> None:
        config["config"]["0.weight"]["use_pickle"] = True

    message = refusal(edited(program, "model_weights_config.json", edit))
    assert message == f"0.weight: a pickled tensor is not supported; {REMEDY}"


def test_sample_inputs_are_never_unpickled(program: Path) -> None:
    rewrite(
        program, lambda name, data: b"\x80\x04cos\nsystem\n" if "sample_inputs" in name else data
    )
    assert function_names(raised(program, (64, 64))) == ["g_a"]


def test_weights_that_are_too_short(program: Path) -> None:
    rewrite(program, lambda name, data: data[:40] if name.endswith("weight_0") else data)
    assert refusal(program) == "0.weight: expected 4x3x3x3 weights, but the file has fewer"


def test_integer_weights(program: Path) -> None:
    def edit(config: Any) -> None:
        config["config"]["0.weight"]["tensor_meta"]["dtype"] = 4

    message = refusal(edited(program, "model_weights_config.json", edit))
    assert message == "0.weight: expected floating-point weights"


def test_an_archive_without_a_model(program: Path) -> None:
    rewrite(program, lambda name, data: None if name.endswith("model.json") else data)
    assert refusal(program) == f"not a torch.export program: no models/model.json; {REMEDY}"


def test_a_model_of_another_form(program: Path) -> None:
    message = refusal(edited(program, "models/model.json", lambda model: model.clear()))
    assert message == f"not a torch.export program: KeyError('graph_module'); {REMEDY}"
