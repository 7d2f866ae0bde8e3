// Sends the failure mails of the group: knows what is due (FailureMails), and has a thread of its own that talks
// to the mail server, so that one that hangs holds nothing up. The rest is of the jobs' thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "failure_mails.h"
#include "hookline/core/log.h"

namespace hookline::engine {

class MailDesk {
 public:
  /// `publish` writes a record to PREFIX.jobs: key, value. `settings` outlive it.
  MailDesk(const config::Settings& settings, std::function<void(std::string key, std::string value)> publish);
  ~MailDesk();

  /// A record of PREFIX.jobs, in the order of the topic.
  void take(std::string_view key, std::string_view value);
  void note(const std::string& webhook, std::string what, core::WallTime at);
  /// Sends what is due, one mail at a time; what the server has not taken is tried again later, after others.
  void turn(core::Now now, const Listing& listing);
  /// Takes note of what became of the mail that was sent last; also when the job is another's by now.
  void collect(core::Now now);
  /// Another process has the job, or this one begins anew.
  void forget();

 private:
  class Postman;
  const config::Settings& settings_;
  std::function<void(std::string key, std::string value)> publish_;
  FailureMails mails_;
  std::optional<DueMail> sending_;
  std::set<std::string> published_;  ///< records of mails sent that are counted already
  core::log::Gate gate_;
  std::unique_ptr<Postman> postman_;
};

}  // namespace hookline::engine
