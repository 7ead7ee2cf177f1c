# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Pipeline text, options of passes, and the registry."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licc.passes import pipelines, registry
from licc.passes.pipelines import UpstreamPass, parse_options, parse_pipeline
from licc.passes.registry import OptionError, Pass, option


@dataclass(frozen=True)
class Example(Pass):
    """An example."""

    name: ClassVar[str] = "lic-example"
    count: int = option(3, "how many")
    ratio: float = 0.5
    in_place: bool = False
    where: str = ""
    form: Literal["wide", "narrow"] = "wide"
    sizes: tuple[int, ...] = (1, 2)
    limit: int | None = None

    def run(self, module: Any) -> None:
        """Do nothing."""


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "PASSES", {"lic-example": f"{__name__}:Example"})
    monkeypatch.setattr(pipelines, "PASSES", {"lic-example": f"{__name__}:Example"})
    monkeypatch.setitem(sys.modules, __name__, sys.modules.get(__name__) or _this_module())


def _this_module() -> Any:
    class This:
        pass

    this: Any = This()
    this.Example = Example
    return this


def test_pipeline_is_flat_and_keeps_order(example: None) -> None:
    text = "builtin.module( lic-example{count=7 in-place} ,func.func(cse,canonicalize{a=1 b={c d}}), any(cse))"
    assert parse_pipeline(text) == (
        Example(count=7, in_place=True),
        UpstreamPass("cse", "", ("builtin.module", "func.func")),
        UpstreamPass("canonicalize", "a=1 b={c d}", ("builtin.module", "func.func")),
        UpstreamPass("cse", "", ("builtin.module", "any")),
    )


def test_upstream_text_is_a_whole_pipeline() -> None:
    step = UpstreamPass("canonicalize", "max-iterations=3", ("builtin.module", "func.func"))
    assert step.text == "builtin.module(func.func(canonicalize{max-iterations=3}))"


def test_empty_pipeline() -> None:
    assert parse_pipeline("builtin.module()") == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cse", "expected the pipeline to be wrapped as 'builtin.module(...)', but got 'cse'"),
        ("func.func(cse)", "expected the pipeline to be wrapped"),
        ("builtin.module(cse", "expected ',' or ')' at column 19"),
        ("builtin.module(cse))", "expected ',' or the end at column 20"),
        ("builtin.module(cse,)", "expected a pass or an op name at column 20"),
        ("builtin.module(cse{a=1)", "expected a matching '}' at column 19"),
        ("builtin.module(cse{a='1})", "expected a closing quote at column 22"),
        ("builtin.module(lic-none)", "unknown pass 'lic-none'; licc has lic-example"),
        ("builtin.module(any(lic-example))", "runs on the top-level 'builtin.module', but was put"),
        ("builtin.module(lic-example{=1})", "expected an option name at column 1"),
    ],
)
def test_bad_pipelines_are_refused(example: None, text: str, expected: str) -> None:
    with pytest.raises(OptionError) as error:
        parse_pipeline(text)
    assert expected in str(error.value)


def test_options_of_every_type(example: None) -> None:
    options = parse_options(
        "count=4 ratio=2.5 in-place=true where='a b' form=narrow sizes=3,4,5 limit=9"
    )
    made = registry.make_pass("lic-example", options)
    assert made == Example(4, 2.5, True, "a b", "narrow", (3, 4, 5), 9)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (
            "cuont=4",
            "pass 'lic-example' has no option 'cuont'; it has count, ratio, in-place, where",
        ),
        ("count=x", "pass 'lic-example' option 'count' expected int, but got 'x'"),
        ("count=", "option 'count' expected int, but got ''"),
        ("in-place=2", "option 'in-place' expected bool, but got '2'"),
        ("form=round", "option 'form' expected wide|narrow, but got 'round'"),
        ("sizes=1,a", "option 'sizes' expected int,int,..., but got '1,a'"),
    ],
)
def test_bad_options_are_refused(example: None, options: str, expected: str) -> None:
    with pytest.raises(OptionError) as error:
        registry.make_pass("lic-example", parse_options(options))
    assert expected in str(error.value)


def test_required_options(monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclass(frozen=True)
    class Needs(Pass):
        """Needs a value."""

        name: ClassVar[str] = "lic-needs"
        value: int

        def run(self, module: Any) -> None:
            """Do nothing."""

    monkeypatch.setattr(registry, "load_pass", lambda name: Needs)
    with pytest.raises(OptionError, match="pass 'lic-needs' needs the option 'value'"):
        registry.make_pass("lic-needs", {})
    assert registry.pipeline_text(Needs(3)) == "lic-needs{value=3}"


texts = st.text(st.characters(codec="ascii", exclude_characters="'\n\x00"), max_size=12)


@given(
    st.builds(
        Example,
        count=st.integers(-5, 5),
        ratio=st.floats(allow_nan=False),
        in_place=st.booleans(),
        where=texts,
        form=st.sampled_from(["wide", "narrow"]),
        sizes=st.lists(st.integers(), max_size=3).map(tuple),
    )
)
def test_pipeline_text_reads_back(made: Example) -> None:
    text = registry.pipeline_text(made)
    options = parse_options(text.removeprefix("lic-example").removeprefix("{").removesuffix("}"))
    known = registry.pass_options(Example)
    assert Example(**{known[k].field: known[k].parse(v) for k, v in options.items()}) == made


@given(st.text(max_size=30))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    with contextlib.suppress(OptionError):
        parse_pipeline(f"builtin.module({text})")


def test_pipelines_name_known_passes() -> None:
    for names in pipelines.PIPELINES.values():
        assert set(names) <= set(registry.PASSES)
    with pytest.raises(OptionError, match="takes no options"):
        pipelines.parse_flag("lic-quantize-pipeline", "a=1")


@pytest.mark.parametrize("name", registry.PASSES)
def test_registered_passes_are_what_the_registry_says(name: str) -> None:
    cls = registry.load_pass(name)
    module, _, symbol = registry.PASSES[name].partition(":")
    assert cls.name == name
    assert module.endswith(name.replace("-", "_"))
    assert symbol == name.title().replace("-", "")
    assert registry.describe(cls), "a pass has a docstring"
    assert cls() == registry.make_pass(name, {})
    tests = Path(__file__).parents[1] / "Passes"
    assert (tests / f"{name}.mlir").exists(), "a pass has a lit test of its name"


def test_registry_imports_nothing_heavy() -> None:
    code = (
        "import sys, licc.passes.registry, licc.passes.pipelines, licc.driver.opt, licc.driver.main;"
        "bad = {'torch', 'torch_mlir', 'numpy', 'rich', 'ortools'} & set(sys.modules); assert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
