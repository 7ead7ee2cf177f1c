// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "emulation/plain.hpp"

#include <cstdlib>

#include "emulation/law.hpp"

namespace licc::emulation {
namespace {

std::size_t index(int i) { return static_cast<std::size_t>(i); }

/// One for all channels, or one each.
template <class T>
T of_channel(const std::vector<T>& values, int channel) {
  return values[values.size() == 1 ? 0 : index(channel)];
}

std::int64_t forward_extent(const Convolution& c, int extent, int axis) {
  return (std::int64_t{extent} + 2 * std::int64_t{c.padding[axis]} -
          std::int64_t{c.dilation[axis]} * (c.kernel[axis] - 1) - 1);
}

std::int64_t transposed_extent(const Convolution& c, int extent, int axis) {
  return (std::int64_t{extent} - 1) * c.stride[axis] - 2 * std::int64_t{c.padding[axis]} +
         std::int64_t{c.dilation[axis]} * (c.kernel[axis] - 1) + c.output_padding[axis] + 1;
}

Size convolved(const Op& op, const Convolution& c, Size input) {
  std::int64_t size[2];
  const int extents[2] = {input.height, input.width};
  for (int axis = 0; axis < 2; ++axis) {
    const std::int64_t reach = forward_extent(c, extents[axis], axis);
    size[axis] = c.transposed ? transposed_extent(c, extents[axis], axis)
                              : (reach < 0 ? 0 : reach / c.stride[axis] + 1);
    if (size[axis] < 1 || size[axis] > (1 << 20))
      throw Error(op.layer + ": a picture of " + std::to_string(input.height) + "x" +
                  std::to_string(input.width) +
                  " is too small or too large for this layer; pad it to a multiple of the stride");
  }
  return {static_cast<int>(size[0]), static_cast<int>(size[1])};
}

/// Where `w[o, i, j, k]` is, with i counted within its group, o over all of them; transposed: i over all, o
/// within.
std::size_t weight_at(const Convolution& c, int o, int i, int j, int k) {
  const int inner = c.transposed ? c.out_channels / c.groups : c.in_channels / c.groups;
  const int first = c.transposed ? i : o;
  const int second = c.transposed ? o : i;
  return ((index(first) * index(inner) + index(second)) * index(c.kernel[0]) + index(j)) *
             index(c.kernel[1]) +
         index(k);
}

std::int64_t dot(const Convolution& c, const Integers& x, int row, int column, int o, int j, int k) {
  const int of_group = c.in_channels / c.groups;
  const int outs = c.out_channels / c.groups;
  const int first = o / outs * of_group;
  const std::int32_t* at = x.data.data() + x.at(row, column) + first;
  std::int64_t sum = 0;
  for (int i = 0; i < of_group; ++i) {
    const std::size_t w = c.transposed ? weight_at(c, o % outs, first + i, j, k) : weight_at(c, o, i, j, k);
    sum += std::int64_t{at[i]} * c.weights[w];
  }
  return sum;
}

/// The input's row (or column) that tap `j` of output `at` reads; -1 where none does.
int source(const Convolution& c, int at, int j, int axis, int extent) {
  const int reach = c.transposed ? at + c.padding[axis] - j * c.dilation[axis]
                                 : at * c.stride[axis] - c.padding[axis] + j * c.dilation[axis];
  if (reach < 0) return -1;
  if (c.transposed && reach % c.stride[axis] != 0) return -1;
  const int found = c.transposed ? reach / c.stride[axis] : reach;
  return found < extent ? found : -1;
}

std::int64_t accumulator(const Convolution& c, const Integers& x, int row, int column, int o) {
  std::int64_t sum = c.bias[index(o)];
  for (int j = 0; j < c.kernel[0]; ++j) {
    const int y = source(c, row, j, 0, x.height);
    if (y < 0) continue;
    for (int k = 0; k < c.kernel[1]; ++k) {
      const int at = source(c, column, k, 1, x.width);
      if (at >= 0) sum += dot(c, x, y, at, o, j, k);
    }
  }
  return sum;
}

void convolve(const Convolution& c, const Integers& x, Integers& y) {
  for (int row = 0; row < y.height; ++row)
    for (int column = 0; column < y.width; ++column)
      for (int o = 0; o < y.channels; ++o)
        y.data[y.at(row, column) + index(o)] = static_cast<std::int32_t>(accumulator(c, x, row, column, o));
}

void gdn(const Gdn& g, const ValueType& type, const Integers& x, Integers& y) {
  const std::size_t pixels = index(x.height) * index(x.width);
  for (std::size_t pixel = 0; pixel < pixels; ++pixel) {
    const std::int32_t* at = x.data.data() + pixel * index(x.channels);
    for (int i = 0; i < x.channels; ++i)
      y.data[pixel * index(x.channels) + index(i)] =
          static_cast<std::int32_t>(plain_gdn(g, type, at, x.channels, i));
  }
}

void shuffle(const PixelShuffle& p, const Integers& x, Integers& y) {
  const int f = p.factor;
  for (int row = 0; row < y.height; ++row)
    for (int column = 0; column < y.width; ++column)
      for (int c = 0; c < y.channels; ++c) {
        const int from = (c * f + row % f) * f + column % f;
        y.data[y.at(row, column) + index(c)] = x.data[x.at(row / f, column / f) + index(from)];
      }
}

/// What ops do that look at one value of each input at a time.
struct Elementwise {
  const ValueType& type;
  const std::vector<const Integers*>& inputs;

