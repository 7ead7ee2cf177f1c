// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Convolutions tap by tap. A lane is an output channel; of a transposed convolution, one of a phase (y mod
// stride, x mod stride). A block of lanes reads a window of taps that its lanes have in common.
#include <algorithm>

#include "emulation/step.hpp"
#include "emulation/taps.hpp"

namespace licc::emulation {
namespace {

// Weights that stay in the first cache beside the pixels that they meet.
constexpr int WEIGHTS_NEAR = 10 * 1024;  // values

/// Values of a pixel's neighbourhood that lie side by side in memory.
struct Segment {
  int row;
  int column;
  int channel;
};

struct Block {
  std::vector<Segment> segments;
  int pairs = 0;                      ///< of each segment
  std::vector<std::int16_t> weights;  ///< [segments][pairs][LANES][2]
  std::int32_t bias[LANES] = {};
};

/// Blocks whose results are stored together.
struct Group {
  std::vector<Block> blocks;
  std::vector<Lane> lanes;
  bool ordered = false;  ///< lanes are the channels of one phase
  std::size_t chain = 0;
};

class DirectStep final : public Step {
 public:
  DirectStep(const Convolution& c, const std::vector<Op>& following, int result,
             const std::vector<ValueType>& values)
      : step_{c.transposed ? 1 : c.stride[0], c.transposed ? 1 : c.stride[1]},
        spread_{c.transposed ? c.stride[0] : 1, c.transposed ? c.stride[1] : 1} {
    for (const std::vector<Lane>& lanes : grouped_lanes(c)) {
      Group group;
      group.lanes = lanes;
      for (std::size_t first = 0; first < lanes.size(); first += LANES)
        group.blocks.push_back(block(c, &lanes[first]));
      group.chain = chain_of(lanes, following, result, values, chains_);
      group.ordered = chains_[group.chain].ordered() && !is_thin(c);
      groups_.push_back(std::move(group));
    }
  }

  const std::vector<int>& others() const override { return chains_[0].others(); }

  Margins margins(Size input, Size output) const override {
    const int rows = bases(output.height, 0);
    const int columns = bases(output.width, 1);
    Margins m;
    for (const Group& group : groups_)
      for (const Block& block : group.blocks)
        for (const Segment& s : block.segments) {
          const int wide = (2 * block.pairs + input_channels_ - 1) / input_channels_;
          m.cover({-s.row, (rows - 1) * step_[0] + s.row + 1 - input.height, -s.column,
                   (columns - 1) * step_[1] + s.column + wide - input.width});
        }
    return m;
  }

  void run(const Frame& frame) const override {
    const int rows = bases(frame.output.height, 0);
    const int columns = bases(frame.output.width, 1);
    const int strips = (columns + STRIP - 1) / STRIP;
    frame.pool.run(rows * strips, [&](int job) {
      const int column = job % strips * STRIP;
      const int pixels = std::min(STRIP, columns - column);
      for (const Group& group : groups_) run_group(frame, group, job / strips, column, pixels);
    });
  }

 private:
  int bases(int extent, int axis) const { return (extent + spread_[axis] - 1) / spread_[axis]; }

  Block block(const Convolution& c, const Lane* lanes) {
    input_channels_ = c.in_channels;
    const Window window = common_window(c, lanes);
    const int first = window.first_channel;
    const int depth = window.channels;
    Block found;
    const bool dense = depth == c.in_channels && consecutive(window.columns);
    const std::size_t merged = dense ? window.columns.size() : 1;
    const int values = static_cast<int>(merged) * depth;
    found.pairs = (values + 1) / 2;
    for (int l = 0; l < LANES; ++l)
      if (lanes[l].channel >= 0) found.bias[l] = c.bias[static_cast<std::size_t>(lanes[l].channel)];
    for (int row : window.rows)
      for (std::size_t k = 0; k < window.columns.size(); k += merged) {
        found.segments.push_back({row, window.columns[k], first});
        for (int v = 0; v < 2 * found.pairs; v += 2)
          for (int l = 0; l < LANES; ++l)
            for (int half = 0; half < 2; ++half) {
              const int at = v + half;
              const bool inside = at < values && lanes[l].channel >= 0;
              const int column = window.columns[k] + at / depth;
              found.weights.push_back(inside ? tap_weight(c, lanes[l], row, column, first + at % depth)
                                             : std::int16_t{0});
            }
      }
    return found;
  }

