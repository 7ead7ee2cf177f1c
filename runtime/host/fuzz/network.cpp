// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// @file
/// Harness: the typed network of a build, with some of its fields and constants changed. LICC_FUZZ_BUILD
/// names the build. Most of them are refused; those that are not are computed, by both of the emulation's
/// executors, which have to agree.
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "build.hpp"
#include "emulation/emulation.hpp"
#include "emulation/plain.hpp"
#include "given.hpp"
#include "licc/codec.hpp"

namespace {

using licc::fuzz::claim;
using licc::fuzz::Given;
using Json = nlohmann::ordered_json;

constexpr int kLargestSide = 12;
// Networks that take longer to compute are left alone.
constexpr std::int64_t kMostProducts = 1 << 20;

std::vector<std::uint8_t> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    std::fprintf(stderr, "error: %s: cannot be read\n", path.c_str());
    std::exit(1);
  }
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// The network as it is written.
struct Seed {
  Json description;
  std::vector<std::uint8_t> constants;
};

const Seed& seed() {
  static const Seed held = [] {
    const char* build = std::getenv("LICC_FUZZ_BUILD");
    if (build == nullptr) {
      std::fprintf(stderr, "error: LICC_FUZZ_BUILD: set it to a build directory; fuzz/seeds.py makes one\n");
      std::exit(1);
    }
    const std::string folder = std::string(build) + "/host/";
    return Seed{Json::parse(read_file(folder + "network.json")), read_file(folder + "network.bin")};
  }();
  return held;
}

void collect(Json& value, std::vector<Json*>& leaves) {
  if (!value.is_structured()) {
    leaves.push_back(&value);
    return;
  }
  for (auto& part : value) collect(part, leaves);
}

/// A number near the one that was there, or at some limit.
void change(Json& value, Given& given) {
  constexpr std::int64_t one = 1;
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  constexpr std::int64_t limits[] = {0, 1, 2, 3, 5, 62, 127, 32767, one << 24, one << 31, one << 47, most};
  const std::uint32_t how = given.byte();
  if (!value.is_number_integer() || how % 16 == 15) {
    value = Json::array({nullptr, "text", 1.5, true, Json::array()})[how / 16 % 5];
  } else if (how % 2 == 0) {
    // Unsigned: it may go round.
    const auto was = static_cast<std::uint64_t>(value.get<std::int64_t>());
    value = static_cast<std::int64_t>(was + how / 2 % 16 - 8);
  } else {
    const std::int64_t limit = limits[how / 2 % std::size(limits)];
    value = given.byte() % 2 == 0 ? limit : -limit;
  }
}

void edit(Json& description, std::vector<std::uint8_t>& constants, Given& given) {
  std::vector<Json*> leaves;
  collect(description["functions"].begin().value(), leaves);
  for (std::uint32_t edits = given.byte() % 5; edits > 0; --edits) {
    change(*leaves[given.below(static_cast<std::uint32_t>(leaves.size()))], given);
  }
  for (std::uint32_t edits = given.byte() % 9; edits > 0; --edits) {
    const std::uint32_t at = given.below(static_cast<std::uint32_t>(constants.size()));
    constants[at] = static_cast<std::uint8_t>(given.byte());
  }
}

/// An argument whose values are within the range of their type, its ends most often.
licc::Tensor make_argument(const licc::ValueType& type, Given& given) {
  const int height = static_cast<int>(1 + given.below(kLargestSide));
  licc::Tensor argument(height, static_cast<int>(1 + given.below(kLargestSide)), type.channels);
  std::uint32_t state = given.word() | 1;
  for (std::int16_t& value : argument.data) {
    state = state * 1664525 + 1013904223;
    const std::uint32_t kind = state >> 28;
    const auto span = static_cast<std::uint64_t>(type.hi - type.lo) + 1;
    const auto inside = type.lo + static_cast<std::int64_t>((state >> 8) % span);
    value = static_cast<std::int16_t>(kind < 4 ? type.lo : kind < 8 ? type.hi : inside);
  }
  return argument;
}

/// Products of all ops, which have to be a chain; none where one has nothing to compute on.
std::optional<std::int64_t> products_of(const licc::Function& function, licc::Size size) {
  std::int64_t products = 0;
  for (const licc::Op& op : function.ops) {
    if (op.inputs != std::vector<int>{op.output - 1}) return std::nullopt;
    std::int64_t each = function.values[static_cast<std::size_t>(op.output)].channels;
    if (const auto* convolution = std::get_if<licc::Convolution>(&op.what)) {
      each = static_cast<std::int64_t>(convolution->weights.size());
    }
    try {
      const licc::Size result = licc::op_size(op, size);
      products += each * std::max(result.height * result.width, size.height * size.width);
      size = result;
    } catch (const licc::Error&) {
      return std::nullopt;
    }
  }
  return products;
}

/// Both executors give the same integers, within the range of their type.
void check_function(licc::Backend& fast, const std::string& name, const licc::Function& function,
                    Given& given) {
  const licc::ValueType& result = function.values[static_cast<std::size_t>(function.result)];
  const licc::Tensor argument = make_argument(function.values.front(), given);
  const licc::Size size{argument.height, argument.width};
  const std::optional<std::int64_t> products = products_of(function, size);
  if (!products || *products > kMostProducts) return;
  const licc::Tensor found = fast.run(name, argument);
  const licc::Size wanted_size = licc::result_size(function, size);
  claim(found.height == wanted_size.height && found.width == wanted_size.width, "sizes are foretold");
  const licc::emulation::Integers wanted = licc::emulation::plain_run(function, argument);
  claim(std::equal(found.data.begin(), found.data.end(), wanted.data.begin(), wanted.data.end()),
        "both executors give the same");
  for (const std::int32_t value : wanted.data) {
    claim(value >= result.lo && value <= result.hi, "ranges are proven");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Given given(data, size);
  Json description = seed().description;
  const Json& functions = seed().description["functions"];
  const auto chosen = std::next(functions.begin(), static_cast<int>(given.byte() % functions.size()));
  description["functions"] = {{chosen.key(), chosen.value()}};
  std::vector<std::uint8_t> constants = seed().constants;
  edit(description, constants, given);
  char checksum[9];
  std::snprintf(checksum, sizeof checksum, "%08x", static_cast<unsigned>(licc::crc32(constants)));
  description["crc32"] = checksum;
  const std::string text = description.dump();
  licc::Network network;
  try {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
    network = licc::parse_network("network.json", {bytes, text.size()}, constants);
  } catch (const licc::Error&) {
    return 0;
  }
  const std::unique_ptr<licc::Backend> fast = licc::make_emulation(network, 1);
  for (const auto& [name, function] : network) check_function(*fast, name, function, given);
  return 0;
}
