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
    : port_(options.port != 0 ? options.port : fresh_port()),
      options_(options),
      reaction_(std::make_shared<Reaction>(options.reaction)),
      ready_answer_(answer_text(options.reaction)),
      epoll_(checked(epoll_create1(EPOLL_CLOEXEC), "epoll")),
      wake_(checked(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")),
      timer_(checked(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), "timerfd")),
      buffer_(256 << 10, '\0') {
  allow_many_connections();
  add_to(epoll_, wake_, wake_id, EPOLLIN);
  add_to(epoll_, timer_, timer_id, EPOLLIN);
  open_listener();
  thread_ = std::thread([this] { loop(); });
}

ReceiverLoop::~ReceiverLoop() {
  run([this] {
    close_listener();
    close_all();
    stop_ = true;
  });
  thread_.join();
  for (int const fd : {epoll_, wake_, timer_})
    ::close(fd);
}

void ReceiverLoop::run(std::function<void()> work) {
  if (std::this_thread::get_id() == thread_.get_id()) return work();
  std::promise<void> done;
  {
    std::lock_guard const lock(work_mutex_);
    work_.emplace_back([&] {
      work();
      done.set_value();
    });
  }
  eventfd_write(wake_, 1);
  done.get_future().wait();
}

void ReceiverLoop::run_work() {
  eventfd_t ignored = 0;
  eventfd_read(wake_, &ignored);
  std::vector<std::function<void()>> work;
  {
    std::lock_guard const lock(work_mutex_);
    work.swap(work_);
  }
  for (auto& each : work)
    each();
}

void ReceiverLoop::loop() {
  epoll_event events[256];
  while (!stop_) {
    int const count = epoll_wait(epoll_, events, 256, -1);
    for (int i = 0; i < count; ++i) {
      auto const id = events[i].data.u64;
      if (id == listener_id) {
        accept_all();
      } else if (id == wake_id) {
        run_work();
      } else if (id == timer_id) {
        run_timers();
      } else if (auto const found = connections_.find(id); found != connections_.end()) {
        auto& connection = *found->second;
        if ((events[i].events & EPOLLOUT) != 0) writable(connection);
        if (connection.fd >= 0 && (events[i].events & ~EPOLLOUT) != 0) readable(connection);
      }
    }
    closed_.clear();
    arm_timer();
  }
}

void ReceiverLoop::open_listener() {
  if (listener_ >= 0) return;
  listener_ = checked(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "socket");
  int const on = 1;
  setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port_);
  checked(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), "bind");
  checked(listen(listener_, 4096), "listen");
  add_to(epoll_, listener_, listener_id, EPOLLIN);
}

void ReceiverLoop::close_listener() {
  if (listener_ >= 0) ::close(listener_);
  listener_ = -1;
}

void ReceiverLoop::close_all() {
  while (!connections_.empty())
    close(*connections_.begin()->second);
}

void ReceiverLoop::accept_all() {
  while (listener_ >= 0) {
    int const fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) return;
    int const on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    auto connection = std::make_unique<Connection>();
    connection->id = next_id_++;
    connection->fd = fd;
    connection->events = deaf_ ? 0U : std::uint32_t{EPOLLIN};
    add_to(epoll_, fd, connection->id, connection->events);
    connections_.emplace(connection->id, std::move(connection));
    ++accepted_;
    ++open_;
  }
}

void ReceiverLoop::readable(Connection& connection) {
  auto const got = recv(connection.fd, buffer_.data(), buffer_.size(), 0);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) return close(connection);
  std::string_view const bytes(buffer_.data(), static_cast<std::size_t>(got));
  if (connection.in.empty() && !connection.busy) {  // the usual case: a whole request, nothing copied
    connection.in = bytes.substr(take_requests(connection, bytes));
  } else {
    connection.in += bytes;
    if (!connection.busy) next(connection);
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
  if (auto const now = ++in_flight_; now > peak_) peak_ = now;
  connection.request = count_;

  if (options_.record == Record::ids) {
    std::lock_guard const lock(mutex_);
    id_hashes_.push_back(std::hash<std::string_view>{}(scan.webhook_id));
  }
  if (options_.record != Record::everything && !has_behaviours_) {
    ++count_;
    return react(connection, reaction_);
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
  if (options_.record == Record::everything) {
    std::lock_guard const lock(mutex_);
    requests_.push_back(request);
  }
  ++count_;
  react(connection, decide(connection, std::move(request)));
}

std::shared_ptr<const Reaction> ReceiverLoop::decide(Connection&, ReceivedRequest request) {
  if (!has_behaviours_) return reaction_;
  Behaviour behaviour;
  {
    std::lock_guard const lock(mutex_);
    auto const found = behaviours_.find(request.target.substr(0, request.target.find('?')));
    behaviour = found != behaviours_.end() ? found->second : otherwise_;
  }
  if (!behaviour) return reaction_;
  int const seen = seen_[request.target + '\n' + request.header("webhook-id")]++;
  return std::make_shared<Reaction>(behaviour(request, seen));
}

void ReceiverLoop::react(Connection& connection, std::shared_ptr<const Reaction> reaction) {
  if (connection.fd < 0) return;  // the behaviour has closed it
  if (reaction->delay.count() > 0) {
    return after(connection, reaction->delay, [this, reaction](Connection& later) {
      mode_function(reaction->mode)(*this, later, *reaction);
    });
  }
  if (reaction == reaction_ && reaction->mode == Mode::answer && !reaction->close) {
    send(connection, ready_answer_);
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
  epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.fd, &event);
}

void ReceiverLoop::no_longer_in_flight(Connection& connection) {
  if (connection.counted) --in_flight_;
  connection.counted = false;
}

void ReceiverLoop::answered(Connection& connection, int status) {
  no_longer_in_flight(connection);
  if (options_.record != Record::everything || connection.fd < 0) return;
  std::lock_guard const lock(mutex_);
  auto const first = requests_.empty() ? 0 : requests_.front().number;
  if (!requests_.empty() && connection.request >= first)
    requests_[connection.request - first].status = status;
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
  --open_;
  no_longer_in_flight(connection);
  auto found = connections_.find(connection.id);
  closed_.push_back(std::move(found->second));
  connections_.erase(found);
}

void ReceiverLoop::after(Connection& connection, std::chrono::milliseconds delay,
                         std::function<void(Connection&)> then) {
  timers_.push_back({Clock::now() + delay, next_timer_++, connection.id, std::move(then)});
  std::push_heap(timers_.begin(), timers_.end());
}

void ReceiverLoop::arm_timer() {
  auto const at = timers_.empty() ? Clock::time_point{} : timers_.front().at;
  if (at == armed_) return;
  armed_ = at;
  auto const ns = at.time_since_epoch().count();
  itimerspec when{};  // all zero: disarmed
  when.it_value = {ns / 1'000'000'000, ns % 1'000'000'000};
  timerfd_settime(timer_, TFD_TIMER_ABSTIME, &when, nullptr);
}

void ReceiverLoop::run_timers() {
  std::uint64_t ignored = 0;
  [[maybe_unused]] auto const got = read(timer_, &ignored, sizeof ignored);
  auto const now = Clock::now();
  while (!timers_.empty() && timers_.front().at <= now) {
    std::pop_heap(timers_.begin(), timers_.end());
    auto const timer = std::move(timers_.back());
    timers_.pop_back();
    if (auto const found = connections_.find(timer.connection); found != connections_.end())
      timer.then(*found->second);
  }
}

}  // namespace hookline::test
