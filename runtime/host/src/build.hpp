// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// @file
/// A build directory, loaded and checked.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "bytes.hpp"
#include "entropy/container.hpp"
#include "entropy/tables.hpp"
#include "licc/codec.hpp"
#include "network.hpp"

namespace licc {

/// Integers that meet at the host: their channels, fraction bits and range.
struct Port {
  int channels = 0;
  int fraction = 0;
  int lo = 0;
  int hi = 0;
};

/// `weights/entropy.json` and `weights/entropy.bin`: what symbols are coded with.
struct EntropyModel {
  ModelId model{};
  int kind = 0;  ///< strings of a stream: 2, 1, or 0 for symbols in plain
  Size stride;
  bool hyper = false;                    ///< there are h_a and h_s
  bool means = false;                    ///< h_s gives means behind its scales
  Port y, y_hat;                         ///< what g_a gives, and g_s takes
  Port z, h_s;                           ///< what h_s takes, and gives; with a hyperprior
  std::vector<std::int64_t> thresholds;  ///< of scales, rising; empty without
  std::optional<CdfTable> z_table;       ///< a row for each channel of z
  std::optional<CdfTable> y_table;       ///< a row for each channel of y, or with a hyperprior each scale
};

/// What a codec needs of a build.
struct Build {
  std::filesystem::path folder;
  BuildFacts facts;
  EntropyModel entropy;
  Network network;
};

/// Loads a build.
///
/// `host/files.json` has the checksum of every file of `host` and `weights`; those that are read here are
/// compared.
///
/// @throws Error a file is missing, damaged, of another version of licc, or says something impossible.
Build load_build(const std::filesystem::path& folder);

/// The bytes of a file of a build, compared with its checksum in `host/files.json`.
///
/// @param name such as "host/accelerator.json".
/// @throws Error it is missing, unreadable or damaged.
std::vector<std::uint8_t> read_build_file(const std::filesystem::path& folder, const std::string& name);

/// Reads the typed network (network.cpp). @param name what to call the file in errors.
///
/// @param description `host/network.json`; the checksum in it is compared with that of `constants`.
/// @param constants `host/network.bin`
/// @throws Error anything in them is impossible; see network.hpp for what is checked.
Network parse_network(const std::string& name, Bytes description, Bytes constants);

/// Height and width of a function's result for an argument of a size.
///
/// @throws Error an op would give nothing, or more than 32768 rows or columns.
Size result_size(const Function& function, Size argument);

/// Height and width of an op's result for an argument of a size. @throws Error likewise
Size op_size(const Op& op, Size argument);

}  // namespace licc
