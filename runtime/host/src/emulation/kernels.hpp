// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// @file
/// The inner loops, in portable C++ and for AVX2. Both give the same integers.
#pragma once

#include <cstddef>
#include <cstdint>

namespace licc::emulation {

/// Outputs that a kernel computes side by side.
constexpr int LANES = 16;
/// Pixels that a kernel computes side by side, at most.
constexpr int PIXELS = 6;

/// A block of sums: pixels x LANES.
///
///     sums[p][l] = start + sum over segments s and pairs i of  w[s][i][l][0..1] . x[p * step + offsets[s] +
///     2i ..]
struct TileArguments {
  const std::int16_t* x;          ///< of the first pixel
  std::ptrdiff_t step;            ///< from a pixel to the next, in values
  const std::ptrdiff_t* offsets;  ///< of each segment from its pixel, in values
  int segments;
  int pairs;                    ///< of values, in each segment
  const std::int16_t* weights;  ///< [segments][pairs][LANES][2]
  std::int32_t* sums;
  std::ptrdiff_t sums_step;   ///< from a pixel's lanes to the next one's
  const std::int32_t* start;  ///< LANES values for each pixel; null: what is in `sums`
};

/// One part of a GDN's sums: its integers times `factor`.
struct FinishArguments {
  const std::int32_t* x;  ///< pixels x stride; the lanes of this block
  std::int32_t* y;        ///< likewise
  std::ptrdiff_t stride;
  const std::int32_t* parts;  ///< [part][pixels][LANES], none negative
  const float* factors;       ///< one a part
  int part_count;
  int pixels;
  const float* beta;   ///< LANES
  const float* scale;  ///< LANES: what x times the root of the sum is multiplied by
  bool gdn1;
  bool inverse;
  float least;   ///< sums below it are doubtful, whatever y
  float error;   ///< bound of the relative error of y before it is rounded
  float lo, hi;  ///< of the result's type
};

/// A tile of a Winograd convolution's input: (tile + row_taps - 1) x (tile + column_taps - 1) pixels, to
/// points.
struct SpreadArguments {
  int row_taps;  ///< 2 or 3
  int column_taps;
  const std::int16_t* x;
  std::ptrdiff_t row_step;
  std::ptrdiff_t column_step;
  int channels;          ///< a multiple of 16
  std::int16_t* points;  ///< [tile + 2][tile + 2]; those that 2 taps do not have are left alone
  std::ptrdiff_t point_step;
};

/// Sums at the points, LANES each, to a tile of results.
struct CollectArguments {
  int row_taps;  ///< 2 where there are no sums at the last point but one
  int column_taps;
  const std::int32_t* products;
  std::ptrdiff_t point_step;
  const std::int32_t* bias;  ///< LANES
  std::int32_t* sums;
  std::ptrdiff_t row_step;
  std::ptrdiff_t column_step;
};

struct Kernels {
  const char* name;

  /// @param pixels 1 to PIXELS
  void (*tile)(int pixels, const TileArguments& a);

  /// x = clamp(floor(x * factor + offset)), lane by lane, exact where the product and the sum fit a double
  void (*scale)(std::int32_t* x, int pixels, int lanes, const double* factor, const double* offset, double lo,
                double hi);

  /// @param tile 2 or 4
  void (*spread)(int tile, const SpreadArguments& a);
  void (*collect)(int tile, const CollectArguments& a);

  /// y = x of less than 16 bits
  void (*narrow)(const std::int32_t* x, std::int16_t* y, std::ptrdiff_t count);

  /// GDN in float. Where y may round to another integer than the law's, `pixel * LANES + lane` goes to
  /// `doubtful`.
  /// @return how many are doubtful
  int (*finish)(const FinishArguments& a, std::uint16_t* doubtful);
};

/// Pixels that each kernel should take of `count`, so that none is left with a few: at most PIXELS.
inline int pixels_each(int count) {
  const int kernels = (count + PIXELS - 1) / PIXELS;
  return kernels == 0 ? 1 : (count + kernels - 1) / kernels;
}

const Kernels& portable_kernels();

/// The fastest that this processor runs.
const Kernels& best_kernels();

}  // namespace licc::emulation
