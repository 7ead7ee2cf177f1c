# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What Vitis is told of a design, for every board that there is."""

import re
import subprocess

import pytest
from support.board import SUM
from torch_mlir import ir

from licc.dialects import make_context
from licc.target import device
from licc.target.board import accelerator_of
from licc.target.board.write import vitis_files
from licc.target.emit.write import views_of


def files_for(board: str, clock: int = 200) -> dict[str, str]:
    text = SUM.replace('"zcu102"', f'"{board}"').replace("clock_mhz = 300", f"clock_mhz = {clock}")
    with make_context(), ir.Location.unknown():
        module = ir.Module.parse(text)
        return vitis_files(accelerator_of(module, views_of(module)))


@pytest.mark.parametrize("board", device.known())
def test_ports_get_banks_where_the_board_names_them(board):
    files = files_for(board)
    link = files["vitis/link_g_a.cfg"]
    known = device.load(board)
    found = re.findall(r"^sp=encoder_1\.(\w+):(\S+)$", link, re.MULTILINE)
    assert [bank for _, bank in found] == list(known.banks[:3])
    assert [port for port, _ in found] == ["g_a_input", "g_a_output", "parameters"][: len(found)]
    assert "freqHz=200000000:encoder_1.ap_clk" in link
    assert (f"platform={known.platform}\n" in link) == bool(known.platform)
    for text in files.values():
        assert "not run here" in text.lower()


def test_a_board_without_a_platform_asks_for_one(tmp_path):
    for path, text in files_for("ultra96v2").items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    done = subprocess.run(
        ["make", "-C", str(tmp_path / "vitis"), "platform"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "error: no platform for ultra96v2: make PLATFORM=" in done.stdout


def test_more_ports_than_banks_share_them():
    files = files_for("u250")
    assert "sp=encoder_1.parameters:DDR[2]" in files["vitis/link_g_a.cfg"]
