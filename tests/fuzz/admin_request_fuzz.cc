// Requests of any method, path, query, headers and body to the admin API: method, path, query and content type
// on a line each, then the body. Nothing of it reaches Kafka: the engine is never started.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "admin/cursor.h"
#include "admin/routes.h"
#include "hookline/json/tree.h"

namespace {

using namespace hookline;

std::string line(std::string_view& rest) {
  const auto end = std::min(rest.find('\n'), rest.size());
  std::string text(rest.substr(0, end));
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return text;
}

bool reads_kafka(const admin::Route& route) {
  for (const std::string_view part : {"/deliveries", "/dead-letters", "/events", "/test", "/correlations", "/replay", "/redeliver"}) {
    if (route.path.find(part) != std::string_view::npos && route.path != "/api/v1/event-types") return true;
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static engine::Engine engine{config::Configuration{}};
  static const config::Admin settings;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  admin::HttpRequest request;
  request.method = line(rest);
  request.path = line(rest);
  request.query = line(rest);
  request.content_type = line(rest);
  request.host = "localhost";
  request.if_match = request.query;
  request.if_none_match = request.query;
  request.body = rest;
  (void)admin::parse_cursor(request.query, "t");
  const auto found = admin::find_route(request, settings);
  if (found.route && (reads_kafka(*found.route) || request.body.find("\"record\"") != std::string::npos || request.body.find("\"last\"") != std::string::npos)) return 0;
  const auto answer = admin::route(request, settings, engine);
  if (answer.status < 200 || answer.status > 599) std::abort();
  const bool json = answer.content_type == "application/json" || answer.content_type == "application/problem+json";
  if (json && !answer.body.empty() && answer.status != 304 && !json::parse_tree(answer.body)) std::abort();
  if (answer.status >= 400 && answer.status != 503 && answer.content_type != "application/problem+json") std::abort();
  return 0;
}
