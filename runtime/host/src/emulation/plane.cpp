// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "emulation/plane.hpp"

namespace licc::emulation {

Plane framed(std::int16_t* memory, int height, int width, int channels, const Margins& m) {
  Plane plane;
  plane.height = height;
  plane.width = width;
  plane.channels = channels;
  plane.pitch = static_cast<std::ptrdiff_t>(width + m.left + m.right) * channels;
  plane.origin = memory + SLACK + m.top * plane.pitch + static_cast<std::ptrdiff_t>(m.left) * channels;
  std::int16_t* const end = memory + footprint(height, width, channels, m);
  std::fill(memory, plane.at(0, 0), std::int16_t{0});
  // What lies between the end of a row and the start of the next is the frame's right and left side.
  for (int row = 0; row + 1 < height; ++row)
    std::fill(plane.at(row, width), plane.at(row + 1, 0), std::int16_t{0});
  std::fill(plane.at(height - 1, width), end, std::int16_t{0});
  return plane;
}

std::int16_t* Arena::take(std::size_t values) {
  Block* best = nullptr;
  for (Block& block : blocks_) {
    if (block.taken || block.memory.size() < values) continue;
    if (best == nullptr || block.memory.size() < best->memory.size()) best = &block;
  }
  if (best == nullptr) {
    // A free block that is too small would only stay beside the new one.
    for (Block& block : blocks_)
      if (!block.taken && (best == nullptr || block.memory.size() > best->memory.size())) best = &block;
    if (best == nullptr) best = &blocks_.emplace_back();
    best->memory = std::vector<std::int16_t>();
    best->memory.resize(values);
  }
  best->taken = true;
  return best->memory.data();
}

void Arena::give(const std::int16_t* memory) {
  for (Block& block : blocks_)
    if (block.memory.data() == memory) block.taken = false;
}

void Arena::give_all() {
  for (Block& block : blocks_) block.taken = false;
}

std::size_t Arena::bytes() const {
  std::size_t sum = 0;
  for (const Block& block : blocks_) sum += block.memory.size() * sizeof(std::int16_t);
  return sum;
}

}  // namespace licc::emulation
