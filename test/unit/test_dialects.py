# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What holds for both dialects: every op and every verifier message has a test, and no input breaks a verifier."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from torch_mlir import ir

from licc.dialects import DIALECTS, ext, make_context
from licc.dialects.hls import ops as hls_ops
from licc.dialects.irdl import irdl_texts
from licc.dialects.lic import ops as lic_ops

ROOT = Path(__file__).parents[2]
OPS = [op for dialect in DIALECTS for op in dialect.operations]
ATTRIBUTES = (
    "unit",
    "true",
    "-1 : i64",
    '"x"',
    "0.5",
    "array<i64>",
    "array<i64: 0, 0, 0>",
    "array<i64: 9223372036854775807, -9223372036854775808>",
    "i8",
    "dense<1> : tensor<1xi8>",
    "#hls.folding<0, 0, 0, 0, 0>",
)
TYPES = (
    "i32",
    "tensor<*xf32>",
    "tensor<?xi8>",
    "tensor<f32>",
    "tensor<1x0x4x4xf32>",
    "tensor<1x2x4x4x!quant.uniform<i8:f32:7, {0.5,0.25}>>",
    "tensor<2x2x!quant.any<i8:f32>>",
    "vector<[2]xi8>",
    "!hls.stream<i8, 0>",
    "!hls.memory<vector<2xi8>, 4>",
)


