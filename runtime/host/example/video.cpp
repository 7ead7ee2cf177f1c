// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A Y4M clip through the codec, several frames at once: encoded, decoded, and written as Y4M again.
//   video BUILD IN.y4m OUT.y4m [BACKEND]
#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "licc/codec.hpp"

int main(int argc, char** argv) {
  if (argc != 4 && argc != 5) {
    std::fprintf(stderr, "usage: video BUILD IN.y4m OUT.y4m [emulation|csim|xrt]\n");
    return 2;
  }
  try {
    licc::Options options;
    if (argc == 5) options.backend = argv[4];
    const licc::Codec codec(argv[1], options);

    licc::VideoReader reader = licc::VideoReader::y4m(argv[2]);
    std::vector<std::vector<std::uint8_t>> streams;
    std::size_t bytes = 0;
    const auto encoding = licc::encode_frames(
        codec, [&] { return reader.read(); },
        [&](std::vector<std::uint8_t> stream) {
          bytes += stream.size();
          streams.push_back(std::move(stream));
        });
    std::printf("encoded %zu frames, %zu bytes, %.2f frames a second\n", streams.size(), bytes,
                encoding.frames_per_second);

    licc::VideoWriter writer = licc::VideoWriter::y4m(argv[3], reader.format());
    std::size_t next = 0;
    const auto decoding = licc::decode_frames(
        codec,
        [&]() -> std::optional<std::vector<std::uint8_t>> {
          if (next == streams.size()) return std::nullopt;
          return std::move(streams[next++]);
        },
        [&](const licc::Image& image) { writer.write(image); });
    std::printf("decoded %zu frames, %.2f frames a second\n", next, decoding.frames_per_second);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
  return 0;
}
