// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// @file
/// The parts of the module licc.runtime._host.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "licc/codec.hpp"

namespace licc::python {

/// What licc.runtime checked before: uint8, height x width x 3, in C order.
using Pixels = nanobind::ndarray<const std::uint8_t, nanobind::shape<-1, -1, 3>, nanobind::c_contig,
                                 nanobind::device::cpu>;
using Picture = nanobind::ndarray<nanobind::numpy, std::uint8_t, nanobind::ndim<3>>;

inline Image image_of(const Pixels& pixels) {
  constexpr auto largest = static_cast<std::size_t>(kLargestSide);
  if (pixels.shape(0) > largest || pixels.shape(1) > largest) {
    throw Error("an image beyond " + std::to_string(kLargestSide) + " pixels either way");
  }
  Image image{{static_cast<int>(pixels.shape(0)), static_cast<int>(pixels.shape(1))}, {}};
  image.pixels.assign(pixels.data(), pixels.data() + pixels.size());
  return image;
}

/// An array that owns the image's pixels.
inline Picture picture_of(Image image) {
  const std::size_t shape[3] = {static_cast<std::size_t>(image.size.height),
                                static_cast<std::size_t>(image.size.width), 3};
  auto* pixels = new std::vector<std::uint8_t>(std::move(image.pixels));
  const nanobind::capsule owner(pixels,
                                [](void* p) noexcept { delete static_cast<std::vector<std::uint8_t>*>(p); });
  return Picture(pixels->data(), 3, shape, owner);
}

inline std::vector<std::uint8_t> vector_of(const nanobind::bytes& data) {
  const auto* begin = static_cast<const std::uint8_t*>(data.data());
  return {begin, begin + data.size()};
}

inline nanobind::bytes bytes_of(const std::vector<std::uint8_t>& data) {
  return nanobind::bytes(data.data(), data.size());
}

}  // namespace licc::python

namespace licc {

void bind_stream(nanobind::module_& module);  ///< after class Codec
void bind_media(nanobind::module_& module);   ///< after bind_stream

}  // namespace licc
