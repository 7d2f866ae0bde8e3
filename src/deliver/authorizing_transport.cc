// Access tokens for the routes that need one, in front of another transport. One thread, that of the
// io_context; like the transport behind it, it answers from turns of its own only. Bounds: an attempt that
// needs a token is held, with its body, until its answer; a credential stays while its token is good.
#include <map>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "access_token.h"
#include "headers.h"
#include "hookline/core/units.h"
#include "hookline/deliver/transport.h"

namespace hookline::deliver {
namespace {

using namespace std::chrono_literals;

/// So long a failed fetch answers for those that come after it.
constexpr core::Duration failure_holds = 1s;
/// A receiver that refuses fresh tokens gets no more of them than one in this time.
constexpr core::Duration refusal_holds = 1min;

core::MonoTime clock_now() { return std::chrono::steady_clock::now(); }

/// One credential, and the token that was got with it.
struct Source {
  std::string token;
  std::uint64_t generation = 0;  ///< counts the tokens
  core::MonoTime good_until{};   ///< the token is
  bool fetching = false;
  std::vector<AttemptId> waiting;
  Outcome failure = Outcome::token;
  std::string error;
  core::MonoTime failed_until{};   ///< the failure stands
  core::MonoTime refused_until{};  ///< a fresh token was refused: a 401 says nothing about the token
};

struct Attempt {
  Request request;
  std::shared_ptr<Source> source;
  core::MonoTime started{}, deadline{};
  std::uint64_t generation = 0;  ///< of the token that it was sent with
  bool sent = false;             ///< the transport behind has it
  bool again = false;            ///< it was refused once
  bool late = false;             ///< its time was over while the transport had it
};

class AuthorizingTransport final : public Transport {
 public:
  AuthorizingTransport(asio::io_context& io, std::shared_ptr<const EgressPolicy> egress, AnswerSink sink)
      : io_(io), sink_(std::move(sink)), timer_(io) {
    inner_ = make_curl_transport(io, std::move(egress), [this](std::vector<Answer>&& answers) { take(std::move(answers)); });
  }

  void start(Request&& request) override;
  void abort(AttemptId id) override;
  std::size_t in_flight() const override { return inner_->in_flight() - fetches_.size() + waiting_ + answers_.size(); }
  void set_egress(const std::shared_ptr<const EgressPolicy>& egress) override { inner_->set_egress(egress); }

 private:
  using Place = std::unordered_map<AttemptId, Attempt>::iterator;

  std::shared_ptr<Source> source_of(const Route& route);
  void proceed(Place place);
  void send(Place place);
  void fetch(const std::shared_ptr<Source>& source, const std::shared_ptr<const Route>& route);
  void take(std::vector<Answer>&& answers);
  void take_token(Source& source, const Answer& answer);
  void take_answer(Place place, Answer&& answer);
  bool try_again(Attempt& attempt, const Answer& answer);
  void leave_queue(Attempt& attempt);
  void end(Place place, Outcome outcome, std::string error);
  void end(Place place, Answer&& answer);
  void plan();
  void arm(core::MonoTime deadline);
  void expire();

  asio::io_context& io_;
  AnswerSink sink_;
  asio::steady_timer timer_;
  core::MonoTime timer_at_ = core::MonoTime::max();
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  ///< what handlers still queued look at

