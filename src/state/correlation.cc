#include "hookline/state/correlation.h"

#include <fmt/format.h>

#include "hookline/json/tree.h"

namespace hookline::state {
namespace {

using json::Tree;

std::string written(const Tree& tree) {
  return tree.dump(-1, ' ', false, Tree::error_handler_t::replace);
}

std::string text(const Tree& tree, const char* name) {
  const auto found = tree.find(name);
  return found != tree.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<std::int64_t> number(const Tree& tree, const char* name) {
  const auto found = tree.find(name);
  if (found == tree.end() || !found->is_number_integer()) return std::nullopt;
  return found->get<std::int64_t>();
}

core::Result<Tree> object(std::string_view value) {
  auto tree = json::parse_tree(value);
  if (tree && !tree->is_object()) return core::fail(core::ErrorCode::invalid, "no object");
  return tree;
}

}  // namespace

std::string correlation_key(std::string_view webhook, std::string_view key) {
  return fmt::format("{}/{}", webhook, key);
}

std::string progress_key(std::string_view delivery_id) {
  return fmt::format("{}{}", progress_prefix, delivery_id);
}

std::string value_of(const Correlation& correlation) {
  Tree tree{{"webhook", correlation.webhook}, {"key", correlation.key}, {"id", correlation.id}};
  if (!correlation.text.empty()) tree["text"] = correlation.text;
  tree["at"] = core::to_unix_ms(correlation.at);
  if (correlation.expires) tree["expires"] = core::to_unix_ms(*correlation.expires);
  if (correlation.replaces) tree["replaces"] = true;
  if (!correlation.by.empty()) tree["by"] = correlation.by;
  return written(tree);
}

std::string value_of(const Progress& progress) {
  Tree tree{{"attempts", progress.attempts},
            {"first", core::to_unix_ms(progress.first_attempt)},
            {"due", core::to_unix_ms(progress.due)},
            {"expires", core::to_unix_ms(progress.expires)}};
  if (progress.http_status) tree["status"] = *progress.http_status;
  if (!progress.error.empty()) tree["error"] = progress.error;
  return written(tree);
}

core::Result<Correlation> parse_correlation(std::string_view value) {
  const auto tree = object(value);
  if (!tree) return tl::unexpected(tree.error());
  const auto at = number(*tree, "at");
  Correlation correlation{.webhook = text(*tree, "webhook"), .key = text(*tree, "key"), .id = text(*tree, "id"),
                          .text = text(*tree, "text"), .by = text(*tree, "by")};
  if (correlation.webhook.empty() || correlation.id.empty() || !at) {
    return core::fail(core::ErrorCode::invalid, "no correlation: webhook, id or at is missing");
  }
  correlation.at = core::from_unix_ms(*at);
  if (const auto expires = number(*tree, "expires")) correlation.expires = core::from_unix_ms(*expires);
  const auto replaces = tree->find("replaces");
  correlation.replaces = replaces != tree->end() && replaces->is_boolean() && replaces->get<bool>();
  return correlation;
}

core::Result<Progress> parse_progress(std::string_view value) {
  const auto tree = object(value);
  if (!tree) return tl::unexpected(tree.error());
  const auto attempts = number(*tree, "attempts"), first = number(*tree, "first"), due = number(*tree, "due"),
             expires = number(*tree, "expires");
  if (!attempts || *attempts < 0 || !first || !due || !expires) {
    return core::fail(core::ErrorCode::invalid, "no progress of a delivery: attempts, first, due or expires is missing");
  }
  Progress progress{.attempts = static_cast<std::uint32_t>(*attempts),
                    .first_attempt = core::from_unix_ms(*first),
                    .due = core::from_unix_ms(*due),
                    .error = text(*tree, "error"),
                    .expires = core::from_unix_ms(*expires)};
  if (const auto status = number(*tree, "status")) progress.http_status = static_cast<int>(*status);
  return progress;
}

}  // namespace hookline::state
