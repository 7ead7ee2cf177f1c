// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs the golden inputs of a build on its accelerator, from several threads, and compares with what the
// interpreter computed:
//   accelerator_golden BUILD csim|xrt [--threads N] [--rounds N] [--no-self-test] FUNCTION...
#include <cstdio>
#include <cstring>
#include <exception>
#include <fstream>
#include <iterator>
#include <mutex>
#include <string>
#include <thread>

#include "accelerator/accelerator.hpp"
#include "accelerator/description.hpp"
#include "build.hpp"
#include "emulation/emulation.hpp"

namespace {

using namespace licc::accelerator;

std::vector<Beat> read_beats(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw licc::Error(path.string() + ": cannot be read");
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  std::vector<Beat> beats((bytes.size() + sizeof(Beat) - 1) / sizeof(Beat));
  std::memcpy(beats.data(), bytes.data(), bytes.size());
  return beats;
}

/// The argument that golden frames were cut from. Stripes overlap with the same values.
licc::Tensor argument_of(const Kernel& kernel, const std::vector<Beat>& beats) {
  Kernel reads = kernel;
  reads.output = kernel.input;
  reads.stripes.output_width = kernel.stripes.input_width;
  reads.stripes.output_offsets = reads.stripes.crop = kernel.stripes.input_offsets;
  return unpack(reads, beats.data());
}

struct Case {
  std::string function;
  licc::Tensor argument, wanted;
};

Case golden(const std::filesystem::path& build, const Kernel& kernel) {
  const std::filesystem::path folder = build / "hls" / "golden";
  const auto input = read_beats(folder / (kernel.function + ".input.bin"));
  const auto output = read_beats(folder / (kernel.function + ".output.bin"));
  return {kernel.function, argument_of(kernel, input), unpack(kernel, output.data())};
}

int run(const std::vector<std::string>& arguments) {
  const std::filesystem::path build = arguments.at(0);
  licc::Options options;
  int threads = 1, rounds = 1;
  std::vector<Case> cases;
  const Description description = read_description(build);
  for (std::size_t i = 2; i < arguments.size(); ++i) {
    if (arguments[i] == "--threads")
      threads = std::stoi(arguments.at(++i));
    else if (arguments[i] == "--rounds")
      rounds = std::stoi(arguments.at(++i));
    else if (arguments[i] == "--no-self-test")
      options.self_test = false;
    else
      cases.push_back(golden(build, kernel_of(description, arguments[i])));
  }
  const licc::Build loaded = licc::load_build(build);
  const auto backend = arguments.at(1) == "csim"
                           ? licc::make_csim(build)
                           : licc::make_xrt(build, options, licc::make_emulation(loaded.network, 1));
  std::mutex mutex;
  int frames = 0, wrong = 0;
  std::string error;
  std::vector<std::thread> pool;
  for (int thread = 0; thread < threads; ++thread) {
    pool.emplace_back([&] {
      for (int round = 0; round < rounds; ++round) {
        for (const Case& each : cases) {
          try {
            const bool same = backend->run(each.function, each.argument).data == each.wanted.data;
            const std::lock_guard<std::mutex> lock(mutex);
            ++frames;
            wrong += same ? 0 : 1;
          } catch (const std::exception& thrown) {
            const std::lock_guard<std::mutex> lock(mutex);
            error = thrown.what();
          }
        }
      }
    });
  }
  for (std::thread& each : pool) each.join();
  if (!error.empty()) throw licc::Error(error);
  std::printf("%d calls, %d wrong\n", frames, wrong);
  return wrong == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(std::vector<std::string>(argv + 1, argv + argc));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
}
