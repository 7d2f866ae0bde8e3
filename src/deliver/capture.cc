#include "hookline/deliver/capture.h"

#include <vector>

namespace hookline::deliver {
namespace {

constexpr std::size_t longest = 1024;

std::string text_of(const json::Value& value) {
  if (value.kind == json::ValueKind::number) return std::string(value.raw);
  if (value.kind != json::ValueKind::string) return {};
  std::string buffer;
  return std::string(json::unescape(value.raw, buffer));
}

}  // namespace

Capture::Capture(const json::Path& id) : id_(paths_.want(id)) {
  json::Path beside = id;
  beside.segments.back() = "text";
  text_ = paths_.want(beside);
}

std::optional<Captured> Capture::from(std::string_view body) const {
  json::Scanner scanner;
  std::vector<json::Value> slots;
  if (!scanner.scan(body, paths_, slots)) return std::nullopt;
  Captured captured{.id = text_of(slots[id_]), .text = {}};
  if (captured.id.empty() || captured.id.size() > longest) return std::nullopt;
  if (text_ != id_) captured.text = text_of(slots[text_]);
  if (captured.text.size() > longest) captured.text.clear();
  return captured;
}

}  // namespace hookline::deliver
