// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// @file
/// Whole files in, and out by way of a temporary one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "licc/codec.hpp"

namespace licc::media {

/// `FILE: what is wrong with it`, the form of every error.
[[noreturn]] void fail(const std::filesystem::path& path, const std::string& what);

/// The bytes of a file. @throws Error it cannot be read, or has more than `most` bytes
std::vector<std::uint8_t> read_file(const std::filesystem::path& path, std::size_t most);

/// Writes a file that is whole or, after a failure, as it was before. @throws Error it cannot be written
void write_file(const std::filesystem::path& path, const std::uint8_t* data, std::size_t size);

/// Bytes of an RGB image of that size. @throws Error no size of an image, or more pixels than `max_pixels`
std::size_t rgb_bytes(const std::filesystem::path& path, std::uint64_t height, std::uint64_t width,
                      std::uint64_t max_pixels);

/// @throws std::invalid_argument pixels and size of the image do not agree
void check_image(const Image& image);

}  // namespace licc::media
