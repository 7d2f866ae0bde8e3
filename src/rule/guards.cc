#include "guards.h"

#include <algorithm>

namespace hookline::rule {
namespace {

using Guard = Expression::Guard;

void add_text(Guard& guard, std::string_view text) {
  if (std::find(guard.any_of.begin(), guard.any_of.end(), text) == guard.any_of.end())
    guard.any_of.emplace_back(text);
}

std::vector<Guard> of_equality(const Node& node) {
  const Node& variable = node[0].op == Op::variable ? node[0] : node[1];
  const Node& constant = node[0].op == Op::variable ? node[1] : node[0];
  if (variable.op != Op::variable || !constant.is_text()) return {};
  return {Guard{variable.slot, {std::string(constant.text())}}};
}

std::vector<Guard> of_membership(const Node& node) {
  if (node[0].op != Op::variable || node[1].op != Op::constant) return {};
  Guard guard{node[0].slot, {}};
  for (const Value& value : *std::get<const List*>(node[1].constant.data)) {
    const auto* text = std::get_if<std::string_view>(&value.data);
    if (text == nullptr) return {};
    add_text(guard, *text);
  }
  return {guard};
}

/// A variable guards an `||` if it guards every side; its texts are those of all sides.
std::vector<Guard> of_disjunction(const Node& node) {
  std::vector<Guard> common = guards_of(node[0]);
  for (std::size_t i = 1; i < node.child_count && !common.empty(); ++i) {
    const std::vector<Guard> side = guards_of(node[i]);
    std::erase_if(common, [&](Guard& guard) {
      const auto same = std::find_if(side.begin(), side.end(),
                                     [&](const Guard& other) { return other.variable == guard.variable; });
      if (same == side.end()) return true;
      for (const std::string& text : same->any_of)
        add_text(guard, text);
      return false;
    });
  }
  return common;
}

}  // namespace

std::vector<Guard> guards_of(const Node& node) {
  switch (node.op) {
    case Op::equal:
      return of_equality(node);
    case Op::in:
      return of_membership(node);
    case Op::disjunction:
      return of_disjunction(node);
    case Op::conjunction: {
      std::vector<Guard> all;
      for (const Node& child : node.each()) {
        for (Guard& guard : guards_of(child))
          all.push_back(std::move(guard));
      }
      return all;
    }
    default:
      return {};
  }
}

}  // namespace hookline::rule
