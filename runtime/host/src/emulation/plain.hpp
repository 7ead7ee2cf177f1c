// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// @file
/// Every op as docs/semantics.md writes it, one value after the other: what the fast kernels are held to, and
/// what computes whatever they do not take.
#pragma once

#include <cstdint>
#include <vector>

#include "licc/codec.hpp"
#include "network.hpp"

namespace licc::emulation {

/// Stored integers, height x width x channels, wide enough for an accumulator.
struct Integers {
  int height = 0;
  int width = 0;
  int channels = 0;
  std::vector<std::int32_t> data;

  Integers() = default;
  Integers(int height_, int width_, int channels_)
      : height(height_),
        width(width_),
        channels(channels_),
        data(static_cast<std::size_t>(height_) * static_cast<std::size_t>(width_) *
             static_cast<std::size_t>(channels_)) {}
  std::size_t at(int row, int column) const {
    return (static_cast<std::size_t>(row) * static_cast<std::size_t>(width) +
            static_cast<std::size_t>(column)) *
           static_cast<std::size_t>(channels);
  }
};

/// Height and width of an op's result. @throws Error where the input is smaller than the kernel.
Size result_size(const Op& op, Size input);

/// The result of one op. @param result the type of its result @param inputs as many as the op has
Integers plain_op(const Op& op, const ValueType& result, const std::vector<const Integers*>& inputs);

/// A function, op by op. @throws Error for an input of another number of channels, or too small
Integers plain_run(const Function& function, const Tensor& input);

/// y[i] of a GDN, exactly, for one pixel. @param x all channels of the pixel
std::int64_t plain_gdn(const Gdn& gdn, const ValueType& result, const std::int32_t* x, int channels, int i);

}  // namespace licc::emulation
