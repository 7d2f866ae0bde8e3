// hookline status: what a running process holds, what holds it back, and how its endpoints fare.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

#include <fmt/format.h>

#include "admin_api.h"
#include "command.h"
#include "hookline/core/units.h"

namespace hookline::cli {
namespace {

struct StatusOptions {
  std::string url;
  bool json = false, all = false;
};

using Row = std::vector<std::string>;

/// Columns as wide as what stands in them; the last one is free.
void print_table(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) line += i + 1 == row.size() ? row[i] : fmt::format("{:<{}}  ", row[i], widths[i]);
    line.erase(line.find_last_not_of(' ') + 1);
    fmt::print("{}\n", line);
  }
}

std::string text(const json::Tree& tree, const char* key) {
  const auto value = tree.value(key, json::Tree());
  return value.is_string() ? value.get<std::string>() : value.is_null() ? "" : value.dump();
}

std::int64_t number(const json::Tree& tree, const char* key) {
  const auto value = tree.value(key, json::Tree());
  return value.is_number_integer() ? value.get<std::int64_t>() : 0;
}

/// "offset 12 since 2026-03-02T10:04:05Z (3s), payments/main, 2 attempts: HTTP 500"
std::string describe_holder(const json::Tree& partition) {
  const auto holder = partition.value("held_by", json::Tree());
  if (!holder.is_object()) return "";
  const auto open = std::chrono::seconds(static_cast<std::int64_t>(holder.value("open_seconds", 0.0)));
  const auto webhook = text(holder, "webhook"), error = text(holder, "error");
  auto line = fmt::format("offset {} since {} ({})", number(holder, "offset"), text(holder, "since"), core::format_duration(open));
  if (!webhook.empty()) line += fmt::format(", {}/{}, {} attempts", webhook, text(holder, "endpoint"), number(holder, "attempts"));
  return error.empty() ? line : line + ": " + error;
}

void print_partitions(const json::Tree& status, bool all) {
  std::vector<Row> rows{{"PARTITION", "WORKER", "LAG", "OPEN", "STATE", "HELD BY"}};
  std::size_t idle = 0;
  for (const auto& p : status.value("partitions", json::Tree::array())) {
    const auto held = describe_holder(p);
    const bool paused = p.value("paused", false);
    if (!all && number(p, "lag") == 0 && number(p, "open") == 0) {
      ++idle;
      continue;
    }
    rows.push_back({fmt::format("{}[{}]", text(p, "topic"), number(p, "partition")), text(p, "worker"),
                    p.value("lag", json::Tree()).is_null() ? "?" : text(p, "lag"), text(p, "open"), paused ? "paused" : "reading", held});
  }
  if (rows.size() > 1) print_table(rows);
  if (idle > 0) fmt::print("{}{} {} nothing to do (--all lists them)\n", rows.size() > 1 ? "and " : "", core::counted(idle, "partition"), idle == 1 ? "has" : "have");
}

void print_endpoints(const json::Tree& status) {
  std::vector<Row> rows{{"ENDPOINT", "DELIVERED", "DEAD", "FAILED ATTEMPTS", "QUEUED", "IN FLIGHT", "WAITING", "CIRCUIT", "LAST ERROR"}};
  for (const auto& e : status.value("endpoints", json::Tree::array())) {
    const auto error = text(e, "last_error");
    rows.push_back({fmt::format("{}/{}", text(e, "webhook"), text(e, "endpoint")), text(e, "delivered"), text(e, "dead_lettered"),
                    text(e, "failed_attempts"), text(e, "queued"), text(e, "in_flight"), text(e, "waiting"), text(e, "circuit"),
                    error.empty() ? "" : fmt::format("{} at {}", error, text(e, "last_error_at"))});
  }
  if (rows.size() > 1) print_table(rows);
}

void print_backlog(const json::Tree& status) {
  std::string line;
  const auto backlog = status.value("retry_backlog", json::Tree::object());
  for (const char* tier : {"10s", "1m", "10m", "1h", "6h"}) line += fmt::format("  {} {}", tier, number(backlog, tier));
  fmt::print("waiting in retry topics:{}\n", line);
}

int show(const StatusOptions& options) {
  int code = exit_failed;
  const auto status = expect(call_api(options.url, {"GET", "/api/v1/status", {}, {}}), code);
  if (!status) return code;
  if (options.json) {
    fmt::print("{}\n", dump(*status));
    return exit_ok;
  }
  fmt::print("hookline {}, group {}, since {}: {}, revision {}\n", text(*status, "version"), text(*status, "group_id"),
             text(*status, "started_at"), core::counted(static_cast<std::uint64_t>(number(*status, "webhooks")), "webhook"), text(*status, "revision"));
  if (!status->value("ready", false)) {
    for (const auto& reason : status->value("reasons", json::Tree::array())) {
      fmt::print("not ready: {}\n", reason.is_string() ? reason.get<std::string>() : reason.dump());
    }
  }
  for (const auto& warning : status->value("warnings", json::Tree::array())) {
    fmt::print("warning: {}\n", warning.is_string() ? warning.get<std::string>() : warning.dump());
  }
  std::int64_t held = 0, bytes = 0;
  const auto workers = status->value("workers", json::Tree::array());
  for (const auto& worker : workers) {
    held += number(worker, "deliveries");
    bytes += number(worker, "held_bytes");
  }
  fmt::print("{} with {}; held: {}, {}\n", core::counted(workers.size(), "worker"),
             core::counted(status->value("partitions", json::Tree::array()).size(), "partition"),
             core::counted(static_cast<std::uint64_t>(held), "delivery", "deliveries"), core::counted(static_cast<std::uint64_t>(bytes), "byte"));
  print_backlog(*status);
  fmt::print("\n");
  print_partitions(*status, options.all);
  fmt::print("\n");
  print_endpoints(*status);
  return exit_ok;
}

}  // namespace

void add_status(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<StatusOptions>();
  auto* command = app.add_subcommand("status", "What a running process holds, what holds it back, and how its endpoints fare");
  command->footer(std::string(token_help));
  add_url_option(*command, options->url);
  command->add_flag("--all", options->all, "Partitions without anything to do as well");
  command->add_flag("--json", options->json, "Print JSON, as /api/v1/status answers");
  command->callback([options, &chosen] { chosen = [options] { return show(*options); }; });
}

}  // namespace hookline::cli
