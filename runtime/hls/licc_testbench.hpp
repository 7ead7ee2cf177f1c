// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What every emitted testbench includes: golden data, its comparison, and the clock. Not synthesised.
//
// Golden data of a process is not its output but sums of it, which are small: with k(i) an odd 32-bit
// hash of i and everything modulo 2^32,
//     pixel (y, x):     p = sum over c of value[c][y][x] * k(c), its upper 16 bits are kept
//     row y:            sum over x of p(y, x) * k(x), kept whole: one wrong value always shows
//     channel c, row y: sum over x of value[c][y][x] * k(x), its upper 16 bits are kept
// licc/target/emit/golden.py writes them. The final output is kept in full. Several golden frames lie one
// after another, as if they were one high image.
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

/// `tb [--frames N] [--calls N] [DESIGN...]`
struct Options {
  int frames = 1; // in a call, at least: the golden ones over and over
  int calls = 1;  // of the top function
  std::vector<std::string> designs;

  Options(int argc, char** argv) {
    for (int i = 1; i < argc; ++i) {
      const std::string word = argv[i];
      if (word != "--frames" && word != "--calls") {
        designs.push_back(word);
      } else if (++i < argc) {
        (word == "--frames" ? frames : calls) = std::atoi(argv[i]);
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

/// The order of the words of a stream. Pixel order if `px` is 0: a pixel after the other, channels
/// ascending, or `k` whole pixels a word. Else that of a MAC array: for each group of px positions, for
/// each of `upsample` column phases, for each block of `oc` outputs a word [px][oc].
struct Order {
  int px = 0;
  int oc = 0;
  int upsample = 0;
};

/// One design under test. Every failure prints one line and exits with status 1.
class Testbench {
public:
  Testbench(const Options& options, std::string design, double macs, std::size_t input_bytes,
            std::size_t output_bytes)
      : design_(std::move(design)), macs_(macs), sums_(read_bytes("golden/" + design_ + ".sums")) {
    const std::vector<char> input = read_frames("input", input_bytes);
    wanted_ = read_frames("output", output_bytes);
    golden_ = static_cast<int>(input.size() / input_bytes);
    if (wanted_.size() / output_bytes != input.size() / input_bytes) {
      fail("golden/" + design_ + ".output.bin: not as many frames as its input");
    }
    frames_ = golden_ * ceil_div(std::max(options.frames, 1), golden_);
    input_.resize(beats_of(frames_, static_cast<int>(input_bytes)));
    for (std::size_t done = 0; done < frames_ * input_bytes; done += input.size()) {
      std::memcpy(reinterpret_cast<char*>(input_.data()) + done, input.data(), input.size());
    }
    result_.resize(beats_of(frames_, static_cast<int>(output_bytes)));
  }

  /// Frames of a call: a multiple of the golden ones.
  int frames() const { return frames_; }
  /// What the call reads, and where it writes to.
  const std::vector<Beat>& input() const { return input_; }
  std::vector<Beat>& result() { return result_; }

  std::vector<Beat> read_parameters(std::size_t count) const {
    const std::string path = "../weights/" + design_ + ".bin";
    const std::vector<char> bytes = read_bytes(path);
    if (bytes.size() != count * sizeof(Beat)) {
      fail(path + ": " + std::to_string(bytes.size()) + " bytes are not " + std::to_string(count) +
           " words of 8");
    }
    std::vector<Beat> beats(count);
    std::memcpy(beats.data(), bytes.data(), bytes.size());
    return beats;
  }

  /// Compares all that `stream` holds with golden sums, and leaves it as it was. A process that only
  /// repacks has no sums of its own (not `golden`): it is held to those of the process before it.
  template <class T, int LANES>
  void check_stream(const char* layer, const char* process, hls::stream<Pack<T, LANES>>& stream,
                    int channels, int height, int width, Order order, bool golden) {
    where_ = std::string("layer ") + layer + ", process " + process;
    const std::size_t expected =
        std::size_t(height) * frames_ * words_of_row<LANES>(channels, width, order);
    if (stream.size() != expected) {
      fail(where_ + ": wrote " + std::to_string(stream.size()) + " words instead of " +
           std::to_string(expected));
    }
    const int rows = height * golden_;
    if (golden) {
      take_sums(rows_, rows);
      take_sums(pixels_, std::size_t(rows) * width);
      take_sums(channels_, std::size_t(channels) * rows);
    }
    std::vector<std::uint32_t> key(std::max(channels, width));
    for (std::size_t i = 0; i < key.size(); ++i) key[i] = hash(static_cast<std::uint32_t>(i));
    std::vector<std::uint32_t> row(std::size_t(width) * channels);
    for (int line = 0; line < height * frames_; ++line) {
      const int y = line % rows;
      take_row(stream, row, channels, width, order);
      std::vector<std::uint32_t> of_channel(channels, 0);
      std::uint32_t of_row = 0;
      int wrong = -1;
      for (int x = 0; x < width; ++x) {
        std::uint32_t of_pixel = 0;
        for (int channel = 0; channel < channels; ++channel) {
          const std::uint32_t value = row[std::size_t(x) * channels + channel];
          of_pixel += value * key[channel];
          of_channel[channel] += value * key[x];
        }
        if (wrong < 0 && of_pixel >> 16 != pixels_[std::size_t(y) * width + x]) wrong = x;
        of_row += of_pixel * key[x];
      }
      if (of_row == rows_[y] && wrong < 0) continue;
      int channel = 0;
      while (channel < channels &&
             of_channel[channel] >> 16 == channels_[std::size_t(channel) * rows + y]) {
        ++channel;
      }
      mismatch(channel < channels ? std::to_string(channel) : "unknown", line, height,
               wrong < 0 ? "unknown" : std::to_string(wrong), "");
    }
    values_ += row.size() * height * frames_;
  }

  /// Compares the result (NHWC) with the golden one, value by value, and forgets it.
  template <class T>
  void check_output(const char* layer, const char* port, int channels, int height, int width) {
    where_ = std::string("layer ") + layer + ", output " + port;
    const std::size_t count = std::size_t(channels) * height * width * frames_;
    std::vector<T> got(count);
    std::vector<T> expected(wanted_.size() / sizeof(T));
    std::memcpy(got.data(), result_.data(), count * sizeof(T));
    std::memcpy(expected.data(), wanted_.data(), wanted_.size());
    for (std::size_t i = 0; i < count; ++i) {
      const T golden = expected[i % expected.size()];
      if (got[i] == golden) continue;
      const std::size_t pixel = i / channels;
      mismatch(std::to_string(i % channels), static_cast<int>(pixel / width), height,
               std::to_string(pixel % width),
               ": expected " + std::to_string(+golden) + ", got " + std::to_string(+got[i]));
    }
    values_ += count;
    std::fill(result_.begin(), result_.end(), 0);
  }

  // Processor time: what else the machine does is no part of it.
  void start() { began_ = std::clock(); }

  void stop() {
    seconds_ += static_cast<double>(std::clock() - began_) / CLOCKS_PER_SEC;
    ran_ += frames_;
  }

  void report() const {
    std::ostringstream text;
    text.precision(3);
    text << design_ << ": 0 mismatches of " << values_ << " values";
    if (seconds_ > 0) {
      text << "; top: " << seconds_ / ran_ << " s a frame, "
           << static_cast<long>(macs_ * ran_ / seconds_ / 1e6) << " MMAC/s";
    }
    std::cout << text.str() << std::endl;
  }

private:
  [[noreturn]] void fail(const std::string& message) const {
    std::cout << design_ << ": " << message << std::endl;
    // Not exit(): streams that still hold data would warn about it.
    std::_Exit(1);
  }

  [[noreturn]] void mismatch(const std::string& channel, int line, int height,
                             const std::string& column, const std::string& values) const {
    const std::string frame = frames_ > 1 ? "frame " + std::to_string(line / height) + ", " : "";
    fail(where_ + ": first mismatch at " + frame + "channel " + channel + ", row " +
         std::to_string(line % height) + ", column " + column + values);
  }

  /// Words of a row of a stream.
  template <int LANES>
  static std::size_t words_of_row(int channels, int width, Order order) {
    if (order.px > 0) {
      const int groups = ceil_div(ceil_div(width, order.upsample), order.px);
      return std::size_t(groups) * order.upsample * ceil_div(channels, order.oc);
    }
    const int pixels = most(LANES / channels, 1);
    return std::size_t(width / pixels) * ceil_div(pixels * channels, LANES);
  }

  /// The next row of a stream as [width][channels]; it is put back at the end of the stream.
  template <class T, int LANES>
  static void take_row(hls::stream<Pack<T, LANES>>& stream, std::vector<std::uint32_t>& row,
                       int channels, int width, Order order) {
    const std::size_t words = words_of_row<LANES>(channels, width, order);
    const int pixels = most(LANES / channels, 1);
    const int blocks = ceil_div(pixels * channels, LANES);
    const int outputs = order.px > 0 ? ceil_div(channels, order.oc) : 1;
    for (std::size_t word = 0; word < words; ++word) {
      const Pack<T, LANES> taken = stream.read();
      stream.write(taken);
      for (int lane = 0; lane < LANES; ++lane) {
        int x = 0;
        int channel = 0;
        if (order.px > 0) {
          const int block = static_cast<int>(word) % outputs;
          const int side = static_cast<int>(word) / outputs % order.upsample;
          const int group = static_cast<int>(word) / outputs / order.upsample;
          x = (group * order.px + lane / order.oc) * order.upsample + side;
          channel = block * order.oc + lane % order.oc;
        } else {
          // A pixel in several words, or several pixels in one.
          x = static_cast<int>(word) / blocks * pixels + (pixels > 1 ? lane / channels : 0);
          channel = pixels > 1 ? lane % channels : static_cast<int>(word) % blocks * LANES + lane;
        }
        if (x >= width || channel >= channels) continue;
        row[std::size_t(x) * channels + channel] =
            static_cast<std::uint32_t>(static_cast<std::int32_t>(taken.lane[lane]));
      }
    }
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

  /// The golden frames of a port; a file of no frame, or part of one, is an error.
  std::vector<char> read_frames(const char* port, std::size_t bytes) const {
    const std::string path = "golden/" + design_ + "." + port + ".bin";
    std::vector<char> read = read_bytes(path);
    if (read.empty() || read.size() % bytes != 0) {
      fail(path + ": " + std::to_string(read.size()) + " bytes are not frames of " +
           std::to_string(bytes));
    }
    return read;
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
  std::vector<char> wanted_;
  std::vector<Beat> input_;
  std::vector<Beat> result_;
  int golden_ = 1; // golden frames
  int frames_ = 1; // of a call
  // Of the process that is compared: golden sums of rows, pixels, and channels of rows.
  std::vector<std::uint32_t> rows_;
  std::vector<std::uint16_t> pixels_;
  std::vector<std::uint16_t> channels_;
  std::string where_;
  std::size_t values_ = 0;
  std::clock_t began_ = 0;
  double seconds_ = 0;
  int ran_ = 0; // frames in these seconds
};

} // namespace licc

#endif // LICC_TESTBENCH_HPP
