# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`host/`: the typed network as it is, every constant where it says, the same bytes for the same network."""

from __future__ import annotations

import json
import zlib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import networks
from torch_mlir import ir

from licc.dialects import make_context
from licc.dialects.quantized import quantized
from licc.entropy.identity import decoder_hash
from licc.errors import UserError
from licc.interp.lic import elements
from licc.passes.lic_fuse import LicFuse
from licc.quantize import facts
from licc.quantize.pipeline import float_module, typed_module
from licc.target import host

ARCHITECTURES = {"mbt2018-mean": (5, 8), "cheng2020-anchor": (4, 4)}


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("networks")


@cache
def modules(folder: Path, architecture: str) -> tuple[ir.Module, ir.Module]:
    """A float and a typed module."""
    path = folder / f"{architecture}.pt"
    networks.random_checkpoint(architecture, *ARCHITECTURES[architecture], 3, path)
    floats = float_module(path, make_context(), (64, 48))
    return floats, typed_module(floats, "int8", max_images=1)


def constant(place: dict[str, Any], data: bytes) -> np.ndarray:
    return np.frombuffer(
        data, np.dtype(place["type"]).newbyteorder("<"), place["count"], place["offset"]
    )


def ops_of(function: Any) -> list[ir.Operation]:
    found = [view.operation for view in function.entry_block.operations]
    return [op for op in found if op.name not in ("lic.constant", "func.return")]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_it_is_the_network_op_by_op(folder: Path, architecture: str) -> None:
    _, typed = modules(folder, architecture)
    described, data = host.describe(typed)
    functions = facts.functions(typed)
    assert list(described["functions"]) == ["g_a", "h_a", "h_s", "g_s"]
    for name, function in described["functions"].items():
        ops = ops_of(functions[name])
        values = [functions[name].arguments[0], *(op.results[0] for op in ops)]
        assert len(function["values"]) == len(values)
        for value, said in zip(values, function["values"], strict=True):
            kind = quantized(value.type)
            assert said["channels"] == ir.ShapedType(value.type).shape[1]
            assert (said["bits"], said["signed"]) == (kind.bits, kind.signed)
            assert (said["lo"], said["hi"]) == (kind.lo, kind.hi)
        assert function["result"] == len(values) - 1
        for number, (op, said) in enumerate(zip(ops, function["ops"], strict=True), 1):
            assert said["op"] == op.name.removeprefix("lic.")
            assert said["output"] == number
            taken = [values.index(value) for value in op.operands if value in values]
            assert said["inputs"] == taken
            check_constants(op, said, data)


def check_constants(op: ir.Operation, said: dict[str, Any], data: bytes) -> None:
    names = {
        "conv2d": ("weights", "bias"),
        "deconv2d": ("weights", "bias"),
        "gdn": ("beta", "gamma"),
    }
    fields = names.get(said["op"], ("constant",) if "constant" in said else ())
    for field, value in zip(fields, list(op.operands)[1:], strict=False):
        wanted = elements(value.owner.attributes["value"], field)
        np.testing.assert_array_equal(constant(said[field], data), wanted.reshape(-1))
        assert said[field]["offset"] % 8 == 0
    if "weights" in said:
        assert said["weights"]["type"] == "int8"
        assert said["kernel"] == ir.ShapedType(op.operands[1].type).shape[2:]
    if "multiplier" in said and isinstance(said["shift"], list):
        assert len(said["multiplier"]) == len(said["shift"])


def test_constants_do_not_overlap_and_fill_the_file(folder: Path) -> None:
    _, typed = modules(folder, "mbt2018-mean")
    described, data = host.describe(typed)
    places = [
        place
        for function in described["functions"].values()
        for op in function["ops"]
        for place in op.values()
        if isinstance(place, dict)
    ]
    end = 0
    for place in places:
        assert 0 <= place["offset"] - end < 8
        end = place["offset"] + place["count"] * np.dtype(place["type"]).itemsize
    assert end == len(data)


def test_equal_networks_give_equal_bytes(folder: Path, tmp_path: Path) -> None:
    _, typed = modules(folder, "mbt2018-mean")
    again = ir.Module.parse(typed.operation.get_asm(), context=make_context())
    for name, module in (("one", typed), ("two", again)):
        host.write_network(module, tmp_path / name / "host")
        host.write_checksums(tmp_path / name)
    for file in ("network.json", "network.bin", "files.json"):
        one, two = (tmp_path / name / "host" / file for name in ("one", "two"))
        assert one.read_bytes() == two.read_bytes()
    described = json.loads((tmp_path / "one" / "host" / "network.json").read_text())
    data = (tmp_path / "one" / "host" / "network.bin").read_bytes()
    assert described["decoder"] == decoder_hash(typed)
    assert described["padded"] == [64, 48]
    assert described["bytes"] == len(data)
    assert described["crc32"] == f"{zlib.crc32(data):08x}"


def test_checksums_are_of_all_that_a_host_reads(tmp_path: Path) -> None:
    for name in (
        "host/a.json",
        "host/main.cpp",
        "host/CMakeLists.txt",
        "weights/b.bin",
        "hls/c.hpp",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    for _ in range(2):  # the second time, itself is there
        host.write_checksums(tmp_path)
    files = json.loads((tmp_path / host.CHECKSUMS).read_text())["files"]
    assert files == {
        name: {"bytes": len(name), "crc32": f"{zlib.crc32(name.encode()):08x}"}
        for name in ("host/a.json", "weights/b.bin")
    }


def test_floats_and_unknown_ops_are_refused(folder: Path) -> None:
    floats, typed = modules(folder, "mbt2018-mean")
    with pytest.raises(UserError, match="@g_a: computes floats"):
        host.describe(floats)
    with typed.context, ir.Location.unknown():
        fused = ir.Module.parse(str(typed))
        LicFuse().run(fused)
    with pytest.raises(UserError, match=r"no kernel for 'lic\.stage'"):
        host.describe(fused)


def test_half_a_network_is_described_too(folder: Path) -> None:
    path = folder / "half.pt"
    networks.random_checkpoint("bmshj2018-factorized", 4, 6, 3, path)
    floats = float_module(path, make_context(), (32, 32), ("g_a",))
    described, _ = host.describe(typed_module(floats, "int8", max_images=1))
    assert list(described["functions"]) == ["g_a"]
    assert described["padded"] == [32, 32]
