// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "emulation/chain.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "emulation/law.hpp"

namespace licc::emulation {
namespace {

template <class T>
T of_channel(const std::vector<T>& values, int channel) {
  return values[values.size() == 1 ? 0 : static_cast<std::size_t>(channel)];
}

template <class Compute>
void each(std::int32_t* x, std::ptrdiff_t count, Compute compute) {
  for (std::ptrdiff_t i = 0; i < count; ++i) x[i] = static_cast<std::int32_t>(compute(x[i]));
}

}  // namespace

bool Chain::ordered() const {
  // Lanes of padding behind the last channel do not matter.
  for (std::size_t l = 0; l < channels_.size(); ++l)
    if (channels_[l] != static_cast<int>(l) && channels_[l] != -1) return false;
  const auto last = std::find(channels_.begin(), channels_.end(), -1);
  return std::all_of(last, channels_.end(), [](int c) { return c == -1; });
}

bool Chain::takes(const Op& op, const ValueType& input) const {
  if (std::holds_alternative<Convolution>(op.what) || std::holds_alternative<PixelShuffle>(op.what))
    return false;
  if (std::holds_alternative<Gdn>(op.what)) return ordered() && GdnPlan::takes(input);
  if (std::holds_alternative<Add>(op.what)) return op.inputs.size() == 1 || ordered();
  return true;
}

void Chain::append_scale(Stage& stage, const Requantize& r) const {
  // rshr(x * m, s) is floor(x * m 2^-s + 1/2). A double holds all of its 50 bits, so nothing is rounded on
  // the way.
  for (int c : channels_) {
    const int channel = std::max(c, 0);
    stage.factor.push_back(std::ldexp(of_channel(r.multiplier, channel), -of_channel(r.shift, channel)));
    stage.offset.push_back(0.5);
  }
}

void Chain::append_add(Stage& stage, const Op& op, const Add& a, int own) {
  if (op.inputs.size() > 1) {
    const int mine = op.inputs[0] == own ? 0 : 1;
    stage.kind = Kind::OTHER;
    stage.multiplier[0] = a.multiplier[mine];
    stage.multiplier[1] = a.multiplier[1 - mine];
    stage.shift = a.shift;
    stage.other = others_.size();
    others_.push_back(op.inputs[static_cast<std::size_t>(1 - mine)]);
    return;
  }
  for (int c : channels_) {
    const double constant = of_channel(a.constant, std::max(c, 0));
    stage.factor.push_back(std::ldexp(a.multiplier[0], -a.shift));
    stage.offset.push_back(std::ldexp(constant * a.multiplier[1], -a.shift) + 0.5);
  }
}

void Chain::append(const Op& op, int own, const std::vector<ValueType>& values) {
  const ValueType& result = values[static_cast<std::size_t>(op.output)];
  Stage stage;
  stage.kind = Kind::SCALE;
  stage.lo = result.lo;
  stage.hi = result.hi;
  if (const auto* r = std::get_if<Requantize>(&op.what)) append_scale(stage, *r);
  if (const auto* r = std::get_if<RoundLatent>(&op.what)) append_scale(stage, {{1}, {r->fraction}});
  if (const auto* a = std::get_if<Add>(&op.what)) append_add(stage, op, *a, own);
  if (std::holds_alternative<Relu>(op.what)) {
    stage.kind = Kind::CLAMP;
    stage.lo = std::max<std::int64_t>(stage.lo, 0);
  }
  if (std::holds_alternative<Abs>(op.what)) stage.kind = Kind::MAGNITUDE;
  if (const auto* r = std::get_if<LeakyRelu>(&op.what)) {
    stage.kind = Kind::LEAKY;
    stage.multiplier[0] = r->multiplier;
    stage.shift = r->shift;
  }
  if (const auto* g = std::get_if<Gdn>(&op.what)) {
    stage.kind = Kind::GDN;
    stage.gdn = std::make_shared<GdnPlan>(*g, values[static_cast<std::size_t>(own)], result, lanes());
  }
  stages_.push_back(std::move(stage));
}

void Chain::add_other(const Stage& stage, std::int32_t* x, const Strip& strip, const Plane& other) const {
  for (int p = 0; p < strip.pixels; ++p) {
    const std::int16_t* y = other.at(strip.row, strip.column + p * strip.column_step);
    std::int32_t* mine = x + static_cast<std::ptrdiff_t>(p) * lanes();
    for (int c = 0; c < other.channels; ++c) {
      const std::int64_t sum = mine[c] * stage.multiplier[0] + y[c] * stage.multiplier[1];
      mine[c] = static_cast<std::int32_t>(clamp(rshr(sum, stage.shift), stage.lo, stage.hi));
    }
  }
}

const std::int32_t* Chain::run(const Kernels& kernels, Scratch& mine, std::int32_t* x, const Strip& strip,
                               const std::vector<Plane>& others) const {
  const std::ptrdiff_t count = static_cast<std::ptrdiff_t>(strip.pixels) * lanes();
  int turn = 0;
  for (const Stage& stage : stages_) {
    const std::int64_t lo = stage.lo;
    const std::int64_t hi = stage.hi;
    switch (stage.kind) {
      case Kind::CLAMP:
        each(x, count, [=](std::int64_t v) { return clamp(v, lo, hi); });
        break;
      case Kind::MAGNITUDE:
        each(x, count, [=](std::int64_t v) { return clamp(std::abs(v), lo, hi); });
        break;
      case Kind::SCALE:
        kernels.scale(x, strip.pixels, lanes(), stage.factor.data(), stage.offset.data(),
                      static_cast<double>(lo), static_cast<double>(hi));
        break;
      case Kind::LEAKY:
        each(x, count, [=, &stage](std::int64_t v) {
          return clamp(v >= 0 ? v : rshr(v * stage.multiplier[0], stage.shift), lo, hi);
        });
        break;
      case Kind::OTHER:
        add_other(stage, x, strip, others[stage.other]);
        break;
      case Kind::GDN: {
        std::int32_t* y = mine.result[turn].of(static_cast<std::size_t>(count));
        stage.gdn->run(kernels, mine, x, y, strip.pixels);
        turn = 1 - turn;  // a second GDN must not overwrite its input
        x = y;
        break;
      }
    }
  }
  return x;
}

}  // namespace licc::emulation
