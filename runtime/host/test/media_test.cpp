// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Files of pictures and video: what is written reads back, YUV is what its formulas say, and no damage does
// more than an Error. `media_test N` damages each kind of file N times.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <string>
#include <unistd.h>

#include "licc/codec.hpp"

namespace {

using Bytes = std::vector<std::uint8_t>;
using licc::Image;
using licc::Size;
namespace fs = std::filesystem;

void check(bool holds, const std::string& what) {
  if (holds) return;
  std::printf("%s: does not hold\n", what.c_str());
  std::exit(1);
}

struct Folder {
  fs::path path = fs::temp_directory_path() / ("licc-media-" + std::to_string(::getpid()));
  Folder() { fs::create_directories(path); }
  ~Folder() { fs::remove_all(path); }
  fs::path operator/(const std::string& name) const { return path / name; }
};

void write(const fs::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary).write(text.data(), static_cast<std::streamsize>(text.size()));
}

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The error that a call gives; the test fails where it gives none, or lacks `part`.
void refuses(const std::function<void()>& call, const std::string& part) {
  try {
    call();
  } catch (const licc::Error& error) {
    const std::string text = error.what();
    check(text.find(part) != std::string::npos, "'" + part + "' in '" + text + "'");
    check(text.find('\n') == std::string::npos, "one line in '" + text + "'");
    return;
  }
  check(false, "refused with " + part);
}

Image noise(Size size, unsigned seed) {
  std::mt19937 random(seed);
  Image image{size, Bytes(static_cast<std::size_t>(size.height * size.width * 3))};
  for (auto& v : image.pixels) v = static_cast<std::uint8_t>(random());
  return image;
}

bool same(const Image& a, const Image& b) { return a.size == b.size && a.pixels == b.pixels; }

std::vector<std::string> suffixes(const std::string& text) {
  std::vector<std::string> result;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    result.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return result;
}

// ---- Pictures
void pictures_read_back(const Folder& folder) {
  for (const std::string& suffix : suffixes(licc::writable_images())) {
    for (const Size size : {Size{1, 1}, Size{3, 5}, Size{64, 33}}) {
      const Image image = noise(size, 1);
      const fs::path path = folder / ("picture" + suffix);
      licc::write_image(path, image);
      check(same(licc::read_image(path), image), suffix + " reads back");
      const auto fewer = static_cast<std::uint64_t>(size.height * size.width - 1);
      refuses([&] { licc::read_image(path, fewer); }, "too large");
    }
  }
  refuses([&] { licc::write_image(folder / "a.bmp", noise({2, 2}, 1)); }, "a.bmp: images are written as");
  refuses([&] { licc::write_image(folder / "none/a.ppm", noise({2, 2}, 1)); }, "cannot write");
  refuses([&] { licc::read_image(folder / "none.ppm"); }, "none.ppm: cannot read");
  refuses([&] { licc::read_image(folder.path); }, "is a folder");
}

void ppm(const Folder& folder) {
  const fs::path path = folder / "p.ppm";
  write(path, std::string("P6 # two colours\n#\n2 1\t15\n\x0f\0\0\0\x0f\x07", 32));
  check(licc::read_image(path).pixels == Bytes{255, 0, 0, 0, 255, 119}, "a maximum of 15");
  write(path, "P5 2 1 255 ab");
  check(licc::read_image(path).pixels == Bytes{'a', 'a', 'a', 'b', 'b', 'b'}, "grey");
  for (const char* text :
       {"P6", "P6 2", "P6 2 1 255", "P6 x 1 255 ", "P6 2 99999999999999999999 255 ", "P6 -1 1 255 ",
        "P6 0 1 255 ", "P6 20000 1 255 ", "P6 2 1 65535 aabbccddee", "P6 2 1 0 aaaaaa", "P6 2 1 255 aaaaa",
        "P6 16384 16384 255 a", "P7 2 1 255 aaaaaa", ""}) {
    write(path, text);
    refuses([&] { licc::read_image(path); }, "p.ppm: ");
  }
}

