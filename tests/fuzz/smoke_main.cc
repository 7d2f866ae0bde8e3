// Runs a fuzz target without libFuzzer: every seed of its corpus, and seeded mutations of them. What
// `ctest -L smoke` does in every build, so that a target never rots; the search itself needs clang.
//
//   NAME_smoke CORPUS_FOLDER [MUTATIONS_PER_SEED]
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "hookline/core/random.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using hookline::core::Random;

void run(const std::string& input) {
  // A copy of the exact size, so that a sanitizer sees a read behind the end.
  const std::vector<std::uint8_t> bytes(input.begin(), input.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

std::string mutated(std::string text, const std::vector<std::string>& seeds, Random& random) {
  for (auto changes = random.below(6) + 1; changes > 0; --changes) {
    const auto at = random.below(text.size() + 1);
    switch (random.below(5)) {
      case 0: text.insert(at, 1, static_cast<char>(random.below(256))); break;
      case 1: text.erase(at, random.below(8) + 1); break;
      case 2: text.resize(at); break;
      case 3:
        if (at < text.size()) text[at] = static_cast<char>(random.below(256));
        break;
      case 4: {  // a piece of another seed
        const auto& other = seeds[random.below(seeds.size())];
        const auto from = random.below(other.size() + 1);
        text.insert(at, other.substr(from, random.below(40)));
        break;
      }
    }
  }
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const int mutations = argc > 2 ? std::atoi(argv[2]) : 1000;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) files.push_back(entry.path());
  std::sort(files.begin(), files.end());  // the same run everywhere
  std::vector<std::string> seeds;
  for (const auto& file : files) {
    std::ifstream in(file, std::ios::binary);
    seeds.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  if (seeds.empty()) {
    std::fprintf(stderr, "no seeds in %s\n", argv[1]);
    return 1;
  }
  run("");
  Random random(1);
  for (const auto& seed : seeds) {
    run(seed);
    for (int i = 0; i < mutations; ++i) run(mutated(seed, seeds, random));
  }
  std::printf("%zu seeds, %d mutations of each\n", seeds.size(), mutations);
  return 0;
}
