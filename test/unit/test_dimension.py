# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The widest width for a rate: the search, the cache, and schedules that are those of licc."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import rates as fake

from licc.calibration import load_images, run_codec
from licc.dialects import make_context
from licc.dimension import main, network, output, rate, run, search
from licc.dimension.rate import Question, Rate
from licc.dimension.search import Widths
from licc.dimension.store import Store
from licc.driver.build_dir import Interrupted
from licc.errors import UserError
from licc.quantize import pipeline

QUESTION = Question(
    "bmshj2018-hyperprior", 8, 12, "int8", "", (64, 64), "ultra96v2", None, "encoder"
)


# --------------------------------------------------------------------------------------------------
# The search
# --------------------------------------------------------------------------------------------------
def found_by(
    speeds: dict[int, float], wanted: float, widths: Widths, first: int
) -> dict[int, float]:
    """What is asked for until there is nothing left to ask, one width at a time."""
    known: dict[int, float] = {}
    while asked := search.ask(known, wanted, widths, first):
        assert asked[0] not in known
        assert asked[0] % widths.step == 0
        assert 1 <= asked[0] <= widths.most
        known[asked[0]] = speeds[asked[0]]
    return known


@given(
    drops=st.lists(st.floats(0.01, 0.5), min_size=1, max_size=40),
    fitting=st.integers(0, 40),
    share=st.floats(0.0, 1.0),
    first=st.integers(1, 400),
)
def test_the_widest_of_falling_rates_is_found(
    drops: list[float], fitting: int, share: float, first: int
) -> None:
    widths = Widths(8, 8 * len(drops))
    speeds = 1000.0 * np.cumprod(1.0 - np.array(drops)) * (np.arange(len(drops)) < fitting)
    by_width = {8 * (k + 1): float(speed) for k, speed in enumerate(speeds)}
    wanted = max(1000.0 * share, 1e-6)
    known = found_by(by_width, wanted, widths, first)
    assert search.answer(known, wanted) == search.answer(by_width, wanted)


def test_few_widths_are_asked_for() -> None:
    widths = Widths(8, 256)
    speeds = {n: 480_000.0 / n**1.9 for n in range(8, 257, 8)}
    for wanted in (20.0, 60.0, 300.0):
        for first in (8, 64, 256):
            assert len(found_by(speeds, wanted, widths, first)) <= 8
    assert len(found_by(dict.fromkeys(speeds, 0.0), 60.0, widths, 256)) <= 10


def test_a_width_that_folds_better_than_the_one_before_is_found() -> None:
    speeds = {n: 100.0 - n for n in range(8, 129, 8)}
    speeds[48] = 59.0  # 52 was expected
    speeds[56] = 61.0
    known = found_by(speeds, 60.0, Widths(8, 128), 40)
    assert search.answer(known, 60.0) == 56
    assert {64, 72} <= known.keys(), "those behind it have to be too slow"


def test_the_first_guess_is_near_what_real_schedules_reach() -> None:
    # docs/dimension.md: N = 64 reaches 113 images a second of 720p on a ZCU102, N = 56 139.
    each = 2 * 2520 * 300e6 / (720 * 1280)
    assert search.guess(120.0, 192, each, Widths(8, 256)) in (48, 56, 64)
    assert search.guess(1e9, 192, each, Widths(8, 256)) == 8
    assert search.guess(0.1, 192, each, Widths(8, 256)) == 256


# --------------------------------------------------------------------------------------------------
# Runs
# --------------------------------------------------------------------------------------------------
def request(folder: Path, *arguments: str) -> main.Request:
    given = ["--fps", "60", *arguments, "--cache", str(folder / "cache")]
    return main.read_request(given)


def silent(*_: object) -> None:
    """Of progress."""


def test_both_roles_have_to_meet_the_rate(tmp_path: Path) -> None:
    asked = request(tmp_path)
    (found,) = run.dimension(asked, Store(asked.cache), silent, fake.rate)
    n = found.answers[60.0]
    assert n is not None
    # 480000 / N^2 / 1.1 of the decoder, the slower one.
    assert n == 80
    assert found.rates[n]["decoder"].fps >= 60.0 > found.rates[n + 8]["decoder"].fps
    encoder = replace(asked, role="encoder")
    (alone,) = run.dimension(encoder, Store(asked.cache), silent, fake.rate)
    assert alone.answers[60.0] == 88


def test_a_second_run_schedules_nothing_and_says_the_same(tmp_path: Path) -> None:
    asked = request(tmp_path, "--fps", "30", "60", "9999", "--target", "zcu102", "ultra96v2")
    made: list[Question] = []

    def counted(question: Question) -> Rate:
        made.append(question)
        return fake.rate(question)

    first = run.dimension(asked, Store(asked.cache), silent, counted)
    assert len(set(made)) == len(made)
    count = len(made)
    assert run.dimension(asked, Store(asked.cache), silent, counted) == first
    assert len(made) == count


