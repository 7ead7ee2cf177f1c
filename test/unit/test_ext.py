# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What `licc.dialects.ext` relies on in the pinned wheel, and what it makes of it.

A test that fails after a new pin says which workaround of dialects/ext.py is out of date.
"""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from torch_mlir import ir
from torch_mlir.dialects import ext as upstream

from licc.dialects import ext, load_dialects, make_context
from licc.dialects.lic import Lic, ReluOp

IMAGE = "tensor<1x1x2x2xf32>"
RELU = f'%y = "lic.relu"(%x) {{layer = "g_a.0"}} : ({IMAGE}) -> {IMAGE}'


def function(body: str) -> str:
    return f"func.func @f(%x: {IMAGE}) {{\n{body}\nreturn\n}}"


def errors(text: str) -> list[str]:
    with make_context(), pytest.raises(ir.MLIRError) as raised:
        ir.Module.parse(text)
    return [diagnostic.message for diagnostic in raised.value.error_diagnostics]


# --------------------------------------------------------------------------------------------------
# The wheel
# --------------------------------------------------------------------------------------------------
def test_wheel_runs_verify_invariants_before_irdl(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Lic.Operation, "verify_invariants", lambda _: True)
    assert errors('"lic.relu"() : () -> ()') == ["op expects exactly 1 operands, but got 0"]
    called: list[int] = []
    monkeypatch.setattr(
        Lic.Operation, "verify_invariants", lambda op: called.append(len(op.operands)) or False
    )
    assert errors('"lic.relu"() : () -> ()') == []
    assert called == [0]


def test_wheel_passes_exceptions_of_verifiers_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ReluOp, "check", lambda op: op.attributes["absent"])
    with pytest.raises(KeyError), make_context():
        ir.Module.parse(function(RELU))


def test_wheel_verifies_the_ops_in_a_body_between_the_two_verifiers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    called: list[str] = []
    monkeypatch.setattr(
        Lic.Operation, "check", lambda op: called.append(op.OPERATION_NAME), raising=True
    )
    for op in Lic.operations:
        if "check" in vars(op):
            monkeypatch.setattr(op, "check", lambda op: called.append(op.OPERATION_NAME))
        if "check_body" in vars(op):
            monkeypatch.setattr(op, "check_body", lambda op: called.append("body"))
    with make_context():
        ir.Module.parse(
            function(
                f'%y = "lic.stage"(%x) ({{\n^bb0(%a: {IMAGE}):\n"lic.yield"(%a) : ({IMAGE}) -> ()\n}})'
                f' {{layer = "a"}} : ({IMAGE}) -> {IMAGE}'
            )
        )
    assert [name for name in called if name != "body"][:2] == ["lic.stage", "lic.yield"]
    assert called.index("body") > called.index("lic.yield")


def test_wheel_refuses_a_second_load_and_load_does_not() -> None:
    with make_context() as context, ir.Location.unknown():
        with pytest.raises(upstream.DialectAlreadyLoadedError):
            Lic.load()
        assert load_dialects(context) is context


def test_wheel_has_no_class_for_parsed_resources() -> None:
    with ir.Context():
        attribute = ir.Attribute.parse("dense_resource<__elided__> : tensor<2xf32>")
        assert type(attribute) is ir.Attribute
        assert ir.DenseResourceElementsAttr(attribute).type == attribute.type


def test_wheel_keeps_bools_and_integers_apart() -> None:
    with ir.Context():
        assert type(ir.Attribute.parse("true")) is ir.BoolAttr
        assert not issubclass(ir.BoolAttr, ir.IntegerAttr)


def test_wheel_takes_a_class_variable_with_an_annotation_for_a_field() -> None:
    class Toy(upstream.Dialect, name="toy_classvar"):
        pass

    body = {"__annotations__": {"kinds": ClassVar[dict[str, str]]}, "kinds": {"a": "string"}}
    with pytest.raises(TypeError, match="field specifier of field 'kinds'"):
        type("Op", (Toy.Operation,), body, name="op")


# --------------------------------------------------------------------------------------------------
# What ext makes of it
# --------------------------------------------------------------------------------------------------
def test_one_error_in_mlir_wording() -> None:
    assert errors(function(f'%y = "lic.relu"(%x) : ({IMAGE}) -> {IMAGE}')) == [
        "'lic.relu' op requires attribute 'layer'"
    ]


def test_errors_are_at_the_op() -> None:
    with pytest.raises(ir.MLIRError) as raised, make_context():
        ir.Module.parse(function(f'%y = "lic.relu"(%x) : ({IMAGE}) -> {IMAGE}'))
    assert '"-":2:6' in str(raised.value.error_diagnostics[0].location)


def test_verifying_needs_no_current_context() -> None:
    with make_context():
        module = ir.Module.parse(function(RELU))
    assert ir.Context.current is None
    assert module.operation.verify()
    assert "lic.relu" in str(module)


def test_ops_of_a_parsed_module_have_their_classes_in_every_context() -> None:
    for _ in range(2):
        with make_context():
            module = ir.Module.parse(function(RELU))
            op = module.body.operations[0].regions[0].blocks[0].operations[0]
            assert isinstance(op, ReluOp)
            assert op.layer.value == "g_a.0"


def test_builders_take_fields_in_their_order() -> None:
    with make_context(), ir.Location.unknown():
        module = ir.Module.parse(function(""))
        block = module.body.operations[0].regions[0].blocks[0]
        with ir.InsertionPoint.at_block_begin(block):
            x = block.arguments[0]
            op = ReluOp(x.type, x, ir.StringAttr.get("a"))
        assert op.operation.verify()


def test_pure_ops_are_removed_when_unused_and_stages_are_not() -> None:
    from torch_mlir.passmanager import PassManager

    stage = (
        f'%z = "lic.stage"(%x) ({{\n^bb0(%a: {IMAGE}):\n"lic.yield"(%a) : ({IMAGE}) -> ()\n}})'
        f' {{layer = "a"}} : ({IMAGE}) -> {IMAGE}'
    )
    with make_context():
        module = ir.Module.parse(function(f"{RELU}\n{stage}"))
        PassManager.parse("builtin.module(canonicalize, cse)").run(module.operation)
    assert "lic.relu" not in str(module)
    assert "lic.stage" in str(module)


def test_expect_builds_its_message_only_on_failure() -> None:
    def message() -> Any:
        raise AssertionError

    ext.expect(True, message)
    with pytest.raises(ext.VerifyError, match="expected more"):
        ext.expect(False, lambda: "expected more")
    with pytest.raises(ext.VerifyError, match="expected less"):
        ext.expect(False, "expected less")


def test_array_reads_an_i64_array() -> None:
    with ir.Context():
        assert ext.array(ir.Attribute.parse("array<i64: -1, 5>")) == (-1, 5)
        assert ext.array(ir.Attribute.parse("array<i64>")) == ()
