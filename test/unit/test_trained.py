# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Scales of training: what is read off a typed module types the floats to the same integers again."""

from __future__ import annotations

import functools
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support import networks
from support.simulation import make
from torch_mlir import ir

from licc.dialects import make_context
from licc.driver import build
from licc.driver.main import read_options, run_licc
from licc.driver.options import Options
from licc.driver.phases import BY_NAME
from licc.driver.progress import Progress
from licc.errors import UserError
from licc.evaluate import variants
from licc.passes.lic_assign_precision import LicAssignPrecision
from licc.passes.lic_calibrate import LicCalibrate
from licc.quantize import facts, forms, trained, typer
from licc.quantize.pipeline import calibrated_module, float_module, typed_module
from licc.quantize.policy import Int8, Policy

SIZE = (64, 64)
# Nothing but rounding to the nearest: what typing does with scales that it is given.
PLAIN = {"adaptive": False, "bias_correction": False}
MAY_DIFFER = ("lic.calibration", "lic.policy")
Scales = dict[str, Any]


class Wide(Policy):
    """Products of 16 by 16 bits: convolutions read requantized forms of what others read as it is."""

    def weight_bits(self, layer: str) -> int:
        """Of any convolution."""
        return 16

    def activation_bits(self, layer: str) -> int:
        """Of any activation."""
        return 16


POLICIES: dict[str, Callable[[], Policy]] = {
    "int8": lambda: Int8(**PLAIN),
    "wide": lambda: Wide(**PLAIN),
}


@functools.cache
def _made(architecture: str, policy: str) -> tuple[dict[str, Any], str, str]:
    """A small random network: its tensors, in floats, and typed by rounding."""
    n = 6 if architecture.startswith("bls") else 4
    with tempfile.TemporaryDirectory() as folder:
        path = networks.random_checkpoint(architecture, n, 4, 3, Path(folder) / "net.pt")
        state = torch.load(path, weights_only=True)
        floats = float_module(path, make_context(), SIZE)
    calibrated = calibrated_module(floats, max_images=1, size=SIZE)
    return state, _text(floats), _text(typed_module(calibrated, POLICIES[policy]()))


def _modules(architecture: str, policy: str = "int8") -> tuple[ir.Module, ir.Module]:
    context = make_context()
    _, *texts = _made(architecture, policy)
    floats, typed = (ir.Module.parse(text, context=context) for text in texts)
    return floats, typed


@functools.cache
def _scales(architecture: str = "bls2017") -> Scales:
    return trained.read(_modules(architecture)[1])


def _text(module: ir.Module) -> str:
    return module.operation.get_asm(enable_debug_info=True)


def _integers(module: ir.Module) -> str:
    """All of a typed module but what tells where its types are from."""
    for name in MAY_DIFFER:
        if name in module.operation.attributes:
            del module.operation.attributes[name]
    for function in facts.functions(module).values():
        for op in function.entry_block.operations:
            if facts.SQNR in op.attributes:
                del op.attributes[facts.SQNR]
    return module.operation.get_asm()


# --------------------------------------------------------------------------------------------------
# The law
# --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("architecture", "policy"),
    [
        ("bls2017", "int8"),
        pytest.param("bls2017", "wide", marks=pytest.mark.slow),
        ("bmshj2018-hyperprior", "int8"),
        ("mbt2018-mean", "int8"),
        pytest.param("mbt2018-mean", "wide", marks=pytest.mark.slow),
        ("cheng2020-anchor", "int8"),
        pytest.param("cheng2020-anchor", "wide", marks=pytest.mark.slow),
    ],
)
def test_the_same_integers_again(architecture: str, policy: str) -> None:
    floats, typed = _modules(architecture, policy)
    scales = trained.read(typed)
    trained.check(scales)
    assert scales == {name: pytest.approx(v, abs=0) for name, v in trained.rounded(scales).items()}
    again = trained.typed(floats, scales)
    assert not forms.carried(floats)
    assert _integers(again) == _integers(typed)


