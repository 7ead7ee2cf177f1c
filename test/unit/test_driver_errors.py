# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""licc: mistakes are one line, and a build directory appears whole or not at all."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sysconfig
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
from torch_mlir import ir

from licc import dialects
from licc.driver import build, build_dir, main
from licc.driver.build_dir import Interrupted, check_output, new_build, write_file
from licc.driver.options import Options
from licc.driver.progress import Progress
from licc.errors import UserError
from licc.passes import registry
from licc.passes.registry import Pass, PassFailure, option

LICC = Path(sysconfig.get_path("scripts")) / "licc"
MODULE = """\
func.func @g_a(%x: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %y = "lic.relu"(%x) {layer = "g_a.0"} : (tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> loc("g_a.0")
  return %y : tensor<1x2x4x4xf32>
}
"""


def tree(folder: Path) -> dict[str, str | None]:
    """All that is below a folder, hidden files included."""
    return {
        str(path.relative_to(folder)): path.read_text() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


def old_build(folder: Path) -> Path:
    output = folder / "build"
    (output / "ir").mkdir(parents=True)
    (output / "ir" / "00-torch.mlir").write_text("old")
    (output / build_dir.MANIFEST).write_text("{}")
    return output


# --------------------------------------------------------------------------------------------------
# The build directory
# --------------------------------------------------------------------------------------------------
def test_a_build_appears_when_it_is_complete(tmp_path: Path) -> None:
    output = tmp_path / "deep" / "build"
    with new_build(output) as work:
        assert work.parent == output.parent
        assert not output.exists()
        (work / "report.txt").write_text("new")
    assert tree(tmp_path) == {"deep": None, "deep/build": None, "deep/build/report.txt": "new"}
    made = tmp_path / "made"
    made.mkdir()
    assert output.stat().st_mode == made.stat().st_mode


@pytest.mark.parametrize("can_exchange", [True, False])
def test_a_build_replaces_the_previous_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, can_exchange: bool
) -> None:
    if not can_exchange:
        monkeypatch.setattr(build_dir, "_exchange", lambda one, other: False)
    output = old_build(tmp_path)
    with new_build(output) as work:
        (work / build_dir.MANIFEST).write_text("new")
        assert (output / build_dir.MANIFEST).read_text() == "{}"
    assert tree(tmp_path) == {"build": None, f"build/{build_dir.MANIFEST}": "new"}


@pytest.mark.parametrize(
    "error", [UserError("no"), Interrupted(2), KeyboardInterrupt(), ValueError()]
)
def test_a_failure_leaves_the_previous_build(tmp_path: Path, error: BaseException) -> None:
    output = old_build(tmp_path)
    before = tree(tmp_path)
    with pytest.raises(type(error)), new_build(output) as work:  # noqa: PT012
        (work / "half").write_text("half")
        raise error
    assert tree(tmp_path) == before


def test_a_failure_leaves_no_new_folders(tmp_path: Path) -> None:
    with pytest.raises(UserError), new_build(tmp_path / "a" / "b" / "build"):
        raise UserError("no")
    assert tree(tmp_path) == {}


def test_a_link_to_a_build_is_followed(tmp_path: Path) -> None:
    output = old_build(tmp_path)
    link = tmp_path / "link"
    link.symlink_to(output)
    with new_build(link) as work:
        (work / build_dir.MANIFEST).write_text("new")
    assert link.is_symlink()
    assert tree(output) == {build_dir.MANIFEST: "new"}


def test_an_empty_directory_is_used(tmp_path: Path) -> None:
    output = tmp_path / "build"
    output.mkdir()
    with new_build(output) as work:
        (work / "report.txt").write_text("new")
    assert tree(output) == {"report.txt": "new"}


def test_a_file_is_refused(tmp_path: Path) -> None:
    output = tmp_path / "build"
    output.write_text("mine")
    with pytest.raises(UserError, match="exists and is not a directory"):
        check_output(output)


def test_a_foreign_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(UserError, match="not empty and not a build of licc"):
        check_output(tmp_path)


def test_foreign_files_in_a_build_are_kept(tmp_path: Path) -> None:
    output = old_build(tmp_path)
    (output / "notes.txt").write_text("mine")
    with pytest.raises(UserError, match=r"holds 'notes.txt', which licc did not write"):
        check_output(output)


