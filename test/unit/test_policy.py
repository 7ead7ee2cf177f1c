# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Policies: what they answer is what the types are, and what is wrong with one is one line."""

from __future__ import annotations

import re
import shlex
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
from support.codecs import TRAINED, calibrated, codec
from torch_mlir import ir

from licc.cost import precision
from licc.dialects.quantized import Quantized, quantized
from licc.driver import main
from licc.driver.build import manifest
from licc.driver.options import Options
from licc.errors import UserError
from licc.evaluate.main import read_request
from licc.quantize import facts
from licc.quantize.answers import Answers
from licc.quantize.codec import RATE_DB, Codec, Loss, Symbols, bits
from licc.quantize.load import load_policy, policy_name
from licc.quantize.memo import remembered, remembering
from licc.quantize.pipeline import is_calibrated, typed_module
from licc.quantize.policy import Int8, Policy, Widths

ROOT = Path(__file__).parents[2]
USER = """\
from licc.quantize.policy import Policy

class Wide(Policy):
    width: int = 10
    clip = False

    def weight_bits(self, layer):
        return self.width

class KeyError_(Policy):
    def weight_bits(self, layer):
        return {}[layer]

class TooWide(Policy):
    def activation_bits(self, layer):
        return 17

class NotWhole(Policy):
    def weight_bits(self, layer):
        return 8.0

class NoPrepare(Policy):
    def prepare(self, codec):
        codec.nothing()

class NoStart(Policy):
    def __init__(self):
        raise SystemExit

class BadFlag(Policy):
    clip = "no"

class Other: ...
"""


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "user.py").write_text(USER)
    (tmp_path / "one.py").write_text(USER[: USER.index("class KeyError_")])
    (tmp_path / "broken.py").write_text("def f(:\n")
    (tmp_path / "none.py").write_text("x = 1 // 0\n")
    return tmp_path


def types(module: ir.Module) -> dict[str, tuple[Quantized, Quantized]]:
    """By convolution, the types of what it reads and of its weights."""
    found = {}
    for function in facts.functions(module).values():
        for op in function.entry_block.operations:
            if op.operation.name in ("lic.conv2d", "lic.deconv2d"):
                layer = ir.StringAttr(op.attributes["layer"]).value
                found[layer] = tuple(quantized(operand.type) for operand in list(op.operands)[:2])
    return found


