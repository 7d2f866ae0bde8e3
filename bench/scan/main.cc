// What reading an event costs, beside the floor: simdjson on-demand taking three fields of the same
// bytes, without a look at what follows the third. Every way is checked to find the same values before it is
// timed. One thread, medians of many short rounds that take turns, so that a busy machine slows all of them
// alike.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <simdjson.h>

#include "hookline/event/catalogue.h"
#include "hookline/event/reader.h"
#include "hookline/json/scan.h"

namespace {

using namespace hookline;
namespace ondemand = simdjson::ondemand;

constexpr int rounds = 201;
constexpr int events_per_round = 500;

/// A flat incident of 1.5 kB, as upstream systems send them.
std::string make_event() {
  std::string text = event::sample("incident_resolved").value();
  text.insert(text.size() - 1, R"(,"event_payload_text":")" + std::string(240, 'x') + '"');
  text.insert(
      text.size() - 1,
      R"(,"labels":{"env":"production","region":"eu-central-1"},"url":"https://incidents.example.com/64aa01")");
  return text;
}

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "%s\n", what);
  std::exit(1);
}

/// One way to read an event: returns something that depends on what it found.
struct Way {
  const char* name;
  std::function<std::size_t()> run;
  std::vector<double> ns = {};

  double median() {
    std::ranges::nth_element(ns, ns.begin() + rounds / 2);
    return ns[rounds / 2];
  }
};

void time(std::vector<Way>& ways) {
  std::size_t sink = 0;
  for (int round = 0; round < rounds; ++round) {
    for (auto& way : ways) {
      const auto start = std::chrono::steady_clock::now();
      for (int i = 0; i < events_per_round; ++i)
        sink += way.run();
      const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
      way.ns.push_back(took.count() / events_per_round);
    }
  }
  if (sink == 0) fail("nothing was read");
}

}  // namespace

int main() {
  const std::string text = make_event();
  std::string padded = text + std::string(simdjson::SIMDJSON_PADDING, ' ');
  const std::string_view document(padded.data(), text.size());

  ondemand::parser parser;
  const auto floor = [&]() -> std::size_t {
    auto parsed = parser.iterate(padded.data(), text.size(), padded.size());
    const std::string_view type = parsed["event_type"];
    const std::string_view slug = parsed["service"]["slug"];
    const std::string_view status = parsed["status"];
    return type.size() + slug.size() + status.size();
  };

  json::PathSet three;
  for (const char* path : {"event_type", "service.slug", "status"})
    three.want(json::parse_path(path).value());
  json::Scanner scanner;
  std::vector<json::Value> slots;
  const auto scan = [&]() -> std::size_t {
    if (!scanner.scan(document, three, slots)) fail("scan failed");
    return slots[0].raw.size() + slots[1].raw.size() + slots[2].raw.size();
  };

  const event::AttributeTable table;
  event::Variables variables(table);
  for (const char* name : {"type", "id", "title", "message", "service", "severity", "status", "time",
                           "tags.severity.value", "organization.name"}) {
    variables.want(json::parse_path(name).value());
  }
  const event::Reader reader(variables);
  event::Scratch scratch;
  event::RecordView record;
  record.value = document;
  const auto read = [&]() -> std::size_t {
    return reader.read(record, event::Kind::incident, scratch)->type().size();
  };
  const auto read_and_get = [&]() -> std::size_t {
    const auto event = reader.read(record, event::Kind::incident, scratch);
    std::size_t found = 0;
    for (event::VariableId id = 0; id < variables.size(); ++id)
      found += event->get(id).raw.size();
    return found;
  };
  const auto validate = [&]() -> std::size_t { return scanner.validate(document) ? 1 : 0; };
  simdjson::dom::parser dom;
  const auto dom_parse = [&]() -> std::size_t {
    return dom.parse(padded.data(), text.size(), false).error() == simdjson::SUCCESS ? 1 : 0;
  };

  if (floor() != scan() || floor() == 0) fail("the scanner and simdjson do not find the same");
  if (read() != std::string_view("incident_resolved").size() || read_and_get() < 60)
    fail("the reader misses something");
  if (validate() != 1 || dom_parse() != 1) fail("the event is not valid");

  std::vector<Way> ways{{"simdjson on-demand, 3 fields (floor)", floor},
                        {"Scanner, 3 paths", scan},
                        {"Reader, 10 variables", read},
                        {"Reader, 10 variables, each asked", read_and_get},
                        {"validate", validate},
                        {"simdjson DOM", dom_parse}};
  time(ways);
  std::printf("event of %zu bytes, medians of %d rounds\n", text.size(), rounds);
  const double base = ways[0].median();
  for (auto& way : ways)
    std::printf("%-40s %8.0f ns   %5.2f x floor\n", way.name, way.median(), way.median() / base);
}