@pytest.mark.slow
def test_forms_that_only_some_read() -> None:
    """The block reads the latent in fewer bits than the addition around it."""
    scales = trained.read(_modules("cheng2020-anchor", "wide")[1])
    assert scales["g_s.argument#2.readers"].tolist() == [0]
    assert scales["g_s.argument#2.range"][3] < scales["g_s.argument.range"][3]
    assert scales["h_s.1#2.of"] == 1
    assert scales["h_s.1.readers"].size == 0
    # Elsewhere one form is for all who need one, and nothing is said of readers.
    assert not [
        n for n in _scales("cheng2020-anchor") if "#" in n or n.endswith((".readers", ".of"))
    ]


def test_symbols_times_whole_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Channel scales of 1/3 are no float32: what is computed with is what the IR holds."""
    monkeypatch.setattr(typer, "whole_factors", lambda *_: np.array([1.0, 2.0, 3.0, 7.0]))
    floats = _modules("bls2017")[0]
    typed = typed_module(calibrated_module(floats, max_images=1, size=SIZE), Int8(**PLAIN))
    scales = trained.read(typed)
    assert (1.0 / scales["g_s.argument#2.channel_scales"]).round(3).tolist() == [1.0, 2.0, 3.0, 7.0]
    assert _integers(trained.typed(floats, scales)) == _integers(typed)


def test_every_typed_choice_has_its_name() -> None:
    """No two choices share one, and `key` of an op is what `read` calls it."""
    typed = _modules("cheng2020-anchor")[1]
    names: list[str] = []
    for function in facts.functions(typed).values():
        names.append(trained.key(function.arguments[0]))
        names += [
            trained.key(op.operation)
            for op in function.entry_block.operations
            if op.operation.name in (*forms.CHOOSING, "lic.requantize")
        ]
    assert len(set(names)) == len(names)
    found = {name.rpartition(".")[0] for name in trained.read(typed) if name.endswith(".scale")}
    assert found == set(names)
    assert {"g_a.argument", "g_a.0", "g_a.0.leaky_relu", "h_s.medians", "h_a.round"} <= found


def test_scales_are_taken_as_they_are_given() -> None:
    """Other scales, other integers: those that the formulas say."""
    floats, typed = _modules("bls2017")
    scales = trained.read(typed)
    scales["g_a.1.scale"] = scales["g_a.1.scale"] * 1.1
    scales["g_a.2.weight_scales"] = scales["g_a.2.weight_scales"] * 0.9
    again = trained.read(trained.typed(floats, scales))
    assert again == {name: pytest.approx(v, abs=0) for name, v in trained.rounded(scales).items()}
    module = trained.typed(floats, scales)
    op = _of(module, "g_a.2")
    wide = facts.constant(_of(floats, "g_a.2").operands[1]) * again["g_a.1.channel_scales"].reshape(
        1, -1, 1, 1
    )
    steps = again["g_a.2.weight_scales"].reshape(-1, 1, 1, 1)
    wanted = np.clip(np.floor(wide / steps + 0.5), -127, 127)
    np.testing.assert_array_equal(facts.elements(op.operands[1].owner.attributes["value"]), wanted)
    assert bool((np.abs(wanted) == 127).any())


def _layer(op: Any) -> str:
    return ir.StringAttr(op.attributes["layer"]).value if "layer" in op.attributes else ""


def _of(module: ir.Module, layer: str) -> Any:
    function = facts.functions(module)[layer.partition(".")[0]]
    return next(op for op in function.entry_block.operations if _layer(op) == layer)


def test_pictures_measure_and_change_nothing() -> None:
    """`lic.calibration` on a codec that was trained: signal to noise, and the same integers."""
    floats, typed = _modules("bls2017")
    with floats.context, ir.Location.unknown():
        floats.operation.attributes["lic.calibration"] = ir.Attribute.parse(
            '{images = "", max_images = 1 : i64, size = array<i64: 64, 64>, crop = true}'
        )
    again = trained.typed(floats, trained.read(typed))
    assert facts.SQNR in _of(again, "g_a.2").attributes
    assert _integers(again) == _integers(typed)


def test_facts_of_calibration_are_not_read() -> None:
    """Whatever was observed."""
    floats, typed = _modules("bls2017")
    calibrated = calibrated_module(floats, max_images=2, size=SIZE)
    del calibrated.operation.attributes["lic.calibration"]
    assert _integers(trained.typed(calibrated, trained.read(typed))) == _integers(typed)


# --------------------------------------------------------------------------------------------------
# In a file
# --------------------------------------------------------------------------------------------------
def _saved(path: Path, scales: Scales | None = None, architecture: str = "bls2017") -> Path:
    """A checkpoint with these scales, its own by default."""
    given = (scales or _scales(architecture)).items()
    tensors = {name: torch.from_numpy(np.array(values)) for name, values in given}
    torch.save({**_made(architecture, "int8")[0], "integers": tensors}, path)
    return path


@pytest.mark.parametrize(
    "architecture", ["bls2017", pytest.param("mbt2018-mean", marks=pytest.mark.slow)]
)
def test_through_a_file(architecture: str, tmp_path: Path) -> None:
    path = _saved(tmp_path / "net.pt", architecture=architecture)
    floats = float_module(path, make_context(), SIZE)
    assert forms.carried(floats)
    assert _integers(typed_module(floats)) == _integers(_modules(architecture)[1])
    # A policy that is asked for calibrates, and the codec is what it was without scales.
    plain = calibrated_module(floats, max_images=1, size=SIZE)
    assert not forms.carried(plain)
    assert "lic.weight_type" not in _text(plain)


def test_the_driver_takes_them_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = _saved(tmp_path / "net.pt")
    out = tmp_path / "typed.mlir"
    arguments = [str(path), "--input", "64x64", "--compile-to", "type", "-o", str(out)]
    assert run_licc(arguments) == 0
    note = f"note: {path}: takes the scales that it was trained with"
    assert capsys.readouterr().err.splitlines() == [note]
    module = ir.Module.parse(out.read_text(), context=make_context())
    assert module.operation.attributes["lic.policy"] == ir.StringAttr.get(
        "trained", context=module.context
    )
    assert _integers(module) == _integers(_modules("bls2017")[1])
    assert run_licc([*arguments, "--precision", "trained", "--transforms", "g_s"]) == 0
    assert "lic.forms" not in out.read_text()


def test_an_explicit_policy_recalibrates(tmp_path: Path) -> None:
    options = read_options([str(_saved(tmp_path / "net.pt")), "--precision", "int8"])
    assert build.configured_pass(options, "lic-calibrate") == LicCalibrate(recalibrate=True)
    typing = build.configured_pass(options, "lic-assign-precision")
    assert typing == LicAssignPrecision(policy="int8")
    for precision in (None, "trained"):
        options = Options(tmp_path / "net.pt", precision=precision)
        assert build.configured_pass(options, "lic-calibrate") == LicCalibrate()
    assert '"precision": "trained"' in build.manifest(options, "trained")


def test_the_variant_of_an_evaluation(tmp_path: Path) -> None:
    torch.save(_made("bls2017", "int8")[0], tmp_path / "plain.pt")
    names = [tmp_path / "plain.pt", _saved(tmp_path / "own.pt")]
    plain, own = variants.read_checkpoints(names)
    setting = variants.Setting(tmp_path / "out", None, SIZE)
    planned = list(variants.plan([plain, own], None, setting))
    assert [v.label for v in planned] == ["plain float", "plain hybrid", "own float", "own trained"]
    maker = variants.Maker(setting)
    maker.make(planned[3])
    made = ir.Module.parse(planned[3].module.read_text(), context=make_context())
    assert _integers(made) == _integers(_modules("bls2017")[1])
    # Images to calibrate with have no say in it.
    other = variants.Setting(tmp_path / "out", tmp_path, SIZE)
    keys = [v.key for v in variants.plan([own], variants.read_precisions(["trained"]), other)]
    assert keys[1] == planned[3].key
    asked = variants.read_precisions(["trained", "int8", "trained", "float"])
    assert [p.name for p in asked] == ["float", "trained", "int8"]
    (_, none) = variants.plan([plain], variants.read_precisions(["trained"]), setting)
    with pytest.raises(UserError, match=r"^plain trained: .*carries no scales of training"):
        maker.make(none)


@pytest.mark.slow
def test_down_to_c_simulation(tmp_path: Path) -> None:
    path = _saved(tmp_path / "net.pt")
    out = tmp_path / "build"
    build.build(Options(path, output=out, input_hw=SIZE), Progress(verbose=False))
    typed = ir.Module.parse((out / "ir" / "30-typed.mlir").read_text(), context=make_context())
    assert [*facts.functions(typed)] == ["g_a", "g_s"]
    assert '"precision": "trained"' in (out / "licc.json").read_text()
    assert (out / "report.html").stat().st_size > 10_000
    status, printed = make(out)
    assert status == 0, printed


# --------------------------------------------------------------------------------------------------
# What is refused
# --------------------------------------------------------------------------------------------------
def _int64(*values: int) -> Any:
    return np.array(values, np.int64)


BAD: list[tuple[str, Any, str]] = [
    (
        "g_a.1.scale",
        np.float64(np.nan),
        "g_a.1.scale: expected finite scales; the training has div",
    ),
    ("g_a.1.scale", np.float64(np.inf), "g_a.1.scale: expected finite scales"),
    (
        "g_a.1.scale",
        np.float64(-0.1),
        "g_a.1.scale: expected scales from 1e-15 to 1e+09, but got -0.1",
    ),
    ("g_a.1.scale", np.float64(0.0), "g_a.1.scale: expected scales from 1e-15"),
    ("g_a.1.scale", np.ones(1), "g_a.1.scale: expected f64 of 0 dimensions, but got float64 [1]"),
    ("g_a.1.scale", np.int64(1), "g_a.1.scale: expected f64 of 0 dimensions, but got int64 []"),
    ("g_a.1.scale", None, "g_a.1.scale: missing"),
    ("g_a.argument.scale", None, "g_a.argument.scale: missing"),
    ("g_a.1.range", None, "g_a.1.range: missing"),
    (
        "g_a.1.range",
        _int64(8, 1, 127, -128),
        "g_a.1.range: expected a range around 0 within -128 to",
    ),
    ("g_a.1.range", _int64(8, 1, -128, 128), "g_a.1.range: expected a range around 0 within"),
    ("g_a.1.range", _int64(8, 1, -128, 2**63 - 1), "but got -128 to 9223372036854775807"),
    (
        "g_a.1.range",
        _int64(9, 1, -128, 127),
        "g_a.1.range: expected storage of (8, 0), (8, 1), (16",
    ),
    ("g_a.1.range", _int64(2**62, 1, -1, 1), "g_a.1.range: expected storage of"),
    ("g_a.1.range", _int64(8, 1, -128), "g_a.1.range: expected i64 [4], but got int64 [3]"),
    (
        "g_a.0.range",
        _int64(32, 1, -(1 << 31), 100),
        "g_a.0.range: expected a range around 0 within -4096",
    ),
    ("g_a.1.channel_scales", np.ones(3), "g_a.1.channel_scales: expected 4 scales, but got 3"),
    ("g_a.1.channel_scales", np.ones(0), "g_a.1.channel_scales: expected f64 of 1 dimensions"),
    ("g_a.1.readers", _int64(0), "g_a.1.readers: unexpected: it is the type of the value itself"),
    ("g_a.0.readers", _int64(1, 1), "g_a.0.readers: expected rising positions from 0"),
    ("g_a.0.readers", _int64(-1), "g_a.0.readers: expected rising positions from 0"),
    ("g_a.2.weight_scales", np.ones(5), "g_a.2.weight_scales: expected 4 scales, but got 5"),
    ("g_a.2.weight_scales", None, "g_a.2.weight_scales: missing"),
    ("g_a.2.weight_bits", np.int64(17), "g_a.2.weight_bits: expected 4 to 16 bits, but got 17"),
    ("g_a.2.weight_bits", np.int64(3), "g_a.2.weight_bits: expected 4 to 16 bits, but got 3"),
    ("g_a.2.weight_bits", None, "g_a.2.weight_bits: missing"),
    ("g_a.3.gamma_bits", np.int64(-(1 << 63)), "g_a.3.gamma_bits: expected 4 to 17 bits"),
    ("g_a.3.gamma_bits", None, "g_a.3.gamma_bits: missing"),
    ("g_a.9.scale", np.float64(1.0), "g_a.9.scale: unexpected: the network has nothing to take it"),
    ("g_a.0.gamma_bits", np.int64(8), "g_a.0.gamma_bits: unexpected: the network has nothing"),
    (
        "g_a.1.scales",
        np.float64(1.0),
        "'g_a.1.scales': unexpected; expected LAYER.scale, LAYER.range",
    ),
    ("g_b.1.scale", np.float64(1.0), "'g_b.1.scale': unexpected; expected LAYER.scale"),
    ("g_a.0.of", np.int64(1), "g_a.0.of: expected the number of a form before 1, but got 1"),
    ("g_a.0.of", np.int64(0), "g_a.0.of: expected a number from 1, but got 0"),
    ("g_a.1#1.scale", np.float64(1.0), "'g_a.1#1.scale': unexpected"),
]


@pytest.mark.parametrize(("name", "value", "message"), BAD)
def test_odd_scales(name: str, value: Any, message: str) -> None:
    scales = dict(_scales())
    if value is None:
        del scales[name]
    else:
        scales[name] = np.array(value)
    floats = _modules("bls2017")[0]
    before = _text(floats)
    if name.endswith("channel_scales"):
        message = message.replace("expected 4", "expected 6")
    if name == "g_a.2.weight_scales":
        message = message.replace("expected 4", "expected 6")
    with pytest.raises(trained.ScaleError) as caught:
        trained.attach(floats, scales)
    assert message in str(caught.value)
    assert _text(floats) == before


# Well-formed, and yet no network computes so: said of the layer where it shows.
IMPOSSIBLE: list[tuple[str, Any, str]] = [
    ("g_a.argument.scale", np.float64(0.01), r"g_a: .*expected an image's"),
    ("g_s.argument.scale", np.float64(0.5), r"g_s: .*expected scale 1 and a range"),
    (
        "g_s.argument.range",
        _int64(16, 1, -3, 3),
        r"g_s: .*expected the type of the same symbols elsewhere",
    ),
    ("g_a.4.scale", np.float64(1e9), r"g_a\.round: .*expected input of a scale 2\^-f"),
    ("g_a.2.weight_scales", np.full(6, 1e-15), r"g_a\.2: .*has a bias of"),
    ("g_a.0.scale", np.float64(1e-15), r"g_a\.0: .*cannot be requantized by a factor of"),
    (
        "g_a.0.channel_scales",
        np.ones(6),
        r"g_a\.0: .*cannot have channel scales, as 'g_a.1' reads it",
    ),
    ("g_a.0.readers", _int64(7), r"g_a\.0: .*requires a form for 'g_a.1', which reads it"),
    ("g_a.1#2.scale", np.float64(0.1), r"g_a\.1: .*has a form 2 that nothing reads"),
    ("g_a.0.range", _int64(8, 1, -128, 127), r"g_a\.1: .*'lic.gdn' op"),
]


@pytest.mark.parametrize(("name", "value", "message"), IMPOSSIBLE)
def test_impossible_scales(name: str, value: Any, message: str) -> None:
    floats, typed = _modules("bls2017")
    scales = {**trained.read(typed), name: np.array(value)}
    if name == "g_a.1#2.scale":
        scales["g_a.1#2.range"] = _int64(8, 1, -128, 127)
        scales["g_a.1#2.readers"] = _int64(3)
    with pytest.raises(UserError, match=message) as caught:
        trained.typed(floats, scales)
    assert "\n" not in str(caught.value)


def test_channels_that_a_shuffle_makes_one_of_share_a_scale() -> None:
    floats, typed = _modules("cheng2020-anchor")
    scales = dict(trained.read(typed))
    scales["g_s.1.subpel_conv.0.weight_scales"] = scales["g_s.1.subpel_conv.0.weight_scales"].copy()
    scales["g_s.1.subpel_conv.0.weight_scales"][1] *= 1.5
    with pytest.raises(
        trained.ScaleError, match=r"subpel_conv\.0\.weight_scales: expected one scale for every 4"
    ):
        trained.attach(floats, scales)


def test_latents_that_round_to_more_than_symbols() -> None:
    floats, typed = _modules("bmshj2018-hyperprior")
    scales = dict(trained.read(typed))
    scales["g_s.argument.range"] = _int64(16, 1, -3, 3)
    with pytest.raises(UserError, match=r"g_a: .*which round to more than symbols"):
        trained.typed(floats, scales)


@pytest.mark.parametrize(
    ("scales", "message"),
    [
        (
            {"g_a.1.scale": torch.ones((), dtype=torch.float16)},
            "g_a.1.scale: expected f64 or i64, but got float16",
        ),
        (
            {"g_a.1.scale": torch.ones(()).to_sparse()},
            "integers.g_a.1.scale: expected a dense tensor",
        ),
        ({"g_a.1.scale": torch.tensor(torch.nan)}, "integers: g_a.1.scale: expected finite scales"),
        ({"g_a.1\nerror": torch.ones(())}, r"integers: 'g_a.1\nerror': unexpected"),
    ],
)
def test_files_that_are_refused(
    scales: dict[str, torch.Tensor], message: str, tmp_path: Path
) -> None:
    path = tmp_path / "net.pt"
    torch.save({**_made("bls2017", "int8")[0], "integers": scales}, path)
    with pytest.raises(UserError) as caught:
        float_module(path, make_context(), SIZE)
    assert str(caught.value).startswith(f"{path}: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_layer_is_named_with_its_file(tmp_path: Path) -> None:
    scales = dict(_scales())
    del scales["g_s.2.weight_scales"]
    path = _saved(tmp_path / "net.pt", scales)
    options = Options(path, input_hw=SIZE, compile_to="raise")
    with pytest.raises(build.CompileError) as caught:
        build.compile_to_text(options, Progress(verbose=False))
    (line, _) = str(caught.value).splitlines()
    assert line == f"error: {path}: integers: g_s.2.weight_scales: missing"
    assert BY_NAME["raise"].pass_name == "lic-raise-torch"


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_whatever_a_file_says(data: st.DataObject) -> None:
    """Random changes of a file's scales: typed, or refused in one line; never anything else."""
    _typed_or_refused(data)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(st.data())
