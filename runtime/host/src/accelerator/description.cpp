// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "accelerator/description.hpp"

#include <cstring>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "accelerator/sha256.hpp"
#include "build.hpp"
#include "crc32.hpp"

namespace licc::accelerator {
namespace {

using nlohmann::json;

constexpr int VERSION = 1;
constexpr int MOST_PIXELS_A_SIDE = 32768;
constexpr int MOST_CHANNELS = 4096;
constexpr std::size_t MOST_BYTES = std::size_t{1} << 30;

/// Reads numbers out of the description, and complains with its name.
class Reader {
 public:
  explicit Reader(std::string name) : name_(std::move(name)) {}

  [[noreturn]] void fail(const std::string& what) const {
    throw Error(name_ + ": " + what + "; compile the checkpoint again with this version of licc");
  }

  int number(const json& object, const char* key, int least, int most) const {
    const json& value = object.at(key);
    if (!value.is_number_integer()) fail(std::string("'") + key + "' is not a number");
    const auto found = value.get<std::int64_t>();
    if (found < least || found > most) fail(std::string("'") + key + "' is " + std::to_string(found));
    return static_cast<int>(found);
  }

  /// One integer a stripe.
  std::vector<int> numbers(const json& object, const char* key, int most) const {
    std::vector<int> found;
    for (const json& value : object.at(key)) {
      found.push_back(number(json{{key, value}}, key, 0, most));
    }
    return found;
  }

  Port port(const json& object) const {
    Port port;
    port.argument = number(object, "argument", 0, 15);
    port.name = object.at("name").get<std::string>();
    port.height = number(object, "height", 1, MOST_PIXELS_A_SIDE);
    port.width = number(object, "width", 1, MOST_PIXELS_A_SIDE);
    port.channels = number(object, "channels", 1, MOST_CHANNELS);
    port.bytes = number(object, "bytes", 1, 2);
    port.is_signed = object.at("signed").get<bool>();
    if (port.frame_bytes() > MOST_BYTES) fail(port.name + " is larger than any image");
    if (port.bytes == 2 && !port.is_signed)
      fail(port.name + " is unsigned and of 2 bytes, which no latent is");
    return port;
  }

  Stripes stripes(const json& object, const Port& input, const Port& output) const {
    if (object.is_null()) return {input.width, output.width, {0}, {0}, {0}};
    Stripes found;
    found.input_width = number(object, "input_width", 1, MOST_PIXELS_A_SIDE);
    found.output_width = number(object, "output_width", 1, MOST_PIXELS_A_SIDE);
    found.input_offsets = numbers(object, "input_offsets", found.input_width);
    found.output_offsets = numbers(object, "output_offsets", found.output_width);
    found.crop = numbers(object, "crop", found.output_width);
    check(found, input, output);
    return found;
  }

  Parameters parameters(const json& object) const {
    Parameters found;
    found.argument = number(object, "argument", 0, 15);
    found.load = number(object, "load", 0, 15);
    found.file = object.at("file").get<std::string>();
    found.bytes = static_cast<std::size_t>(number(object, "bytes", 8, 1 << 30));
    found.sha256 = object.at("sha256").get<std::string>();
    const auto crc = object.at("crc32").get<std::string>();
    if (crc.size() != 8 || crc.find_first_not_of("0123456789abcdef") != std::string::npos)
      fail("'crc32' is '" + crc + "'");
    found.crc32 = static_cast<std::uint32_t>(std::stoul(crc, nullptr, 16));
    if (found.bytes % sizeof(Beat) != 0) fail(found.file + " is not of whole words of 8 bytes");
    return found;
  }

  Kernel kernel(const json& object) const {
    Kernel kernel;
    kernel.function = object.at("function").get<std::string>();
    kernel.name = object.at("kernel").get<std::string>();
    kernel.input = port(object.at("input"));
    kernel.output = port(object.at("output"));
    kernel.frames = number(object.at("frames"), "argument", 0, 15);
    kernel.stripes = stripes(object.at("stripes"), kernel.input, kernel.output);
    if (!object.at("parameters").is_null()) kernel.parameters = parameters(object.at("parameters"));
    return kernel;
  }

