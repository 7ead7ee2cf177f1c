// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// @file
/// Activations on their way between layers.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace licc::emulation {

/// Pixels of zeros around a plane: as far as any of its readers reaches.
struct Margins {
  int top = 0;
  int bottom = 0;
  int left = 0;
  int right = 0;

  void cover(const Margins& other) {
    top = std::max(top, other.top);
    bottom = std::max(bottom, other.bottom);
    left = std::max(left, other.left);
    right = std::max(right, other.right);
  }
};

/// Stored integers of at most 16 bits, height x width x channels, within a frame of zeros. Does not own its
/// memory.
struct Plane {
  int height = 0;
  int width = 0;
  int channels = 0;
  std::ptrdiff_t pitch = 0;        ///< from a row to the next, in values
  std::int16_t* origin = nullptr;  ///< row 0, column 0

  std::int16_t* at(std::ptrdiff_t row, std::ptrdiff_t column) const {
    return origin + row * pitch + column * channels;
  }
};

/// Values that a kernel may read beyond the last one of a plane (it multiplies them by zero).
constexpr std::size_t SLACK = 32;

/// What a plane of this size occupies, in values.
inline std::size_t footprint(int height, int width, int channels, const Margins& m) {
  const auto rows = static_cast<std::size_t>(height + m.top + m.bottom);
  const auto columns = static_cast<std::size_t>(width + m.left + m.right);
  return rows * columns * static_cast<std::size_t>(channels) + 2 * SLACK;
}

/// A plane in `memory`, which has its footprint, with its frame zeroed.
Plane framed(std::int16_t* memory, int height, int width, int channels, const Margins& m);

/// Memory of planes: a frame's layers take turns in it, and so do frames.
class Arena {
 public:
  std::int16_t* take(std::size_t values);
  void give(const std::int16_t* memory);
  /// All of it, whatever became of the frame.
  void give_all();
  std::size_t bytes() const;

 private:
  struct Block {
    std::vector<std::int16_t> memory;
    bool taken;
  };
  std::vector<Block> blocks_;
};

}  // namespace licc::emulation