def test_whatever_a_file_says_at_length(data: st.DataObject) -> None:
    """The same, more of it."""
    _typed_or_refused(data)


def _typed_or_refused(data: st.DataObject) -> None:
    floats, typed = _modules("bls2017")
    scales: Scales = dict(trained.read(typed))
    for _ in range(data.draw(st.integers(1, 4))):
        name = data.draw(st.sampled_from(sorted(scales)) | _names())
        kind = data.draw(st.sampled_from(["drop", "other", "scaled"]))
        if kind == "drop":
            scales.pop(name, None)
        elif kind == "other" or name not in scales:
            scales[name] = data.draw(_tensors())
        elif scales[name].dtype == np.float64:
            scales[name] = scales[name] * 10.0 ** data.draw(st.floats(-12, 12))
        else:
            scales[name] = scales[name] + data.draw(st.integers(-300, 300))
    said, module = "", None
    with np.errstate(all="raise"):
        try:
            module = trained.typed(floats, scales)
        except (trained.ScaleError, UserError) as error:
            said = str(error)
    if module is None:
        assert re.fullmatch(r".*([gh]_[as]|unexpected).*", said)
        return
    assert module.operation.verify()
    found = trained.read(module)
    assert found == {n: pytest.approx(v, abs=0) for n, v in trained.rounded(scales).items()}


def _names() -> st.SearchStrategy[str]:
    layers = st.sampled_from(
        ["g_a.0", "g_a.1", "g_a.1#2", "g_s.argument", "g_s.argument#2", "h_s.0", "x"]
    )
    entries = st.sampled_from(
        ["scale", "range", "channel_scales", "readers", "of", "weight_bits", "y"]
    )
    return st.builds("{}.{}".format, layers, entries) | st.text(max_size=6)


def _tensors() -> st.SearchStrategy[Any]:
    floats = st.floats(width=64) | st.floats(1e-3, 1.0)
    integers = st.integers(-(1 << 63), (1 << 63) - 1) | st.integers(-300, 300)

    def arrays(elements: st.SearchStrategy[Any], dtype: str) -> st.SearchStrategy[Any]:
        several = st.lists(elements, max_size=7)
        return st.builds(np.array, elements | several, st.just(dtype))

    return (
        arrays(floats, "f8")
        | arrays(integers, "i8")
        | st.builds(lambda a, b: _int64(16, 1, -a, b), st.integers(0, 40000), st.integers(0, 40000))
    )
