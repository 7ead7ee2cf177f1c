// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "build.hpp"

#include <algorithm>
#include <fstream>
#include <limits>
#include <system_error>
#include <utility>

#include "checked_json.hpp"
#include "crc32.hpp"

namespace licc {
namespace {

namespace fs = std::filesystem;

constexpr char kFiles[] = "host/files.json";
constexpr char kNetwork[] = "host/network.json";
constexpr char kEntropy[] = "weights/entropy.json";
constexpr int kFilesVersion = 1;
// Larger ones are no description, or no build of a network that anyone has.
constexpr std::uint64_t kLargestJson = std::uint64_t{1} << 28;
constexpr std::uint64_t kLargestFile = std::uint64_t{1} << 32;
constexpr int kLargestFraction = 24;
constexpr int kLargestStride = 256;
constexpr std::size_t kMostScales = 4096;
constexpr std::int64_t kLeastI16 = std::numeric_limits<std::int16_t>::min();
constexpr std::int64_t kLargestI16 = std::numeric_limits<std::int16_t>::max();

std::vector<std::uint8_t> read_file(const fs::path& path, std::uint64_t most) {
  std::error_code problem;
  const std::uint64_t size = fs::file_size(path, problem);
  if (problem)
    throw Error(path.string() + ": cannot be read (" + problem.message() + "); build it again with licc");
  if (size > most) throw Error(path.string() + ": too large for what it is; build it again with licc");
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(size));
  std::ifstream file(path, std::ios::binary);
  if (!file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()))) {
    throw Error(path.string() + ": cannot be read; check its permissions");
  }
  return bytes;
}

/// What `host/files.json` says of all files.
Field read_listing(const fs::path& folder) {
  const fs::path path = folder / kFiles;
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored))
    throw Error(folder.string() + ": no such build; give the folder that licc -o wrote");
  if (!fs::is_regular_file(path, ignored)) {
    throw Error(folder.string() + ": no build that a host can load, as " + kFiles +
                " is missing; build it again with this licc");
  }
  const Field root = Field::parse(path.string(), read_file(path, kLargestJson));
  if (root["version"].integer(0, std::numeric_limits<std::int32_t>::max()) != kFilesVersion) {
    root["version"].fail("of another version of licc, and this one reads " + std::to_string(kFilesVersion));
  }
  return root["files"];
}

std::vector<std::uint8_t> read_listed(const fs::path& folder, const Field& listing, const std::string& name) {
  const fs::path path = folder / name;
  if (!listing.has(name.c_str())) listing.fail("does not list " + name);
  const Field listed = listing[name.c_str()];
  const bool is_json = path.extension() == ".json";
  std::vector<std::uint8_t> bytes = read_file(path, is_json ? kLargestJson : kLargestFile);
  const auto size = static_cast<std::int64_t>(bytes.size());
  if (listed["bytes"].integer(0, std::numeric_limits<std::int64_t>::max()) != size ||
      listed["crc32"].text() != crc_text(crc32(bytes))) {
    throw Error(path.string() + ": damaged or of another build: its checksum is not that of " + kFiles +
                "; build it again with licc");
  }
  return bytes;
}

// -----------------------------------------------------------------------------------------------------------
// The entropy model
// -----------------------------------------------------------------------------------------------------------
Port read_port(const Field& field) {
  Port port;
  port.channels = field["channels"].small(1, std::numeric_limits<std::int16_t>::max());
  port.fraction = field["fraction"].small(0, kLargestFraction);
  port.lo = field["lo"].small(kLeastI16, kLargestI16);
  port.hi = field["hi"].small(port.lo, kLargestI16);
  return port;
}

Size read_size(const Field& field, int most) {
  if (field.size() != 2) field.fail("expected two integers");
  return {field.at(0).small(1, most), field.at(1).small(1, most)};
}

ModelId read_model(const Field& field) {
  const std::string text = field.text();
  ModelId model{};
  const bool is_hex = text.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!is_hex || text.size() != 2 * model.size()) field.fail("expected 16 hexadecimal digits");
  for (std::size_t i = 0; i < model.size(); ++i) {
    model[i] = static_cast<std::uint8_t>(std::stoul(text.substr(2 * i, 2), nullptr, 16));
  }
  return model;
}

