# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Many frames through a codec: order, bounds, errors, stops, memory; YUV and video files."""

import gc
import itertools
import threading
import time
from fractions import Fraction

import numpy as np
import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from support.host_builds import example_build, photo

from licc.errors import StreamError, UserError
from licc.runtime import Codec, _host

SMALL = (32, 48)
SQUARES = [(row, column) for row in (0, 8) for column in range(0, 48, 8)]


@pytest.fixture(scope="module")
def codec():
    return Codec(example_build(), threads=1)


def numbered(number, size=SMALL):
    """A frame with its number in black and white squares over a photograph."""
    frame = photo()[: size[0], : size[1]].copy()
    for bit, (row, column) in enumerate(SQUARES):
        frame[row : row + 8, column : column + 8] = 255 * (number >> bit & 1)
    return frame


def number_of(frame):
    """The number in a frame that was coded."""
    squares = [frame[row : row + 8, column : column + 8].mean() for row, column in SQUARES]
    return sum(int(mean > 127) << bit for bit, mean in enumerate(squares))


# --------------------------------------------------------------------------------------------------
# Frames
# --------------------------------------------------------------------------------------------------
def test_streams_are_those_of_one_frame_at_a_time(codec):
    frames = [numbered(i) for i in range(12)]
    expected = [codec.encode(frame) for frame in frames]
    assert len(set(expected)) == 12
    for workers, entropy, in_flight in ((0, 1, 0), (3, 2, 0), (2, 1, 1)):
        options = {
            "transform_workers": workers,
            "entropy_workers": entropy,
            "frames_in_flight": in_flight,
        }
        assert list(codec.encode_frames(frames, **options)) == expected
        decoded = list(codec.decode_frames(expected, **options))
        assert all(
            np.array_equal(a, codec.decode(b)) for a, b in zip(decoded, expected, strict=True)
        )


def test_sizes_may_differ(codec):
    frames = [numbered(0, size) for size in ((16, 16), (40, 17), (1, 1), (32, 48))]
    decoded = codec.decode_frames(codec.encode_frames(frames))
    assert [image.shape for image in decoded] == [frame.shape for frame in frames]


def test_statistics(codec):
    results = codec.encode_frames(map(numbered, range(10)), frames_in_flight=3)
    assert len(list(results)) == 10
    s = results.statistics
    assert (s.frames, s.frames_in_flight) == (10, 3)
    assert s.frames_per_second == pytest.approx(10 / s.seconds)
    assert 0 < s.latency_p50 <= s.latency_p90 <= s.latency_p99 <= s.latency_most < s.seconds
    assert [stage.name for stage in s.stages] == ["transform", "entropy"]
    assert all(0 < stage.occupancy <= 1 for stage in s.stages)
    assert [queue.name for queue in s.queues] == ["transform", "entropy", "sink"]
    assert all(queue.mean <= queue.most <= 3 for queue in s.queues)


def test_the_source_waits_for_a_slow_consumer(codec):
    read = []

    def source():
        for number in range(50):
            read.append(number)
            yield numbered(number)

    results = codec.encode_frames(source(), frames_in_flight=4)
    next(results)
    time.sleep(0.5)
    # One was taken, four are on their way, one is in the source's hand.
    assert len(read) <= 6
    results.close()
    assert list(results) == []


def test_an_error_of_the_source_comes_after_its_frames(codec):
    def source():
        yield from map(numbered, range(3))
        raise RuntimeError("no camera")

    results = codec.encode_frames(source())
    assert [next(results) for _ in range(3)] == [codec.encode(numbered(i)) for i in range(3)]
    with pytest.raises(RuntimeError, match="no camera"):
        next(results)
    assert next(results, None) is None


def test_a_frame_that_is_none_comes_out_at_its_place(codec):
    results = codec.encode_frames([numbered(0), np.zeros((4, 4), np.uint8), numbered(1)])
    next(results)
    with pytest.raises(UserError, match="expected uint8, height x width x 3"):
        next(results)


def test_a_damaged_stream_comes_out_at_its_place(codec):
    streams = [codec.encode(numbered(i)) for i in range(6)]
    damaged = bytearray(streams[3])
    damaged[-1] ^= 1
    results = codec.decode_frames([*streams[:3], bytes(damaged), *streams[4:]])
    for number in range(3):
        assert np.array_equal(next(results), codec.decode(streams[number]))
    with pytest.raises(StreamError, match="damaged"):
        next(results)
    assert next(results, None) is None


def test_finish_keeps_what_is_on_its_way(codec):
    results = codec.encode_frames(map(numbered, itertools.count()), frames_in_flight=4)
    first = [next(results) for _ in range(5)]
    results.finish()
    rest = list(results)
    assert len(rest) <= 5
    expected = [codec.encode(numbered(i)) for i in range(len(first) + len(rest))]
    assert first + rest == expected


def test_dropping_an_iterator_ends_its_threads(codec):
    before = threading.active_count()
    for _ in range(5):
        next(codec.encode_frames(map(numbered, itertools.count())))
    gc.collect()
    deadline = time.monotonic() + 10
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.02)
    assert threading.active_count() == before


@pytest.mark.parametrize(
    "options", [{"transform_workers": -1}, {"entropy_workers": 1000}, {"frames_in_flight": 1 << 20}]
)
def test_options_are_checked(codec, options):
    with pytest.raises(UserError, match=f"{next(iter(options))} .*: expected 0 to"):
        codec.encode_frames([], **options)


