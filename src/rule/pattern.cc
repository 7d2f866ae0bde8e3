#include "pattern.h"

namespace hookline::rule {

tl::expected<std::unique_ptr<const re2::RE2>, std::string> compile_pattern(std::string_view pattern) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(1 << 20);  // per pattern, and there may be thousands of filters
  auto compiled = std::make_unique<const re2::RE2>(re2::StringPiece(pattern.data(), pattern.size()), options);
  if (!compiled->ok()) return tl::unexpected<std::string>(compiled->error());
  return compiled;
}

bool finds(const re2::RE2& pattern, std::string_view text) {
  return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), pattern);
}

}  // namespace hookline::rule
