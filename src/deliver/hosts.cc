#include "hosts.h"

#include <algorithm>

#include "url.h"

namespace hookline::deliver {
namespace {

/// Multis that are made to keep idle connections open; beyond that only requests in flight make more.
constexpr std::size_t most_for_idle = 16;

/// Longer than libcurl keeps an idle connection, which it notices only when the multi is used.
constexpr core::Duration longest_idle = std::chrono::seconds(60);

}  // namespace

Host& Hosts::at(std::string_view origin) {
  const auto place = hosts_.find(origin);
  if (place != hosts_.end()) return place->second;
  Host& host = hosts_[std::string(origin)];
  const auto target = parse_url(origin);
  host.numeric = target && target->address;
  return host;
}

Link* Hosts::idle_link(const Host& host, bool multiplexed) {
  const auto idle = [&](const Link& link) {
    return multiplexed ? link.sockets > 0 && link.multi->transfers < Multi::target_size
                       : link.sockets > link.transfers;
  };
  if (host.last && idle(*host.last)) return host.last;
  for (const auto& link : host.links) {
    if (idle(*link)) return link.get();
  }
  return nullptr;
}

Link& Hosts::new_link(Host& host) {
  Multi& multi = multi_for_new_connection();
  for (const auto& link : host.links) {
    if (link->multi == &multi) return *link;
  }
  host.links.push_back(std::make_unique<Link>(Link{&host, &multi}));
  return *host.links.back();
}

Multi& Hosts::multi_for_new_connection() {
  const auto least = [this](auto measure) {
    return std::min_element(multis_.begin(), multis_.end(),
                            [&](const auto& a, const auto& b) { return measure(*a) < measure(*b); });
  };
  const auto emptiest = least([](const Multi& multi) { return multi.load(); });
  if (emptiest != multis_.end() && (*emptiest)->load() < Multi::target_size) return **emptiest;
  if (multis_.size() >= most_for_idle) {
    const auto idlest = least([](const Multi& multi) { return multi.transfers; });
    if ((*idlest)->transfers < Multi::target_size) return **idlest;
  }
  return *multis_.emplace_back(std::make_unique<Multi>(watchers_, agenda_));
}

void Hosts::began(Link& link, core::MonoTime now) {
  ++link.transfers;
  ++link.multi->transfers;
  link.multi->last_used = now;
}

void Hosts::ended(Link& link) {
  --link.transfers;
  --link.multi->transfers;
  link.host->last = &link;
}

void Hosts::socket_opened(Link& link) {
  ++link.sockets;
  ++link.multi->sockets;
}

void Hosts::socket_closed(Link& link) {
  --link.sockets;
  --link.multi->sockets;
}

void Hosts::reap(core::MonoTime now) {
  for (auto& multi : multis_) {
    if (multi->transfers > 0 || now - multi->last_used < longest_idle) continue;
    std::erase(agenda_.due, multi.get());
    // Gone before its links are: the connections that close now are counted down there.
    auto* const gone = multi.get();
    multi.reset();
    for (auto& [origin, host] : hosts_) {
      for (const auto& link : host.links) {
        if (link->multi == gone) *link = Link{&host, nullptr};
      }
    }
  }
  std::erase(multis_, nullptr);
  for (auto& [origin, host] : hosts_) {
    host.last = nullptr;
    std::erase_if(host.links, [](const auto& link) { return link->sockets == 0 && link->transfers == 0; });
  }
  std::erase_if(hosts_, [](const auto& entry) {
    const Host& host = entry.second;
    return host.links.empty() && host.waiting.empty() && host.resolving == 0;
  });
}

void Hosts::check_timeouts(core::MonoTime now) {
  for (const auto& multi : multis_)
    multi->check_timeout(now);
}

}  // namespace hookline::deliver
