// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What every emitted testbench includes: golden data, its comparison, and the clock. Not synthesised.
//
// Golden data of a process is not its output but sums of it, which are small: with k(i) an odd 32-bit
// hash of i and everything modulo 2^32,
//     pixel (y, x):     p = sum over c of value[c][y][x] * k(c), its upper 16 bits are kept
//     row y:            sum over x of p(y, x) * k(x), kept whole: one wrong value always shows
//     channel c, row y: sum over x of value[c][y][x] * k(x), its upper 16 bits are kept
// licc/target/emit/golden.py writes them. The final output is kept in full.
#ifndef LICC_TESTBENCH_HPP
#define LICC_TESTBENCH_HPP

#include "licc_hls.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

namespace licc {

/// `tb [--frames N] [DESIGN...]`
struct Options {
  int frames = 1;
  std::vector<std::string> designs;

  Options(int argc, char** argv) {
    for (int i = 1; i < argc; ++i) {
      const std::string word = argv[i];
      if (word != "--frames") {
        designs.push_back(word);
      } else if (++i < argc) {
        frames = std::atoi(argv[i]);
      }
    }
  }

  bool wants(const std::string& design) const {
    const bool wanted = designs.empty() || std::count(designs.begin(), designs.end(), design) > 0;
    ran += wanted ? 1 : 0;
    return wanted;
  }

  /// The exit status when no mismatch ended the run.
  int finish() const {
    if (ran > 0) return 0;
    std::cerr << "error: no such design\n";
    return 2;
  }

private:
  mutable int ran = 0;
};

/// One design under test. Every failure prints one line and exits with status 1.
class Testbench {
public:
  Testbench(const Options&, std::string design, double macs)
      : design_(std::move(design)), macs_(macs),
        sums_(read_bytes("golden/" + design_ + ".sums")) {}

  /// The beats of a file, filled up with zeros.
  std::vector<Beat> read_beats(const std::string& path, std::size_t count) const {
    const std::vector<char> bytes = read_bytes(path);
    if ((bytes.size() + 7) / 8 != count) {
      fail(path + ": " + std::to_string(bytes.size()) + " bytes are not " + std::to_string(count) +
           " words of 8");
    }
    std::vector<Beat> beats(count);
    std::memcpy(beats.data(), bytes.data(), bytes.size());
    return beats;
  }

  /// Compares all that `stream` holds with golden sums, and leaves it as it was. A process that only
  /// repacks has no sums of its own (`repacked`): it is held to those of the process before it.
  template <class T, int LANES>
  void check_stream(const char* layer, const char* process, hls::stream<Pack<T, LANES>>& stream,
                    int channels, int height, int width, bool repacked = false) {
    const int words = ceil_div(channels, LANES);
    where_ = std::string("layer ") + layer + ", process " + process;
    const std::size_t expected = std::size_t(height) * width * words;
    if (stream.size() != expected) {
      fail(where_ + ": wrote " + std::to_string(stream.size()) + " words instead of " +
           std::to_string(expected));
    }
    if (!repacked) {
      take_sums(rows_, height);
      take_sums(pixels_, std::size_t(height) * width);
      take_sums(channels_, std::size_t(channels) * height);
    }
    std::vector<std::uint32_t> key(std::max(words * LANES, width));
    for (std::size_t i = 0; i < key.size(); ++i) key[i] = hash(static_cast<std::uint32_t>(i));
    for (int y = 0; y < height; ++y) {
      std::vector<std::uint32_t> of_channel(words * LANES, 0);
      std::uint32_t of_row = 0;
      int wrong = -1;
      for (int x = 0; x < width; ++x) {
        std::uint32_t of_pixel = 0;
        for (int word = 0; word < words; ++word) {
          const Pack<T, LANES> taken = stream.read();
          stream.write(taken);
          const int used = least(LANES, channels - word * LANES);
          for (int lane = 0; lane < used; ++lane) {
            const auto value =
                static_cast<std::uint32_t>(static_cast<std::int32_t>(taken.lane[lane]));
            of_pixel += value * key[word * LANES + lane];
            of_channel[word * LANES + lane] += value * key[x];
          }
        }
        if (wrong < 0 && of_pixel >> 16 != pixels_[std::size_t(y) * width + x]) wrong = x;
        of_row += of_pixel * key[x];
      }
      if (of_row == rows_[y] && wrong < 0) continue;
      int channel = 0;
      while (channel < channels &&
             of_channel[channel] >> 16 == channels_[std::size_t(channel) * height + y]) {
        ++channel;
      }
      mismatch(channel < channels ? std::to_string(channel) : "unknown", y,
               wrong < 0 ? "unknown" : std::to_string(wrong), "");
    }
    values_ += std::size_t(channels) * height * width;
  }

