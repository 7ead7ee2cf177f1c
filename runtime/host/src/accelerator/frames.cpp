// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Between tensors and what a port reads or writes: stripes, and values of 8 or 16 bits.
#include <algorithm>
#include <cstring>
#include <limits>

#include "accelerator/description.hpp"

namespace licc::accelerator {
namespace {

std::string text(Size size) { return std::to_string(size.height) + "x" + std::to_string(size.width); }

std::size_t at(int y, int x, int width, int channels) {
  return (static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x)) *
         static_cast<std::size_t>(channels);
}

/// Values as T. @return whether all of them are
template <class T>
bool narrow(const std::int16_t* from, std::size_t count, std::uint8_t* to) {
  int least = 0, most = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const T value = static_cast<T>(from[i]);
    std::memcpy(to + i * sizeof(T), &value, sizeof(T));
    least = std::min<int>(least, from[i]);
    most = std::max<int>(most, from[i]);
  }
  return least >= std::numeric_limits<T>::min() && most <= std::numeric_limits<T>::max();
}

template <class T>
void widen(const std::uint8_t* from, std::size_t count, std::int16_t* to) {
  for (std::size_t i = 0; i < count; ++i) {
    T value;
    std::memcpy(&value, from + i * sizeof(T), sizeof(T));
    to[i] = static_cast<std::int16_t>(value);
  }
}

using Narrow = bool (*)(const std::int16_t*, std::size_t, std::uint8_t*);
using Widen = void (*)(const std::uint8_t*, std::size_t, std::int16_t*);

Narrow narrow_to(const Port& port) {
  if (port.bytes == 2) return narrow<std::int16_t>;
  return port.is_signed ? narrow<std::int8_t> : narrow<std::uint8_t>;
}

Widen widen_from(const Port& port) {
  if (port.bytes == 2) return widen<std::int16_t>;
  return port.is_signed ? widen<std::int8_t> : widen<std::uint8_t>;
}

}  // namespace

std::size_t beats_of(const Kernel& kernel, const Port& port) {
  const std::size_t bytes = static_cast<std::size_t>(kernel.stripe_count()) * port.frame_bytes();
  return (bytes + sizeof(Beat) - 1) / sizeof(Beat);
}

void pack(const Kernel& kernel, const Tensor& argument, Beat* beats) {
  const Port& port = kernel.input;
  const Size given{argument.height, argument.width};
  if (given != kernel.input_size() || argument.channels != port.channels) {
    throw Error("@" + kernel.function + ": the accelerator was made for " + text(kernel.input_size()) +
                " of " + std::to_string(port.channels) + " channels, not " + text(given) + " of " +
                std::to_string(argument.channels) +
                "; compile with --input for this size, or use the emulation");
  }
  auto* to = reinterpret_cast<std::uint8_t*>(beats);
  const Narrow copy = narrow_to(port);
  const std::size_t row = at(0, 1, 0, port.channels) * static_cast<std::size_t>(port.width);
  bool all = true;
  for (const int offset : kernel.stripes.input_offsets) {
    for (int y = 0; y < port.height; ++y) {
      const std::int16_t* from = argument.data.data() + at(y, offset, argument.width, port.channels);
      all &= copy(from, row, to);
      to += row * static_cast<std::size_t>(port.bytes);
    }
  }
  if (!all) throw Error("@" + kernel.function + ": a value of its argument does not fit " + port.name);
}

Tensor unpack(const Kernel& kernel, const Beat* beats) {
  const Port& port = kernel.output;
  const Stripes& stripes = kernel.stripes;
  Tensor result(port.height, stripes.output_width, port.channels);
  const auto* from = reinterpret_cast<const std::uint8_t*>(beats);
  const Widen copy = widen_from(port);
  for (std::size_t k = 0; k < stripes.crop.size(); ++k) {
    const int first = stripes.crop[k];
    const int end = k + 1 < stripes.crop.size() ? stripes.crop[k + 1] : stripes.output_width;
    const std::size_t count = at(0, end - first, 0, port.channels);
    for (int y = 0; y < port.height; ++y) {
      const std::size_t start = at(y, first - stripes.output_offsets[k], port.width, port.channels);
      copy(from + k * port.frame_bytes() + start * static_cast<std::size_t>(port.bytes), count,
           result.data.data() + at(y, first, stripes.output_width, port.channels));
    }
  }
  return result;
}

}  // namespace licc::accelerator
