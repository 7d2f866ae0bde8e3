#include "replay_screen.h"

#include <algorithm>

#include <fmt/format.h>

namespace hookline::cli {
namespace {

constexpr core::Duration rate_over = std::chrono::seconds(10);
constexpr core::Duration line_every = std::chrono::seconds(5);
constexpr core::Duration bar_every = std::chrono::milliseconds(200);
constexpr std::size_t bar_width = 30;

std::string time_left(double seconds) {
  const auto s = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(seconds + 0.5));
  if (s >= 3600) return fmt::format("{}h {}m", s / 3600, s % 3600 / 60);
  if (s >= 60) return fmt::format("{}m {}s", s / 60, s % 60);
  return fmt::format("{}s", s);
}

}  // namespace

std::string progress_line(const engine::ReplayCounts& counts, double per_second, std::size_t bar) {
  const auto total = std::max<std::uint64_t>(counts.total, 1);
  const auto done = std::min(counts.done, total);
  std::string line;
  if (bar > 0) {
    const auto full = static_cast<std::size_t>(static_cast<double>(bar) * static_cast<double>(done) / static_cast<double>(total));
    line = fmt::format("[{}{}] ", std::string(full, '#'), std::string(bar - full, '.'));
  }
  line += fmt::format("{} of {}", counts.done, counts.total);
  if (per_second > 0) {
    line += per_second < 10 ? fmt::format(", {:.1f}/s", per_second) : fmt::format(", {:.0f}/s", per_second);
    if (counts.done < counts.total) line += fmt::format(", {} left", time_left(static_cast<double>(counts.total - counts.done) / per_second));
  }
  return line;
}

double ReplayScreen::rate(const engine::ReplayCounts& counts, core::MonoTime now) {
  seen_.emplace_back(now, counts.done);
  while (seen_.size() > 2 && now - seen_.front().first > rate_over) seen_.pop_front();
  const std::chrono::duration<double> span = now - seen_.front().first;
  return span.count() < 0.5 ? 0 : static_cast<double>(counts.done - seen_.front().second) / span.count();
}

void ReplayScreen::show(const engine::ReplayCounts& counts, core::MonoTime now) {
  const double per_second = rate(counts, now);
  if (quiet_ || now < next_) return;
  const bool first = next_ == core::MonoTime{};
  next_ = now + (terminal_ ? bar_every : line_every);
  if (terminal_) {
    fmt::print("\r\x1b[K{}", progress_line(counts, per_second, bar_width));
    bar_open_ = true;
  } else if (!first) {
    fmt::print("{}\n", progress_line(counts, per_second, 0));
  }
  std::fflush(stdout);
}

void ReplayScreen::say(const std::string& line) {
  if (bar_open_) fmt::print("\n");
  bar_open_ = false;
  std::fflush(stdout);
  fmt::print(stderr, "hookline: {}\n", line);
}

void ReplayScreen::finish(const engine::ReplayCounts& counts, core::MonoTime now) {
  if (!bar_open_) return;
  fmt::print("\r\x1b[K{}\n", progress_line(counts, rate(counts, now), bar_width));
  bar_open_ = false;
  std::fflush(stdout);
}

}  // namespace hookline::cli