  std::map<std::string, std::shared_ptr<Source>> sources_;  ///< by everything that a token depends on
  std::unordered_map<AttemptId, Attempt> attempts_;
  std::unordered_map<AttemptId, std::shared_ptr<Source>> fetches_;
  AttemptId next_fetch_ = ~AttemptId{0};  ///< downwards; those of attempts count upwards
  std::size_t waiting_ = 0;               ///< attempts that the transport behind has not
  std::vector<Answer> answers_;
  bool turn_posted_ = false;
  std::unique_ptr<Transport> inner_;  ///< last: ended first
};

void AuthorizingTransport::start(Request&& request) {
  if (!request.route->oauth2) return inner_->start(std::move(request));
  const auto now = clock_now();
  const auto& timeout = request.route->timeout;
  Attempt attempt{.started = now, .deadline = now + timeout.connect + timeout.request};
  attempt.source = source_of(*request.route);
  attempt.request = std::move(request);
  const auto id = attempt.request.id;
  arm(attempt.deadline);
  ++waiting_;
  proceed(attempts_.emplace(id, std::move(attempt)).first);
  plan();
}

void AuthorizingTransport::abort(AttemptId id) {
  const auto place = attempts_.find(id);
  if (place == attempts_.end() || place->second.sent) return inner_->abort(id);
  end(place, Outcome::aborted, "aborted");
  plan();
}

std::shared_ptr<Source> AuthorizingTransport::source_of(const Route& route) {
  const auto& who = *route.oauth2;
  std::string key;
  for (const std::string* part : {&who.token_url, &who.client_id, &who.client_secret.reveal(), &who.scope, &route.proxy,
                                  &route.tls.ca, &route.tls.cert, &route.tls.key}) {
    key.append(*part).push_back('\0');
  }
  key.push_back(route.tls.verify ? '1' : '0');
  auto& source = sources_[key];
  if (source) return source;
  source = std::make_shared<Source>();
  const auto made = source;
  // A good moment to forget those that no revision has any more.
  std::erase_if(sources_, [&](const auto& entry) {
    return entry.second != made && entry.second.use_count() == 1 && entry.second->good_until < clock_now();
  });
  return made;
}

/// Sends it, or has it wait for a token.
void AuthorizingTransport::proceed(Place place) {
  Attempt& attempt = place->second;
  const auto source = attempt.source;
  const auto now = clock_now();
  if (now < source->good_until) return send(place);
  if (now < source->failed_until) return end(place, source->failure, source->error);
  source->waiting.push_back(place->first);
  if (!source->fetching) fetch(source, attempt.request.route);
}

void AuthorizingTransport::send(Place place) {
  Attempt& attempt = place->second;
  attempt.generation = attempt.source->generation;
  attempt.sent = true;
  --waiting_;
  Request request = attempt.request;
  std::erase_if(request.headers, [](const HttpHeader& header) { return same_header_name(header.name, "authorization"); });
  request.headers.push_back({"Authorization", "Bearer " + attempt.source->token, true});
  inner_->start(std::move(request));
}

void AuthorizingTransport::fetch(const std::shared_ptr<Source>& source, const std::shared_ptr<const Route>& route) {
  source->fetching = true;
  const auto id = next_fetch_--;
  fetches_.emplace(id, source);
  inner_->start(token_request(id, route));
}

void AuthorizingTransport::take(std::vector<Answer>&& answers) {
  if (attempts_.empty() && fetches_.empty()) return sink_(std::move(answers));
  for (auto& answer : answers) {
    if (auto fetched = fetches_.extract(answer.id)) {
      take_token(*fetched.mapped(), answer);
    } else if (const auto place = attempts_.find(answer.id); place != attempts_.end()) {
      take_answer(place, std::move(answer));
    } else {
      answers_.push_back(std::move(answer));
    }
  }
  if (!answers_.empty()) sink_(std::exchange(answers_, {}));
}

void AuthorizingTransport::take_token(Source& source, const Answer& answer) {
  source.fetching = false;
  const auto now = clock_now();
  auto token = read_token(answer);
  if (token) {
    source.token = std::move(token->value);
    ++source.generation;
    source.good_until = now + token_use(token->lifetime);
  } else {
    // An address that the policy refuses is as final here as it is for the endpoint itself.
    source.failure = answer.outcome == Outcome::egress ? Outcome::egress : Outcome::token;
    source.error = "no access token: " + token.error().message;
    source.failed_until = now + failure_holds;
  }
  for (const auto id : std::exchange(source.waiting, {})) {
    const auto place = attempts_.find(id);
    if (token) {
      send(place);
    } else {
      end(place, source.failure, source.error);
    }
  }
}

void AuthorizingTransport::take_answer(Place place, Answer&& answer) {
  Attempt& attempt = place->second;
  if (attempt.late && answer.outcome == Outcome::aborted) {
    answer.outcome = Outcome::request_timeout;
    const auto& timeout = attempt.request.route->timeout;
    answer.error = fmt::format("no answer within {}, with the time for an access token", core::format_duration(timeout.connect + timeout.request));
  }
  if (!try_again(attempt, answer)) return end(place, std::move(answer));
  attempt.again = true;
  attempt.sent = false;
  ++waiting_;
  proceed(place);
}

/// Is it worth another token? Drops the one that was refused.
bool AuthorizingTransport::try_again(Attempt& attempt, const Answer& answer) {
  if (answer.outcome != Outcome::answered || answer.status != 401) return false;
  Source& source = *attempt.source;
  const auto now = clock_now();
  const bool current = attempt.generation == source.generation;
  if (attempt.again) {
    if (current) source.refused_until = now + refusal_holds;
    return false;
  }
  if (attempt.late || now >= attempt.deadline) return false;
  if (!current) return true;
  if (now < source.refused_until) return false;
  source.good_until = {};
  return true;
}

void AuthorizingTransport::end(Place place, Outcome outcome, std::string error) {
  leave_queue(place->second);
  Answer answer{.id = place->first, .outcome = outcome};
  answer.error = std::move(error);
  end(place, std::move(answer));
}

void AuthorizingTransport::leave_queue(Attempt& attempt) {
  if (attempt.sent) return;
  std::erase(attempt.source->waiting, attempt.request.id);
  --waiting_;
}

void AuthorizingTransport::end(Place place, Answer&& answer) {
  answer.duration = clock_now() - place->second.started;
  answers_.push_back(std::move(answer));
  attempts_.erase(place);
}

/// Answers that came up outside a turn of the transport behind go out in a turn of their own.
void AuthorizingTransport::plan() {
  if (answers_.empty() || std::exchange(turn_posted_, true)) return;
  asio::post(io_, [this, alive = std::weak_ptr<bool>(alive_)] {
    if (alive.expired()) return;
    turn_posted_ = false;
    if (!answers_.empty()) sink_(std::exchange(answers_, {}));
  });
}

void AuthorizingTransport::arm(core::MonoTime deadline) {
  if (deadline >= timer_at_) return;
  timer_at_ = deadline;
  timer_.expires_at(std::chrono::time_point_cast<std::chrono::steady_clock::duration>(deadline));
  timer_.async_wait([this, alive = std::weak_ptr<bool>(alive_)](boost::system::error_code error) {
    if (!error && !alive.expired()) expire();
  });
}

void AuthorizingTransport::expire() {
  const auto now = clock_now();
  auto next = core::MonoTime::max();
  std::vector<AttemptId> late;
  for (auto& [id, attempt] : attempts_) {
    if (attempt.late) continue;
    if (attempt.deadline <= now) {
      late.push_back(id);
    } else {
      next = std::min(next, attempt.deadline);
    }
  }
  for (const auto id : late) {
    const auto place = attempts_.find(id);
    if (place->second.sent) {
      place->second.late = true;
      inner_->abort(id);
    } else {
      const auto& timeout = place->second.request.route->timeout;
      end(place, Outcome::token, fmt::format("no access token within {}", core::format_duration(timeout.connect + timeout.request)));
    }
  }
  timer_at_ = core::MonoTime::max();
  if (next != core::MonoTime::max()) arm(next);
  plan();
}

}  // namespace

std::unique_ptr<Transport> make_transport(asio::io_context& io, std::shared_ptr<const EgressPolicy> egress,
                                          AnswerSink sink) {
  return std::make_unique<AuthorizingTransport>(io, std::move(egress), std::move(sink));
}

}  // namespace hookline::deliver
