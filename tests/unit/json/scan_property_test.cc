// The Scanner against a model: random documents are kept as trees of written members, looked up
// slowly, and written with random white space and escapes.
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "hookline/json/scan.h"
#include "unit/json/implementations.h"

namespace hookline::json {
namespace {

/// A value of the model. Containers hold what was written, duplicate keys included.
struct Model {
  ValueKind kind = ValueKind::null;
  std::string scalar = {};             ///< as a Scanner tells it
  std::vector<std::string> keys = {};  ///< without escapes; empty texts in arrays
  std::vector<Model> values = {};
  std::string written = {};
};

class Writer {
 public:
  explicit Writer(std::uint64_t seed) : random_(seed) {}

  std::size_t below(std::size_t limit) { return random_() % limit; }

  Model document() { return container(0, true); }

  /// A path that often exists.
  Path path(const Model& root) {
    Path path;
    const Model* at = &root;
    for (auto steps = below(4) + 1; steps > 0; --steps) {
      std::string segment = any_key();
      if (!at->values.empty() && below(4) > 0) {
        const auto position = below(at->values.size());
        segment = at->kind == ValueKind::array ? std::to_string(position) : at->keys[position];
        at = &at->values[position];
      } else if (below(3) == 0) {
        segment = std::to_string(below(3));
      }
      path.segments.push_back(segment);
    }
    return path;
  }

  std::string space() { return std::string(below(3), " \n\t\r"[below(4)]); }

 private:
  std::string any_key() {
    static const std::string keys[] = {"a", "b", "id", "type", "service",       "a\"b",
                                       "é", "",  "0",  "1",    "severity_of_it"};
    return keys[below(std::size(keys))];
  }

  std::string quoted(const std::string& key) {
    std::string out = "\"";
    for (const char c : key) {
      if (c == '"') {
        out += "\\\"";
      } else if (static_cast<unsigned char>(c) < 0x80 && below(8) == 0) {
        char escape[8];
        std::snprintf(escape, sizeof(escape), below(2) == 0 ? "\\u%04x" : "\\u%04X",
                      static_cast<unsigned>(c));
        out += escape;
      } else {
        out += c;
      }
    }
    return out + "\"";
  }

  Model value(int depth) {
    if (depth < 4 && below(3) == 0) return container(depth, below(2) == 0);
    static const std::pair<ValueKind, std::string> scalars[] = {
        {ValueKind::null, "null"},       {ValueKind::boolean, "true"},
        {ValueKind::boolean, "false"},   {ValueKind::number, "-0"},
        {ValueKind::number, "1.50e+9"},  {ValueKind::number, "123456789012345678901234567890"},
        {ValueKind::string, ""},         {ValueKind::string, "x{}[],:"},
        {ValueKind::string, R"(q\"\\)"}, {ValueKind::string, "é\\u0041"},
        {ValueKind::string, R"(\\\\)"},  {ValueKind::number, "7"}};
    const auto& [kind, text] = scalars[below(std::size(scalars))];
    return {kind, text, {}, {}, kind == ValueKind::string ? '"' + text + '"' : text};
  }

  Model container(int depth, bool object) {
    Model model{object ? ValueKind::object : ValueKind::array};
    model.written = object ? "{" : "[";
    for (auto count = below(depth == 0 ? 8 : 5); count > 0; --count) {
      model.written += space();
      const std::string key = object ? any_key() : "";
      if (object) model.written += quoted(key) + space() + ":" + space();
      model.keys.push_back(key);
      model.values.push_back(value(depth + 1));
      model.written += model.values.back().written + space() + (count > 1 ? "," : "");
    }
    model.written += object ? "}" : "]";
    model.scalar = model.written;
    return model;
  }

