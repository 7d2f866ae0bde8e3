// hookline webhooks list|get|apply|delete|enable|disable: the admin API of a running process from the shell.
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>

#include <fmt/format.h>

#include "admin_api.h"
#include "command.h"
#include "hookline/config/stored.h"
#include "hookline/json/tree.h"

namespace hookline::cli {
namespace {

constexpr std::string_view webhooks_path = "/api/v1/webhooks";

struct WebhooksOptions {
  std::string url, name, file;
  bool json = false;
};

core::Result<admin::ClientAnswer> call(const WebhooksOptions& options, const admin::ClientRequest& request) {
  return call_api(options.url, request);
}

std::string path_of(const std::string& name) { return fmt::format("{}/{}", webhooks_path, name); }

int list(const WebhooksOptions& options) {
  json::Tree items = json::Tree::array();
  std::string query = "?limit=500";
  while (!query.empty()) {
    int code = exit_failed;
    const auto page = expect(call(options, {"GET", std::string(webhooks_path) + query, {}, {}}), code);
    if (!page) return code;
    for (const auto& item : page->value("items", json::Tree::array())) items.push_back(item);
    const auto next = page->value("next", json::Tree());
    query = next.is_string() ? "?limit=500&after=" + next.get<std::string>() : std::string();
  }
  if (options.json) {
    fmt::print("{}\n", dump({{"items", items}, {"next", nullptr}}));
    return exit_ok;
  }
  fmt::print("{:<32} {:<6} {:<8} {:>8}  {}\n", "NAME", "SOURCE", "STATE", "REVISION", "NOTE");
  for (const auto& item : items) {
    const auto text = [&](const char* key) { return item.value(key, std::string()); };
    fmt::print("{:<32} {:<6} {:<8} {:>8}  {}\n", text("name"), text("source"), text("state"), item.value("revision", 0),
               item.contains("trouble") ? text("trouble") : text("reason"));
  }
  return exit_ok;
}

int get(const WebhooksOptions& options) {
  int code = exit_failed;
  const auto body = expect(call(options, {"GET", path_of(options.name), {}, {}}), code);
  if (!body) return code;
  fmt::print("{}\n", dump(*body));
  return exit_ok;
}

int turn(const WebhooksOptions& options, bool on) {
  int code = exit_failed;
  const auto body = expect(call(options, {"PATCH", path_of(options.name), json::Tree{{"enabled", on}}.dump(), {}}), code);
  if (!body) return code;
  if (options.json) fmt::print("{}\n", dump(*body));
  else fmt::print("{} is {}\n", options.name, body->value("state", std::string(on ? "on" : "off")));
  return exit_ok;
}

int remove(const WebhooksOptions& options) {
  int code = exit_failed;
  if (!expect(call(options, {"DELETE", path_of(options.name), {}, {}}), code)) return code;
  if (options.json) fmt::print("{}\n", dump({{"name", options.name}, {"outcome", "deleted"}}));
  else fmt::print("deleted  {}\n", options.name);
  return exit_ok;
}

/// One definition, whether it exists or not; the same again changes nothing.
std::optional<json::Tree> apply_one(const WebhooksOptions& options, const json::Tree& document, int& code) {
  const auto name = document.value("name", json::Tree());
  if (!name.is_string()) {
    code = fail("a definition without a name");
    return std::nullopt;
  }
  const auto path = path_of(name.get<std::string>());
  const auto before = call(options, {"GET", path, {}, {}});
  if (!before || (before->status != 200 && before->status != 404)) {
    (void)expect(before, code);
    return std::nullopt;
  }
  const bool exists = before->status == 200;
  const auto answer = exists ? call(options, {"PUT", path, document.dump(), before->etag})
                             : call(options, {"POST", std::string(webhooks_path), document.dump(), {}});
  auto body = expect(answer, code);
  if (!body) return std::nullopt;
  const auto state = [](const json::Tree& webhook) { return webhook.value("state", std::string()); };
  const auto was = json::parse_tree(before->body);
  const bool same = answer->etag == before->etag && was && state(*was) == state(*body);
  const auto* outcome = !exists ? "created" : same ? "unchanged" : "changed";
  return json::Tree{{"name", name}, {"outcome", outcome}, {"revision", body->value("revision", 0)},
                    {"warnings", body->value("warnings", json::Tree::array())}};
}

int apply(const WebhooksOptions& options) {
  std::string text;
  if (options.file == "-") {
    text.assign(std::istreambuf_iterator<char>(std::cin), {});
  } else {
    std::ifstream file(options.file, std::ios::binary);
    if (!file) return fail(fmt::format("{} cannot be read", options.file));
    text.assign(std::istreambuf_iterator<char>(file), {});
  }
  config::Problems problems;
  const auto documents = config::parse_documents(text, options.file, problems);
  for (const auto& problem : problems) fmt::print(stderr, "{}\n", config::format(problem));
  if (config::has_errors(problems)) return exit_config;
  json::Tree out = json::Tree::array();
  int code = exit_ok;
  for (const auto& document : documents) {
    if (!document.is_object()) return fail("a definition is a mapping");
    int failed = exit_failed;
    const auto name = document.value("name", json::Tree());
    const auto one = apply_one(options, document, failed);
    if (!one) {
      code = failed;
      fmt::print(stderr, "failed    {}\n", name.is_string() ? name.get<std::string>() : name.dump());
      out.push_back({{"name", name}, {"outcome", "failed"}});
      continue;
    }
    for (const auto& warning : (*one)["warnings"]) {
      const auto pointer = warning.value("pointer", std::string());
      fmt::print(stderr, "warning: {}: {}{}{}\n", name.get<std::string>(), pointer, pointer.empty() ? "" : ": ", warning.value("detail", std::string()));
    }
    if (!options.json) fmt::print("{:<9} {}, revision {}\n", (*one)["outcome"].get<std::string>(), (*one)["name"].get<std::string>(), (*one)["revision"].dump());
    out.push_back(*one);
  }
  if (options.json) fmt::print("{}\n", dump(out));
  return code;
}

}  // namespace

void add_webhooks(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<WebhooksOptions>();
  auto* group = app.add_subcommand("webhooks", "Webhooks of a running process: list, get, apply, delete, enable, disable");
  group->require_subcommand(1);
  group->footer(std::string(token_help));
  const auto add = [&](const char* name, const char* help, int (*run)(const WebhooksOptions&)) {
    auto* command = group->add_subcommand(name, help);
    add_url_option(*command, options->url);
    command->add_flag("--json", options->json, "Print JSON");
    command->callback([options, run, &chosen] { chosen = [options, run] { return run(*options); }; });
    return command;
  };
  const auto named = [&](CLI::App* command) { command->add_option("name", options->name, "The webhook's name")->required(); };
  add("list", "All webhooks: where each is from, and its state", list);
  named(add("get", "One webhook as JSON, secrets masked", get));
  add("apply", "Creates or replaces webhooks as a YAML file has them; the same again changes nothing", apply)
      ->add_option("-f,--file", options->file, "YAML or JSON, one or several documents; - is standard input")
      ->required()
      ->type_name("FILE");
  named(add("delete", "Deletes a webhook that was made through the API", remove));
  named(add("enable", "Switches a webhook on, also one of a file, or one that disable_after disabled",
            [](const WebhooksOptions& o) { return turn(o, true); }));
  named(add("disable", "Switches a webhook off: new events are not matched", [](const WebhooksOptions& o) { return turn(o, false); }));
}

}  // namespace hookline::cli