def test_a_file_put_there_meanwhile_is_kept(tmp_path: Path) -> None:
    output = old_build(tmp_path)
    with pytest.raises(UserError, match=r"holds 'notes.txt'"), new_build(output):
        (output / "notes.txt").write_text("mine")
    assert (output / "notes.txt").read_text() == "mine"


def test_the_current_directory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = old_build(tmp_path)
    monkeypatch.chdir(output / "ir")
    for path in (output, Path(".."), Path()):
        with pytest.raises(UserError, match="the current directory cannot be replaced"):
            check_output(path)


def test_an_unwritable_place_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="build: cannot write: file is not a directory"):  # noqa: SIM117
        with new_build(tmp_path / "file" / "build"):
            pass
    with pytest.raises(UserError, match="/proc/licc/build: cannot write"):  # noqa: SIM117
        with new_build(Path("/proc/licc/build")):
            pass


def test_files_are_whole_or_as_before(tmp_path: Path) -> None:
    path = tmp_path / "out.mlir"
    write_file(path, "one")
    write_file(path, "two")
    assert tree(tmp_path) == {"out.mlir": "two"}
    with pytest.raises(UserError, match="is a directory"):
        write_file(tmp_path, "three")
    with pytest.raises(UserError, match="cannot write: No such file or directory"):
        write_file(tmp_path / "none" / "out.mlir", "three")
    write_file(Path(os.devnull), "three")
    assert not Path(os.devnull).is_file()


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_signals_raise_and_are_restored(signum: signal.Signals) -> None:
    before = signal.getsignal(signum)
    with pytest.raises(Interrupted) as caught, build_dir.interruptible():
        signal.raise_signal(signum)
    assert caught.value.signum == signum
    assert signal.getsignal(signum) is before


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_the_previous_build(
    tmp_path: Path, signum: signal.Signals
) -> None:
    output = old_build(tmp_path)
    before = tree(tmp_path)
    (pipe := tmp_path.parent / f"{tmp_path.name}.pt").unlink(missing_ok=True)
    os.mkfifo(
        pipe
    )  # reading it blocks for ever, so the run is surely at work when the signal comes
    (tmp_path.parent / "x").unlink(missing_ok=True)
    code = (
        "import sys, time; from licc.driver import build, main\n"
        "build._ingress = lambda options: time.sleep(60)\n"
        f"sys.argv = ['licc', {str(pipe)!r}, '-o', {str(output)!r}]\n"
        "sys.exit(main.entry())"
    )
    python = str(LICC.with_name("python"))
    with subprocess.Popen([python, "-c", code], stderr=subprocess.PIPE, text=True) as running:
        deadline = time.monotonic() + 30
        while tree(tmp_path) == before and time.monotonic() < deadline:
            time.sleep(0.02)
        assert tree(tmp_path) != before, "the run has not begun"
        running.send_signal(signum)
        _, err = running.communicate(timeout=30)
    assert running.returncode == 128 + signum
    assert err == "error: interrupted; nothing was written\n"
    assert tree(tmp_path) == before