// ---- YUV
struct Constants {
  double kr, kb;
};

/// The formulas of BT.601 and BT.709 in floats.
void yuv_of_floats(Constants k, bool full, const double rgb[3], double yuv[3]) {
  const double luma = k.kr * rgb[0] + (1 - k.kr - k.kb) * rgb[1] + k.kb * rgb[2];
  const double steps = full ? 255 : 219, chroma = full ? 255 : 224;
  yuv[0] = (full ? 0 : 16) + steps / 255 * luma;
  yuv[1] = 128 + chroma / 255 * (rgb[2] - luma) / (2 * (1 - k.kb));
  yuv[2] = 128 + chroma / 255 * (rgb[0] - luma) / (2 * (1 - k.kr));
}

void rgb_of_floats(Constants k, bool full, const double yuv[3], double rgb[3]) {
  const double kg = 1 - k.kr - k.kb, luma = (yuv[0] - (full ? 0 : 16)) * 255 / (full ? 255 : 219);
  const double u = (yuv[1] - 128) * 255 / (full ? 255 : 224), v = (yuv[2] - 128) * 255 / (full ? 255 : 224);
  rgb[0] = luma + 2 * (1 - k.kr) * v;
  rgb[1] = luma - 2 * (1 - k.kb) * k.kb / kg * u - 2 * (1 - k.kr) * k.kr / kg * v;
  rgb[2] = luma + 2 * (1 - k.kb) * u;
}

void near(double value, std::uint8_t stored, const char* what) {
  check(std::abs(std::clamp(value, 0.0, 255.0) - stored) <= 0.51, what);
}

void yuv_follows_its_formulas() {
  std::mt19937 random(5);
  for (const auto matrix : {licc::YuvMatrix::bt601, licc::YuvMatrix::bt709}) {
    const bool bt601 = matrix == licc::YuvMatrix::bt601;
    const Constants k = bt601 ? Constants{0.299, 0.114} : Constants{0.2126, 0.0722};
    for (const bool full : {false, true}) {
      const licc::YuvFormat format{matrix, full};
      for (int round = 0; round < 20000; ++round) {
        std::uint8_t bytes[3];
        for (int c = 0; c < 3; ++c) {  // first the corners of the cube
          bytes[c] = static_cast<std::uint8_t>(round < 8 ? (round >> c & 1) * 255 : random());
        }
        const double values[3] = {double(bytes[0]), double(bytes[1]), double(bytes[2])};
        double expected[3];
        yuv_of_floats(k, full, values, expected);
        const Bytes yuv = licc::to_yuv({{1, 1}, {bytes[0], bytes[1], bytes[2]}}, format);
        for (std::size_t c = 0; c < 3; ++c) near(expected[c], yuv[c], "RGB to YUV");
        rgb_of_floats(k, full, values, expected);
        const Image image = licc::from_yuv(bytes, {1, 1}, format);
        for (std::size_t c = 0; c < 3; ++c) near(expected[c], image.pixels[c], "YUV to RGB");
      }
      const Bytes white = licc::to_yuv({{1, 1}, {255, 255, 255}}, format);
      check(white == (full ? Bytes{255, 128, 128} : Bytes{235, 128, 128}), "white");
      const Bytes black = licc::to_yuv({{1, 1}, {0, 0, 0}}, format);
      check(black == (full ? Bytes{0, 128, 128} : Bytes{16, 128, 128}), "black");
    }
  }
}

