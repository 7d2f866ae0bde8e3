#include "functions.h"

#include <algorithm>

namespace hookline::rule {
namespace {

using Form = Function::Form;

constexpr Function table[] = {
    {"size", Op::size, Form::method_or_global, 1, Type::any, Type::any, Type::integer, "size(x)"},
    {"startsWith", Op::starts_with, Form::method, 2, Type::text, Type::text, Type::boolean,
     "x.startsWith(\"…\")"},
    {"endsWith", Op::ends_with, Form::method, 2, Type::text, Type::text, Type::boolean, "x.endsWith(\"…\")"},
    {"contains", Op::contains, Form::method, 2, Type::text, Type::text, Type::boolean, "x.contains(\"…\")"},
    {"matches", Op::matches, Form::method_or_global, 2, Type::text, Type::text, Type::boolean,
     "x.matches(r\"…\")"},
    {"lowerAscii", Op::lower_ascii, Form::method, 1, Type::text, Type::any, Type::text, "x.lowerAscii()"},
    {"upperAscii", Op::upper_ascii, Form::method, 1, Type::text, Type::any, Type::text, "x.upperAscii()"},
    {"exists", Op::exists, Form::macro, 2, Type::list, Type::boolean, Type::boolean, "list.exists(x, …)"},
    {"all", Op::all, Form::macro, 2, Type::list, Type::boolean, Type::boolean, "list.all(x, …)"},
    {"has", Op::has, Form::has, 1, Type::any, Type::any, Type::boolean, "has(a.b)"},
    {"cidr", Op::contains_ip, Form::network, 1, Type::text, Type::any, Type::any,
     "cidr('10.0.0.0/8').containsIP(x)"},
    {"containsIP", Op::contains_ip, Form::method, 2, Type::text, Type::text, Type::boolean,
     "cidr('10.0.0.0/8').containsIP(x)"},
};

}  // namespace

std::span<const Function> functions() {
  return table;
}

const Function* find_function(std::string_view name) {
  const auto found =
      std::find_if(std::begin(table), std::end(table), [&](const Function& f) { return f.name == name; });
  return found == std::end(table) ? nullptr : found;
}

const Function* find_function(Op op) {
  const auto found = std::find_if(std::begin(table), std::end(table),
                                  [&](const Function& f) { return f.op == op && f.form != Form::network; });
  return found == std::end(table) ? nullptr : found;
}

}  // namespace hookline::rule
