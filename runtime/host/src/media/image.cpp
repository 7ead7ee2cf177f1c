// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which format a file has.
#include <algorithm>
#include <cctype>
#include <cstring>

#include "media/files.hpp"
#include "media/formats.hpp"

namespace licc {

namespace {

using media::Bytes;

// No file of `max_pixels` is longer than 16 bits of four channels and some text; metadata may be long.
std::size_t most_bytes(std::uint64_t max_pixels) {
  const std::uint64_t pixels = std::min<std::uint64_t>(max_pixels, std::uint64_t{1} << 40);
  return static_cast<std::size_t>(pixels) * 8 + (std::size_t{64} << 20);
}

bool begins(const Bytes& data, std::size_t offset, const char* magic, std::size_t size) {
  return data.size() >= offset + size && std::memcmp(data.data() + offset, magic, size) == 0;
}

std::string suffix_of(const std::filesystem::path& path) {
  std::string suffix = path.extension().string();
  std::transform(suffix.begin(), suffix.end(), suffix.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return suffix;
}

}  // namespace

Image read_image(const std::filesystem::path& path, std::uint64_t max_pixels) {
  const Bytes data = media::read_file(path, most_bytes(max_pixels));
  if (begins(data, 0, "P6", 2) || begins(data, 0, "P5", 2)) return media::read_ppm(path, data, max_pixels);
#ifdef LICC_HAVE_PNG
  if (begins(data, 0, "\x89PNG\r\n\x1a\n", 8)) return media::read_png(path, data, max_pixels);
#endif
#ifdef LICC_HAVE_JPEG
  if (begins(data, 0, "\xff\xd8\xff", 3)) return media::read_jpeg(path, data, max_pixels);
#endif
#ifdef LICC_HAVE_WEBP
  if (begins(data, 0, "RIFF", 4) && begins(data, 8, "WEBP", 4)) {
    return media::read_webp(path, data, max_pixels);
  }
#endif
  media::fail(path, "not an image that can be read here (" + readable_images() + ")");
}

void write_image(const std::filesystem::path& path, const Image& image) {
  media::check_image(image);
  const std::string suffix = suffix_of(path);
  Bytes data;
  if (suffix == ".ppm") data = media::write_ppm(image);
#ifdef LICC_HAVE_PNG
  if (suffix == ".png") data = media::write_png(path, image);
#endif
#ifdef LICC_HAVE_WEBP
  if (suffix == ".webp") data = media::write_webp(path, image);
#endif
  if (data.empty()) media::fail(path, "images are written as " + writable_images());
  media::write_file(path, data.data(), data.size());
}

std::string readable_images() {
  return ".ppm .pgm"
#ifdef LICC_HAVE_PNG
         " .png"
#endif
#ifdef LICC_HAVE_JPEG
         " .jpg .jpeg"
#endif
#ifdef LICC_HAVE_WEBP
         " .webp"
#endif
      ;
}

std::string writable_images() {
  return ".ppm"
#ifdef LICC_HAVE_PNG
         " .png"
#endif
#ifdef LICC_HAVE_WEBP
         " .webp"
#endif
      ;
}

}  // namespace licc