  std::int64_t operator()(const Requantize& r, std::int64_t x, std::size_t, int channel) const {
    return rshr(x * of_channel(r.multiplier, channel), of_channel(r.shift, channel));
  }
  std::int64_t operator()(const Relu&, std::int64_t x, std::size_t, int) const { return x < 0 ? 0 : x; }
  std::int64_t operator()(const Abs&, std::int64_t x, std::size_t, int) const { return x < 0 ? -x : x; }
  std::int64_t operator()(const LeakyRelu& r, std::int64_t x, std::size_t, int) const {
    return x >= 0 ? x : rshr(x * r.multiplier, r.shift);
  }
  std::int64_t operator()(const Add& a, std::int64_t x, std::size_t at, int channel) const {
    const std::int64_t other = inputs.size() > 1 ? inputs[1]->data[at] : of_channel(a.constant, channel);
    return rshr(x * a.multiplier[0] + other * a.multiplier[1], a.shift);
  }
  std::int64_t operator()(const RoundLatent& r, std::int64_t x, std::size_t, int) const {
    return rshr(x, r.fraction);
  }

  template <class What>
  void all(const What& what, Integers& y) const {
    for (std::size_t at = 0; at < y.data.size(); ++at) {
      const int channel = static_cast<int>(at % index(y.channels));
      const std::int64_t v = (*this)(what, std::int64_t{inputs[0]->data[at]}, at, channel);
      y.data[at] = static_cast<std::int32_t>(clamp(v, type.lo, type.hi));
    }
  }
};

struct Compute {
  const ValueType& type;
  const std::vector<const Integers*>& inputs;
  Integers& y;

  void operator()(const Convolution& c) const { convolve(c, *inputs[0], y); }
  void operator()(const Gdn& g) const { gdn(g, type, *inputs[0], y); }
  void operator()(const PixelShuffle& p) const { shuffle(p, *inputs[0], y); }
  template <class What>
  void operator()(const What& what) const {
    Elementwise{type, inputs}.all(what, y);
  }
};

}  // namespace

Size result_size(const Op& op, Size input) {
  if (const auto* c = std::get_if<Convolution>(&op.what)) return convolved(op, *c, input);
  if (const auto* p = std::get_if<PixelShuffle>(&op.what))
    return {input.height * p->factor, input.width * p->factor};
  return input;
}

std::int64_t plain_gdn(const Gdn& g, const ValueType& result, const std::int32_t* x, int channels, int i) {
  std::int64_t sum = g.beta[index(i)];
  const std::int32_t* gamma = g.gamma.data() + index(i) * index(channels);
  for (int j = 0; j < channels; ++j) {
    const std::int64_t v = x[j];
    sum += gamma[j] * (g.gdn1 ? std::abs(v) : v * v);
  }
  const Root r = root(std::max<std::int64_t>(1, rshr(sum, g.norm_shift)), g.gdn1, g.inverse);
  const std::int64_t product = x[i] * r.mantissa * of_channel(g.multiplier, i);
  return clamp(rshr(product, of_channel(g.shift, i) + 16 - r.exponent), result.lo, result.hi);
}

Integers plain_op(const Op& op, const ValueType& result, const std::vector<const Integers*>& inputs) {
  const Size size = result_size(op, {inputs[0]->height, inputs[0]->width});
  Integers y(size.height, size.width, result.channels);
  std::visit(Compute{result, inputs, y}, op.what);
  return y;
}

Integers plain_run(const Function& function, const Tensor& input) {
  if (input.channels != function.values[0].channels)
    throw Error("expected an input of " + std::to_string(function.values[0].channels) +
                " channels, but got " + std::to_string(input.channels));
  std::vector<Integers> values(function.values.size());
  values[0] = Integers(input.height, input.width, input.channels);
  std::copy(input.data.begin(), input.data.end(), values[0].data.begin());
  for (const Op& op : function.ops) {
    std::vector<const Integers*> inputs;
    for (int value : op.inputs) inputs.push_back(&values[index(value)]);
    values[index(op.output)] = plain_op(op, function.values[index(op.output)], inputs);
  }
  return std::move(values[index(function.result)]);
}

}  // namespace licc::emulation
