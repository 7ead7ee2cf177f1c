// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "emulation/step.hpp"

namespace licc::emulation {
namespace {

class ChainStep final : public Step {
 public:
  explicit ChainStep(Chain chain) : chain_(std::move(chain)) {}

  Margins margins(Size, Size) const override { return {}; }
  const std::vector<int>& others() const override { return chain_.others(); }

  void run(const Frame& frame) const override {
    frame.pool.run(frame.output.height, [&](int row) {
      for (int column = 0; column < frame.output.width; column += STRIP)
        run_strip(frame, {row, column, 1, std::min(STRIP, frame.output.width - column)});
    });
  }

 private:
  void run_strip(const Frame& frame, const Strip& strip) const {
    Scratch& mine = scratch();
    const int lanes = chain_.lanes();
    const int channels = frame.input.channels;
    std::int32_t* x = mine.sums.of(static_cast<std::size_t>(strip.pixels) * static_cast<std::size_t>(lanes));
    for (int p = 0; p < strip.pixels; ++p) {
      const std::int16_t* from = frame.input.at(strip.row, strip.column + p);
      std::int32_t* to = x + static_cast<std::ptrdiff_t>(p) * lanes;
      std::fill(std::copy(from, from + channels, to), to + lanes, 0);
    }
    const std::int32_t* y = chain_.run(frame.kernels, mine, x, strip, frame.others);
    store_strip(frame.kernels, y, lanes, strip, frame.output);
  }

  Chain chain_;
};

}  // namespace

std::vector<int> ordered_lanes(int channels) {
  const int lanes = (channels + LANES - 1) / LANES * LANES;
  std::vector<int> order(static_cast<std::size_t>(lanes), -1);
  for (int c = 0; c < channels; ++c) order[static_cast<std::size_t>(c)] = c;
  return order;
}

void append_all(Chain& chain, const std::vector<Op>& ops, int own, const std::vector<ValueType>& values) {
  for (const Op& op : ops) {
    chain.append(op, own, values);
    own = op.output;
  }
}

std::size_t chain_of(const std::vector<Lane>& lanes, const std::vector<Op>& following, int own,
                     const std::vector<ValueType>& values, std::vector<Chain>& chains) {
  std::vector<int> channels;
  for (const Lane& lane : lanes) channels.push_back(lane.channel);
  if (chains.empty() || chains.back().channels() != channels) {
    append_all(chains.emplace_back(channels), following, own, values);
  }
  return chains.size() - 1;
}

void store_strip(const Kernels& kernels, const std::int32_t* x, int lanes, const Strip& strip,
                 const Plane& output) {
  if (lanes == output.channels && strip.column_step == 1) {
    kernels.narrow(x, output.at(strip.row, strip.column), static_cast<std::ptrdiff_t>(strip.pixels) * lanes);
    return;
  }
  for (int p = 0; p < strip.pixels; ++p)
    kernels.narrow(x + static_cast<std::ptrdiff_t>(p) * lanes,
                   output.at(strip.row, strip.column + p * strip.column_step), output.channels);
}

void scatter_strip(const std::int32_t* x, const std::vector<Lane>& lanes, const int (&spread)[2],
                   const Strip& bases, const Plane& output) {
  const auto count = static_cast<std::ptrdiff_t>(lanes.size());
  for (std::ptrdiff_t l = 0; l < count; ++l) {
    const Lane& lane = lanes[static_cast<std::size_t>(l)];
    const int row = bases.row * spread[0] + lane.phase[0];
    const int first = bases.column * spread[1] + lane.phase[1];
    if (lane.channel < 0 || row >= output.height || first >= output.width) continue;
    const int pixels = std::min(bases.pixels, (output.width - first + spread[1] - 1) / spread[1]);
    std::int16_t* to = output.at(row, first) + lane.channel;
    const std::ptrdiff_t step = static_cast<std::ptrdiff_t>(spread[1]) * output.channels;
    for (int p = 0; p < pixels; ++p) to[p * step] = static_cast<std::int16_t>(x[p * count + l]);
  }
}

std::unique_ptr<Step> chain_step(const std::vector<Op>& ops, int input,
                                 const std::vector<ValueType>& values) {
  Chain chain(ordered_lanes(values[static_cast<std::size_t>(input)].channels));
  append_all(chain, ops, input, values);
  return std::make_unique<ChainStep>(std::move(chain));
}

}  // namespace licc::emulation
