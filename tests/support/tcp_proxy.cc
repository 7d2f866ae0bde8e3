#include "support/tcp_proxy.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/port.h"

namespace hookline::test {
namespace {

using namespace std::chrono_literals;

constexpr int glance_ms = 20;  // how soon a change of ways is seen

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int connect_to(std::uint16_t port) {
  int const fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto const address = loopback(port);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  close(fd);
  return -1;
}

void reset_at_close(int fd) {
  linger const now{1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

bool send_all(int fd, const char* data, std::size_t size) {
  while (size > 0) {
    auto const sent = send(fd, data, size, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    data += sent;
    size -= static_cast<std::size_t>(sent);
  }
  return true;
}

}  // namespace

struct TcpProxy::Pair {
  Pair(int client_fd, int server_fd) : client(client_fd), server(server_fd) {}

  int client, server;
  std::atomic<bool> ended{false};
  std::atomic<int> running{2};
  std::thread up, down;
};

TcpProxy::TcpProxy(std::uint16_t to, std::uint16_t port)
    : to_(to), port_(port != 0 ? port : fresh_port()), listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  int const on = 1;
  setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  auto const address = loopback(port_);
  if (bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || listen(listener_, 64) != 0)
    throw std::runtime_error("the proxy cannot listen");
  thread_ = std::thread([this] { run(); });
}

TcpProxy::~TcpProxy() {
  stop_ = true;
  thread_.join();
  reap(true);
  close(listener_);
}

void TcpProxy::pass() {
  delay_ms_ = bytes_per_second_ = 0;
  swallowing_ = resetting_ = false;
}

void TcpProxy::delay(std::chrono::milliseconds each) {
  pass();
  delay_ms_ = each.count();
}

void TcpProxy::throttle(std::int64_t bytes_per_second) {
  pass();
  bytes_per_second_ = bytes_per_second;
}

void TcpProxy::swallow() {
  pass();
  swallowing_ = true;
}

void TcpProxy::reset() {
  pass();
  resetting_ = true;
  std::lock_guard const lock(mutex_);
  for (auto const& pair : pairs_) {
    if (pair->ended) continue;
    reset_at_close(pair->client);
    reset_at_close(pair->server);
    end(*pair);
  }
}

void TcpProxy::run() {
  while (!stop_) {
    pollfd wait{listener_, POLLIN, 0};
    if (poll(&wait, 1, glance_ms) != 1) {
      reap(false);
      continue;
    }
    int const client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) continue;
    ++accepted_;
    int const server = resetting_ ? -1 : connect_to(to_);
    if (server < 0) {
      reset_at_close(client);
      close(client);
      continue;
    }
    int const on = 1;
    for (int const fd : {client, server}) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    std::lock_guard const lock(mutex_);
    auto& pair = *pairs_.emplace_back(std::make_unique<Pair>(client, server));
    pair.up = std::thread([this, &pair] { pump(pair, pair.client, pair.server); });
    pair.down = std::thread([this, &pair] { pump(pair, pair.server, pair.client); });
  }
}

void TcpProxy::pump(Pair& pair, int from, int to) {
  std::array<char, 65536> buffer;
  while (!stop_ && !pair.ended) {
    if (swallowing_) {
      std::this_thread::sleep_for(std::chrono::milliseconds(glance_ms));
      continue;
    }
    pollfd wait{from, POLLIN, 0};
    if (poll(&wait, 1, glance_ms) != 1 || swallowing_) continue;
    auto const rate = bytes_per_second_.load();
    // A twentieth of a second's worth at a time.
    auto const most = rate == 0 ? buffer.size() : std::clamp<std::size_t>(static_cast<std::size_t>(rate / 20), 1, buffer.size());
    auto const got = recv(from, buffer.data(), most, 0);
    if (got <= 0) break;
    auto const pause = rate == 0 ? std::chrono::milliseconds(delay_ms_) : std::chrono::milliseconds(got * 1000 / rate);
    if (pause > 0ms) std::this_thread::sleep_for(pause);
    if (!send_all(to, buffer.data(), static_cast<std::size_t>(got))) break;
  }
  end(pair);
  --pair.running;
}

/// Both directions end; the descriptors stay until nobody uses them.
void TcpProxy::end(Pair& pair) {
  if (pair.ended.exchange(true)) return;
  shutdown(pair.client, SHUT_RDWR);
  shutdown(pair.server, SHUT_RDWR);
}

void TcpProxy::reap(bool all) {
  std::list<std::unique_ptr<Pair>> over;
  {
    std::lock_guard const lock(mutex_);
    for (auto at = pairs_.begin(); at != pairs_.end();) {
      auto const next = std::next(at);
      if (all) end(**at);
      if (all || (*at)->running == 0) over.splice(over.end(), pairs_, at);
      at = next;
    }
  }
  for (auto const& pair : over) {
    pair->up.join();
    pair->down.join();
    close(pair->client);
    close(pair->server);
  }
}

}  // namespace hookline::test
