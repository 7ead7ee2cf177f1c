// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RGB and 8-bit YUV 4:2:0 (docs/runtime.md has these formulas). Chroma is the mean of the four pixels that it
// stands for and is given to all four of them back, so that what came out of YUV goes back into it.
#include <algorithm>
#include <stdexcept>

#include "licc/codec.hpp"
#include "media/files.hpp"

namespace licc {

namespace {

constexpr int FRACTION = 16;
constexpr int HALF = 1 << (FRACTION - 1);

/// Weights in units of 2^-16: of a matrix (kr, kb; kg = 1 - kr - kb) and a range (luma of `l` steps, chroma
/// of `c`).
struct Weights {
  int black;           ///< Y of black
  int yr, yg, yb;      ///< l / 255 times kr, kg and kb
  int ur, ug, ub;      ///< c / 255 / 2 times -kr / (1 - kb), the rest, and 1
  int vr, vg, vb;      ///< c / 255 / 2 times 1, the rest, and -kb / (1 - kr)
  int luma;            ///< 255 / l
  int rv, gu, gv, bu;  ///< 255 / c times 2 (1 - kr), -2 (1 - kb) kb / kg, -2 (1 - kr) kr / kg, 2 (1 - kb)
};

constexpr Weights BT601 = {16,     16829, 33039, 6416,   -9714,  -19070, 28784, 28784,
                           -24103, -4681, 76309, 104597, -25675, -53279, 132201};
constexpr Weights BT709 = {16,     11966, 40254, 4064,   -6596,  -22188, 28784, 28784,
                           -26145, -2639, 76309, 117489, -13975, -34925, 138438};
constexpr Weights BT601_FULL = {0,      19595, 38470, 7471,  -11058, -21710, 32768, 32768,
                                -27439, -5329, 65536, 91881, -22553, -46802, 116130};
constexpr Weights BT709_FULL = {0,      13933, 46871, 4732,   -7509,  -25259, 32768, 32768,
                                -29763, -3005, 65536, 103206, -12276, -30679, 121609};

const Weights& weights_of(YuvFormat format) {
  if (format.matrix == YuvMatrix::bt709) return format.full_range ? BT709_FULL : BT709;
  return format.full_range ? BT601_FULL : BT601;
}

std::uint8_t clipped(int value) { return static_cast<std::uint8_t>(std::clamp(value, 0, 255)); }

void check_size(Size size) {
  const bool sides =
      size.height >= 1 && size.width >= 1 && size.height <= kLargestSide && size.width <= kLargestSide;
  if (!sides) throw std::invalid_argument("no size of an image");
}

struct Extent {
  std::size_t height, width, half_height, half_width;
  explicit Extent(Size size)
      : height(static_cast<std::size_t>(size.height)),
        width(static_cast<std::size_t>(size.width)),
        half_height((height + 1) / 2),
        half_width((width + 1) / 2) {}
  std::size_t luma() const { return height * width; }
  std::size_t chroma() const { return half_height * half_width; }
};

/// One row of luma.
void luma_row(const Weights& w, const std::uint8_t* rgb, std::size_t width, std::uint8_t* y) {
  for (std::size_t x = 0; x < width; ++x, rgb += 3) {
    y[x] = clipped(w.black + ((w.yr * rgb[0] + w.yg * rgb[1] + w.yb * rgb[2] + HALF) >> FRACTION));
  }
}

/// U and V of the sums of four pixels, which two more bits of the shift make a mean of.
void chroma(const Weights& w, int r, int g, int b, std::uint8_t& u, std::uint8_t& v) {
  u = clipped(128 + ((w.ur * r + w.ug * g + w.ub * b + 4 * HALF) >> (FRACTION + 2)));
  v = clipped(128 + ((w.vr * r + w.vg * g + w.vb * b + 4 * HALF) >> (FRACTION + 2)));
}

/// One row of chroma, of two rows of pixels.
void chroma_row(const Weights& w, const std::uint8_t* top, const std::uint8_t* bottom, std::size_t width,
                std::uint8_t* u, std::uint8_t* v) {
  for (std::size_t x = 0; x < width / 2; ++x) {
    const std::uint8_t *a = top + 6 * x, *b = bottom + 6 * x;
    chroma(w, a[0] + a[3] + b[0] + b[3], a[1] + a[4] + b[1] + b[4], a[2] + a[5] + b[2] + b[5], u[x], v[x]);
  }
  if (width % 2 == 0) return;
  const std::uint8_t *a = top + 3 * (width - 1), *b = bottom + 3 * (width - 1);
  chroma(w, 2 * (a[0] + b[0]), 2 * (a[1] + b[1]), 2 * (a[2] + b[2]), u[width / 2], v[width / 2]);
}

void rgb_row(const Weights& w, const std::uint8_t* y, const std::uint8_t* u, const std::uint8_t* v,
             std::size_t width, std::uint8_t* rgb) {
  for (std::size_t x = 0; x < width; ++x, rgb += 3) {
    const int luma = w.luma * (y[x] - w.black) + HALF, du = u[x / 2] - 128, dv = v[x / 2] - 128;
    rgb[0] = clipped((luma + w.rv * dv) >> FRACTION);
    rgb[1] = clipped((luma + w.gu * du + w.gv * dv) >> FRACTION);
    rgb[2] = clipped((luma + w.bu * du) >> FRACTION);
  }
}

}  // namespace

std::size_t yuv_bytes(Size size) {
  check_size(size);
  const Extent extent(size);
  return extent.luma() + 2 * extent.chroma();
}

Image from_yuv(const std::uint8_t* yuv, Size size, YuvFormat format) {
  check_size(size);
  const Extent extent(size);
  const Weights& weights = weights_of(format);
  const std::uint8_t* u = yuv + extent.luma();
  const std::uint8_t* v = u + extent.chroma();
  Image image{size, std::vector<std::uint8_t>(extent.luma() * 3)};
  for (std::size_t row = 0; row < extent.height; ++row) {
    const std::size_t half = row / 2 * extent.half_width;
    rgb_row(weights, yuv + row * extent.width, u + half, v + half, extent.width,
            image.pixels.data() + row * extent.width * 3);
  }
  return image;
}

std::vector<std::uint8_t> to_yuv(const Image& image, YuvFormat format) {
  media::check_image(image);
  const Extent extent(image.size);
  const Weights& weights = weights_of(format);
  std::vector<std::uint8_t> yuv(yuv_bytes(image.size));
  std::uint8_t* u = yuv.data() + extent.luma();
  std::uint8_t* v = u + extent.chroma();
  const auto row_at = [&](std::size_t row) { return image.pixels.data() + row * extent.width * 3; };
  for (std::size_t row = 0; row < extent.height; ++row) {
    luma_row(weights, row_at(row), extent.width, yuv.data() + row * extent.width);
  }
  for (std::size_t row = 0; row < extent.half_height; ++row) {
    const std::size_t below = std::min(2 * row + 1, extent.height - 1);
    chroma_row(weights, row_at(2 * row), row_at(below), extent.width, u + row * extent.half_width,
               v + row * extent.half_width);
  }
  return yuv;
}

}  // namespace licc