void chroma_is_shared_by_four() {
  check(licc::yuv_bytes({3, 5}) == 15 + 2 * 6, "odd sizes round up");
  const Image image = noise({3, 5}, 9);
  const Bytes yuv = licc::to_yuv(image);
  const auto mean = [&](std::size_t row, std::size_t column, std::size_t channel) {
    double sum = 0;
    for (const std::size_t r : {row, std::min<std::size_t>(row + 1, 2)}) {
      for (const std::size_t c : {column, std::min<std::size_t>(column + 1, 4)}) {
        sum += image.pixels[(r * 5 + c) * 3 + channel];
      }
    }
    return sum / 4;
  };
  for (std::size_t row = 0; row < 2; ++row) {
    for (std::size_t column = 0; column < 3; ++column) {
      const double rgb[3] = {mean(2 * row, 2 * column, 0), mean(2 * row, 2 * column, 1),
                             mean(2 * row, 2 * column, 2)};
      double expected[3];
      yuv_of_floats({0.299, 0.114}, false, rgb, expected);
      near(expected[1], yuv[15 + row * 3 + column], "U is of the mean");
      near(expected[2], yuv[21 + row * 3 + column], "V is of the mean");
    }
  }
  // What came out of YUV, within the colours of RGB, goes back into it.
  Bytes inside(licc::yuv_bytes({4, 6}));
  std::mt19937 random(2);
  for (std::size_t i = 0; i < inside.size(); ++i) {
    inside[i] = static_cast<std::uint8_t>(i < 24 ? 80 + random() % 100 : 118 + random() % 20);
  }
  const Bytes again = licc::to_yuv(licc::from_yuv(inside.data(), {4, 6}));
  for (std::size_t i = 0; i < inside.size(); ++i) {
    check(std::abs(int(again[i]) - int(inside[i])) <= 1, "YUV to RGB to YUV");
  }
}

// ---- Video
licc::VideoFormat format_of(Size size) {
  licc::VideoFormat format;
  format.size = size;
  format.rate_numerator = 30000;
  format.rate_denominator = 1001;
  return format;
}

void video_reads_back(const Folder& folder) {
  for (const bool y4m : {true, false}) {
    const fs::path path = folder / "video";
    const licc::VideoFormat format = format_of({5, 7});
    {
      auto writer = y4m ? licc::VideoWriter::y4m(path, format) : licc::VideoWriter::raw(path, format);
      for (unsigned i = 0; i < 3; ++i) writer.write(noise({5, 7}, i));
      refuses([&] { writer.write(noise({7, 5}, 0)); }, "a frame of 7x5 in a video of 5x7");
    }
    licc::VideoReader reader = y4m ? licc::VideoReader::y4m(path) : licc::VideoReader::raw(path, format);
    check(reader.frames() == std::uint64_t{3}, "the number of frames");
    check(reader.format().rate_numerator == 30000 && reader.format().rate_denominator == 1001, "the rate");
    for (unsigned i = 0; i < 3; ++i) {
      const Image expected = licc::from_yuv(licc::to_yuv(noise({5, 7}, i)).data(), {5, 7});
      const std::optional<Image> frame = reader.read();
      check(frame && same(*frame, expected), "a frame reads back");
    }
    check(!reader.read() && !reader.read(), "the end");
    fs::resize_file(path, fs::file_size(path) - 1);
    if (!y4m) {
      refuses([&] { licc::VideoReader::raw(path, format); }, "no whole number of frames of 5x7");
      continue;
    }
    licc::VideoReader cut = licc::VideoReader::y4m(path);
    check(!cut.frames() && cut.read() && cut.read(), "frames before a cut");
    refuses([&] { cut.read(); }, "video: ends within frame 3; 2 before it are whole");
  }
}

