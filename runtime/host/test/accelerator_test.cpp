// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Ports, stripes, checksums and descriptions of the accelerator.
#include <cstdio>
#include <cstring>
#include <fstream>
#include <functional>
#include <string>

#include "accelerator/accelerator.hpp"
#include "accelerator/description.hpp"
#include "accelerator/sha256.hpp"
#include "crc32.hpp"

namespace {

using namespace licc::accelerator;

int failures = 0;

void check(bool right, const std::string& what) {
  if (right) return;
  std::printf("FAILED: %s\n", what.c_str());
  ++failures;
}

void check_error(const std::string& wanted, const std::function<void()>& work) {
  try {
    work();
  } catch (const licc::Error& error) {
    check(std::string(error.what()).find(wanted) != std::string::npos,
          "'" + wanted + "' in '" + error.what() + "'");
    return;
  }
  check(false, "no error: " + wanted);
}

licc::Bytes bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// The examples of FIPS 180-4 and NIST's test vectors.
void test_sha256() {
  check(licc::sha256({}) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "SHA-256 of nothing");
  check(licc::sha256(bytes_of("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "of abc");
  check(licc::sha256(bytes_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")) ==
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
        "of two blocks");
  check(licc::sha256(bytes_of(std::string(1000000, 'a'))) ==
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
        "of a million");
}

/// A kernel of 8-bit pixels in, 16-bit latents out, in two stripes that overlap.
Kernel striped() {
  Kernel kernel;
  kernel.function = "g_a";
  kernel.input = {0, "g_a_input", 2, 6, 3, 1, false};
  kernel.output = {1, "g_a_output", 1, 3, 2, 2, true};
  kernel.stripes = {10, 5, {0, 4}, {0, 2}, {0, 3}};
  return kernel;
}

void test_pack() {
  const Kernel kernel = striped();
  licc::Tensor image(2, 10, 3);
  for (std::size_t i = 0; i < image.data.size(); ++i) image.data[i] = static_cast<std::int16_t>(200 + i % 56);
  std::vector<Beat> beats(beats_of(kernel, kernel.input));
  check(beats.size() == 9, "2 x 36 bytes are 9 beats");
  pack(kernel, image, beats.data());
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(beats.data());
  bool same = true;
  for (int stripe = 0; stripe < 2; ++stripe) {
    for (int y = 0; y < 2; ++y) {
      for (int i = 0; i < 18; ++i) {
        const int from = y * 30 + stripe * 12 + i;
        same &= bytes[stripe * 36 + y * 18 + i] == image.data[static_cast<std::size_t>(from)];
      }
    }
  }
  check(same, "stripes are packed densely");

  image.data[7] = 256;
  check_error("does not fit g_a_input", [&] { pack(kernel, image, beats.data()); });
  check_error("made for 2x10 of 3 channels, not 2x6 of 3",
              [&] { pack(kernel, licc::Tensor(2, 6, 3), beats.data()); });
}

void test_unpack() {
  const Kernel kernel = striped();
  std::vector<Beat> beats(beats_of(kernel, kernel.output));
  auto* bytes = reinterpret_cast<std::uint8_t*>(beats.data());
  for (int i = 0; i < 12; ++i) {
    const auto value = static_cast<std::int16_t>(-3 + 100 * i);
    std::memcpy(bytes + 2 * i, &value, 2);
  }
  const licc::Tensor result = unpack(kernel, beats.data());
  check(result.height == 1 && result.width == 5 && result.channels == 2, "the whole width");
  // All columns of the first stripe; 3 and 4 are the last ones of the second.
  const std::vector<std::int16_t> wanted = {-3, 97, 197, 297, 397, 497, 797, 897, 997, 1097};
  check(result.data == wanted, "each column from the stripe that is right there");
}

// A file that says what `striped` is.
std::string described(const std::string& from = "", const std::string& to = "") {
  std::string text = R"({"version": 1, "sources": "0123456789abcdef", "images": [{"file": "encoder.xclbin",
    "functions": ["g_a"]}], "kernels": [{"function": "g_a", "kernel": "encoder", "unit": "encoder_1",
    "input": {"argument": 0, "name": "g_a_input", "height": 2, "width": 6, "channels": 3, "bytes": 1, "signed": false},
    "output": {"argument": 1, "name": "g_a_output", "height": 1, "width": 3, "channels": 2, "bytes": 2, "signed": true},
    "frames": {"argument": 4}, "stripes": {"input_width": 10, "output_width": 5, "input_offsets": [0, 4],
    "output_offsets": [0, 2], "crop": [0, 3]}, "parameters": {"argument": 2, "load": 3, "file": "weights/g_a.bin",
    "bytes": 16, "crc32": "CRC", "sha256": "SHA"}}]})";
  const std::string data = "parameters of 16";
  char crc[9];
  std::snprintf(crc, sizeof crc, "%08x", static_cast<unsigned>(licc::crc32(bytes_of(data))));
  text.replace(text.find("CRC"), 3, crc);
  text.replace(text.find("SHA"), 3, licc::sha256(bytes_of(data)));
  if (!from.empty()) text.replace(text.find(from), from.size(), to);
  return text;
}

void test_description() {
  const Description found = parse_description("a.json", described());
  const Kernel& kernel = kernel_of(found, "g_a");
  check(kernel.stripes.crop == striped().stripes.crop && kernel.input.frame_bytes() == 36, "the description");
  check(found.image_size() == licc::Size{2, 10}, "the whole image");
  check_error("no @g_s", [&] { kernel_of(found, "g_s"); });

  const auto refuses = [](const std::string& what, const std::string& from, const std::string& to) {
    check_error(what, [&] { parse_description("a.json", described(from, to)); });
  };
  refuses("another version", "\"version\": 1", "\"version\": 2");
  refuses("a.json", "\"sources\"", "\"source\"");
  refuses("'height' is 0", "\"height\": 2", "\"height\": 0");
  refuses("'bytes' is 4", "\"bytes\": 1", "\"bytes\": 4");
  refuses("'argument' is -1", "\"argument\": 4", "\"argument\": -1");
  refuses("'width' is 1000000", "\"width\": 6", "\"width\": 1000000");
  refuses("larger than any image", "\"height\": 2, \"width\": 6", "\"height\": 32768, \"width\": 32768");
  refuses("reaches out", "\"input_offsets\": [0, 4]", "\"input_offsets\": [0, 5]");
  refuses("reaches out", "\"crop\": [0, 3]", "\"crop\": [0, 4]");
  refuses("incomplete", "\"crop\": [0, 3]", "\"crop\": [0]");
  refuses("unknown", "\"functions\": [\"g_a\"]", "\"functions\": [\"g_x\"]");
  refuses("'crc32'", "\"crc32\": \"", "\"crc32\": \"x");
  check_error("a.json", [] { parse_description("a.json", "{"); });
}

void test_parameters(const std::filesystem::path& folder) {
  const Description found = parse_description("a.json", described());
  const Kernel& kernel = kernel_of(found, "g_a");
  std::filesystem::create_directories(folder / "weights");
  const auto holds = [&](const std::string& text) { std::ofstream(folder / "weights/g_a.bin") << text; };
  std::filesystem::remove(folder / "weights/g_a.bin");
  check_error("cannot be read", [&] { read_parameters(folder, kernel); });
  holds("parameters of 16");
  check(read_parameters(folder, kernel).size() == 2, "two beats of parameters");
  for (const char* wrong : {"parameters of 17", "parameters of 16 and more", "parameters"}) {
    holds(wrong);
    check_error("not the parameters", [&] { read_parameters(folder, kernel); });
  }
}

}  // namespace

int main() {
  test_sha256();
  test_pack();
  test_unpack();
  test_description();
  const auto folder = std::filesystem::temp_directory_path() / "licc_accelerator_test";
  test_parameters(folder);
  std::filesystem::remove_all(folder);
  std::printf("%s\n", failures == 0 ? "ok" : "FAILED");
  return failures == 0 ? 0 : 1;
}
