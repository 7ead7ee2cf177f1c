// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads the typed network, and proves again what the compiler has proven of it: with values in the ranges
// that are stated, no sum leaves its type and no shift its width. Nobody who computes with it has to ask.
#include "network.hpp"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "build.hpp"
#include "checked_json.hpp"
#include "crc32.hpp"

namespace licc {
namespace {

constexpr int kVersion = 1;
// Beyond what any network has, so that products of these do not leave 64 bits.
constexpr int kMostChannels = 1 << 15, kLargestKernel = 63, kLargestStep = 255;
constexpr std::size_t kMostOps = 4096;
constexpr int kLargestExtent = 32768;
// docs/semantics.md, "Words" and "GDN"
constexpr int kLargestShift = 62;
constexpr std::int64_t kLeastMultiplier = 1 << 16, kLargestMultiplier = (1 << 17) - 1;
constexpr std::int64_t kLargestGamma = (1 << 17) - 1;
constexpr std::int64_t kLargestGdnSum = (std::int64_t{1} << 47) - 1;
constexpr std::int64_t kLargestNorm = std::numeric_limits<std::int32_t>::max();
constexpr std::int64_t kLargestI32 = std::numeric_limits<std::int32_t>::max();
constexpr std::int64_t kLeastI32 = std::numeric_limits<std::int32_t>::min();

/// A range of integers.
struct Interval {
  std::int64_t lo = 0;
  std::int64_t hi = 0;
  bool within(const Interval& other) const { return lo >= other.lo && hi <= other.hi; }
};

std::string text_of(const Interval& range) {
  return std::to_string(range.lo) + ".." + std::to_string(range.hi);
}

Interval range_of(const ValueType& type) { return {type.lo, type.hi}; }

std::int64_t rounded_shift(std::int64_t value, int shift) {
  return shift == 0 ? value : (value + (std::int64_t{1} << (shift - 1))) >> shift;
}

// -----------------------------------------------------------------------------------------------------------
// Constants
// -----------------------------------------------------------------------------------------------------------
std::int64_t stored(const std::uint8_t* at, std::size_t bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i) value |= static_cast<std::uint64_t>(at[i]) << (8 * i);
  // The sign of the narrow integer becomes that of the wide one.
  const std::uint64_t sign = std::uint64_t{1} << (8 * bytes - 1);
  return static_cast<std::int64_t>((value ^ sign) - sign);
}

/// The constants that a field points to, `count` of them and all within a range.
template <typename T>
std::vector<T> constants_at(const Field& field, Bytes file, std::size_t count, Interval range) {
  const std::string type = field["type"].text();
  const std::size_t bytes = type == "int8"    ? 1
                            : type == "int16" ? 2
                            : type == "int32" ? 4
                            : type == "int64" ? 8
                                              : 0;
  if (bytes == 0) field["type"].fail("expected int8, int16, int32 or int64");
  const auto limit = static_cast<std::int64_t>(file.size);
  if (field["count"].integer(0, limit) != static_cast<std::int64_t>(count)) {
    field["count"].fail("expected " + std::to_string(count));
  }
  const auto offset = static_cast<std::size_t>(field["offset"].integer(0, limit));
  if (count > (file.size - offset) / bytes) field.fail("lies beyond the end of the constants");
  std::vector<T> values(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::int64_t value = stored(file.data + offset + i * bytes, bytes);
    if (value < range.lo || value > range.hi) field.fail("expected integers within " + text_of(range));
    values[i] = static_cast<T>(value);
  }
  return values;
}

std::vector<std::int32_t> narrow(const std::vector<std::int64_t>& wide) {
  std::vector<std::int32_t> values;
  values.reserve(wide.size());
  for (const std::int64_t value : wide) values.push_back(static_cast<std::int32_t>(value));
  return values;
}

void read_pair(const Field& field, int lo, int hi, int (&pair)[2]) {
  if (field.size() != 2) field.fail("expected two integers");
  for (std::size_t axis = 0; axis < 2; ++axis) pair[axis] = field.at(axis).small(lo, hi);
}

Interval read_interval(const Field& field, Interval limits) {
  const std::vector<std::int64_t> ends = field.integers(limits.lo, limits.hi);
  if (ends.size() != 2 || ends[0] > ends[1]) field.fail("expected two integers, ascending");
  return {ends[0], ends[1]};
}

/// Multipliers and shifts: as many of the one as of the other, one or one a channel.
void read_scaling(const Field& field, int channels, std::vector<std::int32_t>& multiplier,
                  std::vector<std::int32_t>& shift) {
  multiplier = narrow(field["multiplier"].integers(kLeastMultiplier, kLargestMultiplier));
  shift = narrow(field["shift"].integers(0, kLargestShift));
  const bool one_or_each = multiplier.size() == 1 || multiplier.size() == static_cast<std::size_t>(channels);
  if (!one_or_each || multiplier.size() != shift.size()) {
    field.fail("expected a multiplier and a shift, or one of each a channel");
  }
}

// -----------------------------------------------------------------------------------------------------------
// Convolutions
// -----------------------------------------------------------------------------------------------------------
/// What the sums of an output channel can be: over all taps that a position sees, of any subset of them where
/// the rest lies in the padding. A position of a transposed convolution sees the taps of its own phase.
class Accumulator {
 public:
  Accumulator(const Convolution& op, Interval input)
      : op_(op),
        input_(input),
        phases_(op.transposed ? static_cast<std::size_t>(op.stride[0] * op.stride[1]) : 1) {}

