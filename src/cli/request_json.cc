#include "request_json.h"

namespace hookline::cli {

std::string_view name(config::Method method) {
  switch (method) {
    case config::Method::post: return "POST";
    case config::Method::put: return "PUT";
    case config::Method::patch: return "PATCH";
  }
  return "POST";
}

json::Tree to_json(const deliver::Request& request) {
  json::Tree headers = json::Tree::object();
  for (const auto& header : request.headers) headers[header.name] = header.value;
  json::Tree out{{"method", name(request.method)}, {"url", request.url}, {"headers", std::move(headers)}};
  auto body = json::parse_tree(request.body);
  out["body"] = body ? std::move(*body) : json::Tree(request.body);
  return out;
}

}  // namespace hookline::cli
