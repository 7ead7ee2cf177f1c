// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// @file
/// `host/accelerator.json`: the kernels of a build, what they are called with, and how an image becomes
/// frames.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "licc/codec.hpp"

namespace licc::accelerator {

/// A word of a port to memory: 8 bytes.
using Beat = std::uint64_t;

/// A tensor in memory, of one frame: dense, height x width x channels, little endian.
struct Port {
  int argument = 0;  ///< of the kernel
  std::string name;
  int height = 0;
  int width = 0;
  int channels = 0;
  int bytes = 0;  ///< of a value: 1 or 2
  bool is_signed = true;

  /// Bytes of a frame. Frames follow one another without a gap, even within a beat.
  std::size_t frame_bytes() const {
    return static_cast<std::size_t>(height) * static_cast<std::size_t>(width) *
           static_cast<std::size_t>(channels) * static_cast<std::size_t>(bytes);
  }
};

/// How an image is cut into stripes, which are frames, and stitched again; units are columns
/// (docs/schedule.md).
struct Stripes {
  int input_width = 0;
  int output_width = 0;
  std::vector<int> input_offsets;   ///< the first input column of each
  std::vector<int> output_offsets;  ///< the column of the whole output that is the first of each
  std::vector<int> crop;            ///< the first column of the whole output that is taken from each
};

struct Parameters {
  int argument = 0;  ///< of the kernel
  int load = 0;      ///< the argument that says that they are to be read
  std::string file;  ///< within the build
  std::size_t bytes = 0;
  std::uint32_t crc32 = 0;
  std::string sha256;
};

/// A transform as a kernel. One without stripes has one, of the whole width.
struct Kernel {
  std::string function;  ///< g_a, h_a, h_s or g_s
  std::string name;      ///< of the kernel in a bitstream
  Port input, output;
  int frames = 0;  ///< the argument that says how many there are
  Stripes stripes;
  std::optional<Parameters> parameters;

  /// Frames of an image.
  int stripe_count() const { return static_cast<int>(stripes.crop.size()); }
  Size input_size() const { return {input.height, stripes.input_width}; }
  Size output_size() const { return {output.height, stripes.output_width}; }
};

/// What is in one bitstream.
struct Bitstream {
  std::string file;  ///< within the folder of bitstreams
  std::vector<std::string> functions;
};

struct Description {
  std::string sources;  ///< a hash of the emitted C++
  std::vector<Bitstream> bitstreams;
  std::map<std::string, Kernel> kernels;  ///< by function

  /// The padded size of the images that the accelerator was made for; none where it has neither g_a nor g_s.
  std::optional<Size> image_size() const;
};

/// The description of a build. @throws Error it is missing, damaged, of another version, or impossible.
Description read_description(const std::filesystem::path& build);

/// The same from its text; `name` is what errors call it.
Description parse_description(const std::string& name, const std::string& text);

/// The kernel of a function. @throws Error there is none
const Kernel& kernel_of(const Description& description, const std::string& function);

/// The parameters of a kernel in whole beats; none if it has none.
///
/// @throws Error the file is missing, or not of the size, the CRC-32 and the SHA-256 that the description
/// names.
std::vector<Beat> read_parameters(const std::filesystem::path& build, const Kernel& kernel);

// ---------------------------------------------------------------------------------------------------------------
// Frames
// ---------------------------------------------------------------------------------------------------------------

/// Beats of the frames of an image at a port.
std::size_t beats_of(const Kernel& kernel, const Port& port);

/// An argument as the kernel reads it: all stripes of it, one frame after the other.
///
/// @param beats room for beats_of(kernel, kernel.input).
/// @throws Error it does not have the size or the channels that the kernel was made for, or a value is not of
/// its type.
void pack(const Kernel& kernel, const Tensor& argument, Beat* beats);

/// The result that a kernel has written: what each stripe is right in, side by side.
Tensor unpack(const Kernel& kernel, const Beat* beats);

}  // namespace licc::accelerator