void y4m_headers(const Folder& folder) {
  const fs::path path = folder / "v.y4m";
  const std::string frame = "FRAME Ip Xa\n" + std::string(6, '\x80');
  write(path, "YUV4MPEG2 H2  W2 C420mpeg2 XCOLORRANGE=FULL F0:0 A1:1 Q\n" + frame);
  licc::VideoReader reader = licc::VideoReader::y4m(path, {licc::YuvMatrix::bt709, false});
  check(reader.format().yuv.full_range && reader.format().rate_numerator == 25, "fields of a header");
  check(reader.read()->pixels == Bytes(12, 128), "a frame with fields of its own");
  check(!reader.read(), "the end");
  for (const char* text :
       {"", "YUV4MPEG2", "YUV4MPEG2 ", "YUV4MPEG2 W2 H2", "YUV4MPEG3 W2 H2\n", "YUV4MPEG2 W2\n",
        "YUV4MPEG2 W0 H2\n", "YUV4MPEG2 W-2 H2\n", "YUV4MPEG2 W99999999999999999999 H2\n",
        "YUV4MPEG2 W20000 H2\n", "YUV4MPEG2 W16384 H16384\n", "YUV4MPEG2 W2 H2 C444\n",
        "YUV4MPEG2 W2 H2 C420p10\n", "YUV4MPEG2 W2 H2 It\n"}) {
    write(path, text);
    refuses([&] { licc::VideoReader::y4m(path); }, "v.y4m: ");
  }
  write(path, "YUV4MPEG2 W2 H2 " + std::string(5000, 'x'));
  refuses([&] { licc::VideoReader::y4m(path); }, "a header without an end");
  write(path, "YUV4MPEG2 W2 H2\nFRAMED\n" + std::string(6, 'x'));
  licc::VideoReader damaged = licc::VideoReader::y4m(path);
  refuses([&] { damaged.read(); }, "frame 1 does not begin with FRAME");
  refuses([&] { licc::VideoReader::y4m(folder / "none.y4m"); }, "none.y4m: cannot read");
  refuses([&] { licc::VideoWriter::y4m(folder / "none/v.y4m", format_of({2, 2})); }, "cannot write");
  refuses([&] { licc::VideoReader::raw(path, format_of({0, 2})); }, "an image of 0x2");
}

// ---- Damage
/// Reads a file that was damaged at random: an Error, or some picture.
void damage(const fs::path& path, int rounds, const std::function<void()>& use) {
  const std::string whole = read(path);
  std::mt19937 random(11);
  int errors = 0;
  for (int round = 0; round < rounds; ++round) {
    std::string text = whole;
    if (random() % 4 == 0) text.resize(random() % (text.size() + 1));
    for (unsigned flips = random() % 8; flips > 0 && !text.empty(); --flips) {
      const std::size_t reach = random() % 2 ? text.size() : std::min<std::size_t>(text.size(), 64);
      text[random() % reach] = static_cast<char>(random());
    }
    write(path, text);
    try {
      use();
    } catch (const licc::Error&) {
      ++errors;
    }
  }
  std::printf("%-10s damaged %d times: %d errors\n", path.extension().c_str(), rounds, errors);
}

void damage_is_harmless(const Folder& folder, int rounds) {
  for (const std::string& suffix : suffixes(licc::writable_images())) {
    const fs::path path = folder / ("damaged" + suffix);
    licc::write_image(path, noise({9, 13}, 3));
    damage(path, rounds, [&] { licc::read_image(path, 1 << 20); });
  }
  const fs::path path = folder / "damaged.y4m";
  {
    licc::VideoWriter writer = licc::VideoWriter::y4m(path, format_of({6, 10}));
    for (unsigned i = 0; i < 2; ++i) writer.write(noise({6, 10}, i));
  }
  damage(path, rounds, [&] {
    licc::VideoReader reader = licc::VideoReader::y4m(path, {}, 1 << 20);
    while (reader.read()) {
    }
  });
}

/// JPEG and others that are read and not written here, from a folder of files.
void damage_given(const Folder& folder, const fs::path& given, int rounds) {
  for (const auto& each : fs::directory_iterator(given)) {
    const fs::path path = folder / ("given" + each.path().extension().string());
    fs::copy_file(each.path(), path, fs::copy_options::overwrite_existing);
    licc::read_image(path);
    damage(path, rounds, [&] { licc::read_image(path, 1 << 22); });
  }
}

}  // namespace

int main(int count, char** arguments) {
  const int rounds = count > 1 ? std::atoi(arguments[1]) : 300;
  const Folder folder;
  pictures_read_back(folder);
  ppm(folder);
  yuv_follows_its_formulas();
  chroma_is_shared_by_four();
  video_reads_back(folder);
  y4m_headers(folder);
  damage_is_harmless(folder, rounds);
  if (count > 2) damage_given(folder, arguments[2], rounds);
  std::puts("media: all hold");
}
