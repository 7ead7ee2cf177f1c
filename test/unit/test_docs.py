# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Links in the documentation lead somewhere, and its examples run."""

from __future__ import annotations

import re
import shlex
import sys
import types
from pathlib import Path

import pytest

from licc.driver import main, opt
from licc.passes import pipelines, registry

ROOT = Path(__file__).parents[2]
PAGES = sorted((*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/*.md")))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert not [link for link in links if not (page.parent / link).exists()]


def test_the_pass_of_add_a_pass_runs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (ROOT / "docs" / "add-a-pass.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    name, where = re.findall(r'`"(lic-[\w-]+)": "(licc\.passes\.[\w:]+)"`', text)[0]
    module = types.ModuleType(where.partition(":")[0])
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(re.sub(r"^   ", "", code, flags=re.MULTILINE), module.__dict__)
    for user in (registry, pipelines):
        monkeypatch.setattr(user, "PASSES", {name: where})
    source = tmp_path / "f.mlir"
    source.write_text("func.func private @f()")
    assert opt.run_opt([str(source), f"--{name}"]) == 0
    assert opt.run_opt([str(source), f"--{name}=limit=-1"]) == 1
    assert "f.mlir:1:1: error: expected a limit of zero or more" in capsys.readouterr().err


@pytest.mark.parametrize("page", ["README.md", "licc --help"])
def test_command_lines_are_valid(
    page: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = main.make_parser().format_help() if page == "licc --help" else (ROOT / page).read_text()
    lines = [line.split("#")[0] for line in text.split("\n") if line.startswith("  ")]
    monkeypatch.chdir(tmp_path)
    Path("student.pt").touch()
    used = 0
    for line in lines:
        command, *arguments = shlex.split(line, posix=True) if "'" not in line else [""]
        if command == "licc" and arguments[0].endswith(".pt"):
            main.read_options(arguments)
            used += 1
        if command == "licc-opt":
            parser = opt.make_parser()
            known = [name for action in parser._actions for name in action.option_strings]
            rest, flags = opt.split_flags(arguments, known)
            parser.parse_args(rest)
            opt.find_steps(None, flags)
            used += 1
    assert used


def test_the_scripts_of_the_readme_exist() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for script in re.findall(r"^    (tools/\S+)", text, re.MULTILINE):
        assert (ROOT / script).stat().st_mode & 0o111