  void run_group(const Frame& frame, const Group& group, int row, int column, int pixels) const {
    Scratch& mine = scratch();
    const int lanes = static_cast<int>(group.lanes.size());
    const Strip strip = clipped(frame, group, row, column, pixels);
    if (group.ordered && strip.pixels < 1) return;
    const int count = group.ordered ? strip.pixels : pixels;
    std::int32_t* sums = mine.sums.of(static_cast<std::size_t>(count) * static_cast<std::size_t>(lanes));
    const std::int16_t* x = frame.input.at(row * step_[0], column * step_[1]);
    for (std::size_t b = 0; b < group.blocks.size(); ++b)
      sum_block(frame, group.blocks[b], x, sums + b * LANES, lanes, count);
    const std::int32_t* y = chains_[group.chain].run(frame.kernels, mine, sums, strip, frame.others);
    if (group.ordered)
      store_strip(frame.kernels, y, lanes, strip, frame.output);
    else
      scatter_strip(y, group.lanes, spread_, strip, frame.output);
  }

  /// Where the results of an ordered group go; fewer pixels where its phase has no last one.
  Strip clipped(const Frame& frame, const Group& group, int row, int column, int pixels) const {
    if (!group.ordered) return {row, column, 1, pixels};
    const int y = row * spread_[0] + group.lanes[0].phase[0];
    const int x = column * spread_[1] + group.lanes[0].phase[1];
    const int there = (frame.output.width - x + spread_[1] - 1) / spread_[1];
    return {y, x, spread_[1], y < frame.output.height ? std::min(pixels, there) : 0};
  }

  void sum_block(const Frame& frame, const Block& block, const std::int16_t* x, std::int32_t* sums, int lanes,
                 int pixels) const {
    const int segments = static_cast<int>(block.segments.size());
    const int each = pixels_each(pixels);
    const int at_once = std::max(1, WEIGHTS_NEAR / std::max(1, block.pairs * 2 * LANES));
    const std::ptrdiff_t step = static_cast<std::ptrdiff_t>(step_[1]) * frame.input.channels;
    std::vector<std::ptrdiff_t>& offsets = scratch().offsets;
    offsets.clear();
    for (const Segment& s : block.segments)
      offsets.push_back(s.row * frame.input.pitch +
                        static_cast<std::ptrdiff_t>(s.column) * frame.input.channels + s.channel);
    int from = 0;
    do {
      const int now = std::min(at_once, segments - from);
      const std::int16_t* weights =
          block.weights.data() + static_cast<std::ptrdiff_t>(from) * block.pairs * 2 * LANES;
      for (int p = 0; p < pixels; p += each)
        frame.kernels.tile(
            std::min(each, pixels - p),
            {x + p * step, step, offsets.data() + from, now, block.pairs, weights,
             sums + static_cast<std::ptrdiff_t>(p) * lanes, lanes, from == 0 ? block.bias : nullptr});
      from += now;
    } while (from < segments);
  }

  int step_[2];    ///< of the input, from a base position to the next
  int spread_[2];  ///< of the output
  int input_channels_ = 0;
  std::vector<Group> groups_;
  std::vector<Chain> chains_;
};

}  // namespace

std::unique_ptr<Step> direct_step(const Convolution& c, const std::vector<Op>& following, int result,
                                  const std::vector<ValueType>& values) {
  return std::make_unique<DirectStep>(c, following, result, values);
}

}  // namespace licc::emulation
