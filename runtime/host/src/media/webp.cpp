// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// WebP by libwebp.
#ifdef LICC_HAVE_WEBP

#include <webp/decode.h>
#include <webp/encode.h>

#include <memory>

#include "media/files.hpp"
#include "media/formats.hpp"

namespace licc::media {

Image read_webp(const std::filesystem::path& path, const Bytes& data, std::uint64_t max_pixels) {
  int width = 0, height = 0;
  if (!WebPGetInfo(data.data(), data.size(), &width, &height)) fail(path, "a damaged WebP");
  const std::size_t bytes =
      rgb_bytes(path, static_cast<std::uint64_t>(height), static_cast<std::uint64_t>(width), max_pixels);
  Image image{{height, width}, Bytes(bytes)};
  if (!WebPDecodeRGBInto(data.data(), data.size(), image.pixels.data(), bytes, width * 3)) {
    fail(path, "a damaged WebP, or an animation");
  }
  return image;
}

Bytes write_webp(const std::filesystem::path& path, const Image& image) {
  if (image.size.height > WEBP_MAX_DIMENSION || image.size.width > WEBP_MAX_DIMENSION) {
    fail(path, "larger than WebP can be; write .png");
  }
  std::uint8_t* made = nullptr;
  const std::size_t size = WebPEncodeLosslessRGB(image.pixels.data(), image.size.width, image.size.height,
                                                 image.size.width * 3, &made);
  const std::unique_ptr<std::uint8_t, decltype(&WebPFree)> owner(made, WebPFree);
  if (size == 0) fail(path, "cannot write: libwebp refuses the image");
  return Bytes(made, made + size);
}

}  // namespace licc::media

#endif  // LICC_HAVE_WEBP
