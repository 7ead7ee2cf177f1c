// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// @file
/// The typed network as `host/network.json` and `host/network.bin` describe it (docs/runtime.md): what the
/// emulation computes. Everything is checked when it is read (network.cpp): shapes agree, values are defined
/// before their use, constants lie within their types, so that whoever computes with it need not ask again.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace licc {

/// A type of stored integers, with the range that is proven for them.
struct ValueType {
  int channels = 0;
  int bits = 0;  ///< of the storage: 8, 16 or 32
  bool is_signed = true;
  std::int64_t lo = 0;
  std::int64_t hi = 0;
};

/// `conv2d` and `deconv2d` of docs/semantics.md. Weights as in the IR: [out, in / groups, kh, kw], of a
/// transposed convolution [in, out / groups, kh, kw].
struct Convolution {
  bool transposed = false;
  int out_channels = 0;
  int in_channels = 0;
  int kernel[2] = {1, 1};
  int stride[2] = {1, 1};
  int padding[2] = {0, 0};
  int output_padding[2] = {0, 0};
  int dilation[2] = {1, 1};
  int groups = 1;
  std::vector<std::int16_t> weights;
  std::vector<std::int32_t> bias;  ///< out_channels of them
};

/// One pair, or one a channel.
struct Requantize {
  std::vector<std::int32_t> multiplier;
  std::vector<std::int32_t> shift;
};

struct Gdn {
  bool gdn1 = false;  ///< form gdn1; else rsqrt
  bool inverse = false;
  int norm_shift = 0;
  std::int64_t acc_lo = 0, acc_hi = 0;    ///< acc_range
  std::int64_t norm_lo = 0, norm_hi = 0;  ///< norm_range
  std::vector<std::int64_t> beta;         ///< channels
  std::vector<std::int32_t> gamma;        ///< [channels, channels]
  std::vector<std::int32_t> multiplier;   ///< one, or one a channel
  std::vector<std::int32_t> shift;
};

struct Relu {};
struct Abs {};

struct LeakyRelu {
  std::int32_t multiplier = 0;
  std::int32_t shift = 0;
};

/// Of two values; or of one and a constant of one a channel, which is then in `constant`.
struct Add {
  std::int32_t multiplier[2] = {0, 0};
  std::int32_t shift = 0;
  std::vector<std::int32_t> constant;
};

struct PixelShuffle {
  int factor = 1;
};

/// `clamp(rshr(x, fraction))`
struct RoundLatent {
  int fraction = 0;
};

struct Op {
  std::string layer;
  std::vector<int> inputs;  ///< values, by number
  int output = 0;           ///< a value of its own
  std::variant<Convolution, Requantize, Gdn, Relu, Abs, LeakyRelu, Add, PixelShuffle, RoundLatent> what;
};

/// A function: value 0 is its argument, the last op's output its result. Sizes follow from that of the
/// argument.
struct Function {
  std::vector<ValueType> values;
  std::vector<Op> ops;  ///< in an order in which they can be computed
  int result = 0;
};

/// By name: g_a and g_s, with h_a and h_s for a hyperprior.
using Network = std::map<std::string, Function>;

}  // namespace licc
