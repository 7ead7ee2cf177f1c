// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// @file
/// Harness: the whole decoder, with the emulation behind it. LICC_FUZZ_BUILD names a build directory, a tiny
/// one (seeds.py makes it). Model, lengths and checksum are set right, so that the strings are reached.
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "entropy/container.hpp"
#include "given.hpp"
#include "licc/codec.hpp"

namespace {

using licc::fuzz::claim;

const licc::Codec& codec() {
  static const std::unique_ptr<licc::Codec> held = [] {
    const char* build = std::getenv("LICC_FUZZ_BUILD");
    if (build == nullptr) {
      std::fprintf(stderr, "error: LICC_FUZZ_BUILD: set it to a build directory; fuzz/seeds.py makes one\n");
      std::exit(1);
    }
    licc::Options options;
    options.threads = 1;
    options.max_pixels = 1U << 14;
    return std::make_unique<licc::Codec>(build, options);
  }();
  return *held;
}

void set_model(std::vector<std::uint8_t>& stream, const std::string& model) {
  constexpr std::size_t model_at = 8;
  if (stream.size() < licc::kContainerHeader) return;
  for (std::size_t i = 0; i < 8; ++i) {
    stream[model_at + i] = static_cast<std::uint8_t>(std::stoi(model.substr(2 * i, 2), nullptr, 16));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::uint8_t> stream(data, data + size);
  set_model(stream, codec().facts().model);
  if (size % 2 == 0) licc::fuzz::forge_lengths(stream);
  licc::fuzz::forge_container(stream);
  try {
    const licc::Image image = codec().decode(stream.data(), stream.size());
    const licc::Container held = licc::parse_container(stream);
    claim(image.size == held.image, "an image is of the size that its stream says");
    const auto height = static_cast<std::size_t>(image.size.height);
    const auto width = static_cast<std::size_t>(image.size.width);
    claim(image.pixels.size() == 3 * height * width, "an image has its pixels");
  } catch (const licc::StreamError&) {
    return 0;
  }
  return 0;
}