@pytest.mark.parametrize("after", [0, 1, 4])
def test_an_interrupted_run_goes_on(tmp_path: Path, after: int) -> None:
    asked = request(tmp_path, "--fps", "30", "120")
    whole = run.dimension(asked, Store(tmp_path / "other"), silent, fake.rate)
    made: list[Question] = []

    def interrupted(question: Question) -> Rate:
        if len(made) == after:
            raise Interrupted(2)
        made.append(question)
        return fake.rate(question)

    with pytest.raises(Interrupted):
        run.dimension(asked, Store(asked.cache), silent, interrupted)
    rest: list[Question] = []
    found = run.dimension(
        asked, Store(asked.cache), silent, lambda q: (rest.append(q), fake.rate(q))[1]
    )
    assert found == whole
    assert len(made) == after
    # Only the width that was being scheduled begins again.
    assert len({question.n for question in set(made) & set(rest)}) <= 1


def test_workers_find_the_same(tmp_path: Path) -> None:
    asked = request(tmp_path, "--fps", "30", "60", "--jobs", "2")
    alone = run.dimension(replace(asked, jobs=1), Store(tmp_path / "a"), silent, fake.rate)
    assert run.dimension(asked, Store(tmp_path / "b"), silent, fake.rate) == alone
    with pytest.raises(UserError, match="fewer --jobs"):
        run.dimension(asked, Store(tmp_path / "c"), silent, fake.dying)


def test_a_damaged_file_of_the_cache_is_made_again(tmp_path: Path) -> None:
    store = Store(tmp_path)
    answer = fake.rate(QUESTION)
    store.add(QUESTION, answer)
    assert Store(tmp_path).get(QUESTION) == answer
    (file,) = tmp_path.iterdir()
    for text in ("", "{", '{"rate": {"fps": 1}}', "[]"):
        file.write_text(text)
        assert Store(tmp_path).get(QUESTION) is None


def test_an_answer_belongs_to_its_question_device_and_code(monkeypatch: pytest.MonkeyPatch) -> None:
    first = rate.key(QUESTION)
    changed = [
        replace(QUESTION, **{name: value})
        for name, value in {
            "n": 16, "m": 13, "precision": "hybrid", "policy_digest": "x", "input": (64, 128),
            "target": "zcu102", "clock_mhz": 100, "role": "decoder", "architecture": "mbt2018-mean",
        }.items()
    ]  # fmt: skip
    assert len({first, *map(rate.key, changed)}) == len(changed) + 1
    from licc.target import device

    part = device.load("ultra96v2")
    with monkeypatch.context() as patch:
        patch.setattr(device, "load", lambda _: replace(part, clock_mhz=part.clock_mhz + 1))
        assert rate.key(QUESTION) != first
    monkeypatch.setattr("licc.evaluate.variants.code_digest", lambda _: "other code")
    assert rate.key(QUESTION) != first


def test_the_code_that_decides_is_there() -> None:
    from licc.evaluate.variants import code_digest

    for name in rate.CODE:
        assert code_digest((name,)) != code_digest(())


# --------------------------------------------------------------------------------------------------
# The tool
# --------------------------------------------------------------------------------------------------
@pytest.fixture
def formula(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "dimension", partial(run.dimension, ask=fake.rate))


@pytest.mark.usefixtures("formula")
def test_tables_and_answers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results = tmp_path / "r.json"
    cache = ["--cache", str(tmp_path / "c")]
    command = ["--fps", "60", "10", *cache, "--json", str(results), "--latent", "96"]
    assert main.run_dimension(command) == 0
    text = capsys.readouterr().out
    assert "zcu102, 720x1280: of 2520 DSPs, 1732 BRAM18s and 205560 LUTs" in text
    assert "<- widest for 60 FPS" in text
    assert "zcu102, 720x1280, 60 FPS: N = 80, which reaches 75.0 (encoder), 68.2 (decoder)" in text
    assert "M = 96, hybrid: predicted by the compiler's schedule" in text
    data = json.loads(results.read_text())
    assert data["boards"][0]["answers"] == [{"fps": 10.0, "N": 208}, {"fps": 60.0, "N": 80}]
    (row,) = [row for row in data["boards"][0]["widths"] if row["N"] == 80]
    assert row["encoder"]["fps"] == pytest.approx(75.0)
    assert main.run_dimension(["--fps", "5", *cache, "--most", "128"]) == 0
    assert "nothing wider was tried (--most)" in capsys.readouterr().out


@pytest.mark.usefixtures("formula")
def test_exit_status_and_one_line_where_nothing_fits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = ["--cache", str(tmp_path / "c")]
    monkeypatch.setattr("sys.argv", ["licc-dimension", "--fps", "90000", *cache])
    assert main.entry() == 1
    said = capsys.readouterr()
    lines = [line for line in said.err.splitlines() if not line.startswith("scheduling")]
    (line,) = lines
    assert line == (
        "error: zcu102, 720x1280, 90000 FPS: no width is fast enough; "
        "N = 8 reaches 7500.0 (encoder), 6818.2 (decoder)"
    )
    assert said.out == ""
    # Of several rates, one that is met gives tables, and the status says that another one is not.
    assert main.run_dimension(["--fps", "60", "90000", *cache]) == 1
    text = capsys.readouterr().out
    assert "60 FPS: N = 80" in text
    assert "90000 FPS: no width is fast enough" in text


