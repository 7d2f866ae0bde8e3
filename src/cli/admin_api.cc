#include "admin_api.h"

#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>

#include "command.h"

namespace hookline::cli {
namespace {

/// What the API has against a request, a line for each mistake.
int refused(const admin::ClientAnswer& answer) {
  const auto body = json::parse_tree(answer.body);
  if (!body || !body->is_object()) return fail(fmt::format("the admin API answers with status {}", answer.status));
  const auto text = [](const json::Tree& tree, const char* key) {
    const auto value = tree.value(key, json::Tree(""));
    return value.is_string() ? value.get<std::string>() : value.dump();
  };
  for (const auto& error : body->value("errors", json::Tree::array())) {
    const auto remedy = text(error, "remedy");
    fmt::print(stderr, "{}: {}{}{}\n", text(error, "pointer"), text(error, "detail"), remedy.empty() ? "" : "; ", remedy);
  }
  return fail(fmt::format("{}: {}", text(*body, "title"), text(*body, "detail")));
}

}  // namespace

void add_url_option(CLI::App& command, std::string& url) {
  command.add_option("--url", url, "The admin API")->envname("HOOKLINE_URL")->default_val("http://127.0.0.1:8080");
}

core::Result<admin::ClientAnswer> call_api(const std::string& url, const admin::ClientRequest& request) {
  const char* token = std::getenv("HOOKLINE_ADMIN_TOKEN");
  return admin::call(url, token ? token : "", request);
}

std::optional<json::Tree> expect(const core::Result<admin::ClientAnswer>& answer, int& code) {
  if (!answer) {
    code = fail(answer.error().message);
    if (answer.error().code == core::ErrorCode::invalid) code = exit_usage;
    return std::nullopt;
  }
  if (answer->status / 100 != 2) {
    code = refused(*answer);
    return std::nullopt;
  }
  auto body = json::parse_tree(answer->body.empty() ? "{}" : answer->body);
  if (body) return std::move(*body);
  code = fail("the admin API's answer is not JSON");
  return std::nullopt;
}

std::string dump(const json::Tree& tree) { return tree.dump(2, ' ', false, json::Tree::error_handler_t::replace); }

}  // namespace hookline::cli
