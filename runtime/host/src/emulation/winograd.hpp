// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// @file
/// Convolutions by tiles of 4x4 or 2x2 results with fewer products, exactly (docs/rationale/host-kernels.md).
///
/// A convolution of stride s is a sum of convolutions of stride 1, one for each phase (y mod s, x mod s) of
/// its input; a transposed one is one for each phase of its output. With 5x5 taps and stride 2 those have 3
/// or 2 taps an axis. Each goes to the points 0, 1, -1, 2, -2 and infinity, is multiplied there, and comes
/// back. Scaled by 24 an axis, all of it is integers; sums wrap modulo 2^32, where 576 y determines y as long
/// as |y| < 2^25.
#pragma once

#include <memory>

#include "emulation/step.hpp"

namespace licc::emulation {

/// The convolution as such a step; null where it has other taps, too few channels, or ranges that might not
/// fit.
std::unique_ptr<Step> winograd_step(const Convolution& c, const std::vector<Op>& following, int input,
                                    int result, const std::vector<ValueType>& values);

}  // namespace licc::emulation