def parts(path: Path) -> list[str]:
    """The parts of a test between its split markers."""
    return re.split(r"^// -----$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)


def folder(op: Any) -> Path:
    return ROOT / "test" / "Dialect" / op.OPERATION_NAME.split(".")[0]


@pytest.mark.parametrize("op", OPS, ids=lambda op: op.OPERATION_NAME)
def test_every_op_round_trips_in_a_test(op: Any) -> None:
    text = (folder(op) / "round-trip.mlir").read_text(encoding="utf-8")
    assert f'"{op.OPERATION_NAME}"(' in re.sub(r"//.*", "", text)


@pytest.mark.parametrize("op", OPS, ids=lambda op: op.OPERATION_NAME)
def test_every_op_has_an_expected_error(op: Any) -> None:
    text = (folder(op) / "errors.mlir").read_text(encoding="utf-8")
    assert f"{{{{'{op.OPERATION_NAME}' op " in text


@pytest.mark.parametrize("op", OPS, ids=lambda op: op.OPERATION_NAME)
def test_every_attribute_is_in_a_round_trip(op: Any) -> None:
    text = (folder(op) / "round-trip.mlir").read_text(encoding="utf-8")
    with make_context(), ir.Location.unknown():
        modules = [ir.Module.parse(part) for part in text.split("// -----\n")]
        seen = {
            name
            for module in modules
            for found in walk(module.operation)
            if found.name == op.OPERATION_NAME
            for name in found.attributes
        }
    assert {*op.kinds, *op.optional} <= seen


def places_of_errors(module: ModuleType) -> set[tuple[str, int]]:
    """File and line of each `expect(...)` and `raise VerifyError` in the functions of `module`."""
    name = inspect.getfile(module)
    functions = (
        node
        for node in ast.walk(ast.parse(Path(name).read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name != "expect"
    )
    calls = {
        (name, node.lineno)
        for function in functions
        for node in ast.walk(function)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("expect", "VerifyError")
    }
    assert calls
    return calls


def test_every_verifier_message_has_an_expected_error(monkeypatch: pytest.MonkeyPatch) -> None:
    raised: set[tuple[str, int]] = set()
    holds = ext._holds

    def recorded(op: Any, check: Callable[[], None]) -> bool:
        def run() -> None:
            try:
                check()
            except ext.VerifyError as error:
                trace = error.__traceback__
                while trace is not None:
                    raised.add((trace.tb_frame.f_code.co_filename, trace.tb_lineno))
                    trace = trace.tb_next
                raise

        return holds(op, run)

    monkeypatch.setattr(ext, "_holds", recorded)
    for dialect in ("lic", "hls"):
        for part in parts(ROOT / "test" / "Dialect" / dialect / "errors.mlir"):
            with make_context(), pytest.raises(ir.MLIRError):
                ir.Module.parse(part)
    wanted = set.union(*map(places_of_errors, (ext, lic_ops, hls_ops)))
    assert sorted(wanted - raised) == []


def walk(op: ir.Operation) -> Iterator[ir.Operation]:
    """All ops inside `op`."""
    for region in op.regions:
        for block in region.blocks:
            for inner in block.operations:
                yield inner.operation
                yield from walk(inner.operation)


def verifies(op: ir.Operation) -> bool:
    """Whether `op` holds; an exception that is no MLIRError passes through and fails the test."""
    try:
        return bool(op.verify())
    except ir.MLIRError:
        return False


@pytest.mark.parametrize("dialect", ["lic", "hls"])
def test_no_attribute_breaks_a_verifier(dialect: str) -> None:
    refused = 0
    for part in parts(ROOT / "test" / "Dialect" / dialect / "round-trip.mlir"):
        with make_context(), ir.Location.unknown():
            module = ir.Module.parse(part).operation
            for op in [op for op in walk(module) if op.name.startswith(dialect)]:
                for name in list(op.attributes):
                    good = op.attributes[name]
                    del op.attributes[name]
                    refused += not verifies(module)
                    for attribute in map(ir.Attribute.parse, ATTRIBUTES):
                        op.attributes[name] = attribute
                        refused += not verifies(op)
                    op.attributes[name] = good
            assert verifies(module)
    assert refused > 100


@pytest.mark.parametrize("dialect", ["lic", "hls"])
def test_no_form_breaks_a_verifier(dialect: str) -> None:
    for part in parts(ROOT / "test" / "Dialect" / dialect / "round-trip.mlir"):
        with make_context(), ir.Location.unknown():
            module = ir.Module.parse(part).operation
            for op in [op for op in walk(module) if op.name.startswith(dialect)]:
                _try_forms(op)


def _try_forms(op: ir.Operation) -> None:
    results, operands = [result.type for result in op.results], list(op.operands)
    attributes = {name: op.attributes[name] for name in op.attributes}

    def verify_copy(
        results: Sequence[ir.Type], operands: Sequence[ir.Value], regions: int, blocks: int = 0
    ) -> bool:
        with ir.InsertionPoint(op):
            copy = ir.Operation.create(
                op.name,
                results=results,
                operands=operands,
                attributes=attributes,
                regions=regions,
            )
        for region in copy.regions:
            for _ in range(blocks):
                region.blocks.append()
        holds = verifies(copy)
        copy.erase()
        return holds

    regions = len(op.regions)
    assert not verify_copy(results, operands, regions + 1)
    assert not verify_copy([*results, ir.IntegerType.get_signless(8)], operands, regions)
    for blocks in range(3 if regions else 0):
        assert not verify_copy(results, operands, regions, blocks)
    if operands:
        assert not verify_copy(results, [], regions)
        assert not verify_copy(results, operands * 2, regions)
    for type_ in map(ir.Type.parse, TYPES):
        with ir.InsertionPoint(op):
            cast = ir.Operation.create("builtin.unrealized_conversion_cast", results=[type_])
        verify_copy([type_ for _ in results], operands, regions)
        for i in range(len(operands)):
            verify_copy(results, [*operands[:i], cast.result, *operands[i + 1 :]], regions)
        verify_copy([type_ for _ in results], [cast.result for _ in operands], regions)
        cast.erase()


@pytest.mark.parametrize("path", list(irdl_texts()), ids=str)
def test_irdl_files_are_those_of_the_op_classes(path: Path) -> None:
    written = (ROOT / "dialects" / path).read_text(encoding="utf-8")
    assert written == irdl_texts()[path], "run python -m licc.dialects.irdl"


def test_pages_are_those_of_the_op_classes() -> None:
    spec = importlib.util.spec_from_file_location("docs", ROOT / "tools" / "gen_dialect_docs.py")
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    for path, text in tool.pages().items():
        assert path.read_text(encoding="utf-8") == text, "run tools/gen_dialect_docs.py"
