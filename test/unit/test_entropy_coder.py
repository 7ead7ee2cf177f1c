# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Whole codecs: any size there and back, CompressAI's own strings, streams of others refused."""

from __future__ import annotations

import json
import struct
import zlib
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support import networks
from support.codecs import EXAMPLE
from support.compressai_import import compressai_models
from torch_mlir import ir

from licc.dialects import make_context
from licc.dialects.quantized import quantized
from licc.entropy import Coder, EntropyModel, StreamError, compressai, store
from licc.entropy.coder import Stream
from licc.entropy.container import parse
from licc.entropy.sizes import codec_stride, result_size
from licc.errors import UserError
from licc.interp import lic
from licc.passes.lic_fuse import LicFuse
from licc.quantize import facts
from licc.quantize.pipeline import float_module, typed_module

ARCHITECTURES = ("bmshj2018-hyperprior", "mbt2018-mean", "bmshj2018-factorized", "bls2017")
WIDTHS = (5, 8)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("codecs")


@cache
def modules(folder: Path, architecture: str) -> tuple[Path, ir.Module, ir.Module]:
    """Checkpoint, float and typed module of a random network."""
    path = networks.random_checkpoint(architecture, *WIDTHS, 3, folder / f"{architecture}.pt")
    floats = float_module(path, make_context(), (64, 64))
    return path, floats, typed_module(floats, "int8", max_images=1)


def coder(folder: Path, architecture: str, typed: bool) -> Coder:
    path, floats, integers = modules(folder, architecture)
    return Coder(integers if typed else floats, path)


def picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    random = torch.Generator().manual_seed(seed)
    image = networks.synthetic_image(height, width, random)[0].permute(1, 2, 0)
    return (image * 255).round().numpy().astype(np.uint8)


