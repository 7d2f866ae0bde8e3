#include "storm_guard.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace hookline::engine {

StormGuard::Second& StormGuard::second(core::MonoTime now) {
  const auto number = number_of(now);
  Second& place = seconds_[static_cast<std::size_t>(number) % seconds_.size()];
  if (place.number != number) place = {.number = number};
  return place;
}

StormGuard::Second StormGuard::sum(core::MonoTime now) const {
  const auto last = number_of(now);
  Second all{.number = last};
  for (const auto& one : seconds_) {
    if (one.number <= last - static_cast<std::int64_t>(seconds_.size()) || one.number > last) continue;
    all.attempts += one.attempts;
    all.silent += one.silent;
    all.begun += one.begun;
    all.unsendable += one.unsendable;
  }
  return all;
}

std::vector<std::string> StormGuard::hosts_with(std::int64_t Host::* what, core::MonoTime now) const {
  std::vector<std::string> hosts;
  for (const auto& [name, host] : failing_) {
    if (host.*what > number_of(now) - static_cast<std::int64_t>(seconds_.size())) hosts.push_back(name);
  }
  return hosts;
}

void StormGuard::begun(core::MonoTime now) {
  ++second(now).begun;
  ++untold(now).begun;
}

void StormGuard::attempt(core::MonoTime now, const std::string& host, Result result) {
  Second& current = second(now);
  ++current.attempts;
  ++untold(now).attempts;
  if (raging_) {
    if (const auto known = hosts_.find(host); known != hosts_.end()) known->second = now;
    if (result == Result::delivered) heard(now, host);
  }
  if (result != Result::silent) return;
  ++current.silent;
  ++untold(now).silent;
  untold(now).silent_hosts.insert(host);
  failing_[host].silent = number_of(now);
  judge(now);
}

void StormGuard::unsendable(core::MonoTime now, const std::string& host) {
  ++second(now).unsendable;
  ++untold(now).unsendable;
  untold(now).unsendable_hosts.insert(host);
  if (const auto known = hosts_.find(host); raging_ && known != hosts_.end()) known->second = now;
  failing_[host].unsendable = number_of(now);
  judge(now);
}

StormTally& StormGuard::untold(core::MonoTime now) {
  if (!untold_) untold_.emplace().from = now;
  return *untold_;
}

void StormGuard::add(core::MonoTime now, const StormTally& tally) {
  if (raging_ || tally.from < ended_) return;
  Second& current = second(now);
  current.attempts += tally.attempts;
  current.silent += tally.silent;
  current.begun += tally.begun;
  current.unsendable += tally.unsendable;
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
  const Second all = sum(now);
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

void StormGuard::forget_unprobed(core::MonoTime now) {
  if (!raging_) return;
  const auto forgotten = std::erase_if(hosts_, [&](const auto& host) { return host.second <= now - window && !answering_.contains(host.first); });
  if (forgotten > 0) judge_end(now);
}

void StormGuard::judge_end(core::MonoTime now) {
  if (answering_.size() * 2 >= hosts_.size()) end(now);
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
