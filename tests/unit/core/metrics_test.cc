#include "hookline/core/metrics.h"

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/metrics_table.h"

namespace hookline::core {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

TEST(MetricsTable, KeepsPrometheusNamingRules) {
  std::set<std::string_view> names;
  for (const auto& row : metric_table) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_EQ(row.name.substr(0, 9), "hookline_");
    for (const char c : row.name)
      EXPECT_TRUE((c >= 'a' && c <= 'z') || c == '_') << row.name;
    const bool total = row.name.size() > 6 && row.name.substr(row.name.size() - 6) == "_total";
    const bool seconds = row.name.size() > 8 && row.name.substr(row.name.size() - 8) == "_seconds";
    EXPECT_EQ(total, row.type == MetricType::counter) << row.name;
    EXPECT_EQ(seconds, row.type == MetricType::histogram || row.type == MetricType::seconds_gauge)
        << row.name;
    EXPECT_FALSE(row.help.empty()) << row.name;
    EXPECT_EQ(row.bounds.empty(), row.type != MetricType::histogram) << row.name;
    EXPECT_TRUE(std::is_sorted(row.bounds.begin(), row.bounds.end())) << row.name;
  }
}

// What dashboards and alerts of users are written against.
TEST(MetricsTable, HoldsWhatTheProductPromises) {
  const std::pair<std::string_view, std::vector<std::string_view>> promised[] = {
      {"hookline_events_consumed_total", {"topic"}},
      {"hookline_events_total", {"kind", "outcome"}},
      {"hookline_deliveries_total", {"webhook", "outcome"}},
      {"hookline_attempts_total", {"webhook", "endpoint", "result"}},
      {"hookline_attempt_duration_seconds", {}},
      {"hookline_end_to_end_seconds", {}},
      {"hookline_dead_letters_total", {"reason"}},
      {"hookline_in_flight", {}},
      {"hookline_retry_backlog", {"tier"}},
      {"hookline_consumer_lag", {"topic", "partition"}},
      {"hookline_oldest_open_seconds", {"topic", "partition"}},
      {"hookline_circuit_state", {"webhook", "endpoint"}},
      {"hookline_commits_total", {"result"}},
      {"hookline_stale_completions_total", {}},
  };
  for (const auto& entry : promised) {
    const std::string_view name = entry.first;
    const auto& labels = entry.second;
    const auto row =
        std::find_if(metric_table.begin(), metric_table.end(), [&](const auto& r) { return r.name == name; });
    ASSERT_NE(row, metric_table.end()) << name;
    for (std::size_t i = 0; i < max_labels; ++i) {
      EXPECT_EQ(row->labels[i].name, i < labels.size() ? labels[i] : "") << name;
    }
  }
}

