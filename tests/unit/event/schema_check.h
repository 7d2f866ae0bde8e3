// A checker for the part of JSON Schema (draft 2020-12) that schemas/events/ is written in. It
// refuses keywords that it does not know, so that a schema cannot promise what nobody checks.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "hookline/json/tree.h"

namespace hookline::event {

class SchemaCheck {
 public:
  /// `folder` is where $ref finds other schemas.
  explicit SchemaCheck(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// What is wrong with `instance` under the schema in `file`, one line each with a JSON pointer.
  std::vector<std::string> check(const std::string& file, const json::Tree& instance);

 private:
  void apply(const json::Tree& schema, const std::string& file, const json::Tree& instance,
             const std::string& at);
  bool passes(const json::Tree& schema, const std::string& file, const json::Tree& instance,
              const std::string& at);
  void members(const json::Tree& schema, const std::string& file, const json::Tree& instance,
               const std::string& at);
  void alternatives(const json::Tree& schema, const std::string& file, const json::Tree& instance,
                    const std::string& at);
  void follow(const std::string& reference, const std::string& file, const json::Tree& instance,
              const std::string& at);
  const json::Tree& load(const std::string& file);

  std::filesystem::path folder_;
  std::map<std::string, json::Tree> loaded_;
  std::vector<std::string> problems_;
};

}  // namespace hookline::event
