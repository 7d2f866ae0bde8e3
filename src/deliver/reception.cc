#include "reception.h"

#include <algorithm>

#include "headers.h"

namespace hookline::deliver {
namespace {

constexpr std::size_t longest_retry_after = 64;

/// "HTTP/1.1 200 OK" -> 200; 0 if there is no such number.
int status_of(std::string_view line) {
  const auto blank = line.find(' ');
  if (blank == std::string_view::npos || line.size() < blank + 4) return 0;
  int status = 0;
  for (const char c : line.substr(blank + 1, 3)) {
    if (c < '0' || c > '9') return 0;
    status = status * 10 + (c - '0');
  }
  return status;
}

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

}  // namespace

void Reception::begin(std::size_t body_limit) {
  *this = Reception();
  body_limit_ = body_limit;
}

bool Reception::header(std::string_view line) {
  head_bytes_ += line.size();
  if (head_bytes_ > longest_head) {
    objection_ = "its headers are larger than 128 KiB";
    return false;
  }
  if (complete_) return true;  // a trailer
  if (line == "\r\n" || line == "\n") return end_of_head();
  if (line.starts_with("HTTP/")) {
    status_ = status_of(line);
    retry_after_.reset();
    return true;
  }
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || !same_header_name(line.substr(0, colon), "retry-after")) return true;
  const auto value = trim(line.substr(colon + 1));
  if (value.size() <= longest_retry_after) retry_after_ = std::string(value);
  return true;
}

bool Reception::end_of_head() {
  const bool informational = status_ >= 100 && status_ <= 199 && status_ != 101;
  if (!informational) {
    complete_ = status_ != 0;
    return status_ != 101;  // what follows is not HTTP, and was not asked for
  }
  if (++informational_ <= most_informational) return true;
  objection_ = "it sent more than 32 informational answers";
  return false;
}

bool Reception::body(std::string_view bytes) {
  const auto room = body_limit_ - body_.size();
  body_.append(bytes.substr(0, room));
  past_limit_ += bytes.size() - std::min(bytes.size(), room);
  return past_limit_ <= read_past_limit;
}

}  // namespace hookline::deliver
