// The transport on libcurl. A turn of it: take what the sockets and timers bring, let libcurl work, hand
// over the answers, note when to wake up next. Nothing here waits.
#include <csignal>
#include <cstdlib>
#include <memory>
#include <utility>
#include <vector>

#include "hookline/deliver/transport.h"
#include "hosts.h"
#include "multi.h"
#include "transfer.h"
#include "url.h"
#include "watchers.h"

namespace hookline::deliver {
namespace {

/// Easy handles that are kept for later; each costs about 10 KB.
constexpr std::size_t most_idle_transfers = 1024;
/// Deadlines of requests are looked at no more often than this.
constexpr core::Duration deadline_step = std::chrono::milliseconds(5);
constexpr core::Duration reap_every = std::chrono::seconds(30);

core::MonoTime clock_now() {
  return std::chrono::steady_clock::now();
}

struct FreeShare {
  void operator()(CURLSH* share) const { curl_share_cleanup(share); }
};
using Share = std::unique_ptr<CURLSH, FreeShare>;

/// Addresses and TLS sessions for all multis. One thread: no locks.
Share make_share() {
  Share share(curl_share_init());
  if (!share) std::abort();  // out of memory
  curl_share_setopt(share.get(), CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
  curl_share_setopt(share.get(), CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
  return share;
}

void prepare_process() {
  static const bool once = [] {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) std::abort();
    struct sigaction now {};
    if (sigaction(SIGPIPE, nullptr, &now) == 0 && now.sa_handler == SIG_DFL) std::signal(SIGPIPE, SIG_IGN);
    return true;
  }();
  static_cast<void>(once);
}

class CurlTransport final : public Transport {
 public:
  CurlTransport(asio::io_context& io, std::shared_ptr<const EgressPolicy> egress, AnswerSink sink)
      : io_(io),
        sink_(std::move(sink)),
        descriptor_(io, watchers_.descriptor()),
        timer_(io),
        share_(make_share()),
        wiring_{watchers_, agenda_, std::move(egress), share_.get()},
        hosts_(watchers_, agenda_),
        reap_at_(clock_now() + reap_every) {
    watch();
    plan();
  }

  ~CurlTransport() override {
    for (auto& [id, transfer] : in_flight_) {
      if (transfer->link) transfer->link->multi->remove(transfer->easy());
    }
    descriptor_.release();  // Watchers owns it
  }

  void start(Request&& request) override;
  void abort(AttemptId id) override;
  std::size_t in_flight() const override { return in_flight_.size() + answers_.size(); }
  void set_egress(const std::shared_ptr<const EgressPolicy>& egress) override { wiring_.egress = egress; }

 private:
  // A turn.
  void watch();
  void turn();
  void run_due();
  void touch(Multi& multi);
  void collect(Multi& multi);
  void hand_over();
  void plan();
  void on_timer();

  // A transfer's life.
  std::unique_ptr<Transfer> new_transfer();
  bool route(Transfer& transfer, core::MonoTime now);
  void launch(Transfer& transfer, Link& link, core::MonoTime now);
  void release(Host& host);
  void detach(Transfer& transfer);
  void finish(Transfer& transfer, Answer&& answer);
  void expire(core::MonoTime now);
  std::optional<Answer> refusal(const Request& request) const;

  template <class Handler>
  auto guarded(Handler handler) {
    return [alive = std::weak_ptr<bool>(alive_), handler](auto... arguments) {
      if (!alive.expired()) handler(arguments...);
    };
  }

  asio::io_context& io_;
  AnswerSink sink_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  ///< what handlers still queued look at

  Agenda agenda_;
  Watchers watchers_;
  asio::posix::stream_descriptor descriptor_;
  asio::steady_timer timer_;
  core::MonoTime timer_at_ = core::MonoTime::max();
  bool turn_posted_ = false;

  // Destroyed from the end: handles, then the connections of the multis, then what these use.
  Share share_;
  Wiring wiring_;
  Hosts hosts_;
  Transfer::Index in_flight_;
  std::vector<std::unique_ptr<Transfer>> idle_;

  std::vector<Multi*> touched_;
  std::vector<Answer> answers_;
  core::MonoTime reap_at_;
};

void CurlTransport::start(Request&& request) {
  if (auto answer = refusal(request)) {
    if (request.kept) answer->request = std::make_shared<const Request>(std::move(request));
    answers_.push_back(std::move(*answer));
    return plan();
  }
  const auto now = clock_now();
  auto owner = new_transfer();
  Transfer& transfer = *owner;
  transfer.take(std::move(request), now);
  bool fresh;
  if (transfer.place.empty()) {
    fresh = in_flight_.emplace(transfer.request().id, std::move(owner)).second;
  } else {
    transfer.place.key() = transfer.request().id;
    transfer.place.mapped() = std::move(owner);
    fresh = in_flight_.insert(std::move(transfer.place)).inserted;
  }
  if (!fresh) std::abort();  // two attempts with one id: a bug of the caller
  Host& host = hosts_.at(url_origin(transfer.request().url));
  transfer.host = &host;
  agenda_.deadline(transfer.deadline);
  if (!route(transfer, now)) host.waiting.push_back(&transfer);
  plan();
}

/// What is wrong with a request before anything is done for it.
std::optional<Answer> CurlTransport::refusal(const Request& request) const {
  Answer answer;
  answer.id = request.id;
  if (auto what = flaw(request)) {
    answer.outcome = Outcome::invalid;
    answer.error = std::move(*what);
    return answer;
  }
  if (request.route->proxy.empty()) return std::nullopt;
  if (auto what = wiring_.egress->objection(request.url)) {
    answer.outcome = Outcome::egress;
    answer.error = std::move(*what);
    return answer;
  }
  return std::nullopt;
}

std::unique_ptr<Transfer> CurlTransport::new_transfer() {
  if (idle_.empty()) return std::make_unique<Transfer>(wiring_);
  auto transfer = std::move(idle_.back());
  idle_.pop_back();
  return transfer;
}

/// Finds the transfer its way: an idle connection, or a new one. False: others look the name of its host
/// up already, and it has to wait for them.
bool CurlTransport::route(Transfer& transfer, core::MonoTime now) {
  Host& host = *transfer.host;
  if (Link* const link = Hosts::idle_link(host, transfer.request().route->http2)) {
    launch(transfer, *link, now);
    return true;
  }
  if (!host.may_resolve(now)) return false;
  transfer.resolving = !host.knows_address(now);
  if (transfer.resolving) ++host.resolving;
  launch(transfer, hosts_.new_link(host), now);
  return true;
}

void CurlTransport::launch(Transfer& transfer, Link& link, core::MonoTime now) {
  transfer.link = &link;
  Hosts::began(link, now);
  if (!link.multi->add(transfer.easy())) std::abort();  // out of memory
}

void CurlTransport::release(Host& host) {
  const auto now = clock_now();
  while (!host.waiting.empty() && route(*host.waiting.front(), now))
    host.waiting.pop_front();
}

void CurlTransport::abort(AttemptId id) {
  const auto place = in_flight_.find(id);
  if (place == in_flight_.end()) return;
  Transfer& transfer = *place->second;
  detach(transfer);
  finish(transfer, transfer.answer(Outcome::aborted, "aborted", clock_now()));
  plan();
}

/// Takes the transfer from wherever it is.
void CurlTransport::detach(Transfer& transfer) {
  transfer.stop_resolving();
  if (!transfer.link) {
    std::erase(transfer.host->waiting, &transfer);
    return;
  }
  transfer.link->multi->remove(transfer.easy());
  Hosts::ended(*transfer.link);
}

void CurlTransport::finish(Transfer& transfer, Answer&& answer) {
  answers_.push_back(std::move(answer));
  auto node = in_flight_.extract(transfer.request().id);
  auto owner = std::move(node.mapped());
  if (transfer.request().kept) answers_.back().request = transfer.take_request();
  if (idle_.size() >= most_idle_transfers) return;
  transfer.place = std::move(node);
  transfer.rest();
  idle_.push_back(std::move(owner));
}

void CurlTransport::expire(core::MonoTime now) {
  if (now < agenda_.deadline_at) return agenda_.wake(agenda_.deadline_at);
  auto next = core::MonoTime::max();
  std::vector<Transfer*> late;
  for (const auto& [id, transfer] : in_flight_) {
    if (transfer->deadline <= now) {
      late.push_back(transfer.get());
    } else {
      next = std::min(next, transfer->deadline);
    }
  }
  for (Transfer* const transfer : late) {
    Answer answer = transfer->late_answer(now);
    detach(*transfer);
    finish(*transfer, std::move(answer));
  }
  agenda_.deadline_at = core::MonoTime::max();
  if (!in_flight_.empty()) agenda_.deadline(std::max(next, now + deadline_step));
}

void CurlTransport::watch() {
  descriptor_.async_wait(asio::posix::stream_descriptor::wait_read,
                         guarded([this](boost::system::error_code error) {
                           if (error) return;
                           watchers_.dispatch([this](Multi& multi, int fd, int ready) {
                             multi.on_socket(fd, ready);
                             touch(multi);
                           });
                           turn();
                           watch();
                         }));
}

void CurlTransport::turn() {
  run_due();
  for (Multi* const multi : std::exchange(touched_, {}))
    collect(*multi);
  hand_over();
  plan();
}

/// Once each: what becomes due again meanwhile has its next turn, after whatever else the loop serves.
void CurlTransport::run_due() {
  for (Host* const host : std::exchange(agenda_.released, {}))
    release(*host);
  for (Multi* const multi : std::exchange(agenda_.due, {})) {
    multi->on_timeout();
    touch(*multi);
  }
}

/// It may have transfers that have ended.
void CurlTransport::touch(Multi& multi) {
  if (std::exchange(multi.touched, true)) return;
  touched_.push_back(&multi);
}

void CurlTransport::collect(Multi& multi) {
  multi.touched = false;
  const auto now = clock_now();
  while (const auto done = multi.next_done()) {
    Transfer& transfer = Transfer::of(done->first);
    Answer answer = transfer.answer(done->second, now);
    detach(transfer);
    finish(transfer, std::move(answer));
  }
}

void CurlTransport::hand_over() {
  if (answers_.empty()) return;
  sink_(std::exchange(answers_, {}));
}

void CurlTransport::plan() {
  const bool more = !agenda_.due.empty() || !agenda_.released.empty() || !answers_.empty();
  if (more && !turn_posted_) {
    turn_posted_ = true;
    asio::post(io_, guarded([this] {
                 turn_posted_ = false;
                 turn();
               }));
  }
  agenda_.wake(reap_at_);
  if (agenda_.wake_at >= timer_at_) return;
  timer_at_ = agenda_.wake_at;
  timer_.expires_at(timer_at_);
  timer_.async_wait(guarded([this](boost::system::error_code error) {
    if (!error) on_timer();
  }));
}

/// The timer is only ever set for something earlier; so when it fires, everything is looked at anew.
void CurlTransport::on_timer() {
  const auto now = clock_now();
  agenda_.wake_at = timer_at_ = core::MonoTime::max();
  hosts_.check_timeouts(now);
  expire(now);
  const bool reap = now >= reap_at_;
  if (reap) reap_at_ = now + reap_every;
  turn();
  if (reap && agenda_.released.empty()) hosts_.reap(now);
}

}  // namespace

std::unique_ptr<Transport> make_curl_transport(asio::io_context& io,
                                               std::shared_ptr<const EgressPolicy> egress, AnswerSink sink) {
  prepare_process();
  return std::make_unique<CurlTransport>(io, std::move(egress), std::move(sink));
}

}  // namespace hookline::deliver
