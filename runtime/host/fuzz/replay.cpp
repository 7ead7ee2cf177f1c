// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// @file
/// Runs a harness without libFuzzer, for compilers that have none: on every file of a corpus, and on
/// mutations of it.
///
///     fuzz_container_replay CORPUS [MUTATIONS]
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Input = std::vector<std::uint8_t>;
using Random = std::mt19937;

std::vector<Input> read_corpus(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<Input> corpus;
  for (const auto& path : paths) {
    std::ifstream in(path, std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  return corpus;
}

std::size_t below(Random& random, std::size_t count) { return count == 0 ? 0 : random() % count; }

void mutate_once(Input& input, const std::vector<Input>& corpus, Random& random) {
  const std::size_t at = below(random, input.size());
  const auto place = input.begin() + static_cast<std::ptrdiff_t>(at);
  switch (random() % 6) {
    case 0:
      if (!input.empty()) input[at] ^= static_cast<std::uint8_t>(1U << random() % 8);
      return;
    case 1:
      if (!input.empty()) input[at] = static_cast<std::uint8_t>(random());
      return;
    case 2:
      if (!input.empty()) input[at] = random() % 2 == 0 ? 0 : 255;
      return;
    case 3:
      input.insert(place, static_cast<std::uint8_t>(random()));
      return;
    case 4:
      input.erase(place, random() % 2 == 0 ? std::min(place + 1, input.end()) : input.end());
      return;
    default: {
      const Input& other = corpus[below(random, corpus.size())];
      const auto from = static_cast<std::ptrdiff_t>(below(random, other.size()));
      input.resize(at);
      input.insert(input.end(), other.begin() + from, other.end());
    }
  }
}

}  // namespace

int main(int count, char** words) {
  const std::vector<Input> corpus = count > 1 ? read_corpus(words[1]) : std::vector<Input>();
  if (corpus.empty()) {
    std::fprintf(stderr, "error: %s CORPUS [MUTATIONS]: give a folder of inputs\n", words[0]);
    return 1;
  }
  for (const Input& input : corpus) LLVMFuzzerTestOneInput(input.data(), input.size());
  const int mutations = count > 2 ? std::atoi(words[2]) : 0;
  Random random(0);
  for (int i = 0; i < mutations; ++i) {
    Input input = corpus[below(random, corpus.size())];
    for (std::size_t steps = 1 + random() % 4; steps > 0; --steps) mutate_once(input, corpus, random);
    // Of exactly its size, so that a sanitizer sees what lies behind it.
    const Input exact(input.begin(), input.end());
    LLVMFuzzerTestOneInput(exact.data(), exact.size());
  }
  std::printf("%zu inputs and %d mutations\n", corpus.size(), mutations);
  return 0;
}
