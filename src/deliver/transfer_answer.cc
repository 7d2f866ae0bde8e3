// How a transfer ended, as an Answer. What is said of a failure names host and port and nothing else of
// the URL, which may hold secrets.
#include <system_error>

#include <fmt/format.h>

#include "curl_fault.h"
#include "hookline/core/units.h"
#include "transfer.h"
#include "url.h"

namespace hookline::deliver {
namespace {

constexpr std::size_t longest_detail = 160;

/// Libcurl reports a TLS alert that comes after the handshake (TLS 1.3 refuses client certificates so) as
/// a failed read, and tells it in words alone.
bool is_tls_alert(CURLcode code, std::string_view details) {
  return (code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR) &&
         details.find("SSL routines") != std::string_view::npos &&
         details.find("alert") != std::string_view::npos;
}

template <class Value>
Value info(CURL* easy, CURLINFO what) {
  Value value{};
  curl_easy_getinfo(easy, what, &value);
  return value;
}

}  // namespace

Answer Transfer::begin_answer(core::MonoTime now) {
  Answer answer;
  answer.id = request_.id;
  answer.duration = now - started_;
  if (reception_.complete()) {
    answer.outcome = Outcome::answered;
    answer.status = reception_.status();
    answer.retry_after = reception_.take_retry_after();
    answer.body = reception_.take_body();
  }
  return answer;
}

std::string Transfer::describe(CURLcode code, std::string_view text) const {
  const auto target = parse_url(request_.url);
  std::string line = target ? fmt::format("{}:{}: {}", target->host, target->port, text) : std::string(text);
  if (code == CURLE_COULDNT_CONNECT) {
    const auto os_error = info<long>(easy_, CURLINFO_OS_ERRNO);
    const int number = os_error != 0 ? static_cast<int>(os_error) : socket_error_;
    if (number != 0) line += ": " + std::system_category().message(number);
  }
  if (code == CURLE_SSL_CONNECT_ERROR || is_tls_alert(code, details_.data())) {
    line += fmt::format(": {}", std::string_view(details_.data()).substr(0, longest_detail));
  }
  return line;
}

Answer Transfer::answer(CURLcode code, core::MonoTime now) {
  Answer answer = begin_answer(now);
  if (answer.outcome == Outcome::answered) return answer;
  const auto end_as = [&](Outcome outcome, std::string error) {
    answer.outcome = outcome;
    answer.error = std::move(error);
    return std::move(answer);
  };
  if (!refused_.empty() && (code == CURLE_ABORTED_BY_CALLBACK || !address_tried_)) {
    return end_as(Outcome::egress,
                  describe(CURLE_OK, fmt::format("egress.allow does not name {}", refused_)));
  }
  if (!reception_.objection().empty()) {
    return end_as(Outcome::protocol, describe(CURLE_OK, reception_.objection()));
  }
  const auto& fault = fault_of(code, sent_);
  if (code == CURLE_OPERATION_TIMEDOUT) return late_answer(now);
  if (code == CURLE_PEER_FAILED_VERIFICATION) {
    return end_as(Outcome::tls,
                  describe(code, certificate_fault(info<long>(easy_, CURLINFO_SSL_VERIFYRESULT))));
  }
  if (is_tls_alert(code, details_.data())) {
    return end_as(Outcome::tls, describe(code, "TLS: it ended the connection"));
  }
  const auto connect_status = info<long>(easy_, CURLINFO_HTTP_CONNECTCODE);
  if (!sent_ && connect_status != 0 && connect_status / 100 != 2) {
    return end_as(Outcome::connect, describe(CURLE_OK, fmt::format("the proxy answered {}", connect_status)));
  }
  const bool unsent = fault.outcome == Outcome::reset && !sent_;
  return end_as(unsent ? Outcome::connect : fault.outcome, describe(code, fault.text));
}

Answer Transfer::answer(Outcome outcome, std::string error, core::MonoTime now) {
  Answer answer = begin_answer(now);
  if (answer.outcome == Outcome::answered) return answer;
  answer.outcome = outcome;
  answer.error = std::move(error);
  return answer;
}

Answer Transfer::late_answer(core::MonoTime now) {
  const auto& timeout = request_.route->timeout;
  if (sent_) {
    return answer(
        Outcome::request_timeout,
        describe(CURLE_OK, fmt::format("no answer within {}", core::format_duration(timeout.request))), now);
  }
  const auto limit = core::format_duration(timeout.connect);
  if (!link || info<curl_off_t>(easy_, CURLINFO_NAMELOOKUP_TIME_T) == 0) {
    return answer(Outcome::dns, describe(CURLE_OK, "the name did not resolve within " + limit), now);
  }
  const bool connected = info<long>(easy_, CURLINFO_LOCAL_PORT) > 0;
  const auto* const what = connected ? "no end of the TLS handshake within " : "no connection within ";
  return answer(Outcome::connect_timeout, describe(CURLE_OK, what + limit), now);
}

}  // namespace hookline::deliver
