#include "support/receiver_loop.h"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "support/port.h"

namespace hookline::test {
namespace {

using Clock = std::chrono::steady_clock;

// What epoll knows the three that are not connections by.
constexpr std::uint64_t listener_id = 0;
constexpr std::uint64_t wake_id = ~std::uint64_t{0};
constexpr std::uint64_t timer_id = wake_id - 1;

constexpr std::size_t largest_request = std::size_t{16} << 20;

int checked(int result, const char* what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  return result;
}

void add_to(int epoll, int fd, std::uint64_t id, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = id;
  checked(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

void allow_many_connections() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}

}  // namespace

ReceiverLoop::ReceiverLoop(const ReceiverOptions& options)
    : x_port(options.port != 0 ? options.port : fresh_port()),
      x_options(options),
      x_reaction(std::make_shared<Reaction>(options.reaction)),
      x_ready_answer(answer_text(options.reaction)),
      x_epoll(checked(epoll_create1(EPOLL_CLOEXEC), "epoll")),
      x_wake(checked(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")),
      x_timer(checked(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), "timerfd")),
      x_buffer(256 << 10, '\0') {
  allow_many_connections();
  add_to(x_epoll, x_wake, wake_id, EPOLLIN);
  add_to(x_epoll, x_timer, timer_id, EPOLLIN);
  open_listener();
  x_thread = std::thread([this] { loop(); });
}

ReceiverLoop::~ReceiverLoop() {
  run([this] {
    close_listener();
    close_all();
    x_stop = true;
  });
  x_thread.join();
  for (int const fd : {x_epoll, x_wake, x_timer})
    ::close(fd);
}

void ReceiverLoop::run(std::function<void()> work) {
  if (std::this_thread::get_id() == x_thread.get_id()) return work();
  std::promise<void> done;
  {
    std::lock_guard const lock(x_work_mutex);
    x_work.emplace_back([&] {
      work();
      done.set_value();
    });
  }
  eventfd_write(x_wake, 1);
  done.get_future().wait();
}

void ReceiverLoop::run_work() {
  eventfd_t ignored = 0;
  eventfd_read(x_wake, &ignored);
  std::vector<std::function<void()>> work;
  {
    std::lock_guard const lock(x_work_mutex);
    work.swap(x_work);
  }
  for (auto& each : work)
    each();
}

void ReceiverLoop::loop() {
  epoll_event events[256];
  while (!x_stop) {
    int const count = epoll_wait(x_epoll, events, 256, -1);
    for (int i = 0; i < count; ++i) {
      auto const id = events[i].data.u64;
      if (id == listener_id) {
        accept_all();
      } else if (id == wake_id) {
        run_work();
      } else if (id == timer_id) {
        run_timers();
      } else if (auto const found = x_connections.find(id); found != x_connections.end()) {
        auto& connection = *found->second;
        if ((events[i].events & EPOLLOUT) != 0) writable(connection);
        if (connection.fd >= 0 && (events[i].events & ~EPOLLOUT) != 0) readable(connection);
      }
    }
    x_closed.clear();
    arm_timer();
  }
}

void ReceiverLoop::open_listener() {
  if (x_listener >= 0) return;
  x_listener = checked(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "socket");
  int const on = 1;
  setsockopt(x_listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(x_port);
  checked(bind(x_listener, reinterpret_cast<sockaddr*>(&address), sizeof address), "bind");
  checked(listen(x_listener, 4096), "listen");
  add_to(x_epoll, x_listener, listener_id, EPOLLIN);
}

void ReceiverLoop::close_listener() {
  if (x_listener >= 0) ::close(x_listener);
  x_listener = -1;
}

void ReceiverLoop::close_all() {
  while (!x_connections.empty())
    close(*x_connections.begin()->second);
}

void ReceiverLoop::accept_all() {
  while (x_listener >= 0) {
    int const fd = accept4(x_listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) return;
    int const on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    auto connection = std::make_unique<Connection>();
    connection->id = x_next_id++;
    connection->fd = fd;
    connection->events = x_deaf ? 0U : std::uint32_t{EPOLLIN};
    add_to(x_epoll, fd, connection->id, connection->events);
    x_connections.emplace(connection->id, std::move(connection));
    ++x_accepted;
    ++x_open;
  }
}

void ReceiverLoop::readable(Connection& connection) {
  auto const got = recv(connection.fd, x_buffer.data(), x_buffer.size(), 0);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) return close(connection);
  std::string_view const bytes(x_buffer.data(), static_cast<std::size_t>(got));
  if (connection.in.empty() && !connection.busy) {  // the usual case: a whole request, nothing copied
    connection.in = bytes.substr(take_requests(connection, bytes));
  } else {
    connection.in += bytes;
    if (!connection.busy) connection.in.erase(0, take_requests(connection, std::string(connection.in)));
  }
  if (connection.in.size() > largest_request) close(connection);
}

std::size_t ReceiverLoop::take_requests(Connection& connection, std::string_view bytes) {
  std::size_t taken = 0;
  while (taken < bytes.size() && !connection.busy && connection.fd >= 0) {
    auto const rest = bytes.substr(taken);
    auto const scan = scan_head(rest);
    if (!scan) break;
    auto size = scan->size + scan->content_length;
    if (scan->chunked) {
      auto const end = rest.find("\r\n0\r\n\r\n", scan->size - 2);
      size = end == std::string_view::npos ? rest.size() + 1 : end + 7;
    }
    if (rest.size() < size) break;
    taken += size;
    auto const body = rest.substr(scan->size, size - scan->size);
    take_request(connection, rest.substr(0, scan->size), *scan,
                 scan->chunked ? decode_chunks(body).value_or("") : std::string(body));
  }
  return taken;
}

void ReceiverLoop::take_request(Connection& connection, std::string_view head, const HeadScan& scan,
                                std::string body) {
  connection.busy = true;
  connection.counted = true;
  connection.close_when_sent = false;
  if (auto const now = ++x_in_flight; now > x_peak) x_peak = now;
  connection.request = x_count;

  if (x_options.record == Record::ids) {
    std::lock_guard const lock(x_mutex);
    x_id_hashes.push_back(std::hash<std::string_view>{}(scan.webhook_id));
  }
  if (x_options.record != Record::everything && !x_has_behaviours) {
    ++x_count;
    return react(connection, x_reaction);
  }

  auto parsed = parse_head(head);
  ReceivedRequest request;
  request.number = connection.request;
  request.connection = connection.id;
  request.at = Clock::now();
  request.method = std::move(parsed.first);
  request.target = std::move(parsed.second);
  request.headers = std::move(parsed.headers);
  request.body = std::move(body);
  if (x_options.record == Record::everything) {
    std::lock_guard const lock(x_mutex);
    x_requests.push_back(request);
  }
  ++x_count;
  react(connection, decide(connection, std::move(request)));
}

std::shared_ptr<const Reaction> ReceiverLoop::decide(Connection&, ReceivedRequest request) {
  if (!x_has_behaviours) return x_reaction;
  Behaviour behaviour;
  {
    std::lock_guard const lock(x_mutex);
    auto const found = x_behaviours.find(request.target.substr(0, request.target.find('?')));
    behaviour = found != x_behaviours.end() ? found->second : x_otherwise;
  }
  if (!behaviour) return x_reaction;
  int const seen = x_seen[request.target + '\n' + request.header("webhook-id")]++;
  return std::make_shared<Reaction>(behaviour(request, seen));
}

void ReceiverLoop::react(Connection& connection, std::shared_ptr<const Reaction> reaction) {
  if (connection.fd < 0) return;  // the behaviour has closed it
  if (reaction->delay.count() > 0) {
    return after(connection, reaction->delay, [this, reaction](Connection& later) {
      mode_function(reaction->mode)(*this, later, *reaction);
    });
  }
  if (reaction == x_reaction && reaction->mode == Mode::answer && !reaction->close) {
    send(connection, x_ready_answer);
    answered(connection, reaction->status);
    connection.busy = false;  // take_requests goes on by itself
    return;
  }
  mode_function(reaction->mode)(*this, connection, *reaction);
}

void ReceiverLoop::send(Connection& connection, std::string_view bytes) {
  if (connection.fd < 0) return;
  if (connection.out.empty()) {
    auto const sent = ::send(connection.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return close(connection);
    if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  connection.out += bytes;
  watch(connection);
}

void ReceiverLoop::send_for_ever(Connection& connection, std::function<void()> refill) {
  connection.refill = std::move(refill);
  watch(connection);
}

void ReceiverLoop::writable(Connection& connection) {
  if (!connection.out.empty()) {
    std::string const pending = std::exchange(connection.out, {});
    send(connection, pending);
  }
  if (connection.fd < 0 || !connection.out.empty()) return;
  if (connection.refill) return connection.refill();
  if (connection.close_when_sent) return close(connection);
  if (connection.shut_when_sent) shutdown(connection.fd, SHUT_WR);
  watch(connection);
}

void ReceiverLoop::watch(Connection& connection) {
  if (connection.fd < 0) return;
  auto const wanted =
      (connection.events & EPOLLIN) | (connection.out.empty() && !connection.refill ? 0U : EPOLLOUT);
  if (wanted == connection.events) return;
  connection.events = wanted;
  epoll_event event{};
  event.events = wanted;
  event.data.u64 = connection.id;
  epoll_ctl(x_epoll, EPOLL_CTL_MOD, connection.fd, &event);
}

void ReceiverLoop::no_longer_in_flight(Connection& connection) {
  if (connection.counted) --x_in_flight;
  connection.counted = false;
}

void ReceiverLoop::answered(Connection& connection, int status) {
  no_longer_in_flight(connection);
  if (x_options.record != Record::everything || connection.fd < 0) return;
  std::lock_guard const lock(x_mutex);
  auto const first = x_requests.empty() ? 0 : x_requests.front().number;
  if (!x_requests.empty() && connection.request >= first)
    x_requests[connection.request - first].status = status;
}

void ReceiverLoop::next(Connection& connection) {
  connection.busy = false;
  if (connection.in.empty()) return;
  std::string const pending = std::exchange(connection.in, {});
  auto const taken = take_requests(connection, pending);
  connection.in = pending.substr(taken);
}

void ReceiverLoop::finish(Connection& connection) {
  if (connection.fd < 0) return;
  connection.close_when_sent = true;
  if (connection.out.empty()) close(connection);
}

void ReceiverLoop::shut(Connection& connection) {
  if (connection.fd < 0) return;
  connection.shut_when_sent = true;
  if (connection.out.empty()) shutdown(connection.fd, SHUT_WR);
}

void ReceiverLoop::reset(Connection& connection) {
  if (connection.fd < 0) return;
  linger const now{1, 0};
  setsockopt(connection.fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close(connection);
}

void ReceiverLoop::close(Connection& connection) {
  if (connection.fd < 0) return;
  ::close(connection.fd);
  connection.fd = -1;
  --x_open;
  no_longer_in_flight(connection);
  auto found = x_connections.find(connection.id);
  x_closed.push_back(std::move(found->second));
  x_connections.erase(found);
}

void ReceiverLoop::after(Connection& connection, std::chrono::milliseconds delay,
                         std::function<void(Connection&)> then) {
  x_timers.push_back({Clock::now() + delay, x_next_timer++, connection.id, std::move(then)});
  std::push_heap(x_timers.begin(), x_timers.end());
}

void ReceiverLoop::arm_timer() {
  auto const at = x_timers.empty() ? Clock::time_point{} : x_timers.front().at;
  if (at == x_armed) return;
  x_armed = at;
  auto const ns = at.time_since_epoch().count();
  itimerspec when{};  // all zero: disarmed
  when.it_value = {ns / 1'000'000'000, ns % 1'000'000'000};
  timerfd_settime(x_timer, TFD_TIMER_ABSTIME, &when, nullptr);
}

void ReceiverLoop::run_timers() {
  std::uint64_t ignored = 0;
  [[maybe_unused]] auto const got = read(x_timer, &ignored, sizeof ignored);
  auto const now = Clock::now();
  while (!x_timers.empty() && x_timers.front().at <= now) {
    std::pop_heap(x_timers.begin(), x_timers.end());
    auto const timer = std::move(x_timers.back());
    x_timers.pop_back();
    if (auto const found = x_connections.find(timer.connection); found != x_connections.end())
      timer.then(*found->second);
  }
}

}  // namespace hookline::test