# --------------------------------------------------------------------------------------------------
# The command line
# --------------------------------------------------------------------------------------------------
@pytest.fixture
def student(tmp_path: Path) -> str:
    path = tmp_path / "student.pt"
    path.write_text("not a checkpoint")
    return str(path)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--target", "vu9p"], "unknown target 'vu9p'; licc knows "),
        (["--input", "720"], "--input 720: expected HxW"),
        (["--input", "720x"], "--input 720x: expected HxW"),
        (["--input", "1e3x5"], "--input 1e3x5: expected HxW"),
        (["--input", "٣x٣"], "expected HxW"),
        (["--clock", "0"], "--clock 0: expected whole MHz from 1 to 1000"),
        (["--clock", "nan"], "--clock nan: expected whole MHz"),
        (["--clock", "1001"], "--clock 1001: expected whole MHz"),
        (["--stripes", "0"], "--stripes 0: expected auto or a number from 1"),
        (["--stripes", "many"], "--stripes many: expected auto or a number from 1"),
        (["--fps", "0"], "--fps 0: expected images a second, such as 30 or 59.94"),
        (["--fps", "fast"], "--fps fast: expected images a second"),
        (["--role", "both"], "argument --role: invalid choice: 'both'"),
        (["--share", "all"], "argument --share: invalid choice: 'all'"),
        (
            ["--role", "codec", "--share", "transform"],
            "--share transform: --role codec is all transforms at once",
        ),
        (["--time-limit", "0"], "--time-limit 0: expected whole seconds from 1"),
        (["--transforms", ""], "--transforms : expected some of g_a,g_s,h_a,h_s"),
        (["--transforms", "g_a,g_a"], "each once"),
        (["--calibrate", "none"], "--calibrate none: no such folder"),
        (["--golden", "none.png"], "--golden none.png: no such file"),
        (["--compile-to", "assemble"], "invalid choice: 'assemble'"),
        (["--dump-ir=some"], "invalid choice: 'some'"),
        (["-o", ""], "-o: expected a path"),
        (["--frobnicate"], "unrecognized arguments: --frobnicate"),
    ],
)
def test_mistakes_on_the_command_line(student: str, arguments: list[str], expected: str) -> None:
    with pytest.raises(UserError) as error:
        main.read_options([student, *arguments])
    assert expected in str(error.value)
    assert "\n" not in str(error.value)


def test_options_are_read(student: str, tmp_path: Path) -> None:
    arguments = [
        "--input=250x198",
        "--clock=250",
        "--stripes=3",
        "--fps=59.94",
        "--role=codec",
        "--share=role",
        "--time-limit=60",
        "--transforms=g_a,h_a",
        "--dump-ir=full",
        "--verbose",
    ]
    options = main.read_options([student, *arguments, "--calibrate", str(tmp_path)])
    assert options == Options(
        Path(student),
        Path("build"),
        input_hw=(250, 198),
        calibrate=tmp_path,
        transforms=("g_a", "h_a"),
        clock_mhz=250,
        stripes="3",
        fps=59.94,
        role="codec",
        share="role",
        time_limit=60,
        full_dumps=True,
        verbose=True,
    )
    assert main.read_options([student]).input_hw == (720, 1280)
    assert main.read_options([student, "--dump-ir"]).full_dumps is False
    assert main.read_options([student, "--compile-to=fuse"]).output is None
    assert main.read_options([student, "--compile-to=fuse", "-o", "-"]).output is None
    assert main.read_options([student, "--compile-to=fuse", "-o", "x"]).output == Path("x")


def test_a_missing_file() -> None:
    with pytest.raises(UserError, match=r"none.pt: no such file"):
        main.read_options(["none.pt"])
    with pytest.raises(UserError, match="no checkpoint given"):
        main.read_options([])


def run_entry(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["licc", *arguments])
    return main.entry()


@pytest.mark.parametrize("size", ["0x0", "0x1280", "99999999x99999999"])
def test_absurd_sizes_are_one_line(tmp_path: Path, size: str) -> None:
    # A real checkpoint is not needed: the size is looked at first.
    (tmp_path / "s.pt").write_bytes(b"PK\x03\x04")
    command = [str(LICC), str(tmp_path / "s.pt"), "-o", str(tmp_path / "build"), "--input", size]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"error: --input {size}: ")
    assert done.stderr.count("\n") == 1
    assert list(tree(tmp_path)) == ["s.pt"]