@pytest.mark.parametrize("typed", [False, True], ids=["float", "typed"])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_what_is_decoded_is_what_was_reconstructed(
    folder: Path, architecture: str, typed: bool
) -> None:
    codec = coder(folder, architecture, typed)
    assert codec.typed == typed
    for seed, size in enumerate([(64, 64), (33, 50), (1, 1)]):
        image = picture(*size, seed)
        stream = codec.encode(image)
        decoded, bits, symbols = codec.reconstruct(image)
        np.testing.assert_array_equal(codec.decode(stream), decoded)
        assert decoded.shape == image.shape
        assert decoded.dtype == np.uint8
        assert symbols.shape == (WIDTHS[1], -(-size[0] // 16), -(-size[1] // 16))
        assert bits == stream.bits
        assert stream.estimated == codec.estimated == (architecture == "bls2017")
        if not stream.estimated:
            assert bits == 8 * len(stream.data)


@pytest.mark.parametrize("typed", [False, True], ids=["float", "typed"])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_what_g_s_takes_is_the_latent_but_for_the_rounding(
    folder: Path, architecture: str, typed: bool
) -> None:
    codec = coder(folder, architecture, typed)
    image = picture(48, 64)
    coded = codec.analyse(image)
    pixels = image.transpose(2, 0, 1)[None]
    y = lic.run(codec.module, "g_a", pixels if typed else pixels.astype(np.float32) / 255)
    units = {port: 2.0 ** -codec.port(port)["fraction"] if typed else 1 for port in ("y", "y_hat")}
    error = np.abs(coded.latent * units["y_hat"] - y * units["y"]).max()
    assert error <= 0.5 + units["y_hat"] * typed + 1e-5
    means = np.any(coded.y != np.rint(y[0] * units["y"]))
    assert means == (architecture == "mbt2018-mean")


@given(st.integers(1, 70), st.integers(1, 70), st.integers(0, 99))
@settings(deadline=None, max_examples=6)
def test_any_size(folder: Path, height: int, width: int, seed: int) -> None:
    codec = coder(folder, "mbt2018-mean", typed=True)
    image = picture(height, width, seed)
    np.testing.assert_array_equal(codec.decode(codec.encode(image)), codec.reconstruct(image).image)


def theirs(path: Path, architecture: str) -> Any:
    models = compressai_models()
    cls = {
        "bmshj2018-hyperprior": models.ScaleHyperprior,
        "mbt2018-mean": models.MeanScaleHyperprior,
        "bmshj2018-factorized": models.FactorizedPrior,
    }[architecture]
    model = cls(*WIDTHS)
    model.load_state_dict(torch.load(path, weights_only=True))
    model.update()
    return model.eval()


@torch.no_grad()
@pytest.mark.parametrize("architecture", ARCHITECTURES[:3])
def test_strings_are_those_of_compressai(folder: Path, architecture: str) -> None:
    """Of a float codec, where no float falls on a boundary: the whole chain, and its picture."""
    path, *_ = modules(folder, architecture)
    image, model = picture(64, 128, 5), theirs(path, architecture)
    codec = coder(folder, architecture, typed=False)
    x = torch.from_numpy(image).permute(2, 0, 1)[None].float() / 255
    coded = model.compress(x)
    held = parse(codec.encode(image).data)
    wanted = [strings[0] for strings in coded["strings"]]
    assert [held.y, *([held.z] if held.z else [])] == wanted
    decoded = model.decompress(coded["strings"], coded["shape"])["x_hat"][0].permute(1, 2, 0)
    pixels = (decoded.clamp(0, 1) * 255).numpy()
    np.testing.assert_allclose(codec.reconstruct(image).image, pixels, atol=0.51)


@torch.no_grad()
def test_compressai_decodes_the_strings_of_a_typed_codec(folder: Path) -> None:
    """Given our symbols and indexes, its coder writes our strings: the tables are all that they share."""
    path, _, typed = modules(folder, "bmshj2018-hyperprior")
    codec, model = Coder(typed, path), theirs(path, "bmshj2018-hyperprior")
    coded = codec.analyse(picture(48, 80))
    held = parse(codec.encode(picture(48, 80)).data)
    y = model.gaussian_conditional.compress(
        torch.from_numpy(coded.y)[None].float(), torch.from_numpy(coded.y_indexes)[None].int()
    )
    medians = model.entropy_bottleneck.quantiles[:, 0, 1].reshape(1, -1, 1, 1)
    z = model.entropy_bottleneck.compress(torch.from_numpy(coded.z)[None].float() + medians)
    assert [*y, *z] == [held.y, held.z]


def test_a_build_has_what_a_host_needs(folder: Path, tmp_path: Path) -> None:
    """docs/entropy.md's files, read again without the checkpoint: the same hash, the same tables."""
    path, _, typed = modules(folder, "mbt2018-mean")
    store.write_build(typed, path, tmp_path)
    text = json.loads((tmp_path / "entropy.json").read_text())
    data = (tmp_path / "entropy.bin").read_bytes()
    codec = Coder(typed, path)
    assert text["model"] == codec.model_hash.hex()
    assert text["kind"] == 2
    assert text["stride"] == [16, 16]
    assert text["crc32"] == f"{zlib.crc32(data):08x}"
    assert text["scale_thresholds"] == codec.thresholds.tolist()
    assert text["ports"]["h_s"]["channels"] == 2 * text["ports"]["y"]["channels"] == 2 * WIDTHS[1]
    assert (
        text["ports"]["y"]["fraction"]
        == 1 - np.frexp(quantized(facts.functions(typed)["g_a"].type.results[0]).scale)[1]
    )
    for name, table in (("z", codec.model.bottleneck), ("y", codec.model.conditional)):
        place = text["tables"][name]
        values = np.frombuffer(data, "<i4", place["bytes"] // 4, place["offset"])
        rows = place["rows"]
        lengths, offsets, rest = np.split(values, [rows, 2 * rows])
        np.testing.assert_array_equal(lengths, table.lengths)
        np.testing.assert_array_equal(offsets, table.offsets)
        for row, wanted in zip(np.split(rest, np.cumsum(lengths)[:-1]), table.rows, strict=True):
            assert row.tolist() == wanted
    assert place["offset"] + place["bytes"] == len(data)


def test_a_build_without_compressai_has_no_tables_and_says_so(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, _, typed = modules(folder, "mbt2018-mean")

    def missing() -> None:
        raise compressai.NotInstalledError("a checkpoint without tables needs CompressAI")

    monkeypatch.setattr(compressai, "entropy_models", missing)
    with pytest.warns(
        UserWarning, match=r"weights/entropy\.bin is not written: a checkpoint without"
    ):
        store.write_build(typed, path, tmp_path)
    assert not list(tmp_path.iterdir())


def test_thresholds_in_the_ir_are_those_of_the_checkpoint(folder: Path) -> None:
    path, _, typed = modules(folder, "bmshj2018-hyperprior")
    h_s = facts.functions(typed)["h_s"]
    assert "lic.scale_thresholds" in h_s.attributes
    assert "lic.scale_table" not in h_s.attributes
    stored = Coder(typed, path).thresholds
    del h_s.attributes["lic.scale_thresholds"]
    try:
        np.testing.assert_array_equal(Coder(typed, path).thresholds, stored)
    finally:
        h_s.attributes["lic.scale_thresholds"] = ir.DenseI64ArrayAttr.get(
            stored.tolist(), context=typed.context
        )


def test_a_codec_compiled_for_another_size_is_the_same_decoder(folder: Path) -> None:
    path, floats, typed = modules(folder, "bmshj2018-hyperprior")
    larger = typed_module(float_module(path, make_context(), (96, 48)), "int8", max_images=1)
    first, second = Coder(typed, path), Coder(larger, path)
    image = picture(40, 40)
    assert first.model_hash == second.model_hash
    np.testing.assert_array_equal(
        second.decode(first.encode(image)), first.reconstruct(image).image
    )
    assert Coder(floats, path).model_hash != first.model_hash


def test_a_fused_module_is_the_same_decoder(folder: Path) -> None:
    path, _, typed = modules(folder, "bmshj2018-hyperprior")
    with typed.context, ir.Location.unknown():
        fused = ir.Module.parse(str(typed))
        LicFuse().run(fused)
    assert "lic.stage" in str(fused)
    first, second = Coder(typed, path), Coder(fused, path)
    image = picture(50, 35)
    assert first.model_hash == second.model_hash
    assert first.encode(image) == second.encode(image)
    np.testing.assert_array_equal(
        second.decode(first.encode(image)), first.reconstruct(image).image
    )


def test_a_stream_of_another_model_is_refused(folder: Path, tmp_path: Path) -> None:
    codec = coder(folder, "bmshj2018-hyperprior", typed=True)
    path = networks.random_checkpoint("bmshj2018-hyperprior", *WIDTHS, 4, tmp_path / "other.pt")
    other = Coder(float_module(path, make_context(), (64, 64)), path)
    with pytest.raises(StreamError, match="a stream of model "):
        other.decode(codec.encode(picture(20, 20)))


@pytest.mark.parametrize("key", ["h_s.4.bias", "g_s.6.weight"])
def test_any_number_of_the_decoder_makes_another_model(
    folder: Path, tmp_path: Path, key: str
) -> None:
    path, floats, _ = modules(folder, "bmshj2018-hyperprior")
    state = torch.load(path, weights_only=True)
    state[key].view(-1)[1] += 1e-4
    torch.save(state, tmp_path / "other.pt")
    other = float_module(
        tmp_path / "other.pt", make_context(), (64, 64), ("g_a", "h_a", "h_s", "g_s")
    )
    assert Coder(other, path).model_hash != Coder(floats, path).model_hash


def test_scales_below_the_bound_are_the_bound(folder: Path) -> None:
    path, floats, _ = modules(folder, "bmshj2018-hyperprior")
    model = EntropyModel.of(path)
    bound = float(model.scale_table[24])
    plain, bounded = (
        Coder(floats, m).analyse(picture(64, 64)).y_indexes
        for m in (model, replace(model, scale_bound=bound * 1.001))
    )
    assert plain.min() < 25 < plain.max()
    np.testing.assert_array_equal(bounded, np.maximum(plain, 25))


def forged(data: bytes, **fields: int) -> bytes:
    """`data` with other header fields and a right checksum."""
    places = {"kind": (5, "<B"), "height": (16, "<H"), "width": (18, "<H")}
    stream = bytearray(data)
    for name, value in fields.items():
        struct.pack_into(places[name][1], stream, places[name][0], value)
    struct.pack_into("<I", stream, 28, zlib.crc32(stream[:28] + stream[32:]))
    return bytes(stream)


@pytest.mark.parametrize(
    "fields", [{"height": 600}, {"width": 16384, "height": 16384}, {"kind": 0}, {"height": 1}]
)
def test_a_forged_header_is_an_error(folder: Path, fields: dict[str, int]) -> None:
    codec = coder(folder, "bmshj2018-hyperprior", typed=True)
    data = codec.encode(picture(40, 40)).data
    with pytest.raises(StreamError):
        codec.decode(forged(data, **fields))


@cache
def encoded(folder: Path, architecture: str) -> bytes:
    return coder(folder, architecture, typed=True).encode(picture(40, 40)).data


@given(st.data())
@settings(deadline=None, max_examples=60)
def test_forged_strings_are_an_error_or_a_picture(folder: Path, data: st.DataObject) -> None:
    """A right checksum over damaged strings: whoever wants to can make one."""
    architecture = data.draw(st.sampled_from(ARCHITECTURES))
    codec = coder(folder, architecture, typed=True)
    stream = bytearray(encoded(folder, architecture))
    for _ in range(data.draw(st.integers(1, 4))):
        bit = data.draw(st.integers(32 * 8, 8 * len(stream) - 1))
        stream[bit // 8] ^= 1 << bit % 8
    try:
        decoded = codec.decode(Stream(forged(bytes(stream)), 0.0, estimated=False))
    except StreamError:
        return
    assert decoded.shape == (40, 40, 3)


@pytest.mark.parametrize(
    "image",
    [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32), np.zeros((0, 4, 3), np.uint8)],
)
def test_what_is_no_image_is_refused(folder: Path, image: np.ndarray) -> None:
    with pytest.raises(UserError, match="expected"):
        coder(folder, "bls2017", typed=False).encode(image)


def test_the_estimate_is_the_entropy_of_each_channel(folder: Path) -> None:
    codec = coder(folder, "bls2017", typed=True)
    stream = codec.encode(picture(64, 64))
    symbols = codec.reconstruct(picture(64, 64)).symbols
    bits = 0.0
    for channel in symbols:
        shares = np.unique(channel, return_counts=True)[1] / channel.size
        bits += channel.size * float(-(shares * np.log2(shares)).sum())
    assert stream.bits == pytest.approx(bits)


def test_transforms_without_the_hyper_path_give_an_estimate() -> None:
    codec = Coder(float_module(EXAMPLE, make_context(), (64, 64), ("g_a", "g_s")), EXAMPLE)
    assert codec.estimated
    stream = codec.encode(picture(32, 32))
    assert stream.estimated
    assert codec.decode(stream).shape == (32, 32, 3)


def test_tables_of_another_network_are_refused(folder: Path) -> None:
    _, floats, _ = modules(folder, "bmshj2018-hyperprior")
    with pytest.raises(UserError, match="h_s: takes 5 channels, but the entropy bottleneck has 32"):
        Coder(floats, EXAMPLE)


def test_sizes_follow_the_functions(folder: Path) -> None:
    functions = facts.functions(modules(folder, "bmshj2018-hyperprior")[1])
    assert codec_stride(functions["g_a"], functions["g_s"]) == (16, 16)
    assert result_size(functions["h_a"], (5, 9)) == (2, 3)
    assert result_size(functions["h_s"], (2, 3)) == (8, 12)
