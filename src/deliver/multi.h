// One curl multi handle: about 64 connections and the transfers on them. Libcurl's callbacks only take
// notes here; what they ask for is done by the transport after the call has returned, so that libcurl is
// never called from inside itself. One thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <curl/curl.h>

#include "hookline/core/time.h"
#include "watchers.h"

namespace hookline::deliver {

class Multi;
struct Host;

/// What waits to be done after the present call of libcurl.
struct Agenda {
  std::vector<Multi*> due;                             ///< multis whose timeout has come
  std::vector<Host*> released;                         ///< hosts whose waiting transfers may go on
  core::MonoTime wake_at = core::MonoTime::max();      ///< the earliest timeout or deadline
  core::MonoTime deadline_at = core::MonoTime::max();  ///< no deadline of a transfer passes before that
  void wake(core::MonoTime time) { wake_at = std::min(wake_at, time); }
  void deadline(core::MonoTime time) {
    deadline_at = std::min(deadline_at, time);
    wake(time);
  }
};

class Multi {
 public:
  /// Connections that one multi keeps: above that, libcurl's walks over its pool are felt.
  static constexpr std::uint32_t target_size = 64;

  Multi(Watchers& watchers, Agenda& agenda);
  ~Multi();  ///< closes its connections; no transfer may be left
  Multi(const Multi&) = delete;
  Multi& operator=(const Multi&) = delete;

  /// False: libcurl is out of memory.
  [[nodiscard]] bool add(CURL* easy);
  void remove(CURL* easy) { curl_multi_remove_handle(multi_, easy); }

  void on_socket(int fd, int ready);
  /// Runs what is due; `due` of the agenda no longer names it.
  void on_timeout();
  /// Puts the multi on the agenda if its timeout has come, else tells when it will.
  void check_timeout(core::MonoTime now);

  /// A transfer that has ended, still added.
  std::optional<std::pair<CURL*, CURLcode>> next_done();

  /// By how much it is used: connections, or transfers that have none yet.
  std::uint32_t load() const { return sockets > transfers ? sockets : transfers; }

  // Counted by the transport and by Hosts.
  std::uint32_t sockets = 0;
  std::uint32_t transfers = 0;
  core::MonoTime last_used{};
  bool touched = false;  ///< may have transfers that have ended

 private:
  static int socket_callback(CURL* easy, curl_socket_t fd, int what, void* self, void* of_socket);
  static int timer_callback(CURLM* multi, long timeout_ms, void* self);

  Watchers& watchers_;
  Agenda& agenda_;
  CURLM* multi_;
  bool due_ = false;
  core::MonoTime timeout_at_ = core::MonoTime::max();
};

}  // namespace hookline::deliver
