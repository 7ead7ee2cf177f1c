// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A picture to a stream and back, through the one public header:
//   picture encode BUILD IN.ppm OUT.lic [BACKEND]
//   picture decode BUILD IN.lic OUT.ppm [BACKEND]
#include <cstdint>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "licc/codec.hpp"

namespace {

std::vector<std::uint8_t> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw licc::Error(path + ": cannot be read");
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void write_file(const std::string& path, const std::vector<std::uint8_t>& bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!file.flush()) throw licc::Error(path + ": cannot be written");
}

void encode(const licc::Codec& codec, const std::string& in, const std::string& out) {
  const licc::Image image = licc::read_image(in);
  const std::vector<std::uint8_t> stream = codec.encode(image);
  write_file(out, stream);
  const double pixels = static_cast<double>(image.size.height) * image.size.width;
  std::printf("%s: %dx%d, %zu bytes, %.4f bits a pixel\n", out.c_str(), image.size.height, image.size.width,
              stream.size(), 8.0 * static_cast<double>(stream.size()) / pixels);
}

void decode(const licc::Codec& codec, const std::string& in, const std::string& out) {
  const std::vector<std::uint8_t> stream = read_file(in);
  const licc::Image image = codec.decode(stream.data(), stream.size());
  licc::write_image(out, image);
  std::printf("%s: %dx%d\n", out.c_str(), image.size.height, image.size.width);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string verb = argc > 1 ? argv[1] : "";
  if ((argc != 5 && argc != 6) || (verb != "encode" && verb != "decode")) {
    std::fprintf(stderr, "usage: picture encode|decode BUILD IN OUT [emulation|csim|xrt]\n");
    return 2;
  }
  try {
    licc::Options options;
    if (argc == 6) options.backend = argv[5];
    const licc::Codec codec(argv[2], options);
    (verb == "encode" ? encode : decode)(codec, argv[3], argv[4]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
  return 0;
}
