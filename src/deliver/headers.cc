#include "headers.h"

#include <algorithm>
#include <array>

namespace hookline::deliver {
namespace {

constexpr std::array<std::string_view, 6> framing{"host",       "content-length", "transfer-encoding",
                                                  "connection", "expect",         "upgrade"};

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

bool same_header_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

bool is_framing_header(std::string_view name) {
  return std::any_of(framing.begin(), framing.end(),
                     [&](std::string_view taken) { return same_header_name(taken, name); });
}

}  // namespace hookline::deliver
