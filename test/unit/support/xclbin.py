# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A bitstream without a bitstream: an .xclbin in AMD's format (`xclbin.h` of XRT) with everything that XRT itself
reads, for a board that is not there. What `v++ --link` would say of kernels, arguments and banks comes from
`host/accelerator.json` and the link configuration of a build.
"""

from __future__ import annotations

import json
import re
import struct
import uuid
from pathlib import Path
from xml.sax.saxutils import quoteattr

# enum axlf_section_kind
BITSTREAM, EMBEDDED_METADATA, MEM_TOPOLOGY, CONNECTIVITY, IP_LAYOUT = 0, 2, 6, 7, 8
IP_KERNEL, MEM_DDR4, XCLBIN_FLAT = 1, 1, 0
AP_CTRL_CHAIN = 1
CONTROL = 0x10  # where the registers of a kernel begin


def make_xclbin(build: Path, image: dict, *, bool_bytes: int = 4) -> bytes:
    """The .xclbin of one of the `images` of a build's accelerator.json.

    Args:
        bool_bytes: what the tool says the size of a bool register is.
    """
    described = json.loads((build / "host" / "accelerator.json").read_text())
    kernels = [k for k in described["kernels"] if k["function"] in image["functions"]]
    link = (build / "vitis" / f"link_{Path(image['file']).stem}.cfg").read_text()
    banks = dict(re.findall(r"^sp=([\w.]+):(\S+)$", link, re.MULTILINE))
    names = sorted(set(banks.values()))
    parts = [
        (BITSTREAM, b"no bitstream"),
        (EMBEDDED_METADATA, _metadata(kernels, bool_bytes).encode()),
        (MEM_TOPOLOGY, _topology(names)),
        (CONNECTIVITY, _connectivity(kernels, banks, names)),
        (IP_LAYOUT, _layout(kernels)),
    ]
    return _file(parts, uuid.uuid5(uuid.NAMESPACE_URL, described["sources"] + image["file"]))


def write_xclbins(build: Path, folder: Path, **options: int) -> None:
    """All bitstreams of a build, into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for image in json.loads((build / "host" / "accelerator.json").read_text())["images"]:
        (folder / image["file"]).write_bytes(make_xclbin(build, image, **options))


def arguments(kernel: dict, bool_bytes: int = 4) -> list[tuple[str, int]]:
    """Name and bytes of each argument, in order; 8 for pointers."""
    found = {kernel[port]["argument"]: (kernel[port]["name"], 8) for port in ("input", "output")}
    if kernel["parameters"]:
        found[kernel["parameters"]["argument"]] = ("parameters", 8)
        found[kernel["parameters"]["load"]] = ("load", bool_bytes)
    found[kernel["frames"]["argument"]] = ("frames", 4)
    return [found[i] for i in range(len(found))]


def _metadata(kernels: list[dict], bool_bytes: int) -> str:
    """The kernels as Vitis HLS writes them: a register of 32 bits each, two for a pointer, with one left free."""
    lines = []
    for kernel in kernels:
        lines.append(
            f'<kernel name={quoteattr(kernel["kernel"])} language="c" attributes="" hwControlProtocol="ap_ctrl_chain">'
            '<port name="S_AXI_CONTROL" mode="slave" range="0x10000" dataWidth="32" portType="addressable"/>'
        )
        offset = CONTROL
        for i, (name, size) in enumerate(arguments(kernel, bool_bytes)):
            pointer = size == 8
            port = f"m_axi_gmem_{name}" if pointer else "s_axi_control"
            lines.append(
                f'<arg name="{name}" addressQualifier="{int(pointer)}" id="{i}" port="{port}" size="{size:#x}" '
                f'offset="{offset:#x}" hostOffset="0x0" hostSize="{size:#x}" type="{"void*" if pointer else "int"}"/>'
            )
            offset += 0xC if pointer else 0x8
        lines.append(f"<instance name={quoteattr(kernel['unit'])}/></kernel>")
    return (
        '<?xml version="1.0" encoding="UTF-8"?><project name="licc"><platform vendor="none" boardid="none" name="none">'
        '<device name="fpga0" fpgaDevice="none"><core name="OCL_REGION_0" target="bitstream" type="clc_region">'
        + "".join(lines)
        + "</core></device></platform></project>"
    )


def _topology(names: list[str]) -> bytes:
    banks = [
        struct.pack("<BB6xQQ16s", MEM_DDR4, 1, 1 << 20, i << 32, name.encode())
        for i, name in enumerate(names)
    ]
    return struct.pack("<i4x", len(banks)) + b"".join(banks)


def _connectivity(kernels: list[dict], banks: dict[str, str], names: list[str]) -> bytes:
    rows = [
        struct.pack("<iii", i, ip, names.index(banks[f"{kernel['unit']}.{name}"]))
        for ip, kernel in enumerate(kernels)
        for i, (name, size) in enumerate(arguments(kernel))
        if size == 8
    ]
    return struct.pack("<i", len(rows)) + b"".join(rows)


def _layout(kernels: list[dict]) -> bytes:
    units = [
        struct.pack(
            "<IIQ64s",
            IP_KERNEL,
            AP_CTRL_CHAIN << 8,
            0xA0000000 + (i << 16),
            f"{kernel['kernel']}:{kernel['unit']}".encode(),
        )
        for i, kernel in enumerate(kernels)
    ]
    return struct.pack("<i4x", len(units)) + b"".join(units)


def _file(parts: list[tuple[int, bytes]], identity: uuid.UUID) -> bytes:
    """struct axlf: magic, signature, header of 152 bytes, section headers of 40, sections on 8 bytes."""
    start = 304 + 152 + 40 * len(parts)
    headers, data = b"", b""
    for kind, content in parts:
        data += b"\0" * (-(start + len(data)) % 8)
        headers += struct.pack("<I16s4xQQ", kind, b"", start + len(data), len(content))
        data += content
    length = start + len(data)
    header = struct.pack(
        "<QQQHBBHH16s64s16s16sI4x",
        length,
        0,
        0,
        0,
        2,
        13,
        XCLBIN_FLAT,
        0,
        bytes(16),
        b"none",
        identity.bytes,
        b"",
        len(parts),
    )
    return (
        b"xclbin2\0"
        + struct.pack("<i", -1)
        + b"\xff" * 28
        + bytes(256)
        + struct.pack("<Q", 1)
        + header
        + headers
        + data
    )