  Interval of_channel(int output) const {
    std::vector<Interval> sums(phases_);
    const int share = op_.out_channels / op_.groups, depth = op_.in_channels / op_.groups;
    const int first = output / share * depth;
    for (int i = 0; i < depth; ++i) {
      for (int row = 0; row < op_.kernel[0]; ++row) {
        for (int column = 0; column < op_.kernel[1]; ++column) {
          const std::int64_t weight = op_.transposed ? at(first + i, output % share, share, row, column)
                                                     : at(output, i, depth, row, column);
          Interval& sum = sums[phase_of(row, column)];
          sum.lo += std::min({weight * input_.lo, weight * input_.hi, std::int64_t{0}});
          sum.hi += std::max({weight * input_.lo, weight * input_.hi, std::int64_t{0}});
        }
      }
    }
    Interval all = sums[0];
    for (const Interval& sum : sums) all = {std::min(all.lo, sum.lo), std::max(all.hi, sum.hi)};
    const std::int64_t bias = op_.bias[static_cast<std::size_t>(output)];
    return {all.lo + bias, all.hi + bias};
  }

 private:
  std::int64_t at(int outer, int inner, int inners, int row, int column) const {
    const auto index = ((static_cast<std::size_t>(outer) * static_cast<std::size_t>(inners) +
                         static_cast<std::size_t>(inner)) *
                            static_cast<std::size_t>(op_.kernel[0]) +
                        static_cast<std::size_t>(row)) *
                           static_cast<std::size_t>(op_.kernel[1]) +
                       static_cast<std::size_t>(column);
    return op_.weights[index];
  }

  std::size_t phase_of(int row, int column) const {
    if (!op_.transposed) return 0;
    const int y = row * op_.dilation[0] % op_.stride[0], x = column * op_.dilation[1] % op_.stride[1];
    return static_cast<std::size_t>(y * op_.stride[1] + x);
  }

