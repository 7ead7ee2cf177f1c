// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// @file
/// The backends that run the accelerator itself: its emitted C++ on this processor, or the board.
#pragma once

#include <filesystem>
#include <memory>

#include "backend.hpp"
#include "licc/codec.hpp"

namespace licc {

/// The emitted HLS C++ of a build, compiled to `hls/csim.so` (`make -C BUILD/hls library`).
///
/// @throws Error the library is missing or of another build, a file of the build is damaged.
std::unique_ptr<Backend> make_csim(const std::filesystem::path& build);

/// The board, through XRT.
///
/// @param host computes the hyper-transforms that the loaded bitstream does not have: an encoder's bitstream
///   has no @h_s, whose scales the encoder needs too, and loading another one takes longer than computing it.
/// @throws Error no XRT in this library, no device, no or another bitstream, a file of the build is damaged.
std::unique_ptr<Backend> make_xrt(const std::filesystem::path& build, const Options& options,
                                  std::unique_ptr<Backend> host);

}  // namespace licc
