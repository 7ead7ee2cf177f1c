# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The host's strings are CompressAI's own, for the same symbols, indexes and tables, in both directions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.codecs import EXAMPLE
from support.entropy import entropy_models, random_symbols, random_table, with_table
from support.host_builds import PHOTOS, example_build, photo

from licc.entropy import EntropyModel, compressai, container
from licc.entropy.tables import CdfTable
from licc.errors import StreamError
from licc.runtime import Codec, _host, pictures

KODAK = Path(__file__).parents[3] / "shared" / "data" / "kodak"
SEEDS = st.integers(0, 2**32 - 1)


@pytest.fixture(scope="module")
def ans() -> Any:
    """CompressAI's coder."""
    try:
        return compressai.rans()
    except compressai.NotInstalledError as error:
        pytest.skip(str(error))


def ours(table: CdfTable) -> Any:
    rows = [entry for row in table.rows for entry in row]
    return _host.Table("table", table.lengths.tolist(), table.offsets.tolist(), rows)


def theirs(table: CdfTable) -> tuple[Any, Any, Any]:
    return table.cdfs.tolist(), table.lengths.tolist(), table.offsets.tolist()


def check_both_ways(
    ans: Any, table: CdfTable, symbols: np.ndarray, indexes: np.ndarray, given: Any
) -> None:
    """Both write the same string of `symbols`, planes x plane, and each reads the other's."""
    rows = indexes.reshape(-1).tolist()
    string = ans.RansEncoder().encode_with_indexes(
        symbols.reshape(-1).tolist(), rows, *theirs(table)
    )
    written = ours(table).write(np.ascontiguousarray(symbols, np.int16), given)
    assert written == string
    np.testing.assert_array_equal(ours(table).read(string, *symbols.shape, given), symbols)
    read = ans.RansDecoder().decode_with_indexes(written, rows, *theirs(table))
    np.testing.assert_array_equal(read, symbols.reshape(-1))


@given(SEEDS, st.integers(1, 6), st.integers(4, 80), st.sampled_from((5, 40, 3000)))
@settings(deadline=None, max_examples=150)
def test_strings_with_an_index_each(ans, seed, planes, plane, longest) -> None:
    random = np.random.default_rng(seed)
    table = random_table(random, int(random.integers(1, 9)), longest)
    symbols, indexes = random_symbols(random, table, planes * plane)
    shape = planes, plane
    symbols = np.clip(symbols, -32768, 32767).reshape(shape)
    given_rows = indexes.reshape(shape).astype(np.uint16)
    check_both_ways(ans, table, symbols, indexes, given_rows)


@given(SEEDS, st.integers(1, 9), st.integers(4, 80))
@settings(deadline=None, max_examples=100)
def test_strings_with_a_row_for_each_plane(ans, seed, planes, plane) -> None:
    random = np.random.default_rng(seed)
    table = random_table(random, planes)
    indexes = np.broadcast_to(np.arange(planes)[:, None], (planes, plane))
    near = table.offsets[:, None] + random.integers(-3, 45, (planes, plane))
    check_both_ways(ans, table, near, indexes, None)


@given(st.lists(st.integers(-32768, 32767), min_size=4, max_size=60), st.integers(-(2**20), 2**20))
@example([-32768, 32767, -1, 0], 0)
@settings(deadline=None, max_examples=150)
def test_symbols_far_outside_of_their_rows(ans, values, offset) -> None:
    """They are written in plain, with as many nibbles as they need; rows begin as far off as they may."""
    cdfs = np.array([[0, 1, 65535, 65536]])
    table = CdfTable.checked("t", cdfs, np.array([4]), np.array([offset]))
    symbols = np.array(values)[None]
    indexes = np.zeros(symbols.shape, np.int64)
    check_both_ways(ans, table, symbols, indexes, indexes.astype(np.uint16))


@pytest.mark.parametrize("skew", ["certain", "flat", "rare"])
def test_long_strings_of_extreme_tables(ans, skew) -> None:
    """A symbol of almost no bits, equal ones, and ones of 16 bits each."""
    steps = {"certain": [0, 65535, 65536], "flat": range(65537), "rare": [0, 1, 2, 65536]}[skew]
    cdf = np.array([list(steps)])
    table = CdfTable.checked("t", cdf, np.array([cdf.shape[1]]), np.array([-1]))
    random = np.random.default_rng(0)
    symbols = random.integers(-1, min(cdf.shape[1] - 3, 30000), (1, 50000))
    if skew == "rare":
        symbols = random.integers(-1, 2, (1, 50000))
    check_both_ways(ans, table, symbols, np.zeros_like(symbols), None)