  const Convolution& op_;
  Interval input_;
  std::size_t phases_;
};

Convolution read_convolution(const Field& field, Bytes constants, bool transposed) {
  Convolution op;
  op.transposed = transposed;
  op.out_channels = field["out_channels"].small(1, kMostChannels);
  op.in_channels = field["in_channels"].small(1, kMostChannels);
  op.groups = field["groups"].small(1, kMostChannels);
  if (op.out_channels % op.groups != 0 || op.in_channels % op.groups != 0) {
    field["groups"].fail("expected a divisor of both channels");
  }
  read_pair(field["kernel"], 1, kLargestKernel, op.kernel);
  read_pair(field["stride"], 1, kLargestStep, op.stride);
  read_pair(field["padding"], 0, kLargestStep, op.padding);
  read_pair(field["output_padding"], 0, kLargestStep, op.output_padding);
  read_pair(field["dilation"], 1, kLargestStep, op.dilation);
  for (int axis = 0; axis < 2; ++axis) {
    if (transposed ? op.output_padding[axis] >= op.stride[axis] : op.output_padding[axis] != 0) {
      field["output_padding"].fail("expected less than the stride, and 0 of what is not transposed");
    }
  }
  const auto taps = static_cast<std::size_t>(op.kernel[0]) * static_cast<std::size_t>(op.kernel[1]);
  const auto count = static_cast<std::size_t>(op.out_channels) * static_cast<std::size_t>(op.in_channels) /
                     static_cast<std::size_t>(op.groups) * taps;
  op.weights = constants_at<std::int16_t>(field["weights"], constants, count, {-32767, 32767});
  op.bias = constants_at<std::int32_t>(field["bias"], constants, static_cast<std::size_t>(op.out_channels),
                                       {kLeastI32, kLargestI32});
  return op;
}

void check(const Field& field, const Convolution& op, const ValueType& input, const ValueType& output) {
  if (op.in_channels != input.channels || op.out_channels != output.channels) {
    field.fail("expected the channels of its input and output");
  }
  if (!range_of(input).within(
          {std::numeric_limits<std::int16_t>::min(), std::numeric_limits<std::int16_t>::max()})) {
    field.fail("expected an input of 16 bits");
  }
  const Accumulator accumulator(op, range_of(input));
  for (int channel = 0; channel < op.out_channels; ++channel) {
    const Interval sums = accumulator.of_channel(channel);
    if (!sums.within(range_of(output))) {
      field.fail("channel " + std::to_string(channel) + " has sums of " + text_of(sums) +
                 ", and its result holds " + text_of(range_of(output)));
    }
  }
}

// -----------------------------------------------------------------------------------------------------------
// GDN
// -----------------------------------------------------------------------------------------------------------
/// The power of two of a norm's root: docs/semantics.md.
int exponent_of(const Gdn& op, std::int64_t norm) {
  int top = 0;
  while (norm >> (top + 1) != 0) ++top;
  const int magnitude = op.gdn1 ? top : top / 2;
  return op.inverse ? magnitude : -magnitude;
}

Gdn read_gdn(const Field& field, Bytes constants, int channels) {
  Gdn op;
  const std::string form = field["form"].text();
  if (form != "rsqrt" && form != "gdn1") field["form"].fail("expected rsqrt or gdn1");
  op.gdn1 = form == "gdn1";
  op.inverse = field["inverse"].boolean();
  op.norm_shift = field["norm_shift"].small(0, kLargestShift);
  const Interval sums = read_interval(field["acc_range"], {0, kLargestGdnSum});
  const Interval norms = read_interval(field["norm_range"], {1, kLargestNorm});
  std::tie(op.acc_lo, op.acc_hi, op.norm_lo, op.norm_hi) =
      std::make_tuple(sums.lo, sums.hi, norms.lo, norms.hi);
  const auto count = static_cast<std::size_t>(channels);
  op.beta = constants_at<std::int64_t>(field["beta"], constants, count, {0, kLargestGdnSum});
  op.gamma = constants_at<std::int32_t>(field["gamma"], constants, count * count, {0, kLargestGamma});
  read_scaling(field, channels, op.multiplier, op.shift);
  return op;
}

void check(const Field& field, const Gdn& op, const ValueType& input, const ValueType& output) {
  if (input.channels != output.channels) field.fail("expected as many channels as its input has");
  const Interval x = range_of(input);
  if (!(x.lo < 0 ? x.within({-4096, 4095}) : x.within({0, 8191}))) field.fail("expected an input of 13 bits");
  const std::int64_t largest = std::max(std::abs(x.lo), std::abs(x.hi));
  const std::int64_t power = op.gdn1 ? largest : largest * largest;
  const Interval sums{op.acc_lo, op.acc_hi};
  const auto channels = static_cast<std::size_t>(input.channels);
  for (std::size_t row = 0; row < channels; ++row) {
    // At most 2^15 products of 17 and 26 bits: no overflow.
    std::int64_t most = op.beta[row];
    for (std::size_t i = 0; i < channels; ++i) most += op.gamma[row * channels + i] * power;
    if (!Interval{op.beta[row], most}.within(sums)) {
      field["acc_range"].fail("channel " + std::to_string(row) + " has sums of " +
                              text_of({op.beta[row], most}));
    }
  }
  for (const auto& [sum, norm] : {std::pair{op.acc_lo, op.norm_lo}, std::pair{op.acc_hi, op.norm_hi}}) {
    if (std::max<std::int64_t>(1, rounded_shift(sum, op.norm_shift)) != norm) {
      field["norm_range"].fail("expected what acc_range gives");
    }
  }
  for (const std::int32_t shift : op.shift) {
    for (const std::int64_t norm : {op.norm_lo, op.norm_hi}) {
      const int total = shift + 16 - exponent_of(op, norm);
      if (total < 0 || total > kLargestShift)
        field["shift"].fail("gives a total shift of " + std::to_string(total));
    }
  }
}

// -----------------------------------------------------------------------------------------------------------
// Other ops
// -----------------------------------------------------------------------------------------------------------
Requantize read_requantize(const Field& field, int channels) {
  Requantize op;
  read_scaling(field, channels, op.multiplier, op.shift);
  return op;
}

LeakyRelu read_leaky_relu(const Field& field) {
  return {field["multiplier"].small(0, kLargestMultiplier), field["shift"].small(0, kLargestShift)};
}

Add read_add(const Field& field, Bytes constants, int channels) {
  Add op;
  int pair[2];
  read_pair(field["multiplier"], 0, kLargestMultiplier, pair);
  std::copy_n(pair, 2, op.multiplier);
  op.shift = field["shift"].small(0, kLargestShift);
  if (field.has("constant")) {
    op.constant = constants_at<std::int32_t>(field["constant"], constants, static_cast<std::size_t>(channels),
                                             {kLeastI32, kLargestI32});
  }
  return op;
}

void check(const Field& field, const PixelShuffle& op, const ValueType& input, const ValueType& output) {
  if (input.channels != output.channels * op.factor * op.factor) {
    field.fail("expected the channels of its input by factor x factor");
  }
  if (!range_of(input).within(range_of(output))) field.fail("expected the range of its input");
}

/// Ops that saturate: their results lie in any range.
template <typename T>
void check(const Field& field, const T&, const ValueType& input, const ValueType& output) {
  if (input.channels != output.channels) field.fail("expected as many channels as its input has");
}

decltype(Op::what) read_what(const Field& field, Bytes constants, int channels) {
  const std::string name = field["op"].text();
  if (name == "conv2d") return read_convolution(field, constants, false);
  if (name == "deconv2d") return read_convolution(field, constants, true);
  if (name == "requantize") return read_requantize(field, channels);
  if (name == "gdn") return read_gdn(field, constants, channels);
  if (name == "relu") return Relu{};
  if (name == "abs") return Abs{};
  if (name == "leaky_relu") return read_leaky_relu(field);
  if (name == "add") return read_add(field, constants, channels);
  if (name == "pixel_shuffle") return PixelShuffle{field["factor"].small(1, kLargestStep)};
  if (name == "round_latent") return RoundLatent{field["fraction"].small(0, 31)};
  field["op"].fail("an op that this licc does not know");
}

// -----------------------------------------------------------------------------------------------------------
// Functions
// -----------------------------------------------------------------------------------------------------------
ValueType read_type(const Field& field) {
  ValueType type;
  type.channels = field["channels"].small(1, kMostChannels);
  type.bits = field["bits"].small(8, 32);
  type.is_signed = field["signed"].boolean();
  if ((type.bits != 8 && type.bits != 16 && type.bits != 32) || (type.bits != 8 && !type.is_signed)) {
    field["bits"].fail("expected i8, u8, i16 or i32");
  }
  const std::int64_t values = std::int64_t{1} << type.bits;
  const std::int64_t least = type.is_signed ? -values / 2 : 0;
  type.lo = field["lo"].integer(least, least + values - 1);
  type.hi = field["hi"].integer(type.lo, least + values - 1);
  return type;
}

std::size_t arity_of(const Op& op) {
  const Add* add = std::get_if<Add>(&op.what);
  return add != nullptr && add->constant.empty() ? 2 : 1;
}

/// An op: its inputs are defined before it, and its output is the value behind those of the ops before it.
Op read_op(const Field& field, Bytes constants, const std::vector<ValueType>& values, int output) {
  Op op;
  op.layer = field["layer"].text();
  op.output = field["output"].small(output, output);
  for (const std::int64_t input : field["inputs"].integers(0, output - 1))
    op.inputs.push_back(static_cast<int>(input));
  const ValueType& type = values[static_cast<std::size_t>(output)];
  if (op.inputs.empty()) field["inputs"].fail("expected one at least");
  const ValueType& first = values[static_cast<std::size_t>(op.inputs[0])];
  op.what = read_what(field, constants, first.channels);
  if (op.inputs.size() != arity_of(op)) field["inputs"].fail("expected " + std::to_string(arity_of(op)));
  for (const int input : op.inputs) {
    const ValueType& taken = values[static_cast<std::size_t>(input)];
    std::visit([&](const auto& what) { check(field, what, taken, type); }, op.what);
  }
  return op;
}

Function read_function(const Field& field, Bytes constants) {
  Function function;
  const Field values = field["values"], ops = field["ops"];
  if (ops.size() > kMostOps) ops.fail("expected at most " + std::to_string(kMostOps));
  if (values.size() != ops.size() + 1) values.fail("expected the argument, and one for each op");
  for (std::size_t i = 0; i < values.size(); ++i) function.values.push_back(read_type(values.at(i)));
  for (std::size_t i = 0; i < ops.size(); ++i) {
    function.ops.push_back(read_op(ops.at(i), constants, function.values, static_cast<int>(i) + 1));
  }
  const int last = static_cast<int>(ops.size());
  function.result = field["result"].small(last, last);
  return function;
}

int extent_of(const Convolution& op, int axis, int extent) {
  const int reach = op.dilation[axis] * (op.kernel[axis] - 1), stride = op.stride[axis];
  if (op.transposed)
    return (extent - 1) * stride - 2 * op.padding[axis] + reach + op.output_padding[axis] + 1;
  const int free = extent + 2 * op.padding[axis] - reach - 1;
  return free < 0 ? 0 : free / stride + 1;
}

}  // namespace

