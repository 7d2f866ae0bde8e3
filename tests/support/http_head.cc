#include "support/http_head.h"

#include <algorithm>
#include <charconv>
#include <string>

#include <strings.h>

namespace hookline::test {
namespace {

std::string_view trimmed(std::string_view text) {
  auto const first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

bool same(std::string_view left, std::string_view right) {
  return left.size() == right.size() && strncasecmp(left.data(), right.data(), left.size()) == 0;
}

/// Calls visit(name, value) for every header line of a head that ends with its empty line.
template <class Visit>
void each_header(std::string_view head, Visit visit) {
  auto line = head.find('\n') + 1;
  while (line < head.size()) {
    auto const end = head.find('\n', line);
    if (end == std::string_view::npos) return;
    auto const text = head.substr(line, end - line);
    line = end + 1;
    auto const colon = text.find(':');
    if (colon != std::string_view::npos) visit(text.substr(0, colon), trimmed(text.substr(colon + 1)));
  }
}

}  // namespace

std::optional<HeadScan> scan_head(std::string_view bytes) {
  auto const end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) return std::nullopt;
  HeadScan scan;
  scan.size = end + 4;
  each_header(bytes.substr(0, end + 2), [&](std::string_view name, std::string_view value) {
    switch (name.size()) {  // by length first: most headers cost no comparison
      case 10:
        if (same(name, "webhook-id")) scan.webhook_id = value;
        if (same(name, "connection")) scan.close = same(value, "close");
        break;
      case 14:
        if (same(name, "content-length"))
          std::from_chars(value.data(), value.data() + value.size(), scan.content_length);
        break;
      case 17:
        if (same(name, "transfer-encoding")) scan.chunked = same(value, "chunked");
        break;
      default:
        break;
    }
  });
  return scan;
}

Head parse_head(std::string_view bytes) {
  Head head;
  auto const line = trimmed(bytes.substr(0, bytes.find('\n')));
  auto const first = line.find(' ');
  head.first = line.substr(0, first);
  if (first != std::string_view::npos) {
    auto const second = line.find(' ', first + 1);
    head.second = line.substr(first + 1, second == std::string_view::npos ? second : second - first - 1);
    if (second != std::string_view::npos) head.third = line.substr(second + 1);
  }
  each_header(bytes, [&](std::string_view name, std::string_view value) {
    std::string lower(name);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    head.headers.emplace_back(std::move(lower), value);
  });
  return head;
}

std::optional<std::string> decode_chunks(std::string_view bytes) {
  std::string body;
  while (true) {
    auto const line = bytes.find("\r\n");
    if (line == std::string_view::npos) return std::nullopt;
    std::size_t size = 0;
    auto const [end, error] = std::from_chars(bytes.data(), bytes.data() + line, size, 16);
    if (error != std::errc() || end == bytes.data()) return std::nullopt;
    bytes.remove_prefix(line + 2);
    if (size == 0) return body;
    if (bytes.size() < size + 2) return std::nullopt;
    body += bytes.substr(0, size);
    bytes.remove_prefix(size + 2);
  }
}

}  // namespace hookline::test
