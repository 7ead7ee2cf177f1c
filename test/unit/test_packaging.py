# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A wheel holds the three packages, the data that they read and the host's library; versions have one place."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

import licc

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation"]
    # From another folder: in the root, `licc` would be the source tree.
    subprocess.run([*command, "-w", str(folder), str(ROOT)], check=True, cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.mark.slow  # compiles the host's library
def test_the_wheel_has_all_packages_and_data(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for source, package in (
        ("licc", "licc"),
        ("dialects", "licc/dialects"),
        ("passes", "licc/passes"),
    ):
        missing = [
            name
            for path in sorted((ROOT / source).rglob("*"))
            if path.is_file()
            and "__pycache__" not in path.parts
            and (name := f"{package}/{path.relative_to(ROOT / source)}") not in names
        ]
        assert not missing
    for header in (ROOT / "runtime" / "hls").glob("*.hpp"):
        assert f"licc/runtime/hls/{header.name}" in names
    assert {f"licc/runtime/hls/{kind}/hls_stream.h" for kind in ("csim", "timed")} <= names
    assert not [
        name for name in names if "/test/" in name or name.startswith(("dialects", "passes"))
    ]


@pytest.mark.slow
def test_the_wheel_works_by_itself(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); sys.meta_path[:] = ["
        "finder for finder in sys.meta_path if 'Redirecting' not in type(finder).__name__]\n"
        "import licc; from licc.driver import opt; from licc.target import device\n"
        f"assert licc.__file__.startswith({str(tmp_path)!r}), licc.__file__\n"
        "opt.run_opt(['--irdl=lic']); assert 'zcu102' in device.known()\n"
        "from licc.target.emit.write import _runtime; assert _runtime('licc_hls.hpp')\n"
        "from licc.runtime import _host; assert _host.Codec\n"
        f"assert _host.__file__.startswith({str(tmp_path)!r}), _host.__file__"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path, stdout=subprocess.PIPE)


@pytest.mark.slow
def test_the_wheel_is_for_this_python_and_machine(wheel: Path) -> None:
    assert wheel.name.startswith(f"licc-{licc.__version__}-cp311-cp311-linux_")
    libraries = [
        name for name in zipfile.ZipFile(wheel).namelist() if name.endswith((".so", ".a", ".h"))
    ]
    assert {Path(name).name.partition(".")[0] for name in libraries} == {"hls_stream", "_host"}


def test_a_source_distribution_has_what_a_wheel_is_made_of(tmp_path: Path) -> None:
    code = f"from scikit_build_core.build import build_sdist; build_sdist({str(tmp_path)!r})"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, capture_output=True)
    (made,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(made) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    sources = [path for path in (ROOT / "runtime").rglob("*") if path.is_file()]
    assert not {str(path.relative_to(ROOT)) for path in sources} - names
    assert {"CMakeLists.txt", "pyproject.toml", "licc/__init__.py", "LICENSE"} <= names
    assert not [name for name in names if name.startswith(("test/", ".ci", "build"))]


def test_everything_is_pinned_and_nowhere_else() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    pins = [pin for group in groups for pin in group if not pin.startswith("licc[")]
    assert all(re.fullmatch(r"[\w-]+==[\w.]+", pin) for pin in pins)
    assert len({pin.partition("==")[0] for pin in pins}) == len(pins), "each once"
    for path in (
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/*.md"),
        *ROOT.glob("tools/*"),
        ROOT / ".ci" / "run",
    ):
        if path.is_file():
            assert not [pin for pin in pins if pin in path.read_text(encoding="utf-8")], path


def test_sources_begin_with_the_licence() -> None:
    line = "SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception"
    for folder in (
        "licc",
        "dialects",
        "passes",
        "runtime",
        "test",
        "tools",
        "examples",
        "benchmarks",
    ):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".py", ".hpp", ".cpp", ".sh") and path.is_file():
                head = path.read_text(encoding="utf-8").split("\n")[:3]
                assert any(line in text for text in head), path.relative_to(ROOT)
