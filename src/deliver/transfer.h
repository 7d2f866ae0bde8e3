// One request under way: a libcurl easy handle that is kept and used again, what it sends, and what came
// back so far. Setting everything anew costs a tenth of a request, so only what differs from the
// request before is set. One thread; callbacks of libcurl take notes only.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <curl/curl.h>

#include "hookline/core/time.h"
#include "hookline/deliver/egress.h"
#include "hookline/deliver/request.h"
#include "hosts.h"
#include "reception.h"
#include "watchers.h"

namespace hookline::deliver {

/// What all transfers of a transport share. Outlives them and their connections.
struct Wiring {
  Watchers& watchers;
  Agenda& agenda;
  std::shared_ptr<const EgressPolicy> egress;
  CURLSH* share;  ///< addresses and TLS sessions, across the multis
};

/// Why a request is not one that can be sent (bad URL, header or method); nullopt: it may be tried. Names
/// the header, never its value.
std::optional<std::string> flaw(const Request& request);

class Transfer {
 public:
  using Index = std::unordered_map<AttemptId, std::unique_ptr<Transfer>>;

  explicit Transfer(Wiring& wiring);
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  /// Takes a request without flaw(); the handle is then ready to be added to a multi.
  void take(Request&& request, core::MonoTime now);
  /// The answer, if the transfer ended as libcurl says.
  Answer answer(CURLcode code, core::MonoTime now);
  /// The answer, if Hookline ends it: an answer whose head is complete stays one, whatever the reason.
  Answer answer(Outcome outcome, std::string error, core::MonoTime now);
  /// Why a deadline that has passed ends it.
  Answer late_answer(core::MonoTime now);

  CURL* easy() const { return easy_; }
  static Transfer& of(CURL* easy);
  const Request& request() const { return request_; }
  /// When it has ended and is not used any more: the request itself.
  std::shared_ptr<const Request> take_request() { return std::make_shared<const Request>(std::move(request_)); }

  // Kept by the transport.
  Host* host = nullptr;
  Link* link = nullptr;    ///< nullptr: not handed to libcurl yet
  bool resolving = false;  ///< counted in Host::resolving
  core::MonoTime deadline{};
  Index::node_type place;  ///< of the transport's index, while this is not in it

  /// No longer looks a name up: others may.
  void stop_resolving();
  /// Lets go of the request; for the time in the pool.
  void rest();

 private:
  void set_route(const std::shared_ptr<const Route>& route);
  void set_always();
  void set_connection(const Route& route);
  void set_timeouts(const Route& route);
  void set_request();
  void build_headers();
  bool checks_addresses() const;
  Answer begin_answer(core::MonoTime now);
  std::string describe(CURLcode code, std::string_view text) const;

  static curl_socket_t open_socket(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int close_socket(void* wiring, curl_socket_t fd);
  static int before_sending(void* self, char* remote, char* local, int remote_port, int local_port);
  static std::size_t header_line(char* bytes, std::size_t size, std::size_t count, void* self);
  static std::size_t body_bytes(char* bytes, std::size_t size, std::size_t count, void* self);

  Wiring& wiring_;
  CURL* easy_;
  Request request_;
  Reception reception_;
  core::MonoTime started_{};
  bool sent_ = false;           ///< connected, and the request is on its way
  std::string refused_;         ///< the address that the egress policy refused
  bool address_tried_ = false;  ///< another address was allowed
  int socket_error_ = 0;        ///< errno of socket()
  std::array<char, CURL_ERROR_SIZE> details_{};

  // What the handle is set to now.
  std::shared_ptr<const Route> route_;
  std::string url_;
  config::Method method_ = config::Method::post;
  std::string header_text_;
  std::vector<curl_slist> header_list_;
};

}  // namespace hookline::deliver