TEST(Metrics, EveryMetricIsShownUnderItsNameWithItsLabels) {
  Metrics metrics;
  metrics.events_consumed("ops.incidents").add(3);
  metrics.events("incident", "matched").add();
  metrics.filter_errors("w").add();
  metrics.deliveries("w", "delivered").add();
  metrics.attempts("w", "main", "2xx").add();
  metrics.attempt_duration().observe(1s);
  metrics.end_to_end().observe(1s);
  metrics.dead_letters("exhausted").add();
  metrics.in_flight().set(7);
  metrics.retry_backlog("10s").set(2);
  metrics.consumer_lag("ops.incidents", 3).set(42);
  metrics.oldest_open("ops.incidents", 3).set(1500ms);
  metrics.circuit_state("w", "main").set(2);
  metrics.commits("success").add();
  metrics.stale_completions().add();
  metrics.stale_copies().add();
  metrics.vanished_records().add();
  metrics.delivery_log_dropped().add();
  const std::string text = metrics.exposition();
  for (const auto* line :
       {"hookline_events_consumed_total{topic=\"ops.incidents\"} 3\n",
        "hookline_events_total{kind=\"incident\",outcome=\"matched\"} 1\n",
        "hookline_filter_errors_total{webhook=\"w\"} 1\n",
        "hookline_deliveries_total{webhook=\"w\",outcome=\"delivered\"} 1\n",
        "hookline_attempts_total{webhook=\"w\",endpoint=\"main\",result=\"2xx\"} 1\n",
        "hookline_attempt_duration_seconds_count 1\n", "hookline_end_to_end_seconds_sum 1\n",
        "hookline_dead_letters_total{reason=\"exhausted\"} 1\n", "hookline_in_flight 7\n",
        "hookline_retry_backlog{tier=\"10s\"} 2\n",
        "hookline_consumer_lag{topic=\"ops.incidents\",partition=\"3\"} 42\n",
        "hookline_oldest_open_seconds{topic=\"ops.incidents\",partition=\"3\"} 1.5\n",
        "hookline_circuit_state{webhook=\"w\",endpoint=\"main\"} 2\n",
        "hookline_commits_total{result=\"success\"} 1\n", "hookline_stale_completions_total 1\n",
        "hookline_stale_copies_total 1\n", "hookline_vanished_records_total 1\n",
        "hookline_delivery_log_dropped_total 1\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  for (const auto& row : metric_table) {
    const std::string type = row.type == MetricType::counter     ? "counter"
                             : row.type == MetricType::histogram ? "histogram"
                                                                 : "gauge";
    EXPECT_THAT(text, HasSubstr("# TYPE " + std::string(row.name) + " " + type + "\n"));
    EXPECT_THAT(text, HasSubstr("# HELP " + std::string(row.name) + " "));
  }
  EXPECT_THAT(text, Not(HasSubstr("\"other\"")));
}

TEST(Metrics, WithoutLabelsThereIsAValueFromTheStart) {
  const std::string text = Metrics().exposition();
  EXPECT_THAT(text, HasSubstr("hookline_stale_completions_total 0\n"));
  EXPECT_THAT(text, HasSubstr("hookline_attempt_duration_seconds_count 0\n"));
}

TEST(Metrics, AHandleIsTheSameForTheSameLabels) {
  Metrics metrics;
  auto& first = metrics.attempts("a", "b", "2xx");
  EXPECT_EQ(&first, &metrics.attempts("a", "b", "2xx"));
  EXPECT_NE(&first, &metrics.attempts("ab", "", "2xx"));
  EXPECT_NE(&first, &metrics.attempts("a", "b", "5xx"));
}

TEST(Metrics, AValueOutsideOfItsClosedSetCountsAsOther) {
  Metrics metrics;
  metrics.dead_letters("no such reason").add();
  metrics.dead_letters("").add();
  metrics.dead_letters("decode render").add();
  metrics.dead_letters("dec").add();
  EXPECT_THAT(metrics.exposition(), HasSubstr("hookline_dead_letters_total{reason=\"other\"} 4\n"));
}

TEST(Metrics, LabelsCannotBreakOutOfTheirQuotes) {
  Metrics metrics;
  metrics.filter_errors("a\"} 1\nforged{x=\"\\").add(5);
  const std::string text = metrics.exposition();
  EXPECT_THAT(text, HasSubstr(R"(hookline_filter_errors_total{webhook="a\"} 1\nforged{x=\"\\"} 5)"));
  EXPECT_THAT(text, Not(HasSubstr("\nforged")));
}

TEST(Metrics, LargeCountsAreExact) {
  Metrics metrics;
  metrics.events_consumed("t").add(123'456'789'012'345);
  EXPECT_THAT(metrics.exposition(), HasSubstr("{topic=\"t\"} 123456789012345\n"));
}

TEST(Metrics, WhatIsForgottenIsGoneAndItsHandlesStayValid) {
  Metrics metrics;
  auto& gone = metrics.attempts("gone", "main", "2xx");
  metrics.deliveries("gone", "delivered").add();
  metrics.attempts("stays", "gone", "2xx").add();
  metrics.consumer_lag("t", 1).set(5);
  metrics.oldest_open("t", 1).set(5s);
  metrics.consumer_lag("t", 11).set(6);
  metrics.events_consumed("t").add();

  metrics.show_endpoints({{"stays", "gone"}});
  metrics.forget_partition("t", 1);
  gone.add(2);
  std::string text = metrics.exposition();
  EXPECT_THAT(text, Not(HasSubstr("webhook=\"gone\"")));
  EXPECT_THAT(text, Not(HasSubstr("partition=\"1\"")));
  EXPECT_THAT(text, HasSubstr("webhook=\"stays\",endpoint=\"gone\""));
  EXPECT_THAT(text, HasSubstr("partition=\"11\""));
  EXPECT_THAT(text, HasSubstr("hookline_events_consumed_total{topic=\"t\"} 1\n"));

  EXPECT_EQ(&metrics.attempts("gone", "main", "2xx"), &gone);
  metrics.show_endpoints({{"gone", "main"}, {"gone-too", "main"}});
  text = metrics.exposition();
  EXPECT_THAT(text,
              HasSubstr("hookline_attempts_total{webhook=\"gone\",endpoint=\"main\",result=\"2xx\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("hookline_deliveries_total{webhook=\"gone\",outcome=\"delivered\"} 1\n")) << "with all that it had";
  EXPECT_THAT(text, Not(HasSubstr("webhook=\"stays\"")));
}

TEST(Metrics, AnEndpointThatIsGoneLeavesItsSiblings) {
  Metrics metrics;
  metrics.circuit_state("w", "a").set(1);
  metrics.circuit_state("w", "b").set(1);
  metrics.deliveries("w", "delivered").add();
  metrics.show_endpoints({{"w", "b"}});
  const std::string text = metrics.exposition();
  EXPECT_THAT(text, Not(HasSubstr("endpoint=\"a\"")));
  EXPECT_THAT(text, HasSubstr("endpoint=\"b\""));
  EXPECT_THAT(text, HasSubstr("hookline_deliveries_total{webhook=\"w\""));
}

TEST(Metrics, ABucketHoldsItsBound) {
  Metrics metrics;
  auto& histogram = metrics.attempt_duration();
  for (const Duration d :
       {Duration(1ms), Duration(1ms) + 1ns, Duration(60s), Duration(60s) + 1ns, Duration(-5s), Duration(0)}) {
    histogram.observe(d);
  }
  const std::string text = metrics.exposition();
  EXPECT_THAT(text, HasSubstr("hookline_attempt_duration_seconds_bucket{le=\"0.001\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("hookline_attempt_duration_seconds_bucket{le=\"0.002\"} 4\n"));
  EXPECT_THAT(text, HasSubstr("hookline_attempt_duration_seconds_bucket{le=\"60\"} 5\n"));
  EXPECT_THAT(text, HasSubstr("hookline_attempt_duration_seconds_bucket{le=\"+Inf\"} 6\n"));
  EXPECT_THAT(text, HasSubstr("hookline_attempt_duration_seconds_count 6\n"));
  EXPECT_EQ(histogram.sum(), 120s + 2ms + 2ns);
}

TEST(Metrics, ManyThreadsLoseNothing) {
  Metrics metrics;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&metrics] {
      auto& counter = metrics.events_consumed("t");
      for (int i = 0; i < 20'000; ++i) {
        counter.add();
        metrics.in_flight().add(i % 2 == 0 ? 1 : -1);
        metrics.attempt_duration().observe(5ms);
        if (i % 1000 == 0) metrics.show_endpoints({{std::to_string(metrics.exposition().size()), ""}});
      }
    });
  }
  for (auto& thread : threads)
    thread.join();
  EXPECT_EQ(metrics.events_consumed("t").value(), 80'000u);
  EXPECT_EQ(metrics.in_flight().value(), 0);
  EXPECT_THAT(metrics.exposition(),
              HasSubstr("hookline_attempt_duration_seconds_bucket{le=\"0.005\"} 80000\n"));
}

// HOOKLINE_WRITE_DOCS=1 writes the page instead of checking it.
TEST(MetricsHandbook, IsThePageInDocs) {
  const std::string path = HOOKLINE_SOURCE_DIR "/docs/metrics.md";
  if (std::getenv("HOOKLINE_WRITE_DOCS") != nullptr) std::ofstream(path) << metrics_handbook();
  std::stringstream page;
  page << std::ifstream(path).rdbuf();
  EXPECT_EQ(page.str(), metrics_handbook())
      << "docs/metrics.md is stale: run unit_core with HOOKLINE_WRITE_DOCS=1";
}

}  // namespace
}  // namespace hookline::core