 private:
  /// Every column of the output comes from one stripe, and none reaches out of the input.
  void check(const Stripes& stripes, const Port& input, const Port& output) const {
    const std::size_t count = stripes.crop.size();
    if (count == 0 || stripes.input_offsets.size() != count || stripes.output_offsets.size() != count ||
        stripes.crop[0] != 0) {
      fail("the stripes of " + input.name + " are incomplete");
    }
    for (std::size_t i = 0; i < count; ++i) {
      const int end = i + 1 < count ? stripes.crop[i + 1] : stripes.output_width;
      const bool reads = stripes.input_offsets[i] + input.width <= stripes.input_width;
      const bool gives = stripes.output_offsets[i] <= stripes.crop[i] && stripes.crop[i] < end &&
                         end <= stripes.output_offsets[i] + output.width;
      if (!reads || !gives)
        fail("stripe " + std::to_string(i) + " of " + input.name + " reaches out of the image");
    }
  }

  std::string name_;
};

Description parse(const std::string& name, const json& root) {
  const Reader reader(name);
  if (root.at("version") != VERSION) reader.fail("of another version of licc");
  Description found;
  found.sources = root.at("sources").get<std::string>();
  for (const json& object : root.at("kernels")) {
    Kernel kernel = reader.kernel(object);
    const std::string function = kernel.function;
    found.kernels.emplace(function, std::move(kernel));
  }
  for (const json& object : root.at("images")) {
    Bitstream bitstream{object.at("file").get<std::string>(),
                        object.at("functions").get<std::vector<std::string>>()};
    for (const std::string& function : bitstream.functions) {
      if (found.kernels.count(function) == 0)
        reader.fail(bitstream.file + " has '" + function + "', which is unknown");
    }
    found.bitstreams.push_back(std::move(bitstream));
  }
  return found;
}

}  // namespace

std::optional<Size> Description::image_size() const {
  const auto g_a = kernels.find("g_a");
  if (g_a != kernels.end()) return g_a->second.input_size();
  const auto g_s = kernels.find("g_s");
  if (g_s != kernels.end()) return g_s->second.output_size();
  return std::nullopt;
}

Description parse_description(const std::string& name, const std::string& text) {
  try {
    return parse(name, json::parse(text));
  } catch (const json::exception& error) {
    throw Error(name + ": " + error.what() + "; compile the checkpoint again with this version of licc");
  }
}

Description read_description(const std::filesystem::path& build) {
  const std::string name = "host/accelerator.json";
  const std::vector<std::uint8_t> bytes = read_build_file(build, name);
  return parse_description((build / name).string(), std::string(bytes.begin(), bytes.end()));
}

const Kernel& kernel_of(const Description& description, const std::string& function) {
  const auto found = description.kernels.find(function);
  if (found == description.kernels.end()) {
    throw Error("the build has no @" + function + ": compile it without --transforms");
  }
  return found->second;
}

std::vector<Beat> read_parameters(const std::filesystem::path& build, const Kernel& kernel) {
  if (!kernel.parameters) return {};
  const Parameters& wanted = *kernel.parameters;
  const std::filesystem::path path = build / wanted.file;
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(path.string() + ": cannot be read; the build is incomplete, compile it again");
  std::vector<std::uint8_t> bytes(wanted.bytes + 1);  // one more shows a file that is too long
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  if (bytes.size() != wanted.bytes || crc32(bytes) != wanted.crc32 || sha256(bytes) != wanted.sha256) {
    throw Error(path.string() +
                ": not the parameters that host/accelerator.json names; compile the build again");
  }
  std::vector<Beat> beats(wanted.bytes / sizeof(Beat));
  std::memcpy(beats.data(), bytes.data(), bytes.size());
  return beats;
}

}  // namespace licc::accelerator