Network parse_network(const std::string& name, Bytes description, Bytes constants) {
  const Field root = Field::parse(name, description);
  if (root["version"].integer(0, kLargestI32) != kVersion) {
    root["version"].fail("of another version of licc, and this one reads " + std::to_string(kVersion));
  }
  if (root["bytes"].integer(0, std::numeric_limits<std::int64_t>::max()) !=
      static_cast<std::int64_t>(constants.size)) {
    root["bytes"].fail("its constants have " + std::to_string(constants.size));
  }
  if (root["crc32"].text() != crc_text(crc32(constants)))
    root["crc32"].fail("its constants have another checksum");
  Network network;
  const Field functions = root["functions"];
  for (const std::string& function : functions.names()) {
    if (function != "g_a" && function != "g_s" && function != "h_a" && function != "h_s") {
      functions.fail("a function '" + function + "' that no codec has");
    }
    network.emplace(function, read_function(functions[function.c_str()], constants));
  }
  return network;
}

Size op_size(const Op& op, Size argument) {
  Size size = argument;
  if (const auto* convolution = std::get_if<Convolution>(&op.what)) {
    size = {extent_of(*convolution, 0, argument.height), extent_of(*convolution, 1, argument.width)};
  } else if (const auto* shuffle = std::get_if<PixelShuffle>(&op.what)) {
    size = {argument.height * shuffle->factor, argument.width * shuffle->factor};
  }
  if (std::min(size.height, size.width) < 1 || std::max(size.height, size.width) > kLargestExtent) {
    throw Error(op.layer + ": gives " + std::to_string(size.height) + "x" + std::to_string(size.width) +
                " for " + std::to_string(argument.height) + "x" + std::to_string(argument.width) +
                "; the network is not made for images of this size");
  }
  return size;
}

Size result_size(const Function& function, Size argument) {
  std::vector<Size> sizes{argument};
  for (const Op& op : function.ops) {
    const Size first = sizes[static_cast<std::size_t>(op.inputs[0])];
    for (const int input : op.inputs) {
      if (sizes[static_cast<std::size_t>(input)] != first)
        throw Error(op.layer + ": adds images of different sizes");
    }
    sizes.push_back(op_size(op, first));
  }
  return sizes.back();
}

}  // namespace licc
