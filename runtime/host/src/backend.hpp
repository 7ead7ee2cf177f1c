// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// @file
/// What computes the transforms.
#pragma once

#include <optional>
#include <string>

#include "licc/codec.hpp"

namespace licc {

/// Every backend gives the same integers. `run` may be called from several threads at once.
class Backend {
 public:
  virtual ~Backend() = default;

  /// The stored integers of a function's result.
  ///
  /// @param function `g_a`, `h_a`, `h_s` or `g_s`.
  /// @param input its argument, within the range of its type: for g_a, an image padded to multiples of the
  /// stride.
  virtual Tensor run(const std::string& function, const Tensor& input) = 0;

  /// The only padded size of images that it takes; none where it takes any.
  virtual std::optional<Size> only_size() const { return std::nullopt; }
};

}  // namespace licc
