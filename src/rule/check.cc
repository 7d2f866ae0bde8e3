#include "check.h"

#include <algorithm>

#include "evaluate.h"
#include "functions.h"
#include "pattern.h"

namespace hookline::rule {
namespace {

core::Fault fault(const Node& node, std::string what, std::string remedy) {
  return core::Fault{node.at, node.length, std::move(what), std::move(remedy)};
}

bool numeric(Type type) {
  return type == Type::integer || type == Type::unsigned_integer || type == Type::floating;
}

Type type_of(const Value& value) {
  constexpr Type types[] = {Type::null,     Type::boolean, Type::integer, Type::unsigned_integer,
                            Type::floating, Type::text,    Type::list,    Type::any};
  return types[value.data.index()];
}

/// What a name alone tells: these three are always texts.
Type type_of_variable(const json::Path& path) {
  const bool text = path.segments.size() == 1 &&
                    (path.segments[0] == "kind" || path.segments[0] == "type" || path.segments[0] == "topic");
  return text ? Type::text : Type::any;
}

Type type_of_result(const Node& node) {
  switch (node.op) {
    case Op::constant:
      return type_of(node.constant);
    case Op::variable:
      return type_of_variable(node.path);
    case Op::local:
    case Op::select:
    case Op::index:
      return Type::any;
    case Op::list:
      return Type::list;
    case Op::conditional:
      return node[1].type == node[2].type ? node[1].type : Type::any;
    case Op::add: {
      const auto known = std::find_if(node.children.begin(), node.children.end(),
                                      [](const Node& child) { return child.type != Type::any; });
      return known == node.children.end() ? Type::any : known->type;
    }
    case Op::size:
      return Type::integer;
    case Op::lower_ascii:
    case Op::upper_ascii:
      return Type::text;
    default:
      return Type::boolean;
  }
}

}  // namespace

std::string_view describe(Type type) {
  switch (type) {
    case Type::any:
      return "a value";
    case Type::null:
      return "null";
    case Type::boolean:
      return "a bool";
    case Type::integer:
      return "a whole number";
    case Type::unsigned_integer:
      return "an unsigned number";
    case Type::floating:
      return "a number with a fraction";
    case Type::text:
      return "a text";
    case Type::list:
      return "a list";
  }
  return "a value";
}

std::optional<core::Fault> Checker::check(Node& node) {
  for (Node& child : node.children) {
    if (auto found = check(child)) return found;
  }
  if (auto found = check_operands(node)) return found;
  node.type = type_of_result(node);
  if (auto found = fold(node)) return found;
  return prepare(node);
}

Checker::Fault Checker::check_operands(Node& node) {
  switch (node.op) {
    case Op::conjunction:
    case Op::disjunction:
    case Op::negation:
      return check_conditions(node, node.children.size());
    case Op::conditional:
      return check_conditions(node, 1);
    case Op::equal:
    case Op::not_equal:
    case Op::less:
    case Op::less_equal:
    case Op::greater:
    case Op::greater_equal:
      return check_comparison(node);
    case Op::in:
      return check_membership(node);
    case Op::add:
      return check_sum(node);
    case Op::select:
      if (node[0].type == Type::any) return {};
      return fault(node[0], std::string(describe(node[0].type)) + " has no fields", "");
    case Op::index:
      return check_index(node);
    case Op::constant:
    case Op::variable:
    case Op::local:
    case Op::list:
    case Op::has:
      return {};
    default:
      return check_call(node);
  }
}

Checker::Fault Checker::check_conditions(const Node& node, std::size_t count) const {
  for (std::size_t i = 0; i < count; ++i) {
    const Node& child = node[i];
    if (can_be_bool(child.type)) continue;
    return fault(child, std::string(describe(child.type)) + " is neither true nor false",
                 "write out each comparison: x == \"a\" || x == \"b\", or x in [\"a\", \"b\"]");
  }
  return {};
}

Checker::Fault Checker::check_comparison(const Node& node) const {
  const Type a = node[0].type;
  const Type b = node[1].type;
  const bool ordered = node.op != Op::equal && node.op != Op::not_equal;
  if (ordered) {
    for (const Node& child : node.children) {
      if (child.type != Type::null && child.type != Type::list) continue;
      return fault(child, std::string(describe(child.type)) + " is neither less nor greater than anything",
                   "");
    }
  }
  if (a == Type::any || b == Type::any || a == b || (numeric(a) && numeric(b))) return {};
  if (!ordered && (a == Type::null || b == Type::null)) return {};
  return fault(node, "compares " + std::string(describe(a)) + " with " + std::string(describe(b)),
               "values of different types are never equal and have no order");
}

Checker::Fault Checker::check_membership(const Node& node) const {
  const Type type = node[1].type;
  if (type == Type::any || type == Type::list) return {};
  return fault(node[1], "'in' looks into lists and objects, not into " + std::string(describe(type)),
               type == Type::text ? "write text.contains(part)" : "write x in [\"a\", \"b\"]");
}

Checker::Fault Checker::check_sum(Node& node) const {
  const Node* first = nullptr;
  for (const Node& child : node.children) {
    if (child.type == Type::any) continue;
    if (!numeric(child.type) && child.type != Type::text && child.type != Type::list) {
      return fault(child, "'+' does not add " + std::string(describe(child.type)),
                   "it adds numbers, texts and lists");
    }
    if (first == nullptr) first = &child;
    if (child.type == first->type) continue;
    return fault(
        child,
        "'+' does not add " + std::string(describe(child.type)) + " to " + std::string(describe(first->type)),
        "both sides must be of one type: 1 + 1, 1.5 + 1.0, \"a\" + \"b\"");
  }
  return {};
}

Checker::Fault Checker::check_call(const Node& node) const {
  const Function* function = find_function(node.op);
  const auto mismatch = [&](const Node& operand, Type expected) -> Fault {
    if (expected == Type::any || operand.type == Type::any || operand.type == expected) return {};
    return fault(operand,
                 "'" + std::string(function->name) + "' takes " + std::string(describe(expected)) + ", not " +
                     std::string(describe(operand.type)),
                 "write " + std::string(function->usage));
  };
  if (node.op == Op::size && node[0].type != Type::any && node[0].type != Type::text &&
      node[0].type != Type::list) {
    return fault(node[0], std::string(describe(node[0].type)) + " has no size",
                 "texts, lists and objects have one");
  }
  if (auto found = mismatch(node[0], function->receiver)) return found;
  return node.children.size() > 1 ? mismatch(node[1], function->argument) : Fault{};
}

Checker::Fault Checker::check_index(const Node& node) const {
  const Type base = node[0].type;
  const Type key = node[1].type;
  if (base != Type::any && base != Type::list) {
    return fault(node[0], std::string(describe(base)) + " has no elements", "");
  }
  const bool whole = key == Type::integer || key == Type::unsigned_integer;
  if (key == Type::any || whole || (key == Type::text && base == Type::any)) return {};
  return fault(node[1], std::string(describe(key)) + " is no index",
               "write [0] for an index, [\"a\"] for a key");
}

// Sums, lists and changes of case of constants alone. Logic stays as written: explain() shows it.
Checker::Fault Checker::fold(Node& node) {
  const bool foldable =
      node.op == Op::list || node.op == Op::add || node.op == Op::lower_ascii || node.op == Op::upper_ascii;
  const bool constant = std::all_of(node.children.begin(), node.children.end(),
                                    [](const Node& child) { return child.op == Op::constant; });
  if (!foldable || !constant) return {};
  const Outcome outcome = Evaluation(nullptr, constants_).value(node);
  if (!outcome) return fault(node, std::string(outcome.error().what), "");
  node.op = Op::constant;
  node.constant = *outcome;
  node.type = type_of(*outcome);
  node.children.clear();
  return {};
}

Checker::Fault Checker::prepare(Node& node) const {
  auto prepared = std::make_unique<Prepared>();
  if (node.op == Op::matches && node[1].is_text()) {
    auto pattern = compile_pattern(node[1].text());
    if (!pattern) {
      return fault(node[1], "not a regular expression: " + pattern.error(),
                   "RE2 syntax: no look-around, no back-references");
    }
    prepared->pattern = std::move(*pattern);
  } else if (node.op == Op::contains_ip && node[0].is_text()) {
    prepared->network = Cidr::parse(node[0].text());
    if (!prepared->network) {
      return fault(node[0], "not a network",
                   "write cidr('10.0.0.0/8'), cidr('2001:db8::/32'); one address is /32 or /128");
    }
  } else if (node.op == Op::in && node[1].op == Op::constant) {
    constexpr std::size_t worth_hashing = 8;
    const List& list = *std::get<const List*>(node[1].constant.data);
    const bool texts = std::all_of(list.begin(), list.end(), [](const Value& value) {
      return std::holds_alternative<std::string_view>(value.data);
    });
    if (!texts || list.size() < worth_hashing) return {};
    for (const Value& value : list)
      prepared->texts.insert(std::get<std::string_view>(value.data));
  } else {
    return {};
  }
  node.prepared = std::move(prepared);
  return {};
}

}  // namespace hookline::rule
