// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// @file
/// What the emulation computes in one go: a convolution with the ops that follow, or a chain of such ops.
#pragma once

#include <memory>
#include <vector>

#include "emulation/chain.hpp"
#include "emulation/kernels.hpp"
#include "emulation/plane.hpp"
#include "emulation/pool.hpp"
#include "emulation/taps.hpp"
#include "licc/codec.hpp"

namespace licc::emulation {

/// What a step reads and writes in one frame.
struct Frame {
  const Kernels& kernels;
  Pool& pool;
  Plane input;
  std::vector<Plane> others;  ///< of its chain
  Plane output;
};

class Step {
 public:
  virtual ~Step() = default;

  /// How far it reaches beyond an input of this size, for an output of that one.
  virtual Margins margins(Size input, Size output) const = 0;
  virtual void run(const Frame& frame) const = 0;
  virtual const std::vector<int>& others() const = 0;
};

/// Pixels of a strip: its sums stay in the caches next to the core.
constexpr int STRIP = 48;

/// A convolution, tap by tap: takes all of them, of inputs within an i16.
std::unique_ptr<Step> direct_step(const Convolution& c, const std::vector<Op>& following, int result,
                                  const std::vector<ValueType>& values);

/// A chain on a plane, without a convolution.
std::unique_ptr<Step> chain_step(const std::vector<Op>& ops, int input, const std::vector<ValueType>& values);

/// The channel of each lane, if they are in order: 0 to channels - 1, and padding to whole blocks.
std::vector<int> ordered_lanes(int channels);

/// Appends `ops` to a chain that starts at value `own`.
void append_all(Chain& chain, const std::vector<Op>& ops, int own, const std::vector<ValueType>& values);

/// The chain of `following` on these lanes, by its number in `chains`: the last one, or a new one where that
/// is of other channels.
std::size_t chain_of(const std::vector<Lane>& lanes, const std::vector<Op>& following, int own,
                     const std::vector<ValueType>& values, std::vector<Chain>& chains);

/// Results of a strip, [pixels][lanes] with the lanes in order, to a row of their plane.
void store_strip(const Kernels& kernels, const std::int32_t* x, int lanes, const Strip& strip,
                 const Plane& output);

/// Results of a strip of base positions, whose lanes are of several phases: each to its pixel.
void scatter_strip(const std::int32_t* x, const std::vector<Lane>& lanes, const int (&spread)[2],
                   const Strip& bases, const Plane& output);

}  // namespace licc::emulation
