// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "emulation/taps.hpp"

#include <algorithm>
#include <set>

#include "emulation/kernels.hpp"

namespace licc::emulation {
namespace {

/// The input's place that tap `j` reads, from the base position; false where the phase has no such tap.
bool offset_of(const Convolution& c, int phase, int j, int axis, int& offset) {
  if (!c.transposed) {
    offset = j * c.dilation[axis] - c.padding[axis];
    return true;
  }
  const int reach = phase + c.padding[axis] - j * c.dilation[axis];
  offset = reach / c.stride[axis];
  return reach % c.stride[axis] == 0;
}

/// The tap that reads the place at `offset`; -1 if there is none.
int tap_at(const Convolution& c, int phase, int offset, int axis) {
  const int reach =
      c.transposed ? phase + c.padding[axis] - offset * c.stride[axis] : offset + c.padding[axis];
  if (reach < 0 || reach % c.dilation[axis] != 0) return -1;
  const int tap = reach / c.dilation[axis];
  return tap < c.kernel[axis] ? tap : -1;
}

std::size_t round_up(std::size_t n) { return (n + LANES - 1) / LANES * LANES; }

/// Channels of one phase; those of each group of the convolution in blocks of their own.
std::vector<Lane> phase_lanes(const Convolution& c, int py, int px) {
  std::vector<Lane> lanes;
  const int outs = c.out_channels / c.groups;
  for (int group = 0; group < c.groups; ++group) {
    for (int o = 0; o < outs; ++o) lanes.push_back({{py, px}, group * outs + o});
    lanes.resize(round_up(lanes.size()), {{py, px}, -1});
  }
  return lanes;
}

/// Lanes with the largest windows first, so that few blocks have them.
std::vector<Lane> thin_lanes(const Convolution& c) {
  std::vector<Lane> lanes;
  for (int py = 0; py < c.stride[0]; ++py)
    for (int px = 0; px < c.stride[1]; ++px)
      for (int o = 0; o < c.out_channels; ++o) lanes.push_back({{py, px}, o});
  const auto taps = [&](const Lane& lane) {
    return std::make_pair(tap_offsets(c, lane.phase[0], 0).size(), tap_offsets(c, lane.phase[1], 1).size());
  };
  std::stable_sort(lanes.begin(), lanes.end(),
                   [&](const Lane& a, const Lane& b) { return taps(a) > taps(b); });
  lanes.resize(round_up(lanes.size()));
  return lanes;
}

}  // namespace

bool is_thin(const Convolution& c) {
  return c.transposed && c.groups == 1 && c.out_channels < LANES && c.stride[0] * c.stride[1] > 1;
}

std::vector<std::vector<Lane>> grouped_lanes(const Convolution& c) {
  if (is_thin(c)) return {thin_lanes(c)};
  if (!c.transposed) return {phase_lanes(c, 0, 0)};
  std::vector<std::vector<Lane>> groups;
  for (int py = 0; py < c.stride[0]; ++py)
    for (int px = 0; px < c.stride[1]; ++px) groups.push_back(phase_lanes(c, py, px));
  return groups;
}

std::vector<int> tap_offsets(const Convolution& c, int phase, int axis) {
  std::vector<int> offsets;
  for (int j = 0; j < c.kernel[axis]; ++j) {
    int offset = 0;
    if (offset_of(c, phase, j, axis, offset)) offsets.push_back(offset);
  }
  std::sort(offsets.begin(), offsets.end());
  return offsets;
}

Window common_window(const Convolution& c, const Lane* lanes) {
  std::set<int> rows, columns;
  int channel = -1;
  for (int l = 0; l < LANES; ++l) {
    if (lanes[l].channel < 0) continue;
    channel = lanes[l].channel;
    for (int row : tap_offsets(c, lanes[l].phase[0], 0)) rows.insert(row);
    for (int column : tap_offsets(c, lanes[l].phase[1], 1)) columns.insert(column);
  }
  Window window;
  window.rows.assign(rows.begin(), rows.end());
  window.columns.assign(columns.begin(), columns.end());
  window.channels = c.in_channels / c.groups;
  window.first_channel = std::max(channel, 0) / (c.out_channels / c.groups) * window.channels;
  return window;
}

std::int16_t tap_weight(const Convolution& c, const Lane& lane, int row, int column, int channel) {
  const int j = tap_at(c, lane.phase[0], row, 0);
  const int k = tap_at(c, lane.phase[1], column, 1);
  if (j < 0 || k < 0) return 0;
  const int ins = c.in_channels / c.groups;
  const int outs = c.out_channels / c.groups;
  const int first = c.transposed ? channel : lane.channel;
  const int second = c.transposed ? lane.channel % outs : channel % ins;
  const int inner = c.transposed ? outs : ins;
  const std::size_t at = ((static_cast<std::size_t>(first) * static_cast<std::size_t>(inner) +
                           static_cast<std::size_t>(second)) *
                              static_cast<std::size_t>(c.kernel[0]) +
                          static_cast<std::size_t>(j)) *
                             static_cast<std::size_t>(c.kernel[1]) +
                         static_cast<std::size_t>(k);
  return c.weights[at];
}

bool consecutive(const std::vector<int>& values) {
  for (std::size_t i = 1; i < values.size(); ++i)
    if (values[i] != values[i - 1] + 1) return false;
  return true;
}

}  // namespace licc::emulation