  /// Compares an output tensor (NHWC) with the golden one, value by value.
  template <class T>
  void check_output(const char* layer, const char* port, const std::vector<Beat>& result,
                    const std::vector<Beat>& wanted, int channels, int height, int width) {
    where_ = std::string("layer ") + layer + ", output " + port;
    const std::size_t count = std::size_t(channels) * height * width;
    std::vector<T> got(count);
    std::vector<T> expected(count);
    std::memcpy(got.data(), result.data(), count * sizeof(T));
    std::memcpy(expected.data(), wanted.data(), count * sizeof(T));
    for (std::size_t i = 0; i < count; ++i) {
      if (got[i] == expected[i]) continue;
      const std::size_t pixel = i / channels;
      mismatch(std::to_string(i % channels), static_cast<int>(pixel / width),
               std::to_string(pixel % width),
               ": expected " + std::to_string(+expected[i]) + ", got " + std::to_string(+got[i]));
    }
    values_ += count;
  }

  // Processor time: what else the machine does is no part of it.
  void start() { began_ = std::clock(); }

  void stop() {
    seconds_ += static_cast<double>(std::clock() - began_) / CLOCKS_PER_SEC;
    ++frames_;
  }

  void report() const {
    std::ostringstream text;
    text.precision(3);
    text << design_ << ": 0 mismatches of " << values_ << " values";
    if (seconds_ > 0) {
      text << "; top: " << seconds_ / frames_ << " s a frame, "
           << static_cast<long>(macs_ * frames_ / seconds_ / 1e6) << " MMAC/s";
    }
    std::cout << text.str() << std::endl;
  }

private:
  [[noreturn]] void fail(const std::string& message) const {
    std::cout << design_ << ": " << message << std::endl;
    // Not exit(): streams that still hold data would warn about it.
    std::_Exit(1);
  }

  [[noreturn]] void mismatch(const std::string& channel, int row, const std::string& column,
                             const std::string& values) const {
    fail(where_ + ": first mismatch at channel " + channel + ", row " + std::to_string(row) +
         ", column " + column + values);
  }

  static std::uint32_t hash(std::uint32_t i) {
    std::uint32_t h = (i + 1) * 0x9E3779B1U;
    h = (h ^ (h >> 15)) * 0x85EBCA77U;
    return (h ^ (h >> 13)) | 1U;
  }

  std::vector<char> read_bytes(const std::string& path) const {
    std::ifstream file(path, std::ios::binary);
    if (!file) fail(path + ": cannot be read");
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }

  template <class T>
  void take_sums(std::vector<T>& sums, std::size_t count) {
    if (sums_.size() - taken_ < count * sizeof(T)) fail(where_ + ": golden sums end too early");
    sums.resize(count);
    std::memcpy(sums.data(), sums_.data() + taken_, count * sizeof(T));
    taken_ += count * sizeof(T);
  }

  std::string design_;
  double macs_;
  std::vector<char> sums_;
  std::size_t taken_ = 0;
  // Of the process that is compared: golden sums of rows, pixels, and channels of rows.
  std::vector<std::uint32_t> rows_;
  std::vector<std::uint16_t> pixels_;
  std::vector<std::uint16_t> channels_;
  std::string where_;
  std::size_t values_ = 0;
  std::clock_t began_ = 0;
  double seconds_ = 0;
  int frames_ = 0;
};

} // namespace licc

#endif // LICC_TESTBENCH_HPP
