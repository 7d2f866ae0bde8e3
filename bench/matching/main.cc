// Does matching cost follow the webhooks that could match, or all there are?
//
// Events against 10, 100, 1,000 and 10,000 webhooks whose filters start from an equality or an `in`
// on `service`, so that each event reaches the same number of them. Twice: events of the same ten
// services whatever the number of webhooks (what the number itself costs), and events spread over
// the services of all webhooks (what it costs besides that their filters no longer fit the cache).
// CPU time per event, median of several rounds, for match() alone and for reading and matching
// together; the answers are compared with a naive loop over all webhooks before anything is timed.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <time.h>

#include "hookline/rule/index.h"

namespace {

using namespace hookline;

constexpr std::size_t event_count = 10000;
constexpr int rounds = 15;

std::string service(std::size_t i) {
  return "service-" + std::to_string(i);
}

std::string filter(std::size_t i) {
  switch (i % 3) {
    case 0:
      return "service == \"" + service(i) + "\" && severity in [\"high\", \"critical\"]";
    case 1:
      return "service in [\"" + service(i) + "\", \"" + service(i) +
             "-canary\"] && title.contains(\"latency\")";
    default:
      return "service == \"" + service(i) + "\" && !(alert_source == \"synthetic\") && event_count > 0";
  }
}

std::string incident(std::size_t i, std::size_t services) {
  const std::string id = std::to_string(i);
  return R"({"id":")" + id +
         R"(","event_type":"incident_triggered","organization":{"id":"o1","name":"Acme"},)" +
         R"("service":{"id":"s1","name":"Service","slug":")" + service(i % services) +
         R"("},"message":"p99 over 2 s",)" +
         R"("description":"checkout latency for 10 min","status":"triggered","created_at":"2026-03-02T10:04:05Z",)" +
         R"("alert_source":{"id":"a1","type":"Prometheus","short_name":"prometheus"},"title":"High latency )" +
         id +
         R"(","tags":{"severity":{"value":"critical","color":"#FF0A49"}},"timeline":[{"action":"triggered",)" +
         R"("name":"Night shift","time":"2026-03-02T10:04:05.07Z"}],"analytics":{},"event_count":1)" + id +
         "}";
}

struct World {
  explicit World(std::size_t webhooks) {
    event::Variables variables(table);
    std::vector<rule::Subscription> subscriptions;
    for (std::size_t i = 0; i < webhooks; ++i) {
      subscriptions.push_back(
          {{"incident"}, std::move(*rule::Expression::compile_filter(filter(i), variables))});
      filters.push_back(std::move(*rule::Expression::compile_filter(filter(i), variables)));
    }
    index.emplace(std::move(subscriptions), std::move(variables));
  }

  event::Event read(const std::string& json, event::Scratch& scratch) {
    record.value = std::string_view(json.data(), json.size());
    auto event = index->reader().read(record, event::Kind::incident, scratch);
    if (!event) std::abort();
    return *event;
  }

  event::AttributeTable table;
  std::vector<rule::Expression> filters;
  std::optional<rule::Index> index;
  event::RecordView record;
};

/// Matches of all events; ends the program where index and naive loop differ.
std::size_t verify(World& world, const std::vector<std::string>& events) {
  event::Scratch reading;
  rule::Index::Scratch scratch;
  std::size_t matches = 0;
  for (std::size_t i = 0; i < events.size(); i += 100) {
    const event::Event event = world.read(events[i], reading);
    world.index->match(event, scratch);
    const std::vector<std::uint32_t> answer = scratch.matched;
    std::vector<std::uint32_t> expected;
    for (std::uint32_t w = 0; w < world.filters.size(); ++w) {
      scratch.arena.clear();
      if (world.filters[w].matches(event, scratch.arena)) expected.push_back(w);
    }
    if (answer != expected) {
      std::fprintf(stderr, "the index disagrees with the naive loop on event %zu\n", i);
      std::exit(1);
    }
    matches += answer.size();
  }
  return matches;
}

struct Times {
  double match_ns;
  double both_ns;
};

double cpu_ns() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2),
                   values.end());
  return values[values.size() / 2];
}

/// Per event; matching alone is what it adds to reading.
Times measure(World& world, const std::vector<std::string>& events) {
  event::Scratch reading;
  rule::Index::Scratch scratch;
  const auto pass = [&](bool match) {
    std::size_t sum = 0;
    const double start = cpu_ns();
    for (const std::string& json : events) {
      const event::Event event = world.read(json, reading);
      if (!match) continue;
      world.index->match(event, scratch);
      sum += scratch.matched.size();
    }
    const double ns = cpu_ns() - start;
    if (match && sum == 0) std::abort();
    return ns / static_cast<double>(events.size());
  };
  std::vector<double> alone;
  std::vector<double> both;
  pass(true);
  for (int round = 0; round < rounds; ++round) {
    const double read = pass(false);
    both.push_back(pass(true));
    alone.push_back(both.back() - read);
  }
  return {median(alone), median(both)};
}

}  // namespace

int main() {
  std::printf("%10s %10s %10s %14s %10s %10s\n", "webhooks", "services", "match ns", "with read ns",
              "x match", "x both");
  for (const bool spread : {false, true}) {
    Times base{};
    for (const std::size_t webhooks : {10, 100, 1000, 10000}) {
      const std::size_t services = spread ? webhooks : 10;
      std::vector<std::string> events;
      for (std::size_t i = 0; i < event_count; ++i)
        events.push_back(incident(i * 7919, services));
      World world(webhooks);
      if (verify(world, events) == 0) return 1;
      const Times times = measure(world, events);
      if (webhooks == 10) base = times;
      std::printf("%10zu %10zu %10.0f %14.0f %10.2f %10.2f\n", webhooks, services, times.match_ns,
                  times.both_ns, times.match_ns / base.match_ns, times.both_ns / base.both_ns);
    }
  }
  return 0;
}
