#include "unit/event/schema_check.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hookline::event {
namespace {

bool has_type(const json::Tree& instance, const std::string& type) {
  if (type == "integer") return instance.is_number_integer();
  if (type == "number") return instance.is_number();
  if (type == "string") return instance.is_string();
  if (type == "object") return instance.is_object();
  if (type == "array") return instance.is_array();
  if (type == "boolean") return instance.is_boolean();
  if (type == "null") return instance.is_null();
  throw std::invalid_argument("unknown type " + type);
}

constexpr std::array known{"$schema",    "$id",  "$defs", "$ref",  "title", "description", "type", "required",
                           "properties", "enum", "const", "items", "allOf", "anyOf",       "oneOf"};

}  // namespace

std::vector<std::string> SchemaCheck::check(const std::string& file, const json::Tree& instance) {
  problems_.clear();
  apply(load(file), file, instance, "");
  return problems_;
}

void SchemaCheck::apply(const json::Tree& schema, const std::string& file, const json::Tree& instance,
                        const std::string& at) {
  for (const auto& [keyword, value] : schema.items()) {
    if (std::ranges::find(known, keyword) == known.end())
      throw std::invalid_argument(file + ": keyword " + keyword);
  }
  if (const auto type = schema.find("type"); type != schema.end()) {
    const auto fits = [&](const json::Tree& one) { return has_type(instance, one.get<std::string>()); };
    const bool any = type->is_array() ? std::any_of(type->begin(), type->end(), fits) : fits(*type);
    if (!any) problems_.push_back(at + " is not of type " + type->dump());
  }
  if (const auto value = schema.find("const"); value != schema.end() && *value != instance) {
    problems_.push_back(at + " is not " + value->dump());
  }
  if (const auto values = schema.find("enum"); values != schema.end()) {
    if (std::find(values->begin(), values->end(), instance) == values->end()) {
      problems_.push_back(at + " is none of " + values->dump());
    }
  }
  members(schema, file, instance, at);
  alternatives(schema, file, instance, at);
  if (const auto reference = schema.find("$ref"); reference != schema.end()) {
    follow(reference->get<std::string>(), file, instance, at);
  }
}

bool SchemaCheck::passes(const json::Tree& schema, const std::string& file, const json::Tree& instance,
                         const std::string& at) {
  SchemaCheck other(folder_);
  other.apply(schema, file, instance, at);
  return other.problems_.empty();
}

void SchemaCheck::members(const json::Tree& schema, const std::string& file, const json::Tree& instance,
                          const std::string& at) {
  if (instance.is_object()) {
    for (const auto& name : schema.value("required", json::Tree::array())) {
      if (!instance.contains(name.get<std::string>())) problems_.push_back(at + " lacks " + name.dump());
    }
    const auto properties = schema.value("properties", json::Tree::object());
    for (const auto& [name, member] : properties.items()) {
      if (instance.contains(name)) apply(member, file, instance[name], at + "/" + name);
    }
  }
  if (const auto items = schema.find("items"); items != schema.end() && instance.is_array()) {
    for (std::size_t i = 0; i < instance.size(); ++i)
      apply(*items, file, instance[i], at + "/" + std::to_string(i));
  }
}

void SchemaCheck::alternatives(const json::Tree& schema, const std::string& file, const json::Tree& instance,
                               const std::string& at) {
  for (const auto& part : schema.value("allOf", json::Tree::array()))
    apply(part, file, instance, at);
  for (const auto* keyword : {"anyOf", "oneOf"}) {
    const auto list = schema.find(keyword);
    if (list == schema.end()) continue;
    const auto count = std::count_if(list->begin(), list->end(),
                                     [&](const json::Tree& one) { return passes(one, file, instance, at); });
    const bool fits = std::string_view(keyword) == "anyOf" ? count >= 1 : count == 1;
    if (!fits) problems_.push_back(at + " fits " + std::to_string(count) + " of " + keyword);
  }
}

void SchemaCheck::follow(const std::string& reference, const std::string& file, const json::Tree& instance,
                         const std::string& at) {
  const auto hash = reference.find('#');
  const std::string target = hash == 0 ? file : reference.substr(0, hash);
  const auto& root = load(target);
  const auto& schema =
      hash == std::string::npos ? root : root.at(json::Tree::json_pointer(reference.substr(hash + 1)));
  apply(schema, target, instance, at);
}

const json::Tree& SchemaCheck::load(const std::string& file) {
  if (const auto known_file = loaded_.find(file); known_file != loaded_.end()) return known_file->second;
  std::ifstream in(folder_ / file);
  std::stringstream text;
  text << in.rdbuf();
  auto tree = json::parse_tree(text.str());
  if (!tree) throw std::invalid_argument(file + ": " + tree.error().message);
  return loaded_.emplace(file, std::move(*tree)).first->second;
}

namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> problems(const char* type, std::string_view instance) {
  SchemaCheck check(std::filesystem::path(HOOKLINE_SOURCE_DIR) / "schemas/events");
  return check.check(std::string(type) + ".schema.json", json::parse_tree(instance).value());
}

TEST(EventSchemas, AllowUnknownFields) {
  EXPECT_THAT(problems("user_locked", R"({"event_type":"user_locked","whatever":[1,{}]})"), IsEmpty());
}

TEST(EventSchemas, NameWhatDoesNotFit) {
  EXPECT_THAT(problems("user_locked", R"({"event_type":"admin_locked","user":7})"),
              ElementsAre("/user is not of type \"string\"", "/event_type is not \"user_locked\""));
  EXPECT_THAT(problems("story_created", R"({"event_type":"story_created","title":"x"})"),
              ElementsAre(" lacks \"storyId\""));
  EXPECT_THAT(problems("check_evaluation",
                       R"({"event":"checkEvaluation","checkResults":[{"id":"c","outcome":"maybe"}]})"),
              ElementsAre(testing::StartsWith("/checkResults/0/outcome is none of")));
}

TEST(EventSchemas, AnIncidentMayComeInEitherGeneration) {
  EXPECT_THAT(problems("incident_triggered",
                       R"({"event_type":"incident_triggered","id":"1","message":"m","status":"s"})"),
              IsEmpty());
  EXPECT_THAT(
      problems(
          "incident_triggered",
          R"({"version":"v2","event":{"id":"e","type":"incident.triggered","timestamp":1},"data":{"resource_data":{"id":"1","message":"m","status":"s"}}})"),
      IsEmpty());
  EXPECT_THAT(problems("incident_triggered", R"({"id":"1"})"), ElementsAre(" fits 0 of anyOf"));
}

}  // namespace
}  // namespace hookline::event