def test_lists(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_entry(monkeypatch, "--list-targets") == 0
    assert "zcu102" in capsys.readouterr().out
    assert run_entry(monkeypatch, "--list-phases") == 0
    assert "| ingress |" in capsys.readouterr().out


# --------------------------------------------------------------------------------------------------
# Phases that fail
# --------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Fails(Pass):
    """Fails in a chosen way, after it has changed the IR."""

    name: ClassVar[str] = "lic-raise-torch"
    target: str = option("none", "the device")
    images: str = ""
    clock_mhz: int | None = None
    how: ClassVar[str] = "diagnostic"

    def run(self, module: ir.Module) -> None:
        relu: Any = module.body.operations[0].regions[0].blocks[0].operations[0]
        relu.attributes["changed"] = ir.UnitAttr.get()
        if self.how == "diagnostic":
            relu.location.emit_error("'lic.relu' op expected better")
            raise PassFailure
        if self.how == "user":
            raise UserError("photos: no image")
        if self.how == "bug":
            raise KeyError("layer\nsecond line")
        raise PassFailure(self.how)


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Options:
    def ingress(options: Options) -> ir.Module:
        return ir.Module.parse(MODULE, dialects.make_context())

    monkeypatch.setattr(build, "_ingress", ingress)
    monkeypatch.setattr(registry, "load_pass", lambda name: Fails)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return Options(Path("s.pt"), tmp_path / "build", calibrate=Path("a b"), clock_mhz=250)


def test_passes_get_what_the_user_asked_for(failing: Options) -> None:
    assert build.configured_pass(failing, "any") == Fails("zcu102", "a b", 250)
    assert build.configured_pass(Options(Path("s.pt")), "any") == Fails("zcu102", "", None)


def test_a_failing_pass_saves_the_ir_and_prints_the_command(
    failing: Options, tmp_path: Path
) -> None:
    with pytest.raises(build.CompileError) as error:
        build.build(failing, Progress(verbose=False))
    first, second = str(error.value).split("\n")
    assert first == "error: s.pt: g_a.0: 'lic.relu' op expected better"
    (saved,) = tmp_path.iterdir()
    assert second == (
        "note: the IR before lic-raise-torch is saved; to reproduce: "
        f"licc-opt {saved} '--lic-raise-torch=target=zcu102 images='\"'\"'a b'\"'\"' clock-mhz=250'"
    )
    text = saved.read_text()
    assert "lic.relu" in text
    assert 'loc("g_a.0")' in text
    assert "changed" not in text, "it is the IR before the pass"


@pytest.mark.parametrize(
    ("how", "line"),
    [
        (
            "bug",
            "error: s.pt: internal error in lic-raise-torch: KeyError: 'layer\\nsecond line'; --verb",
        ),
        ("no board fits", "error: s.pt: no board fits"),
        ("", "error: s.pt: lic-raise-torch failed"),
    ],
)
def test_other_failures(
    failing: Options, monkeypatch: pytest.MonkeyPatch, how: str, line: str
) -> None:
    monkeypatch.setattr(Fails, "how", how)
    with pytest.raises(build.CompileError) as error:
        build.compile_to_text(replace(failing, compile_to="lower"), Progress(verbose=False))
    assert str(error.value).startswith(line)
    assert len(str(error.value).split("\n")) == 2


def test_a_bug_has_a_traceback_on_request(
    failing: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Fails, "how", "bug")
    with pytest.raises(build.CompileError) as error:
        build.build(replace(failing, verbose=True), Progress(verbose=False))
    assert "Traceback (most recent call last)" in str(error.value)


def test_a_users_mistake_in_a_pass_is_one_line(
    failing: Options, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(Fails, "how", "user")
    with pytest.raises(UserError, match="photos: no image"):
        build.build(failing, Progress(verbose=False))
    assert tree(tmp_path) == {}


def test_entry_prints_failures_and_exits_1(
    failing: Options,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    student: str,
) -> None:
    assert run_entry(monkeypatch, student, "-o", str(tmp_path / "build")) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"error: {student}: g_a.0: 'lic.relu' op expected better\nnote: ")
    monkeypatch.setattr(Fails, "how", "user")
    assert run_entry(monkeypatch, student, "-o", str(tmp_path / "build")) == 1
    assert capsys.readouterr() == ("", "error: photos: no image\n")


def test_compile_to_writes_the_ir_after_a_phase(
    failing: Options,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    student: str,
) -> None:
    assert run_entry(monkeypatch, student, "--compile-to=ingress", "--verbose") == 0
    out, err = capsys.readouterr()
    assert "lic.relu" in out
    assert "changed" not in out
    assert err.startswith("ingress ")
    output = Path(student).with_name("out.mlir")
    assert run_entry(monkeypatch, student, "--compile-to=ingress", "-o", str(output)) == 0
    assert output.read_text() == out
    assert capsys.readouterr().out == ""


def test_manifest_has_no_places_and_no_dates() -> None:
    options = Options(Path("/a/b/s.pt"), Path("/c/build"), calibrate=Path("/d/photos"))
    facts = json.loads(build.manifest(options))
    assert facts["checkpoint"] == "s.pt"
    assert facts["calibrate"] == "photos"
    assert "/" not in build.manifest(options)
