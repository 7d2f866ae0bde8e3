// Any text as definitions and as settings: every mistake is a problem with a place in the text, and a
// webhook that is accepted prints as a tree that reads back as the same webhook. Secrets that references
// bring in are never printed. Input: the text.
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings_declaration.h"
#include "config/yaml.h"
#include "hookline/config/load.h"

namespace {

using namespace hookline;
using namespace hookline::config;

constexpr std::string_view secret = "s3cr3t-$Title-${type}";

void require(bool holds) {
  if (!holds) std::abort();
}

SecretSource one_secret() {
  return {[](const std::string&) { return std::optional(std::string(secret)); },
          [](const std::filesystem::path&) { return std::optional(std::string(secret)); }};
}

/// A text that spells the secret itself, or nearly so that a mask completes it, proves nothing.
bool spells_secret(std::string_view text) {
  return text.find("s3cr3t") != text.npos;
}

void check(const Problems& problems, std::string_view text) {
  const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
  require(problems.size() <= 1000);
  for (const auto& problem : problems) {
    require(problem.place.line >= 1 && problem.place.line <= lines && problem.place.column >= 1);
    require(!problem.what.empty());
    require(format(problem).find(secret) == std::string::npos);
  }
}

void check_round_trip(const Webhook& webhook) {
  const auto tree = to_tree(webhook);
  require(tree.dump().find(secret) == std::string::npos);
  if (tree.dump().find("***") != std::string::npos) return;
  Problems problems;
  const auto back = parse_webhooks(tree.dump(), "back.yaml", {}, problems, one_secret());
  require(!has_errors(problems) && back.size() == 1 && to_tree(back[0]) == tree);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (spells_secret(text)) return 0;
  Problems problems;
  const auto webhooks = parse_webhooks(text, "f.yaml", {}, problems, one_secret());
  check(problems, text);
  // A name is shown wherever the webhook is, even if a reference brought it; this one's is no name.
  for (const auto& webhook : webhooks)
    check_round_trip(webhook);

  Problems wrong;
  const auto documents = parse_yaml(std::make_shared<const Source>("f.yaml", text), wrong);
  const auto secrets = one_secret();
  Reader reader(secrets, wrong);
  for (const auto& document : documents) {
    SettingsDraft draft;
    if (read_section(reader, document, settings_section(), draft))
      require(to_tree(draft.settings).dump().size() > 2);
  }
  wrong.resize(std::min<std::size_t>(wrong.size(), 1000));
  check(wrong, text);
  return 0;
}
