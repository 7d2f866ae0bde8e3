// What keeping track of offsets costs per record: it stands on the path of every record of every
// topic, most of which match nothing. And what a commit costs: snapshot and metadata of one partition.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "hookline/core/random.h"
#include "hookline/settle/delivery_id.h"
#include "hookline/settle/offset_tracker.h"

using namespace hookline::settle;

namespace {

constexpr int rounds = 21;
constexpr std::int64_t records = 1'000'000;

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "wrong result: %s\n", what);
  std::exit(1);
}

/// Median nanoseconds per item over the rounds, of `run`, which does `items` of them.
double median_ns(std::int64_t items, const std::function<void()>& run) {
  std::array<double, rounds> samples;
  for (auto& sample : samples) {
    const auto begin = std::chrono::steady_clock::now();
    run();
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begin;
    sample = took.count() / static_cast<double>(items);
  }
  std::nth_element(samples.begin(), samples.begin() + rounds / 2, samples.end());
  return samples[rounds / 2];
}

void report(const char* what, double ns) {
  std::printf("%-68s %10.1f ns\n", what, ns);
}

void matching_nothing() {
  report("record that matches nothing, nothing open", median_ns(records, [] {
           OffsetTracker tracker(0);
           for (std::int64_t offset = 0; offset < records; ++offset) {
             if (tracker.has_room(offset)) tracker.admit(offset, 0, 700);
           }
           require(tracker.base() == records, "base after records that match nothing");
         }));
  report("record that matches nothing, one open below it", median_ns(records, [] {
           OffsetTracker tracker(0);
           const auto open = tracker.admit(0, 1, 700);
           for (std::int64_t offset = 1; offset < records; ++offset) {
             if (tracker.has_room(offset)) tracker.admit(offset, 0, 700);
           }
           tracker.finish_one(open.sequence);
           require(tracker.base() == records, "base after the one that was open");
         }));
}

/// Keeps `window` records open and finishes them in the order that `pick` says.
void window_of(const char* what, std::size_t window, bool random_order) {
  report(what, median_ns(records, [&] {
           OffsetTracker tracker(0);
           hookline::core::Random random(1);
           std::vector<std::uint64_t> open;
           open.reserve(window);
           std::size_t next = 0;
           for (std::int64_t offset = 0; offset < records; ++offset) {
             // In random order one record may stay open for long: what has no room would wait then.
             if (!tracker.has_room(offset)) {
               for (const auto sequence : open)
                 tracker.finish_one(sequence);
               open.clear();
               next = 0;
             }
             const auto sequence = tracker.admit(offset, 1, 700).sequence;
             if (open.size() < window) {
               open.push_back(sequence);
               continue;
             }
             const std::size_t victim = random_order ? random.next() % window : next++ % window;
             tracker.finish_one(open[victim]);
             open[victim] = sequence;
           }
           for (const auto sequence : open)
             tracker.finish_one(sequence);
           require(tracker.base() == records && tracker.open_bytes() == 0, "all finished");
         }));
}

/// A commit while `open` records are open and half of what lies between is finished.
void commit_of(const char* what, std::int64_t span, double finished) {
  OffsetTracker tracker(0);
  hookline::core::Random random(2);
  std::vector<std::uint64_t> open;
  for (std::int64_t offset = 0; offset < span; ++offset)
    open.push_back(tracker.admit(offset, 1, 700).sequence);
  for (std::size_t i = 1; i < open.size(); ++i) {
    if (random.chance(finished)) tracker.finish_one(open[i]);
  }
  std::string metadata;
  const double ns = median_ns(200, [&] {
    for (int i = 0; i < 200; ++i)
      metadata = encode(tracker.snapshot());
  });
  require(decode(metadata, 0) == tracker.snapshot(), "the map reads back");
  std::printf("%-68s %10.1f ns %6zu characters\n", what, ns, metadata.size());
}

}  // namespace

int main() {
  matching_nothing();
  window_of("admit and finish, one open at a time", 1, false);
  window_of("admit and finish, 1,000 open, in order", 1000, false);
  window_of("admit and finish, 1,000 open, in random order", 1000, true);
  window_of("admit and finish, 20,000 open, in order", 20'000, false);
  window_of("admit and finish, 20,000 open, in random order", 20'000, true);
  commit_of("commit, 1,000 open, nothing finished beyond base", 1000, 0);
  commit_of("commit, 1,000 offsets, half of them finished", 1000, 0.5);
  commit_of("commit, 20,000 offsets, half of them finished", 20'000, 0.5);
  commit_of("commit, 20,000 offsets, 99 % of them finished", 20'000, 0.99);
  commit_of("commit, 1,000,000 offsets, all but 700 of them finished", 1'000'000, 0.9993);

  hookline::core::Hasher hasher;
  std::string id;
  report("delivery id", median_ns(100'000, [&] {
           for (int i = 0; i < 100'000; ++i) {
             id = delivery_id(hasher, "4L6g3nShT-eMCtK--X86sw", {"ops.incidents", 3, i, {}},
                              "payments-tickets", "main");
           }
         }));
  require(id.size() == 36, "an id");
}
