#include "mail_desk.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include <sys/prctl.h>

namespace hookline::engine {
namespace {

using namespace std::chrono_literals;


}  // namespace

/// One mail at a time, on a thread that waits for it.
class MailDesk::Postman {
 public:
  explicit Postman(const config::Smtp& smtp) : smtp_(smtp), thread_([this] { run(); }) {}
  ~Postman() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

  void send(deliver::Mail mail) {
    {
      const std::lock_guard lock(mutex_);
      mail_ = std::move(mail);
    }
    changed_.notify_all();
  }
  /// What became of the mail; nullopt: it is on its way.
  std::optional<core::Result<void>> take_result() {
    const std::lock_guard lock(mutex_);
    return std::exchange(result_, std::nullopt);
  }

 private:
  void run() {
    ::prctl(PR_SET_NAME, "mail");
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [&] { return stopping_ || mail_; });
      if (stopping_) return;
      const auto mail = *std::exchange(mail_, std::nullopt);
      lock.unlock();
      auto result = deliver::send_mail(smtp_, mail, core::read_clock().wall, [&] { return !stopping_; });
      lock.lock();
      result_ = std::move(result);
    }
  }

  const config::Smtp& smtp_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<deliver::Mail> mail_;
  std::optional<core::Result<void>> result_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

MailDesk::MailDesk(const config::Settings& settings, std::function<void(std::string key, std::string value)> publish)
    : settings_(settings), publish_(std::move(publish)) {}

MailDesk::~MailDesk() = default;

void MailDesk::take(std::string_view key, std::string_view value) {
  if (const auto letters = parse_dead_letters(key, value)) {
    mails_.take(*letters);
  } else if (const auto sent = parse_mail_sent(key, value); sent && published_.erase(std::string(value)) == 0) {
    mails_.take(*sent);
  }
}

void MailDesk::note(const std::string& webhook, std::string what, core::WallTime at) { mails_.note(webhook, std::move(what), at); }

void MailDesk::forget() {
  mails_ = {};
  published_.clear();
}

void MailDesk::collect(core::Now now) {
  if (!sending_) return;
  const auto result = postman_->take_result();
  if (!result) return;
  const auto told = *std::exchange(sending_, std::nullopt);
  if (*result) {
    core::log::info("webhook {}: a mail has told of {} dead letters", told.webhook, told.count);
    const MailSent sent{told.webhook, told.endpoint, now.wall, told.count};
    auto value = value_of(sent);
    mails_.take(sent);
    published_.insert(value);
    publish_(told.webhook, std::move(value));
    return;
  }
  mails_.put_off(told.webhook, told.endpoint, now.wall);
  if (const auto more = gate_.pass(now.mono)) {
    core::log::warn("a mail about webhook {} could not be sent: {}; trying again ({} more since)", told.webhook, result->error().message, *more);
  }
}

void MailDesk::turn(core::Now now, const Listing& listing) {
  if (!settings_.smtp || sending_) return;
  sending_ = mails_.due(now.wall, listing);
  if (!sending_) return;
  if (!postman_) postman_ = std::make_unique<Postman>(*settings_.smtp);
  postman_->send(mail_of(*sending_, settings_));
}

}  // namespace hookline::engine
