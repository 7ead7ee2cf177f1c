// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// @file
/// Image formats, from and to memory. `path` is for errors alone.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "licc/codec.hpp"

namespace licc::media {

using Bytes = std::vector<std::uint8_t>;

/// P6, or P5 as grey, with at most 255.
Image read_ppm(const std::filesystem::path& path, const Bytes& data, std::uint64_t max_pixels);
Bytes write_ppm(const Image& image);

// Those below are there where LICC_HAVE_PNG, LICC_HAVE_JPEG and LICC_HAVE_WEBP are defined.
Image read_png(const std::filesystem::path& path, const Bytes& data, std::uint64_t max_pixels);
Bytes write_png(const std::filesystem::path& path, const Image& image);
Image read_jpeg(const std::filesystem::path& path, const Bytes& data, std::uint64_t max_pixels);
Image read_webp(const std::filesystem::path& path, const Bytes& data, std::uint64_t max_pixels);
Bytes write_webp(const std::filesystem::path& path, const Image& image);

}  // namespace licc::media
