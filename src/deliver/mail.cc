#include "hookline/deliver/mail.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>

#include <curl/curl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "hookline/core/crypto.h"
#include "hookline/core/random.h"

namespace hookline::deliver {
namespace {

constexpr long connect_ms = 10'000;
constexpr long whole_ms = 60'000;
constexpr std::size_t longest_detail = 160;
/// Bytes of UTF-8 in one encoded word: 75 characters at most (RFC 2047 section 2).
constexpr std::size_t encoded_word_bytes = 42;
constexpr std::size_t base64_line = 76;
/// Between the addresses of one header line and the next; a line has to stay below 998 (RFC 5322 2.1.1).
constexpr std::string_view next_address = ",\r\n ";

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool is_control(char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; }

/// RFC 5322 section 3.3, in UTC.
std::string date_of(core::WallTime now) {
  const std::time_t seconds = core::to_unix_ms(now) / 1000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  static constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} +0000", days[static_cast<std::size_t>(parts.tm_wday)], parts.tm_mday,
                     months[static_cast<std::size_t>(parts.tm_mon)], parts.tm_year + 1900, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

/// A header's text on one line; what is not ASCII as encoded words.
std::string header_text(std::string text) {
  std::replace_if(text.begin(), text.end(), is_control, ' ');
  if (is_ascii(text) && text.size() < 900) return text;
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = std::min(text.size(), at + encoded_word_bytes);
    while (end > at + 1 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    out += fmt::format("{}=?utf-8?B?{}?=", out.empty() ? "" : "\r\n ", core::base64(std::string_view(text).substr(at, end - at)));
    at = end;
  }
  return out;
}

/// In base64 no line is too long, no byte is lost, and no dot begins a line.
std::string body_text(std::string_view text) {
  std::string lines;
  for (const char c : text) {
    if (c == '\n') lines += '\r';
    lines += c;
  }
  const auto encoded = core::base64(lines);
  std::string out;
  for (std::size_t at = 0; at < encoded.size(); at += base64_line) out += encoded.substr(at, base64_line) + "\r\n";
  return out;
}

struct FreeEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

struct Upload {
  std::string_view rest;
  const std::function<bool()>& keep_going;
};

std::size_t read_message(char* out, std::size_t size, std::size_t count, void* self) {
  auto& rest = static_cast<Upload*>(self)->rest;
  const auto length = std::min(rest.size(), size * count);
  std::memcpy(out, rest.data(), length);
  rest.remove_prefix(length);
  return length;
}

int progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Upload*>(self)->keep_going() ? 0 : 1;
}

template <class Value>
void set(CURL* easy, CURLoption option, Value value) {
  if (curl_easy_setopt(easy, option, value) != CURLE_OK) std::abort();  // out of memory
}

/// The scheme says how the connection begins.
std::string url_of(const config::Smtp& smtp) {
  const auto host = smtp.url.substr(smtp.url.find("://") + 3);
  const bool tls = smtp.tls == config::Smtp::TlsMode::tls || smtp.url.starts_with("smtps://");
  return (tls ? "smtps://" : "smtp://") + host;
}

core::Error fault_of(const config::Smtp& smtp, CURLcode code, std::string_view details) {
  const auto host = smtp.url.substr(smtp.url.find("://") + 3);
  auto what = std::string(details.empty() ? curl_easy_strerror(code) : details).substr(0, longest_detail);
  std::replace_if(what.begin(), what.end(), is_control, ' ');
  return {core::ErrorCode::unavailable, fmt::format("mail server {}: {}", host, what)};
}

}  // namespace

std::string message_of(const Mail& mail, std::string_view from, core::WallTime now, std::string_view id) {
  const auto domain = from.substr(from.find('@') + 1);
  return fmt::format(
      "Date: {}\r\nFrom: Hookline <{}>\r\nTo: {}\r\nSubject: {}\r\nMessage-ID: <{}@{}>\r\nAuto-Submitted: auto-generated\r\n"
      "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{}",
      date_of(now), from, fmt::join(mail.to, next_address), header_text(mail.subject), id, domain, body_text(mail.text));
}

core::Result<void> send_mail(const config::Smtp& smtp, const Mail& mail, core::WallTime now,
                             const std::function<bool()>& keep_going, const std::string& ca) {
  static const bool ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  const std::unique_ptr<CURL, FreeEasy> owner(ready ? curl_easy_init() : nullptr);
  if (!owner) std::abort();  // out of memory
  CURL* const easy = owner.get();
  const auto random = fmt::format("{:016x}.{:x}", core::Random::from_system().next(), core::to_unix_ms(now));
  const auto message = message_of(mail, smtp.from, now, random);
  std::unique_ptr<curl_slist, FreeList> to;
  for (const auto& address : mail.to) to.reset(curl_slist_append(to.release(), address.c_str()));
  Upload upload{message, keep_going};
  std::array<char, CURL_ERROR_SIZE> details{};

  set(easy, CURLOPT_URL, url_of(smtp).c_str());
  set(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  set(easy, CURLOPT_PROXY, "");  // none, whatever the environment says
  set(easy, CURLOPT_NOSIGNAL, 1L);
  set(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  set(easy, CURLOPT_CONNECTTIMEOUT_MS, connect_ms);
  set(easy, CURLOPT_TIMEOUT_MS, whole_ms);
  set(easy, CURLOPT_ERRORBUFFER, details.data());
  set(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (smtp.tls == config::Smtp::TlsMode::starttls) set(easy, CURLOPT_USE_SSL, static_cast<long>(CURLUSESSL_ALL));
  if (!ca.empty()) {
    set(easy, CURLOPT_CAINFO, ca.c_str());
    set(easy, CURLOPT_CAPATH, static_cast<char*>(nullptr));
  }
  if (!smtp.username.empty()) {
    set(easy, CURLOPT_USERNAME, smtp.username.c_str());
    set(easy, CURLOPT_PASSWORD, smtp.password.reveal().c_str());
  }
  set(easy, CURLOPT_MAIL_FROM, fmt::format("<{}>", smtp.from).c_str());
  set(easy, CURLOPT_MAIL_RCPT, to.get());
  set(easy, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);
  set(easy, CURLOPT_UPLOAD, 1L);
  set(easy, CURLOPT_READFUNCTION, &read_message);
  set(easy, CURLOPT_READDATA, &upload);
  set(easy, CURLOPT_NOPROGRESS, 0L);
  set(easy, CURLOPT_XFERINFOFUNCTION, &progress);
  set(easy, CURLOPT_XFERINFODATA, &upload);
  const auto code = curl_easy_perform(easy);
  if (code == CURLE_OK) return {};
  return tl::unexpected(fault_of(smtp, code, details.data()));
}

}  // namespace hookline::deliver
