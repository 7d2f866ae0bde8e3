// Random expressions on random documents: the room answers what the naive evaluator answers.
#include <map>

#include <gtest/gtest.h>

#include "hookline/rule/expression.h"
#include "unit/rule/generate.h"
#include "unit/rule/given.h"

namespace hookline::rule {
namespace {

nlohmann::json to_json(const naive::Value& value) {
  if (const auto* b = std::get_if<bool>(&value.data)) return *b;
  if (const auto* s = std::get_if<std::string>(&value.data)) return *s;
  if (const auto* items = std::get_if<naive::Items>(&value.data)) {
    nlohmann::json array = nlohmann::json::array();
    for (const auto& item : *items)
      array.push_back(to_json(item));
    return array;
  }
  if (const auto* fields = std::get_if<naive::Fields>(&value.data)) {
    nlohmann::json object = nlohmann::json::object();
    for (const auto& [key, item] : *fields)
      object[key] = to_json(item);
    return object;
  }
  const auto* n = std::get_if<long double>(&value.data);
  if (n == nullptr) return nullptr;
  if (value.number == 'i') return static_cast<std::int64_t>(*n);
  if (value.number == 'u') return static_cast<std::uint64_t>(*n);
  return static_cast<double>(*n);
}

TEST(Property, AnswersAreThoseOfTheNaiveEvaluator) {
  std::map<std::string, int> seen;
  for (std::uint64_t seed = 1; seed <= 8000; ++seed) {
    Generator generator(seed);
    const naive::Ast ast = seed % 4 == 0 ? generator.value(4) : generator.condition(4);
    const std::string text = generator.spell(ast);
    Given given;
    const auto expression = Expression::compile(text, given.variables());
    if (!expression) {
      ++seen["fault"];  // constants that can never fit: tested one by one elsewhere
      continue;
    }
    for (int round = 0; round < 3; ++round) {
      const nlohmann::json document = generator.document();
      const std::string json = generator.spell(document);
      SCOPED_TRACE("seed " + std::to_string(seed) + ": " + text + " on " + json);
      Arena arena;
      const Outcome outcome = expression->evaluate(given.read(json), arena);
      const naive::Result expected = naive::Evaluator(document).run(ast);
      if (!expected.value) {
        ASSERT_EQ(show(outcome), "error: " + expected.error);
        ++seen[expected.error];
        continue;
      }
      ASSERT_TRUE(outcome) << show(outcome);
      ASSERT_EQ(nlohmann::json::parse(show(outcome)), to_json(*expected.value));
      ++seen[std::holds_alternative<bool>(expected.value->data) ? show(outcome) : "value"];

      std::optional<EvalError> error;
      const bool matched = expression->matches(given.read(json), arena, &error);
      ASSERT_EQ(matched, show(outcome) == "true");
    }
  }
  for (const char* outcome : {"true", "false", "value", "no such field", "no matching overload"}) {
    EXPECT_GT(seen[outcome], 600) << outcome;
  }
  EXPECT_GT(seen["index out of bounds"], 3);
  EXPECT_LT(seen["fault"], 4000);
}

}  // namespace
}  // namespace hookline::rule
