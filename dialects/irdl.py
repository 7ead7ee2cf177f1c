# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The dialects as IRDL, so that any `mlir-opt --irdl-file=` reads our IR without Python.

`python -m licc.dialects.irdl` writes `lic/lic.irdl.mlir` and `hls/hls.irdl.mlir`; a test holds them to
the op classes. `mlir-opt` takes one `--irdl-file` (of several, the last): concatenate the two.

IRDL has no traits, so that there `lic.yield`, `hls.end` and `hls.write` are no terminators: IR with stages or
designs needs `--mlir-very-unsafe-disable-verifier-on-parsing`. Nor has it our verifiers: what holds for
attributes that may be absent, shapes, ranges and dataflow is checked by `licc-opt` only.
"""

from pathlib import Path

from torch_mlir import ir

from licc.dialects import DIALECTS, ext

__all__ = ["irdl_texts", "write_irdl"]

_HEADER = """\
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Written by `python -m licc.dialects.irdl` from dialects/{name}/ops.py.
"""


def irdl_texts() -> dict[Path, str]:
    """The IRDL file of each dialect, by its path inside the folder of the dialects."""
    texts: dict[Path, str] = {}
    for dialect in DIALECTS:
        name = dialect.DIALECT_NAMESPACE
        with ir.Context(), ir.Location.unknown():
            lines = str(ext.irdl_module(dialect)).splitlines()
        # The printer leaves blanks at the ends of some lines.
        body = "\n".join(line.rstrip() for line in lines if line.strip())
        texts[Path(name, f"{name}.irdl.mlir")] = f"{_HEADER.format(name=name)}{body}\n"
    return texts


def write_irdl(folder: Path) -> None:
    """Write the IRDL files below `folder`."""
    for path, text in irdl_texts().items():
        (folder / path).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_irdl(Path(__file__).parent)
