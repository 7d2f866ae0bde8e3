#include "hookline/render/body.h"

#include <cassert>

#include "hookline/json/write.h"

namespace hookline::render {

void append_body(config::BodyFormat format, std::span<const std::string_view> payloads, std::string& out) {
  assert(!payloads.empty());
  switch (format) {
    case config::BodyFormat::object:
      assert(payloads.size() == 1);
      out += payloads.front();
      return;
    case config::BodyFormat::array:
      for (std::size_t i = 0; i < payloads.size(); ++i) {
        out += i == 0 ? '[' : ',';
        out += payloads[i];
      }
      out += ']';
      return;
    case config::BodyFormat::ndjson:
      for (const std::string_view payload : payloads) {
        json::append_compact(payload, out);
        out += '\n';
      }
      return;
  }
}

std::string_view content_type(config::BodyFormat format) {
  return format == config::BodyFormat::ndjson ? "application/x-ndjson" : "application/json";
}

}  // namespace hookline::render
