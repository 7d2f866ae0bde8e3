#include "reader.h"

#include <algorithm>

#include <fmt/format.h>

#include "hookline/config/secret.h"
#include "utf8.h"

namespace hookline::config {

std::string setting_name(std::string_view pointer) {
  std::string name;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    const auto end = std::min(pointer.find('/'), pointer.size());
    std::string segment;
    for (std::size_t i = 0; i < end; ++i) {
      const bool escape = pointer[i] == '~' && i + 1 < end;
      segment += escape ? (pointer[++i] == '0' ? '~' : '/') : pointer[i];
    }
    const bool index = !segment.empty() && segment.find_first_not_of("0123456789") == segment.npos;
    if (index) {
      name += "[" + segment + "]";
    } else {
      name += (name.empty() ? "" : ".") + segment;
    }
    pointer.remove_prefix(end);
  }
  return name.empty() ? "the document" : in_quotes(name);
}

void Reader::add(Problem problem) {
  if (problems_.size() >= max_problems || !seen_.insert(format(problem)).second) {
    if (!problem.warning) ++errors_;
    return;
  }
  if (!problem.warning) ++errors_;
  problems_.push_back(std::move(problem));
}

void Reader::error(Place place, std::string what, std::string remedy) {
  add({std::move(place), std::move(what), std::move(remedy), false});
}

void Reader::warn(Place place, std::string what, std::string remedy) {
  add({std::move(place), std::move(what), std::move(remedy), true});
}

void Reader::error(const Node& node, std::string_view what, std::string remedy) {
  error(node.place(), fmt::format("{} {}", setting_name(node.pointer), what), std::move(remedy));
}

void Reader::warn(const Node& node, std::string_view what, std::string remedy) {
  warn(node.place(), fmt::format("{} {}", setting_name(node.pointer), what), std::move(remedy));
}

void Reader::mistyped(const Node& node, std::string_view expected, bool show) {
  const bool number_as_text =
      node.kind == Node::Kind::scalar && node.scalar() != Node::Scalar::text && expected == "a text";
  const bool referenced = node.kind == Node::Kind::scalar && has_reference(node.value);
  error(node, fmt::format("must be {}, not {}", expected, describe(node, show && !referenced)),
        number_as_text ? "put it in quotes" : "");
}

std::string Reader::Scalar::shown() const {
  return referenced ? std::string(mask) : in_quotes(value);
}

std::optional<Reader::Scalar> Reader::scalar(const Node& node, std::string_view expected, bool show) {
  if (node.kind == Node::Kind::null) {
    error(node, "has no value", fmt::format("write {}, or remove the key", expected));
    return std::nullopt;
  }
  if (node.kind != Node::Kind::scalar) {
    mistyped(node, expected, show);
    return std::nullopt;
  }
  if (node.value == mask) {
    error(node, "is '***', which Hookline shows instead of a secret",
          "write the secret, or a reference to it: ${env:NAME}");
    return std::nullopt;
  }
  if (!has_reference(node.value)) return Scalar{node.value, node.scalar(), false, {}};
  referenced_.push_back(node.pointer);
  Problems missing;
  auto expanded = expand(node, secrets_, missing);
  for (auto& problem : missing)
    add(std::move(problem));
  if (!expanded) return std::nullopt;
  // What a reference brings in is typed as if it stood there plainly: `concurrency: ${env:N}`.
  const auto type = expanded->literal.empty() ? Node::Scalar::text : resolve_plain(expanded->value);
  return Scalar{std::move(expanded->value), type, true, std::move(expanded->literal)};
}

void Reader::claim(const std::string& space, const std::string& name, const Place& place) {
  const auto [there, inserted] = names_[space].emplace(name, place);
  if (inserted) return;
  error(place, fmt::format("the {} name {} is taken", space, in_quotes(name)),
        fmt::format("it stands in {}:{}:{} already; names are unique", there->second.file, there->second.line,
                    there->second.column));
}

std::vector<std::string> Reader::take_referenced() {
  auto pointers = std::exchange(referenced_, {});
  std::sort(pointers.begin(), pointers.end());
  pointers.erase(std::unique(pointers.begin(), pointers.end()), pointers.end());
  return pointers;
}

}  // namespace hookline::config
