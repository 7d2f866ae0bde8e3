#include "order.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace hookline::admin {

namespace {
constexpr std::size_t most_listed = 1000;
}

HttpAnswer mistakes(const config::Problems& problems, std::string_view below) {
  json::Tree errors = json::Tree::array();
  std::size_t count = 0;
  for (const auto& p : problems) {
    if (p.warning || ++count > most_listed) continue;
    errors.push_back({{"pointer", std::string(below) + p.place.pointer}, {"detail", p.what}, {"remedy", p.remedy}});
  }
  const auto detail = count == 1 ? std::string("a mistake in the body")
                                 : fmt::format("{} mistakes in the body{}", count, count > most_listed ? fmt::format(", of which these are the first {}", most_listed) : "");
  auto answer = problem(422, detail);
  auto body = *json::parse_tree(answer.body);
  body["errors"] = std::move(errors);
  answer.body = text(body);
  return answer;
}

HttpAnswer mistake(const core::Error& error) {
  return error.at.empty() ? problem(422, error.message) : mistakes({{{"body", 0, 0, error.at}, error.message, "", false}});
}

Order::Order(const std::string& body, const std::vector<std::string_view>& known) {
  if (body.empty()) return;
  auto tree = json::parse_tree(body);
  if (!tree) {
    unreadable_ = problem(400, "the body cannot be read: " + tree.error().message);
  } else if (!tree->is_object()) {
    unreadable_ = problem(400, "the body is a JSON object");
  } else {
    tree_ = std::move(*tree);
  }
  for (const auto& [key, value] : tree_.items()) {
    if (std::find(known.begin(), known.end(), key) == known.end()) mistake("/" + key, "no such key", fmt::format("keys are {}", fmt::join(known, ", ")));
  }
}

std::string Order::text(const char* key) {
  if (!has(key)) return {};
  const auto& value = tree_.at(key);
  if (value.is_string() && !value.get_ref<const std::string&>().empty()) return value.get<std::string>();
  mistake(std::string("/") + key, "is not a text", "write a text that is not empty, or leave it out");
  return {};
}

std::optional<std::int64_t> Order::number(const char* key, std::int64_t least, std::int64_t most, const json::Tree* in, const std::string& at) {
  const json::Tree& tree = in ? *in : tree_;
  if (!tree.contains(key)) return std::nullopt;
  const auto& value = tree.at(key);
  const bool fits = value.is_number_integer() && (!value.is_number_unsigned() || value.get<std::uint64_t>() <= static_cast<std::uint64_t>(most));
  if (fits && value.get<std::int64_t>() >= least && value.get<std::int64_t>() <= most) return value.get<std::int64_t>();
  // JSON does not tell 1.0 from 1.
  if (value.is_number_float() && value.get<double>() >= static_cast<double>(least) && value.get<double>() <= static_cast<double>(most)) {
    const auto whole = static_cast<std::int64_t>(value.get<double>());
    if (static_cast<double>(whole) == value.get<double>()) return whole;
  }
  mistake(fmt::format("{}/{}", at, key), "is not a number that is possible here", fmt::format("write a whole number from {} to {}", least, most));
  return std::nullopt;
}

void Order::mistake(std::string pointer, std::string what, std::string remedy) {
  problems_.push_back({{"body", 0, 0, std::move(pointer)}, std::move(what), std::move(remedy), false});
}

std::optional<HttpAnswer> Order::refusal() const {
  if (unreadable_) return unreadable_;
  if (problems_.empty()) return std::nullopt;
  return mistakes(problems_);
}

}  // namespace hookline::admin