@pytest.mark.parametrize("path", sorted(PHOTOS.glob("*.png")), ids=lambda path: path.stem)
def test_the_strings_of_a_photograph(ans, path: Path) -> None:
    """Those in a stream of a trained student are what CompressAI writes for its symbols, and reads."""
    check_image(ans, photo(path.stem))


@pytest.mark.slow
def test_the_strings_of_kodak(ans) -> None:
    """The same of all 24 images."""
    if not KODAK.is_dir():
        pytest.skip(f"{KODAK} is missing: put the 24 Kodak images there")
    paths = sorted(KODAK.glob("*.png"))
    assert len(paths) == 24
    for path in paths:
        check_image(ans, pictures.read(path))


def check_image(ans: Any, image: np.ndarray) -> None:
    codec = Codec(example_build(), threads=1)
    stream = codec.encode(image)
    coded, held = codec.analyse(image), container.parse(stream)
    model = EntropyModel.of(EXAMPLE)
    assert model.bottleneck is not None
    assert model.conditional is not None
    z, y, indexes = (
        np.asarray(part).transpose(2, 0, 1) for part in (coded.z, coded.y, coded.y_indexes)
    )
    channels = np.broadcast_to(np.arange(len(z))[:, None, None], z.shape)
    parts = ((z, channels, model.bottleneck, held.z), (y, indexes, model.conditional, held.y))
    for symbols, rows, table, string in parts:
        flat, lists = rows.reshape(-1).tolist(), theirs(table)
        assert string == ans.RansEncoder().encode_with_indexes(
            symbols.reshape(-1).tolist(), flat, *lists
        )
        read = ans.RansDecoder().decode_with_indexes(string, flat, *lists)
        np.testing.assert_array_equal(read, symbols.reshape(-1))
    assert len(set(y.reshape(-1).tolist())) > 5, "the photograph has nothing to code"


def test_what_compressai_models_write_is_decoded() -> None:
    """Strings of CompressAI's own entropy models, put into a container, are an image to the host."""
    models = entropy_models()
    codec = Codec(example_build(), threads=1)
    image = photo("stream")[:200, :180]
    coded, model = codec.analyse(image), EntropyModel.of(EXAMPLE)
    assert model.bottleneck is not None
    assert model.conditional is not None
    bottleneck = with_table(models.EntropyBottleneck(coded.z.shape[2]), model.bottleneck)
    conditional = with_table(models.GaussianConditional(None), model.conditional)
    z, y = (torch.from_numpy(part.transpose(2, 0, 1)[None].copy()) for part in (coded.z, coded.y))
    rows = torch.from_numpy(coded.y_indexes.transpose(2, 0, 1)[None].astype(np.int32))
    medians = bottleneck.quantiles.detach()[:, 0, 1].reshape(1, -1, 1, 1)
    (z_string,) = bottleneck.compress(z.float() + medians)
    (y_string,) = conditional.compress(y.float(), rows)
    held = container.parse(codec.encode(image))
    made = container.pack(container.Container(2, held.model, *image.shape[:2], z_string, y_string))
    assert made == codec.encode(image)
    np.testing.assert_array_equal(codec.decode(made), codec.decode(codec.encode(image)))


def test_a_string_of_other_tables_is_refused_or_gives_other_symbols() -> None:
    """Equal strings mean something: with a table off by one in one entry they differ."""
    random = np.random.default_rng(5)
    symbols = random.integers(0, 3, (1, 400)).astype(np.int16)
    one, other = (
        _host.Table("t", [5], [0], cdf)
        for cdf in ([0, 20000, 40000, 65000, 65536], [0, 20000, 40001, 65000, 65536])
    )
    string = one.write(symbols)
    assert string != other.write(symbols)
    try:
        found = other.read(string, 1, 400)
    except StreamError:
        return
    assert not np.array_equal(found, symbols)