# --------------------------------------------------------------------------------------------------
# Finding policies
# --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "name", "option"),
    [
        ("int8", "int8", ("clip", True)),
        (" search{budget=1.5} ", "search{budget=1.5}", ("budget", 1.5)),
        ("search{budget=1.5, clip=false}", "search{budget=1.5 clip=false}", ("clip", False)),
        ("user.py:Wide", "user.py:Wide", ("clip", False)),
        ("./user.py:Wide{width=7 latent-headroom=2}", "user.py:Wide{width=7 latent-headroom=2}", ("width", 7)),
        ("one.py", "one.py", ("width", 10)),
    ],
)  # fmt: skip
def test_a_policy_by_its_spelling(user: Path, text: str, name: str, option: tuple) -> None:
    policy = load_policy(text)
    assert policy.name == policy_name(text) == name
    assert getattr(policy, option[0]) == option[1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("int9", "--precision int9: no such policy; expected FILE.py:CLASS or one of int8, hybrid, search"),
        ("search{", "--precision search{: expected NAME or FILE.py:CLASS, with options as in search{budget=1.1}"),
        ("", "--precision : expected NAME"),
        ("search{budget=x}", "--precision search: option 'budget' expected float, but got 'x'"),
        ("int8{clip=maybe}", "--precision int8: option 'clip' expected bool, but got 'maybe'"),
        ("user.py:Wide{hight=2}", "--precision user.py:Wide: no option 'hight'; it has channel_scales, clip,"),
        ("absent.py:A", "--precision absent.py: no such file"),
        ("user.py:A", "user.py: no class 'A'; it has Wide, KeyError_"),
        ("user.py:Other", "user.py: 'Other' is not derived from licc.quantize.policy.Policy"),
        ("user.py", "user.py: expected one class derived from Policy, but found Wide, KeyError_"),
        ("broken.py:A", "broken.py:1: import fails: SyntaxError: invalid syntax"),
        ("none.py:A", "none.py:1: import fails: ZeroDivisionError: "),
        ("user.py:NoStart", "user.py:28: NoStart() fails: SystemExit"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_spelling(user: Path, text: str, message: str) -> None:
    with pytest.raises(UserError, match=re.escape(message)) as caught:
        load_policy(text)
    assert "\n" not in str(caught.value)


def test_installed_policies(monkeypatch: pytest.MonkeyPatch) -> None:
    points = [
        metadata.EntryPoint("mine", "licc.quantize.policy:Int8", "licc.policies"),
        metadata.EntryPoint("int8", "nowhere:Hidden", "licc.policies"),
        metadata.EntryPoint("broken", "nowhere:Policy", "licc.policies"),
        metadata.EntryPoint("number", "math:pi", "licc.policies"),
    ]
    monkeypatch.setattr(metadata, "entry_points", lambda group: points)
    assert isinstance(load_policy("mine"), Int8)
    assert isinstance(load_policy("int8"), Int8)
    with pytest.raises(UserError, match=r"'nowhere:Policy' fails: ModuleNotFoundError"):
        load_policy("broken")
    with pytest.raises(UserError, match=r"'math:pi' is no Policy"):
        load_policy("number")


def test_options_are_of_the_object_and_of_subclasses() -> None:
    class Mine(Policy):
        clip = False
        share: float = 0.5

    assert (Mine().clip, Mine(clip=True).clip, Mine().clip, Policy().clip) == (
        False,
        True,
        False,
        True,
    )
    assert "share" in Mine.options()
    assert not {"name", "weight_bits"} & set(Mine.options())
    with pytest.raises(TypeError, match="has no option 'shar'"):
        Mine(shar=1)


# --------------------------------------------------------------------------------------------------
# What it answers
# --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("KeyError_", "user.py:12: KeyError_.weight_bits('g_a.0') fails: KeyError: 'g_a.0'"),
        ("TooWide", "user.py:TooWide: TooWide.activation_bits('g_a.1') expected 4 to 16 bits, but got 17"),
        ("NotWhole", "user.py:NotWhole: NotWhole.weight_bits('g_a.0') expected whole bits from 4 to 16, but got 8.0"),
        ("NoPrepare", "user.py:24: NoPrepare.prepare() fails: AttributeError: 'Codec' object has no attribute 'nothing'"),
        ("BadFlag", "user.py:BadFlag: option 'clip' expected bool, but got 'no'"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_answer(user: Path, name: str, message: str) -> None:
    with pytest.raises(UserError, match=re.escape(message)):
        typed_module(calibrated(), f"user.py:{name}")


def test_a_mistake_of_ours_is_not_a_users(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Int8, "weight_bits", lambda _self, _layer: 1 // 0, raising=False)
    with pytest.raises(ZeroDivisionError):
        typed_module(calibrated(), "int8")


def test_a_policy_is_asked_once() -> None:
    class Moody(Policy):
        asked = 3

        def weight_bits(self, layer: str) -> int:
            self.asked += 1
            return self.asked

    answers = Answers(Moody())
    assert [answers.weight_bits(layer) for layer in ("a", "b", "a")] == [4, 5, 4]
    assert answers.layers("weight_bits") == ("a", "b")
    assert Answers(np_policy()).weight_bits("a") == 9


def np_policy() -> Policy:
    class Numpy(Policy):
        def weight_bits(self, layer: str) -> int:
            return np.int64(9)  # pyright: ignore[reportReturnType]

    return Numpy()


@pytest.mark.parametrize("architecture", ["bls2017", "bmshj2018-hyperprior"])
def test_types_are_what_was_answered(architecture: str) -> None:
    seen = codec(architecture)
    weights = {name: 4 + i % 7 for i, name in enumerate(seen.weights)}
    activations = {name: 4 + (i + 3) % 7 for i, name in enumerate(seen.activations)}
    module = typed_module(calibrated(architecture), Widths(weights, activations))
    assert ir.StringAttr(module.operation.attributes["lic.policy"]).value == "Widths"
    found = types(module)
    assert set(found) == set(weights)
    for name, (read, weight) in found.items():
        most = (1 << (weights[name] - 1)) - 1
        assert (weight.lo, weight.hi, weight.bits) == (-most, most, 8 if weights[name] <= 8 else 16)
        source = seen.layer(name).reads
        assert source is not None
        if source.layer is not None:
            width = activations[source.layer]
            assert read.magnitude_bits in (width, width - 1 if read.lo >= 0 else width)
    gdns = [op for f in facts.functions(module).values() for op in f.entry_block.operations if op.operation.name == "lic.gdn"]  # fmt: skip
    assert gdns
    assert all(str(op.attributes["norm"]) == "i32" for op in gdns)


def test_int8_is_a_policy_without_a_word_on_anything() -> None:
    texts = [typed_module(calibrated(), p).operation.get_asm() for p in (Policy(), Int8())]
    assert texts[0].replace('"Policy"', '"Int8"') == texts[1]


# --------------------------------------------------------------------------------------------------
# What it sees
# --------------------------------------------------------------------------------------------------
def test_layers_of_a_codec() -> None:
    seen = codec()
    assert [layer.name for layer in seen.layers if layer.kind != "round_latent"] == [
        *(f"g_a.{i}" for i in range(5)),
        *(f"g_s.{i}" for i in range(5)),
    ]
    assert seen.weights == ("g_a.0", "g_a.2", "g_a.4", "g_s.0", "g_s.2", "g_s.4")
    assert seen.activations == ("g_a.1", "g_a.3", "g_s.1", "g_s.3")
    first, gdn, second = (seen.layer(f"g_a.{i}") for i in range(3))
    assert (first.transform, first.kind, first.shape, first.weight_shape) == ("g_a", "conv2d", (6, 16, 16), (6, 3, 9, 9))  # fmt: skip
    assert (first.macs, gdn.macs) == (16 * 16 * 6 * 3 * 81, 16 * 16 * 36)
    assert first.reads is not None
    assert second.reads is not None
    assert (first.reads.layer, first.reads.range, gdn.reads) == (None, (0, 255), None)
    assert (second.reads.layer, gdn.channels is None) == ("g_a.1", False)
    assert gdn.observed is not None
    assert gdn.observed[0] < gdn.observed[1]
    with pytest.raises(KeyError):
        seen.layer("g_a.9")


def test_what_convolutions_read_in_other_networks() -> None:
    reads = {layer.name: layer.reads.layer for layer in codec("bmshj2018-hyperprior").layers if layer.reads}  # fmt: skip
    assert reads["g_a.0"] is reads["h_a.0"] is reads["h_s.0"] is reads["g_s.0"] is None
    assert (reads["h_a.2"], reads["h_s.4"], reads["g_s.6"]) == ("h_a.1", "h_s.3", "g_s.5")


def test_cycles_are_those_of_the_types() -> None:
    seen = codec()
    wide = Widths(dict.fromkeys(seen.weights, 12), dict.fromkeys(seen.activations, 12))
    cycles = [
        precision.total(precision.dsp_cycles(typed_module(calibrated(), p))).dsp_cycles
        for p in (wide, Int8())
    ]
    assert seen.dsp_cycles(wide) == pytest.approx(cycles[0] / cycles[1])
    assert seen.dsp_cycles(wide) > 1.3
    assert seen.dsp_cycles(Widths(dict.fromkeys(seen.weights, 4), dict.fromkeys(seen.activations, 4))) < 1.0  # fmt: skip
    assert seen.dsp_cycles(Int8()) == 1.0


def test_fewer_bits_lose_more() -> None:
    # Noise may even help a network that has never learned to reconstruct anything.
    seen = codec(TRAINED)
    losses = [
        seen.measure(Widths(dict.fromkeys(seen.weights, b), dict.fromkeys(seen.activations, b)))
        for b in (4, 6, 9)
    ]
    assert losses[0].total > losses[1].total > losses[2].total
    assert losses[0].additive > losses[1].additive > losses[2].additive
    assert abs(losses[2].psnr) < 0.1
    assert losses[0].psnr > 1.0


def test_means_are_taken_off_before_rounding() -> None:
    seen = codec("mbt2018-mean", 6, 8)
    loss = seen.measure(
        Widths(dict.fromkeys(seen.weights, 10), dict.fromkeys(seen.activations, 10))
    )
    assert abs(loss.psnr) < 0.1
    assert abs(loss.rate) < 0.02


def test_a_transform_alone() -> None:
    seen = codec()
    coarse = Widths(dict.fromkeys(seen.weights, 4))
    encoder, decoder = (seen.measure(coarse, [name]) for name in ("g_a", "g_s"))
    assert decoder.rate == 0.0
    assert encoder.rate != 0.0
    assert seen.measure(coarse, []) == Loss(0.0, 0.0, 0.0)
    assert abs(encoder.psnr) > 0.0
    assert seen.measure(coarse).rate == encoder.rate


def test_a_view_outlives_the_typing_of_its_module() -> None:
    module = calibrated()
    seen = Codec(module, list)
    typed = typed_module(module, "int8")
    assert is_calibrated(module)
    assert not is_calibrated(typed)
    for function in facts.functions(module).values():
        function.operation.erase()
    assert len(seen.layers) == 11


def test_rates() -> None:
    half = np.array([[[[0, 1], [1, 0]]]])
    assert bits([Symbols(half, None, None)]) == 4.0
    assert bits([Symbols(half, None, half)] * 2) == 16.0
    # A Gaussian of the scale 0.11 has almost all of its mass at 0; one of 256 is nearly flat.
    narrow = bits([Symbols(np.zeros((1, 1, 2, 2)), np.full((1, 1, 2, 2), 0.1), None)])
    wide = bits([Symbols(np.zeros((1, 1, 2, 2)), np.full((1, 1, 2, 2), 1e3), None)])
    assert narrow < 1e-4
    assert wide == pytest.approx(4 * np.log2(256 * np.sqrt(2 * np.pi)), rel=1e-3)
    assert Loss(0.1, 0.01, 0.0).total == pytest.approx(0.1 + RATE_DB * 0.00995, rel=1e-3)


def test_results_that_are_remembered() -> None:
    calls: list[int] = []

    def double(values: np.ndarray, factor: float) -> np.ndarray:
        calls.append(1)
        return values * factor

    ones = np.ones(3)
    with remembering():
        for values, factor in ((ones, 2.0), (ones.copy(), 2.0), (ones, 3.0), (ones.astype(np.float32), 2.0)):  # fmt: skip
            assert remembered(double, values, factor)[0] == factor
        assert len(calls) == 3
    remembered(double, ones, 2.0)
    assert len(calls) == 4


# --------------------------------------------------------------------------------------------------
# hybrid
# --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "architecture",
    ["bls2017", "bmshj2018-factorized-relu", TRAINED, "mbt2018-mean"],
)
def test_hybrid_is_better_for_no_more_cycles(architecture: str) -> None:
    seen = codec(architecture)
    hybrid = load_policy("hybrid")
    hybrid.prepare(seen)
    assert seen.dsp_cycles(hybrid) <= 1.0
    if architecture == TRAINED:
        assert seen.measure(hybrid).total < seen.measure(Int8()).total / 2
    # The last convolution has three output channels: what it reads cannot be paired beyond 9 bits.
    last = next(
        layer for layer in reversed(seen.layers) if layer.transform == "g_s" and layer.reads
    )
    assert last.reads is not None
    assert last.reads.layer is not None
    assert hybrid.activation_bits(last.reads.layer) <= 10
    assert last.macs_per_dsp(
        hybrid.weight_bits(last.name),
        seen.input_ranges(hybrid.activation_bits(last.reads.layer))[last.place],
    ) == 2  # fmt: skip


# --------------------------------------------------------------------------------------------------
# Tools and pages
# --------------------------------------------------------------------------------------------------
def test_licc_takes_a_policy(user: Path, tmp_path: Path) -> None:
    (tmp_path / "net.pt").write_bytes(b"")
    options = main.read_options(["net.pt", "--precision", "./user.py:Wide{width=9}"])
    assert '"precision": "user.py:Wide{width=9}"' in manifest(options)
    assert '"precision": "hybrid"' in manifest(Options(Path("net.pt")))
    with pytest.raises(UserError, match="no such policy"):
        main.read_options(["net.pt", "--precision", "int9"])


def test_the_policy_of_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "try-a-policy.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    Path("greedy.py").write_text(code, encoding="utf-8")
    module = typed_module(calibrated(), "greedy.py:Greedy{layers=2}")
    wide = [name for name, (_, weight) in types(module).items() if weight.hi == 2047]
    assert len(wide) == 2
    assert str(module.operation.attributes["lic.policy"]) == '"greedy.py:Greedy{layers=2}"'
    # The page's command is one that licc-eval understands, once its files are there.
    (command,) = re.findall(r"^    licc-eval (.*)$", page, re.MULTILINE)
    for name in ("kodak", "photos"):
        Path(name).mkdir()
    Path("student.pt").write_bytes(b"")
    request = read_request(shlex.split(command))
    assert request.precisions == ("int8", "hybrid", "greedy.py:Greedy{layers=2}")


@pytest.mark.parametrize(
    ("name", "methods", "bits"),
    [
        ("ablation.py:Plain", False, (13, 17)),
        ("ablation.py:PlainGdnInt8", False, (8, 8)),
        ("ablation.py:GdnInt8", True, (8, 8)),
    ],
)
def test_policies_of_the_ablation(name: str, methods: bool, bits: tuple[int, int]) -> None:
    policy = load_policy(f"{ROOT / 'benchmarks' / 'policies'}/{name}")
    for method in ("clip", "channel_scales", "adaptive", "bias_correction"):
        assert getattr(policy, method) == methods
    module = typed_module(calibrated(), policy)
    gdn = next(op for op in facts.functions(module)["g_a"].entry_block.operations if op.operation.name == "lic.gdn")  # fmt: skip
    x, gamma = quantized(gdn.operands[0].type), quantized(gdn.operands[2].type)
    assert x is not None
    assert gamma is not None
    assert (x.magnitude_bits, gamma.magnitude_bits) == bits
    assert x.bits == gamma.bits == 32
