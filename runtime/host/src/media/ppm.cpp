// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Netpbm's binary formats.
#include <algorithm>
#include <string>

#include "media/files.hpp"
#include "media/formats.hpp"

namespace licc::media {

namespace {

/// The header, read byte by byte.
class Header {
 public:
  Header(const std::filesystem::path& path, const Bytes& data) : path_(path), data_(data) {}

  std::uint64_t number() {
    skip_space();
    std::uint64_t value = 0;
    const std::size_t start = at_;
    while (at_ < data_.size() && digit(data_[at_])) {
      value = value * 10 + (data_[at_++] - '0');
      if (value > 65535) fail(path_, "a PPM header with a number beyond 65535");
    }
    if (at_ == start) fail(path_, "a damaged PPM header");
    return value;
  }

  /// Where the pixels begin: behind one white space.
  std::size_t end() {
    if (at_ >= data_.size() || !space(data_[at_])) fail(path_, "a damaged PPM header");
    return at_ + 1;
  }

 private:
  static bool digit(std::uint8_t c) { return c >= '0' && c <= '9'; }
  static bool space(std::uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

  void skip_space() {
    while (at_ < data_.size() && (space(data_[at_]) || data_[at_] == '#')) {
      if (data_[at_] == '#') {
        while (at_ < data_.size() && data_[at_] != '\n') ++at_;
      } else {
        ++at_;
      }
    }
  }

  const std::filesystem::path& path_;
  const Bytes& data_;
  std::size_t at_ = 2;
};

}  // namespace

Image read_ppm(const std::filesystem::path& path, const Bytes& data, std::uint64_t max_pixels) {
  Header header(path, data);
  const bool grey = data.at(1) == '5';
  const std::uint64_t width = header.number(), height = header.number(), most = header.number();
  if (most < 1 || most > 255) fail(path, "a PPM of more than 8 bits; convert it to a maximum of 255");
  const std::size_t bytes = rgb_bytes(path, height, width, max_pixels);
  const std::size_t begin = header.end(), expected = grey ? bytes / 3 : bytes;
  if (data.size() - begin < expected) {
    fail(path, "a cut PPM: " + std::to_string(data.size() - begin) + " bytes of " + std::to_string(expected));
  }
  Image image{{static_cast<int>(height), static_cast<int>(width)}, Bytes(bytes)};
  const auto scaled = [most](std::uint8_t v) {
    return static_cast<std::uint8_t>((std::min<std::uint64_t>(v, most) * 255 + most / 2) / most);
  };
  const std::uint8_t* from = data.data() + begin;
  for (std::size_t i = 0; i < bytes; ++i) image.pixels[i] = scaled(from[grey ? i / 3 : i]);
  return image;
}

Bytes write_ppm(const Image& image) {
  const std::string header =
      "P6\n" + std::to_string(image.size.width) + " " + std::to_string(image.size.height) + "\n255\n";
  Bytes data(header.begin(), header.end());
  data.insert(data.end(), image.pixels.begin(), image.pixels.end());
  return data;
}

}  // namespace licc::media
