#include "storm_guard.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace hookline::engine {

StormCounts& StormCounts::operator+=(const StormCounts& more) {
  attempts += more.attempts;
  silent += more.silent;
  begun += more.begun;
  unsendable += more.unsendable;
  return *this;
}

StormGuard::Second& StormGuard::second(core::MonoTime now) {
  const auto number = number_of(now);
  Second& place = seconds_[static_cast<std::size_t>(number) % seconds_.size()];
  if (place.number != number) place = {.number = number};
  return place;
}

StormCounts StormGuard::sum(core::MonoTime now) const {
  const auto last = number_of(now);
  StormCounts all;
  for (const auto& one : seconds_) {
    if (one.number > last - static_cast<std::int64_t>(seconds_.size()) && one.number <= last) all += one.counts;
  }
  return all;
}

/// Something that happened here.
void StormGuard::count(core::MonoTime now, const StormCounts& counts) {
  second(now).counts += counts;
  if (!untold_) untold_.emplace().from = now;
  untold_->counts += counts;
}

std::vector<std::string> StormGuard::hosts_with(std::int64_t Host::* what, core::MonoTime now) const {
  std::vector<std::string> hosts;
  for (const auto& [name, host] : failing_) {
    if (host.*what > number_of(now) - static_cast<std::int64_t>(seconds_.size())) hosts.push_back(name);
  }
  return hosts;
}

void StormGuard::attempt(core::MonoTime now, const std::string& host, Result result) {
  count(now, {.attempts = 1, .silent = result == Result::silent ? 1u : 0u});
  if (raging_) {
    if (const auto known = hosts_.find(host); known != hosts_.end()) known->second = now;
    if (result == Result::delivered) heard(now, host);
  }
  if (result != Result::silent) return;
  untold_->silent_hosts.insert(host);
  failing_[host].silent = number_of(now);
  judge(now);
}

void StormGuard::unsendable(core::MonoTime now, const std::string& host) {
  count(now, {.unsendable = 1});
  if (const auto known = hosts_.find(host); raging_ && known != hosts_.end()) known->second = now;
  untold_->unsendable_hosts.insert(host);
  failing_[host].unsendable = number_of(now);
  judge(now);
}

void StormGuard::add(core::MonoTime now, const StormTally& tally) {
  if (raging_ || tally.from < ended_) return;
  second(now).counts += tally.counts;
  for (const auto& host : tally.silent_hosts) failing_[host].silent = number_of(now);
  for (const auto& host : tally.unsendable_hosts) failing_[host].unsendable = number_of(now);
  judge(now);
}

std::optional<StormTally> StormGuard::take_tally() {
  auto counted = std::exchange(untold_, {});
  return raging_ ? std::nullopt : counted;
}

void StormGuard::judge(core::MonoTime now) {
  if (raging_ || !limits_.enabled) return;
  const StormCounts all = sum(now);
  if (all.attempts >= limits_.least && std::uint64_t{all.silent} * 10 > std::uint64_t{all.attempts} * 9) {
    const auto hosts = hosts_with(&Host::silent, now);
    if (hosts.size() >= limits_.least_hosts) {
      return begin(now, hosts, fmt::format("{} of {} attempts of the last minute failed before any HTTP answer, on {} hosts",
                                           all.silent, all.attempts, hosts.size()));
    }
  }
  if (all.begun >= limits_.least && std::uint64_t{all.unsendable} * 2 > all.begun) {
    begin(now, hosts_with(&Host::unsendable, now),
          fmt::format("{} of {} deliveries of the last minute could not be sent (egress or render)", all.unsendable, all.begun));
  }
}

void StormGuard::begin(core::MonoTime now, const std::vector<std::string>& hosts, std::string reason) {
  if (raging_ || !limits_.enabled) return;
  raging_ = true;
  since_ = now;
  next_intake_ = now + pace;
  reason_ = std::move(reason);
  hosts_.clear();
  for (const auto& host : hosts) hosts_[host] = now;
  answering_.clear();
}

void StormGuard::heard(core::MonoTime now, const std::string& host) {
  if (!raging_ || !hosts_.contains(host)) return;
  answering_.insert(host);
  judge_end(now);
}

std::size_t StormGuard::awaited(core::MonoTime now) const {
  return static_cast<std::size_t>(std::count_if(hosts_.begin(), hosts_.end(), [&](const auto& host) {
    return host.second > now - window || answering_.contains(host.first);
  }));
}

void StormGuard::judge_end(core::MonoTime now) {
  if (raging_ && answering_.size() * 2 >= awaited(now)) end(now);
}

void StormGuard::end(core::MonoTime now) {
  raging_ = false;
  ended_ = now;
  seconds_ = {};
  untold_ = {};
  failing_.clear();
}

std::string host_of(std::string_view url) {
  if (const auto scheme = url.find("://"); scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find_first_of("/?#"));
  if (const auto user = url.rfind('@'); user != std::string_view::npos) url.remove_prefix(user + 1);
  if (const auto port = url.rfind(':'); port != std::string_view::npos && url.find(']', port) == std::string_view::npos) {
    url = url.substr(0, port);
  }
  std::string host(url);
  std::transform(host.begin(), host.end(), host.begin(), [](char c) { return 'A' <= c && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
  return host;
}

}  // namespace hookline::engine
