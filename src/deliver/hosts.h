// Which multi carries a request. A host (scheme and authority) goes where it has an idle connection, so
// that few requests use few connections; without one it goes to the multi with the fewest, and a new
// multi is made when all are full. Also keeps a dead name server from costing a thread per request: of
// the transfers of one host whose name is not known to resolve, only four look it up at a time. One
// thread; hosts and multis that have nothing to do are dropped by reap().
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "hookline/core/time.h"
#include "multi.h"

namespace hookline::deliver {

class Transfer;
struct Host;

/// A host's share of a multi.
struct Link {
  Host* host;
  Multi* multi;
  std::uint32_t sockets = 0;
  std::uint32_t transfers = 0;
};

struct Host {
  bool numeric = false;  ///< an address: there is nothing to look up
  std::vector<std::unique_ptr<Link>> links;
  Link* last = nullptr;             ///< where a transfer ended last: an idle connection is likely there
  std::uint32_t resolving = 0;      ///< transfers that may be looking the name up now
  core::MonoTime resolved_until{};  ///< libcurl knows the addresses until about then
  std::deque<Transfer*> waiting;    ///< for others to look the name up

  bool knows_address(core::MonoTime now) const { return numeric || now < resolved_until; }
  bool may_resolve(core::MonoTime now) const { return knows_address(now) || resolving < most_resolving; }

  static constexpr std::uint32_t most_resolving = 4;
};

class Hosts {
 public:
  Hosts(Watchers& watchers, Agenda& agenda) : watchers_(watchers), agenda_(agenda) {}

  /// `origin`: scheme://authority.
  Host& at(std::string_view origin);

  /// The link on which a connection is idle (or, multiplexed, open); nullptr: a new one would be made.
  static Link* idle_link(const Host& host, bool multiplexed);
  /// The link for a new connection.
  Link& new_link(Host& host);

  static void began(Link& link, core::MonoTime now);
  static void ended(Link& link);
  static void socket_opened(Link& link);
  static void socket_closed(Link& link);

  /// Destroys multis that nobody used lately, with their connections, and forgets hosts without any.
  void reap(core::MonoTime now);
  void check_timeouts(core::MonoTime now);

  std::size_t multis() const { return multis_.size(); }

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  Multi& multi_for_new_connection();

  Watchers& watchers_;
  Agenda& agenda_;
  std::unordered_map<std::string, Host, TextHash, std::equal_to<>> hosts_;
  std::vector<std::unique_ptr<Multi>> multis_;  ///< after hosts_: closing connections counts down their links
};

}  // namespace hookline::deliver
