// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// @file
/// Which inputs a convolution's outputs read. Both kinds are one here: output (q * spread + phase) reads
/// inputs around q * step, where forward convolutions have one phase, and transposed ones step 1.
#pragma once

#include <cstdint>
#include <vector>

#include "network.hpp"

namespace licc::emulation {

struct Lane {
  int phase[2] = {0, 0};
  int channel = -1;  ///< of the output; -1: padding
};

/// What some lanes read: rows and columns relative to their base position, ascending, and channels.
struct Window {
  std::vector<int> rows;
  std::vector<int> columns;
  int first_channel = 0;
  int channels = 0;
};

/// A transposed convolution of so few channels that its phases share blocks.
bool is_thin(const Convolution& c);

/// Lanes in blocks of LANES, grouped by where their results are stored together.
std::vector<std::vector<Lane>> grouped_lanes(const Convolution& c);

/// What a block of LANES lanes reads, all of them taken together.
Window common_window(const Convolution& c, const Lane* lanes);

/// The rows (axis 0) or columns (axis 1) that a phase reads, ascending.
std::vector<int> tap_offsets(const Convolution& c, int phase, int axis);

/// The weight that `lane` gives the input at this place; 0 where it has no tap.
std::int16_t tap_weight(const Convolution& c, const Lane& lane, int row, int column, int channel);

bool consecutive(const std::vector<int>& values);

}  // namespace licc::emulation