def test_why_the_narrowest_does_not_fit_is_said(tmp_path: Path) -> None:
    asked = request(tmp_path, "--role", "encoder", "--target", "ultra96v2")
    asked = replace(asked, widths=Widths(72, 144))
    (found,) = run.dimension(asked, Store(asked.cache), silent, fake.rate)
    assert output.line(asked, found, 60.0) == (
        "ultra96v2, 720x1280, 60 FPS: no width is fast enough; "
        "N = 72 reaches nothing (encoder: too many weights)"
    )


@pytest.mark.usefixtures("formula")
@pytest.mark.parametrize("kind", ["png", "svg"])
def test_the_drawing(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"p.{kind}"
    command = ["--fps", "60", "9999", "--target", "zcu102", "ultra96v2", "--plot", str(path)]
    main.run_dimension([*command, "--cache", str(tmp_path / "c")])
    first = path.read_bytes()
    assert first.startswith(b"\x89PNG" if kind == "png" else b"<?xml")
    main.run_dimension([*command, "--cache", str(tmp_path / "c")])
    assert path.read_bytes() == first


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("", "no rate given"),
        ("--fps 0", "--fps 0: expected images a second"),
        ("--fps x", "--fps x: expected images a second"),
        ("--fps 60 --input 720", "--input 720: expected HxW"),
        ("--fps 60 --target vc709", "unknown target 'vc709'"),
        ("--fps 60 --role both", "argument --role: invalid choice"),
        ("--fps 60 --architecture vgg", "--architecture vgg: expected one of bls2017"),
        ("--fps 60 --latent 0", "--latent 0: expected a number from 1"),
        ("--fps 60 --step 300", "--step 300: expected at most --most"),
        ("--fps 60 --jobs no", "--jobs no: expected a number"),
        ("--fps 60 --precision float", "--precision float: expected a policy of integers"),
        ("--fps 60 --precision int3", "--precision int3: no such policy"),
        ("--fps 60 --clock 900", "--clock 900: zcu102 runs at 1 to 400 MHz"),
        ("--fps 60 --plot x.pdf", "--plot x.pdf: expected a file ending in .png or .svg"),
    ],
)
def test_what_is_wrong_with_a_command_line_is_said(arguments: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        main.read_request(arguments.split())
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_cache_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "f").touch()
    with pytest.raises(UserError, match="is not a folder"):
        Store(tmp_path / "f")
    with pytest.raises(UserError, match="cannot write"):
        Store(tmp_path / "f" / "below").add(QUESTION, fake.rate(QUESTION))


# --------------------------------------------------------------------------------------------------
# Real schedules
# --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["bls2017-hyperprior", "mbt2018-mean-relu", "cheng2020-anchor"])
def test_random_networks_are_as_lively_as_trained_ones(tmp_path: Path, name: str) -> None:
    path = tmp_path / "network.pt"
    network.write_checkpoint(name, 8, 12, path)
    codec = pipeline.float_module(path, make_context(), (64, 64))
    (photograph,) = load_images(limit=1, size=(64, 128))
    results = run_codec(codec, photograph)
    assert 20.0 < np.abs(results["latent_hat"]).max() < 511.0
    assert 1.0 <= np.abs(results["h_a"]).max() < 32.0
    assert 0.05 < results["g_s"].std() < 1.0
    assert results["h_s"].max() > 1.0


def test_a_rate_is_what_licc_predicts_for_that_network(tmp_path: Path) -> None:
    from licc.driver.options import Options
    from licc.evaluate.predict import predict
    from licc.quantize.modules import copied

    typed = copied(rate._typed("bmshj2018-hyperprior", 8, 12, "int8", (64, 64)))
    found = {role: rate.rate(replace(QUESTION, role=role)) for role in ("encoder", "decoder")}
    options = Options(Path("n.pt"), target="ultra96v2", input_hw=(64, 64), share="role")
    predicted = predict(typed, options)
    assert {role: each.fps for role, each in found.items()} == pytest.approx(predicted.fps)
    assert {role: each.used["dsp"] for role, each in found.items()} == predicted.dsp
    codec = rate.rate(replace(QUESTION, role="codec"))
    assert 0.0 < codec.fps < min(each.fps for each in found.values())
    assert codec.macs == sum(each.macs for each in found.values())


def test_a_network_that_does_not_fit_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    from licc.target import device

    part = device.load("ultra96v2")
    small = replace(part, fractions=tuple((name, 0.02) for name, _ in part.fractions))
    monkeypatch.setattr(device, "load", lambda _: small)
    monkeypatch.setattr("licc.schedule.problem.load", lambda _: small)
    found = rate.rate(QUESTION)
    assert found.fps == 0.0
    assert found.macs > 0
    assert found.note.startswith("'func.func' op the encoder does not fit ultra96v2")
