#include "support/names.h"

#include <cstdlib>

namespace hookline::test {

std::map<std::string, std::string> environment_with(const Names& names) {
  std::string text;
  for (auto const& [name, answers] : names) {
    text += (text.empty() ? "" : " ") + name + "=";
    for (std::size_t i = 0; i < answers.size(); ++i)
      text += (i == 0 ? "" : ",") + answers[i];
  }
  // AddressSanitizer's library wants to be the first that is loaded; behind this one it does as well.
  const char* const asan = std::getenv("ASAN_OPTIONS");
  return {{"LD_PRELOAD", HOOKLINE_TEST_NAMES_LIBRARY},
          {"HOOKLINE_TEST_NAMES", text},
          {"ASAN_OPTIONS", std::string(asan == nullptr ? "" : asan) + ":verify_asan_link_order=0"}};
}

}  // namespace hookline::test
