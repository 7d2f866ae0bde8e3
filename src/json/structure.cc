#include "structure.h"

#include <algorithm>
#include <bit>

#include <fmt/format.h>
#include <simdjson.h>

#include "hookline/json/scan.h"
#include "utf8.h"

namespace hookline::json {
namespace {

constexpr std::size_t smallest_capacity = 16'384;

/// Position of the first control character inside a string; npos if there is none.
std::size_t find_control_in_string(std::string_view text) {
  bool inside = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') {
      inside = !inside;
    } else if (inside && c == '\\') {
      ++i;
    } else if (inside && static_cast<unsigned char>(c) < 0x20) {
      return i;
    }
  }
  return std::string_view::npos;
}

}  // namespace

core::Error to_error(const Mistake& mistake) {
  return {mistake.code, fmt::format("{}: {} at byte {}", mistake.verdict, mistake.what, mistake.at)};
}

struct Structure::Indexer {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> parser;

  simdjson::error_code run(std::string_view text) {
    if (!parser || text.size() > parser->capacity()) {
      if (text.size() > simdjson::SIMDJSON_MAXSIZE_BYTES / 2) return simdjson::CAPACITY;
      parser.reset();
      const auto capacity = std::bit_ceil(std::max(text.size(), smallest_capacity));
      const auto error = simdjson::get_active_implementation()->create_dom_parser_implementation(
          capacity, max_depth, parser);
      if (error) return error;
    }
    return parser->stage1(reinterpret_cast<const std::uint8_t*>(text.data()), text.size(),
                          simdjson::stage1_mode::regular);
  }
};

Structure::Structure() : indexer_(std::make_unique<Indexer>()) {}
Structure::~Structure() = default;
Structure::Structure(Structure&&) noexcept = default;
Structure& Structure::operator=(Structure&&) noexcept = default;

Mistake Structure::index(std::string_view text) {
  text_ = text;
  size_ = 0;
  if (const auto error = indexer_->run(text)) return explain(error);
  positions_ = indexer_->parser->structural_indexes.get();
  size_ = indexer_->parser->n_structural_indexes;
  return {};
}

Mistake Structure::explain(int simdjson_error) const {
  switch (simdjson_error) {
    case simdjson::UTF8_ERROR:
      return {"bytes that are not UTF-8", std::min(find_invalid_utf8(text_), text_.size())};
    case simdjson::UNCLOSED_STRING:
      return {"a string that does not end", text_.size()};
    case simdjson::UNESCAPED_CHARS:
      return {"a control character in a string", std::min(find_control_in_string(text_), text_.size())};
    case simdjson::EMPTY:
      return {"an empty text", 0};
    case simdjson::CAPACITY:
      return {"more than 2 GiB", 0, core::ErrorCode::too_large};
    case simdjson::MEMALLOC:
      return {"no memory to read it", 0, core::ErrorCode::internal};
    default:
      return {"simdjson failed", 0, core::ErrorCode::internal};
  }
}

}  // namespace hookline::json