/// A table of `entropy.bin`: lengths and offsets of its rows, then the rows, all i32.
CdfTable read_table(const Field& field, const std::string& name, Bytes file) {
  const auto limit = static_cast<std::int64_t>(file.size);
  const auto offset = static_cast<std::size_t>(field["offset"].integer(0, limit));
  const auto bytes =
      static_cast<std::size_t>(field["bytes"].integer(0, limit - static_cast<std::int64_t>(offset)));
  const auto rows = static_cast<std::size_t>(field["rows"].integer(1, limit));
  if (bytes % 4 != 0 || rows > bytes / 8) field.fail("its rows do not fit into its bytes");
  std::vector<std::int32_t> words;
  words.reserve(bytes / 4);
  for (std::size_t at = 0; at < bytes; at += 4) {
    words.push_back(static_cast<std::int32_t>(read_u32(file.data + offset + at)));
  }
  const auto first = words.begin(), second = first + static_cast<std::ptrdiff_t>(rows),
             third = second + (second - first);
  return CdfTable(name, {first, second}, {second, third}, {third, words.end()});
}

void read_tables(const Field& root, const std::string& name, Bytes file, EntropyModel& model) {
  const Field tables = root["tables"];
  const auto read = [&](const char* which, std::size_t rows) {
    CdfTable table = read_table(tables[which], name + ": table of " + which, file);
    if (table.rows() != rows) tables[which]["rows"].fail("expected " + std::to_string(rows));
    return table;
  };
  if (model.kind == 2) {
    model.z_table = read("z", static_cast<std::size_t>(model.z.channels));
    model.y_table = read("y", model.thresholds.size() + 1);
  } else if (model.kind == 1) {
    model.y_table = read("y", static_cast<std::size_t>(model.y.channels));
  }
}

std::int64_t rounded_shift(std::int64_t value, int shift) {
  return shift == 0 ? value : (value + (std::int64_t{1} << (shift - 1))) >> shift;
}

/// Symbols are kept in 16 bits: those of the widest latents around the widest means, too.
void check_symbols(const Field& ports, const EntropyModel& model) {
  const int common = std::max(model.y.fraction, model.means ? model.h_s.fraction : 0);
  const std::int64_t unit_y = std::int64_t{1} << (common - model.y.fraction);
  const std::int64_t unit_m = model.means ? std::int64_t{1} << (common - model.h_s.fraction) : 0;
  const std::int64_t lo = rounded_shift(model.y.lo * unit_y - model.h_s.hi * unit_m, common);
  const std::int64_t hi = rounded_shift(model.y.hi * unit_y - model.h_s.lo * unit_m, common);
  if (lo < kLeastI16 || hi > kLargestI16) ports["y"].fail("its symbols do not fit 16 bits");
}

EntropyModel read_entropy_model(const std::string& name, Bytes description, Bytes tables) {
  const Field root = Field::parse(name, description);
  EntropyModel model;
  if (root["container_version"].integer(0, 255) != kContainerVersion) {
    root["container_version"].fail("of another version of licc, and this one reads " +
                                   std::to_string(kContainerVersion));
  }
  model.model = read_model(root["model"]);
  model.kind = root["kind"].small(0, 2);
  const Field ports = root["ports"];
  model.stride = read_size(root["stride"], kLargestStride);
  model.y = read_port(ports["y"]);
  model.y_hat = read_port(ports["y_hat"]);
  model.hyper = ports.has("h_s");
  if (model.hyper != (model.kind == 2) && model.kind != 0) root["kind"].fail("not that of its ports");
  if (model.y_hat.channels != model.y.channels) ports["y_hat"].fail("expected the channels of y");
  if (model.hyper) {
    model.z = read_port(ports["z"]);
    model.h_s = read_port(ports["h_s"]);
    model.means = model.h_s.channels == 2 * model.y.channels;
    if (!model.means && model.h_s.channels != model.y.channels)
      ports["h_s"].fail("expected the channels of y, or twice");
  }
  check_symbols(ports, model);
  if (model.kind == 2) {
    model.thresholds =
        root["scale_thresholds"].integers(std::numeric_limits<std::int32_t>::min(), std::int64_t{1} << 40);
    if (model.thresholds.size() >= kMostScales ||
        !std::is_sorted(model.thresholds.begin(), model.thresholds.end())) {
      root["scale_thresholds"].fail("expected at most 4095, rising");
    }
  }
  if (root["crc32"].text() != crc_text(crc32(tables))) root["crc32"].fail("its tables have another checksum");
  read_tables(root, name, tables, model);
  return model;
}

