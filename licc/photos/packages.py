# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The packages that hold photographs: data (licc/data/photos.toml), and how one is fetched and unpacked.

Nothing is installed. What a checksum is known for is checked before it is opened; of apt's packages, whose version is
the distribution's, apt has checked the signature, and the checksum of what came is written down.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tarfile
import tomllib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote

from licc.errors import UserError

TOOLS = ("apt", "npm", "pip")
SECONDS = 600
_FIELDS = {"tool", "name", "version", "licence", "sha256", "skip"}


@dataclass(frozen=True)
class Package:
    """One package, and what is known of its photographs.

    Attributes:
        tool: that fetches it, one of TOOLS.
        name: of the package.
        version: "" for the one that the distribution has.
        licence: of the package, or of its photographs where that differs.
        sha256: of the file that is fetched; "" where the version floats.
        skip: patterns of paths that are no photographs although they look like some.
    """

    tool: str
    name: str
    version: str
    licence: str
    sha256: str
    skip: tuple[str, ...]

    @property
    def label(self) -> str:
        """What lines call it: `npm wallpapers 1.0.0`."""
        return f"{self.tool} {self.name} {self.version}".rstrip()


@dataclass(frozen=True)
class Fetched:
    """The file of a package, with the version and the checksum of what came."""

    path: Path
    version: str
    sha256: str


class FetchError(Exception):
    """Why a package cannot be had; one line."""


# --------------------------------------------------------------------------------------------------
# The list
# --------------------------------------------------------------------------------------------------
def read_packages(path: Path | None = None) -> tuple[Package, ...]:
    """The packages of a list; of the one that ships with licc without `path`.

    Raises:
        UserError: the file cannot be read, or an entry is not as it should be.
    """
    shown = "photos.toml" if path is None else str(path)
    try:
        file = resources.files("licc").joinpath("data", "photos.toml") if path is None else path
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"{shown}: cannot read a list of packages: {reason}") from error
    entries = table.get("package")
    if not isinstance(entries, list) or not entries:
        raise UserError(f"{shown}: expected [[package]] tables")
    found = tuple(_package(shown, entry) for entry in cast("list[Any]", entries))
    names = [package.name for package in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise UserError(f"{shown}: {twice}: listed twice")
    return found


def _package(where: str, entry: Any) -> Package:
    if not isinstance(entry, dict):
        raise UserError(f"{where}: expected [[package]] tables")
    table = cast("dict[str, Any]", entry)
    name = table.get("name", "")
    # It becomes the name of a folder and an argument of a command.
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9][\w.+-]*", name, re.ASCII):
        raise UserError(f"{where}: expected a name of a package, but got {name!r}")
    unknown = sorted(table.keys() - _FIELDS)
    if unknown:
        raise UserError(f"{where}: {name}: unknown key '{unknown[0]}'")
    texts = {key: table.get(key, "") for key in ("tool", "version", "licence", "sha256")}
    wrong = next((key for key, value in texts.items() if not isinstance(value, str)), None)
    if wrong:
        raise UserError(f"{where}: {name}: expected a string for '{wrong}'")
    if texts["tool"] not in TOOLS:
        raise UserError(f"{where}: {name}: expected a tool of {', '.join(TOOLS)}")
    if not re.fullmatch(r"[\w.+:~-]*", texts["version"], re.ASCII) or texts["version"][:1] == "-":
        raise UserError(f"{where}: {name}: not a version: '{texts['version']}'")
    if texts["tool"] != "apt" and not texts["version"]:
        raise UserError(f"{where}: {name}: expected a version; only apt's may float")
    if not re.fullmatch(r"([0-9a-f]{64})?", texts["sha256"]):
        raise UserError(f"{where}: {name}: expected 64 hexadecimal digits for 'sha256'")
    skip = table.get("skip", [])
    if not isinstance(skip, list) or not all(isinstance(p, str) for p in cast("list[Any]", skip)):
        raise UserError(f"{where}: {name}: expected a list of strings for 'skip'")
    return Package(name=name, **texts, skip=tuple(cast("list[str]", skip)))


# --------------------------------------------------------------------------------------------------
# Fetching
# --------------------------------------------------------------------------------------------------
def fetch(package: Package, folder: Path) -> Fetched:
    """Fetch a package into the empty `folder`.

    Raises:
        FetchError: its tool is not there, does not have it, or gives something else.
    """
    _run(_command(package, folder), folder)
    files = [path for path in folder.iterdir() if path.is_file() and path.suffix != ".txt"]
    if len(files) != 1:
        raise FetchError(f"{package.tool} gave {len(files)} files instead of one")
    digest = file_digest(files[0])
    if package.sha256 and digest != package.sha256:
        raise FetchError(f"its SHA-256 is {digest} instead of {package.sha256}")
    return Fetched(files[0], package.version or _debian_version(files[0]), digest)


def _command(package: Package, folder: Path) -> list[str]:
    name, version = package.name, package.version
    if package.tool == "apt":
        return ["apt-get", "download", "-q", f"{name}={version}" if version else name]
    if package.tool == "npm":
        return ["npm", "pack", "--silent", "--ignore-scripts", f"{name}@{version}"]
    # pip asks a source package for its metadata, which runs what is in it: so it gets the checksum, which it
    # checks first.
    pinned = f" --hash=sha256:{package.sha256}" if package.sha256 else ""
    wanted = folder / "wanted.txt"
    wanted.write_text(f"{name}=={version}{pinned}\n", encoding="utf-8")
    options = ["-q", "--no-deps", "--no-binary", ":all:", "--disable-pip-version-check"]
    return [sys.executable, "-m", "pip", "download", *options, "-r", wanted.name]


def _debian_version(path: Path) -> str:
    """From NAME_VERSION_ARCHITECTURE.deb, where a colon is written %3a."""
    parts = path.stem.split("_")
    return unquote(parts[1]) if len(parts) == 3 else ""


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a .deb or a tar archive; nothing of it is run, and nothing gets outside of `folder`.

    Raises:
        FetchError: it cannot be unpacked.
        OSError: `folder` cannot be written.
    """
    if archive.suffix == ".deb":
        _run(["dpkg-deb", "-x", str(archive.resolve()), "."], folder)
        return
    try:
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
    except (tarfile.TarError, EOFError) as error:
        raise FetchError(f"{archive.name}: {error}") from error


def _run(command: list[str], folder: Path) -> None:
    try:
        done = subprocess.run(
            command, cwd=folder, check=False, capture_output=True, timeout=SECONDS
        )
    except FileNotFoundError as error:
        raise FetchError(f"{command[0]} is not installed") from error
    except subprocess.TimeoutExpired as error:
        raise FetchError(f"{command[0]} took more than {SECONDS} seconds") from error
    if done.returncode:
        said = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()
        lines = [line for line in said if line.startswith(("E:", "ERROR"))] or said
        why = lines[0].strip() if lines else f"exit status {done.returncode}"
        raise FetchError(f"{Path(command[0]).name}: {why[:200]}")


def file_digest(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