  std::mt19937_64 random_;
};

/// The rule, told slowly: step by step, the first of duplicate keys.
const Model* look_up(const Model& root, const Path& path) {
  const Model* at = &root;
  for (const auto& segment : path.segments) {
    const Model* next = nullptr;
    for (std::size_t i = 0; i < at->values.size() && next == nullptr; ++i) {
      if (segment == (at->kind == ValueKind::array ? std::to_string(i) : at->keys[i])) next = &at->values[i];
    }
    if (next == nullptr) return nullptr;
    at = next;
  }
  return at;
}

void compare_with_model(std::uint64_t first_seed, std::uint64_t seeds) {
  Scanner scanner;
  std::vector<Value> slots;
  for (std::uint64_t seed = first_seed; seed < first_seed + seeds; ++seed) {
    Writer writer(seed);
    const Model root = writer.document();
    const bool in_array = writer.below(4) == 0;
    const std::string text =
        writer.space() + (in_array ? "[ " + root.written + " ]" : root.written) + writer.space();

    PathSet paths;
    std::vector<std::pair<Path, SlotId>> wanted;
    for (auto count = writer.below(12); count > 0; --count) {
      const Path path = writer.path(root);
      wanted.emplace_back(path, paths.want(path));
    }
    ASSERT_TRUE(scanner.validate(text)) << text;
    const auto scanned = scanner.scan(text, paths, slots);
    ASSERT_TRUE(scanned) << text << "\n" << scanned.error().message;
    ASSERT_EQ(slots.size(), paths.size());
    for (const auto& [path, slot] : wanted) {
      const Model* model = look_up(root, path);
      ASSERT_EQ(slots[slot].kind, model ? model->kind : ValueKind::absent) << text << "\n" << to_string(path);
      ASSERT_EQ(slots[slot].raw, model ? model->scalar : "") << text << "\n" << to_string(path);
    }
  }
}

TEST(ScanProperty, FindsWhatTheModelFinds) {
  compare_with_model(1, 20'000);
}

TEST(ScanProperty, HoldsForEveryInstructionSetOfThisMachine) {
  with_every_implementation([] { compare_with_model(900'000, 2'000); });
}

/// nlohmann's verdict; none for what the grammar allows and a tree cannot hold.
std::optional<bool> model_accepts(const std::string& text) {
  if (text.substr(0, 3) == "\xEF\xBB\xBF") return false;  // it skips a mark that is no JSON
  try {
    return !nlohmann::json::parse(text).is_discarded();
  } catch (const nlohmann::json::out_of_range&) {
    return std::nullopt;
  } catch (const nlohmann::json::parse_error& error) {
    if (std::string_view(error.what()).find("surrogate") != std::string_view::npos) return std::nullopt;
    return false;
  }
}

TEST(ValidateProperty, AgreesWithNlohmannOnDamagedDocuments) {
  Scanner scanner;
  std::vector<Value> slots;
  int refused = 0;
  for (std::uint64_t seed = 1; seed <= 30'000; ++seed) {
    Writer writer(seed);
    std::string text = writer.document().written;
    PathSet paths;
    for (int i = 0; i < 5; ++i)
      paths.want(writer.path(Model{}));
    for (auto damage = writer.below(3) + 1; damage > 0 && !text.empty(); --damage) {
      const auto at = writer.below(text.size());
      switch (writer.below(4)) {
        case 0:
          text.erase(at, 1);
          break;
        case 1:
          text.insert(at, 1, "{}[],:\"\\0-eE.+tn \x01\xC3\x80u"[writer.below(21)]);
          break;
        case 2:
          text[at] = static_cast<char>(writer.below(256));
          break;
        case 3:
          text.resize(at);
          break;
      }
    }
    const bool valid = scanner.validate(text).has_value();
    ASSERT_EQ(valid, model_accepts(text).value_or(valid)) << text;
    // Whatever it is, a scan ends, and takes every valid object.
    const bool scanned = scanner.scan(text, paths, slots).has_value();
    const auto first = text.find_first_not_of(" \n\r\t");
    ASSERT_TRUE(scanned || !valid || text[first] != '{') << text;
    refused += valid ? 0 : 1;
  }
  EXPECT_GT(refused, 10'000);  // the damage does damage
}

}  // namespace
}  // namespace hookline::json
