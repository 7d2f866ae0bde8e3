#include "check.h"

#include <algorithm>

#include "evaluate.h"
#include "functions.h"
#include "pattern.h"

namespace hookline::rule {
namespace {

core::Fault fault(const Tree& tree, std::string what, std::string remedy) {
  return core::Fault{tree.at, tree.length, std::move(what), std::move(remedy)};
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

Type type_of_result(const Tree& tree) {
  switch (tree.op) {
    case Op::constant:
      return type_of(tree.constant);
    case Op::variable:
      return type_of_variable(tree.path);
    case Op::local:
    case Op::select:
    case Op::index:
      return Type::any;
    case Op::list:
      return Type::list;
    case Op::conditional:
      return tree[1].type == tree[2].type ? tree[1].type : Type::any;
    case Op::add: {
      const auto known = std::find_if(tree.children.begin(), tree.children.end(),
                                      [](const Tree& child) { return child.type != Type::any; });
      return known == tree.children.end() ? Type::any : known->type;
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

std::optional<core::Fault> Checker::check(Tree& tree) {
  for (Tree& child : tree.children) {
    if (auto found = check(child)) return found;
  }
  if (auto found = check_operands(tree)) return found;
  tree.type = type_of_result(tree);
  if (auto found = fold(tree)) return found;
  return prepare(tree);
}

Checker::Fault Checker::check_operands(Tree& tree) {
  switch (tree.op) {
    case Op::conjunction:
    case Op::disjunction:
    case Op::negation:
      return check_conditions(tree, tree.children.size());
    case Op::conditional:
      return check_conditions(tree, 1);
    case Op::equal:
    case Op::not_equal:
    case Op::less:
    case Op::less_equal:
    case Op::greater:
    case Op::greater_equal:
      return check_comparison(tree);
    case Op::in:
      return check_membership(tree);
    case Op::add:
      return check_sum(tree);
    case Op::select:
      if (tree[0].type == Type::any) return {};
      return fault(tree[0], std::string(describe(tree[0].type)) + " has no fields", "");
    case Op::index:
      return check_index(tree);
    case Op::constant:
    case Op::variable:
    case Op::local:
    case Op::list:
    case Op::has:
      return {};
    default:
      return check_call(tree);
  }
}

Checker::Fault Checker::check_conditions(const Tree& tree, std::size_t count) const {
  for (std::size_t i = 0; i < count; ++i) {
    const Tree& child = tree[i];
    if (can_be_bool(child.type)) continue;
    return fault(child, std::string(describe(child.type)) + " is neither true nor false",
                 "write out each comparison: x == \"a\" || x == \"b\", or x in [\"a\", \"b\"]");
  }
  return {};
}

Checker::Fault Checker::check_comparison(const Tree& tree) const {
  const Type a = tree[0].type;
  const Type b = tree[1].type;
  const bool ordered = tree.op != Op::equal && tree.op != Op::not_equal;
  if (ordered) {
    for (const Tree& child : tree.children) {
      if (child.type != Type::null && child.type != Type::list) continue;
      return fault(child, std::string(describe(child.type)) + " is neither less nor greater than anything",
                   "");
    }
  }
  if (a == Type::any || b == Type::any || a == b || (numeric(a) && numeric(b))) return {};
  if (!ordered && (a == Type::null || b == Type::null)) return {};
  return fault(tree, "compares " + std::string(describe(a)) + " with " + std::string(describe(b)),
               "values of different types are never equal and have no order");
}

Checker::Fault Checker::check_membership(const Tree& tree) const {
  const Type type = tree[1].type;
  if (type == Type::any || type == Type::list) return {};
  return fault(tree[1], "'in' looks into lists and objects, not into " + std::string(describe(type)),
               type == Type::text ? "write text.contains(part)" : "write x in [\"a\", \"b\"]");
}

Checker::Fault Checker::check_sum(Tree& tree) const {
  const Tree* first = nullptr;
  for (const Tree& child : tree.children) {
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

Checker::Fault Checker::check_call(const Tree& tree) const {
  const Function* function = find_function(tree.op);
  const auto mismatch = [&](const Tree& operand, Type expected) -> Fault {
    if (expected == Type::any || operand.type == Type::any || operand.type == expected) return {};
    return fault(operand,
                 "'" + std::string(function->name) + "' takes " + std::string(describe(expected)) + ", not " +
                     std::string(describe(operand.type)),
                 "write " + std::string(function->usage));
  };
  if (tree.op == Op::size && tree[0].type != Type::any && tree[0].type != Type::text &&
      tree[0].type != Type::list) {
    return fault(tree[0], std::string(describe(tree[0].type)) + " has no size",
                 "texts, lists and objects have one");
  }
  if (auto found = mismatch(tree[0], function->receiver)) return found;
  return tree.children.size() > 1 ? mismatch(tree[1], function->argument) : Fault{};
}

Checker::Fault Checker::check_index(const Tree& tree) const {
  const Type base = tree[0].type;
  const Type key = tree[1].type;
  if (base != Type::any && base != Type::list) {
    return fault(tree[0], std::string(describe(base)) + " has no elements", "");
  }
  const bool whole = key == Type::integer || key == Type::unsigned_integer;
  if (key == Type::any || whole || (key == Type::text && base == Type::any)) return {};
  return fault(tree[1], std::string(describe(key)) + " is no index",
               "write [0] for an index, [\"a\"] for a key");
}

// Sums, lists and changes of case of constants alone. Logic stays as written: explain() shows it.
Checker::Fault Checker::fold(Tree& tree) {
  const bool constant = std::all_of(tree.children.begin(), tree.children.end(),
                                    [](const Tree& child) { return child.op == Op::constant; });
  if (!constant) return {};
  Evaluation evaluation(nullptr, constants_);
  Outcome outcome;
  switch (tree.op) {
    case Op::list: {
      List& list = constants_.list();
      for (const Tree& child : tree.children)
        list.push_back(child.constant);
      outcome = Value{static_cast<const List*>(&list)};
      break;
    }
    case Op::add:
      outcome = tree[0].constant;
      for (std::size_t i = 1; outcome && i < tree.children.size(); ++i) {
        outcome = evaluation.plus(*outcome, tree[i].constant, tree.at);
      }
      break;
    case Op::lower_ascii:
    case Op::upper_ascii:
      outcome = evaluation.changed_case(tree[0].constant, tree.op == Op::lower_ascii, tree.at);
      break;
    default:
      return {};
  }
  if (!outcome) return fault(tree, std::string(outcome.error().what), "");
  tree.op = Op::constant;
  tree.constant = *outcome;
  tree.type = type_of(*outcome);
  tree.children.clear();
  return {};
}

Checker::Fault Checker::prepare(Tree& tree) const {
  if (tree.op == Op::matches && tree[1].is_text()) {
    auto pattern = compile_pattern(tree[1].text());
    if (!pattern) {
      return fault(tree[1], "not a regular expression: " + pattern.error(),
                   "RE2 syntax: no look-around, no back-references");
    }
    tree.pattern = std::move(*pattern);
  } else if (tree.op == Op::contains_ip && tree[0].is_text()) {
    tree.network = Cidr::parse(tree[0].text());
    if (!tree.network) {
      return fault(tree[0], "not a network",
                   "write cidr('10.0.0.0/8'), cidr('2001:db8::/32'); one address is /32 or /128");
    }
  } else if (tree.op == Op::in && tree[1].op == Op::constant) {
    const List& list = *std::get<const List*>(tree[1].constant.data);
    tree.texts_only = std::all_of(list.begin(), list.end(), [](const Value& value) {
      return std::holds_alternative<std::string_view>(value.data);
    });
  }
  return {};
}

}  // namespace hookline::rule