# --------------------------------------------------------------------------------------------------
# Long streams
# --------------------------------------------------------------------------------------------------
def soak(codec, frames, pause):
    """Code frames with a consumer that pauses after some; (bytes grown by, statistics)."""
    process = psutil.Process()
    results = codec.encode_frames(map(numbered, range(frames)), frames_in_flight=6)
    decoded = codec.decode_frames(results, frames_in_flight=6)
    begin = 0
    for number, image in enumerate(decoded):
        assert number_of(image) == number
        if number % 10 == 0:
            time.sleep(pause)
        if number == frames // 10:
            gc.collect()
            begin = process.memory_info().rss
    gc.collect()
    assert number == frames - 1
    return process.memory_info().rss - begin, results.statistics


def test_memory_is_flat(codec):
    grown, statistics = soak(codec, 150, 0.01)
    assert statistics.frames == 150
    assert grown < 8 << 20


@pytest.mark.slow
def test_soak(codec):
    """Two thousand frames there and back, behind a slow consumer."""
    grown, statistics = soak(codec, 2000, 0.05)
    assert statistics.frames == 2000
    assert grown < 8 << 20


# --------------------------------------------------------------------------------------------------
# YUV
# --------------------------------------------------------------------------------------------------
# Of BT.601 and BT.709: the weights of red and blue in luma.
MATRICES = {
    False: (Fraction(299, 1000), Fraction(114, 1000)),
    True: (Fraction(2126, 10000), Fraction(722, 10000)),
}


def rounded(value):
    """Half up, as integers."""
    return int(value + Fraction(1, 2)) if value >= 0 else -int(-value + Fraction(1, 2))


def weights(bt709, full):
    """The integer weights of docs/runtime.md, made of the matrix' own numbers."""
    kr, kb = MATRICES[bt709]
    kg = 1 - kr - kb
    luma, chroma = (255, 255) if full else (219, 224)
    one = 1 << 16
    yr, yb = (rounded(one * k * luma / 255) for k in (kr, kb))
    y = (yr, rounded(Fraction(one * luma, 255)) - yr - yb, yb)
    half = rounded(Fraction(one * chroma, 510))
    ur = -rounded(Fraction(one * chroma, 510) * kr / (1 - kb))
    vb = -rounded(Fraction(one * chroma, 510) * kb / (1 - kr))
    back = Fraction(2 * 255 * one, chroma)
    return {
        "y": y,
        "u": (ur, -half - ur, half),
        "v": (half, -half - vb, vb),
        "luma": rounded(Fraction(255 * one, luma)),
        "rv": rounded(back * (1 - kr)),
        "gu": -rounded(back * (1 - kb) * kb / kg),
        "gv": -rounded(back * (1 - kr) * kr / kg),
        "bu": rounded(back * (1 - kb)),
        "black": 0 if full else 16,
    }


def yuv_of(image, bt709, full):
    """Planes Y, U and V, by the formulas of docs/runtime.md."""
    w, x = weights(bt709, full), image.astype(np.int64)
    y = w["black"] + ((x @ np.array(w["y"]) + (1 << 15)) >> 16)
    even = np.pad(x, [(0, x.shape[0] % 2), (0, x.shape[1] % 2), (0, 0)], mode="edge")
    sums = even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]
    chroma = [128 + ((sums @ np.array(w[name]) + (1 << 17)) >> 18) for name in "uv"]
    return [np.clip(plane, 0, 255).astype(np.uint8) for plane in (y, *chroma)]


def rgb_of(planes, bt709, full):
    w = weights(bt709, full)
    y, u, v = (plane.astype(np.int64) for plane in planes)
    u, v = (np.repeat(np.repeat(p - 128, 2, 0), 2, 1)[: y.shape[0], : y.shape[1]] for p in (u, v))
    luma = w["luma"] * (y - w["black"]) + (1 << 15)
    parts = (luma + w["rv"] * v, luma + w["gu"] * u + w["gv"] * v, luma + w["bu"] * u)
    return np.clip(np.stack(parts, axis=2) >> 16, 0, 255).astype(np.uint8)


pictures = st.tuples(st.integers(1, 7), st.integers(1, 7)).flatmap(
    lambda size: arrays(np.uint8, (*size, 3))
)


@given(pictures, st.booleans(), st.booleans())
@settings(max_examples=100, deadline=None)
def test_yuv_is_what_its_formulas_say(image, bt709, full):
    yuv = _host.YuvFormat(bt709, full)
    planes = yuv_of(image, bt709, full)
    data = _host.to_yuv(image, yuv)
    assert data == b"".join(plane.tobytes() for plane in planes)
    assert np.array_equal(_host.from_yuv(data, image.shape[:2], yuv), rgb_of(planes, bt709, full))


def test_video_files(tmp_path):
    video = _host.VideoFormat((7, 9), (30000, 1001), _host.YuvFormat(bt709=True))
    frames = [np.full((7, 9, 3), 40 * i, np.uint8) for i in range(3)]
    for kind in ("y4m", "raw"):
        path = tmp_path / kind
        writer = getattr(_host.VideoWriter, kind)(path, video)
        for frame in frames:
            writer.write(frame)
        reader = (
            _host.VideoReader.y4m(path, video.yuv)
            if kind == "y4m"
            else _host.VideoReader.raw(path, video)
        )
        assert (reader.frames, reader.format.size, reader.format.rate) == (3, (7, 9), (30000, 1001))
        for frame in frames:
            assert np.array_equal(reader.read(), frame)
        assert reader.read() is None
    with pytest.raises(UserError, match="a frame of 2x2 in a video of 7x9"):
        writer.write(np.zeros((2, 2, 3), np.uint8))
