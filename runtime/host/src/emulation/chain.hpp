// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// @file
/// The ops between two convolutions, computed on a strip of pixels while it is near.
#pragma once

#include <memory>
#include <vector>

#include "emulation/gdn.hpp"
#include "emulation/plane.hpp"
#include "network.hpp"

namespace licc::emulation {

/// Where the pixels of a strip lie in their plane.
struct Strip {
  int row;
  int column;  ///< of the first
  int column_step;
  int pixels;
};

class Chain {
 public:
  /// @param channels the channel of each lane; -1 where a lane is padding
  explicit Chain(std::vector<int> channels) : channels_(std::move(channels)) {}

  /// Whether `op` can follow: it looks at one pixel at a time (GDN: with lanes in the order of channels).
  bool takes(const Op& op, const ValueType& input) const;
  /// @param own which of `values` the chain has come to
  void append(const Op& op, int own, const std::vector<ValueType>& values);

  /// Values other than the chain's own, in the order of its additions: planes of the result's size.
  const std::vector<int>& others() const { return others_; }
  int lanes() const { return static_cast<int>(channels_.size()); }
  const std::vector<int>& channels() const { return channels_; }
  bool ordered() const;

  /// The results of `x`, [pixels][lanes], which is overwritten.
  ///
  /// @param others the planes of `others()`
  const std::int32_t* run(const Kernels& kernels, Scratch& scratch, std::int32_t* x, const Strip& strip,
                          const std::vector<Plane>& others) const;

 private:
  enum class Kind { CLAMP, MAGNITUDE, SCALE, LEAKY, OTHER, GDN };
  struct Stage {
    Kind kind;
    std::int64_t lo, hi;
    std::vector<double> factor, offset;   // of SCALE, lane by lane
    std::int64_t multiplier[2] = {0, 0};  // of LEAKY and OTHER
    int shift = 0;
    std::size_t other = 0;
    std::shared_ptr<const GdnPlan> gdn;
  };

  void append_scale(Stage& stage, const Requantize& r) const;
  void append_add(Stage& stage, const Op& op, const Add& a, int own);
  void add_other(const Stage& stage, std::int32_t* x, const Strip& strip, const Plane& other) const;

  std::vector<int> channels_;
  std::vector<int> others_;
  std::vector<Stage> stages_;
};

}  // namespace licc::emulation