// -----------------------------------------------------------------------------------------------------------
// Both together
// -----------------------------------------------------------------------------------------------------------
[[noreturn]] void fail(const std::string& name, const std::string& what) {
  throw Error(name + ": " + what + "; build it again with licc");
}

const ValueType& argument_of(const Function& function) { return function.values.front(); }
const ValueType& result_of(const Function& function) {
  return function.values[static_cast<std::size_t>(function.result)];
}

/// A port is what the network has there.
void check_port(const std::string& name, const std::string& which, const Port& port, const ValueType& type) {
  if (port.channels != type.channels || port.lo != type.lo || port.hi != type.hi) {
    fail(name, which + " is not the one of " + std::string(kEntropy));
  }
}

/// What one function gives another takes.
void check_link(const std::string& name, const std::string& which, const ValueType& given,
                const ValueType& taken) {
  if (given.channels != taken.channels || given.lo < taken.lo || given.hi > taken.hi) {
    fail(name, which + ": a function gives what the next one does not take");
  }
}

void check_codec(const std::string& name, const Build& build) {
  const Network& network = build.network;
  const EntropyModel& entropy = build.entropy;
  for (const char* needed : {"g_a", "g_s"}) {
    if (network.count(needed) == 0) fail(name, std::string("no ") + needed + ", and a codec needs it");
  }
  if (entropy.hyper && (network.count("h_a") == 0 || network.count("h_s") == 0))
    fail(name, "no h_a or no h_s");
  const Function &g_a = network.at("g_a"), &g_s = network.at("g_s");
  ValueType pixels;
  pixels.channels = 3;
  pixels.hi = 255;
  check_link(name, "image", pixels, argument_of(g_a));
  check_link(name, "image", result_of(g_s), pixels);
  check_port(name, "y", entropy.y, result_of(g_a));
  check_port(name, "y_hat", entropy.y_hat, argument_of(g_s));
  if (entropy.hyper) {
    const Function &h_a = network.at("h_a"), &h_s = network.at("h_s");
    check_link(name, "y", result_of(g_a), argument_of(h_a));
    check_link(name, "z", result_of(h_a), argument_of(h_s));
    check_port(name, "z", entropy.z, argument_of(h_s));
    check_port(name, "h_s", entropy.h_s, result_of(h_s));
  }
  if (result_size(g_s, result_size(g_a, entropy.stride)) != entropy.stride) {
    fail(name, "g_s does not give images of the size that g_a takes");
  }
}

}  // namespace

std::vector<std::uint8_t> read_build_file(const fs::path& folder, const std::string& name) {
  return read_listed(folder, read_listing(folder), name);
}

Build load_build(const fs::path& folder) {
  const Field listing = read_listing(folder);
  const auto read = [&](const char* name) { return read_listed(folder, listing, name); };
  if (!listing.has(kEntropy)) {
    throw Error(folder.string() + ": no " + kEntropy +
                ", as of half a codec; build g_a and g_s together, where CompressAI is installed");
  }
  Build build;
  build.folder = folder;
  const std::string entropy = (folder / kEntropy).string(), network = (folder / kNetwork).string();
  build.entropy = read_entropy_model(entropy, read(kEntropy), read("weights/entropy.bin"));
  const std::vector<std::uint8_t> description = read(kNetwork);
  build.network = parse_network(network, description, read("host/network.bin"));
  build.facts.model = to_hex(build.entropy.model);
  build.facts.strings = build.entropy.kind;
  build.facts.stride = build.entropy.stride;
  build.facts.accelerator = read_size(Field::parse(network, description)["padded"], kLargestSide);
  check_codec(network, build);
  return build;
}

}  // namespace licc
