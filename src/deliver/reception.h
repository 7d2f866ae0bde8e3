// What comes back for one request, taken in as libcurl hands it over: the status line, one header of
// interest and a bounded part of the body. Ends what would never end. Pure; reused.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace hookline::deliver {

class Reception {
 public:
  /// Bytes of all heads of one answer (informational ones included), and how many of those may come.
  static constexpr std::size_t longest_head = 128 << 10;
  static constexpr int most_informational = 32;
  /// Bytes of the body that are read behind the limit, so that the connection can be kept.
  static constexpr std::size_t read_past_limit = 64 << 10;

  void begin(std::size_t body_limit);

  /// One line of a head (or a trailer), with its line end. False: the transfer is to be ended.
  [[nodiscard]] bool header(std::string_view line);
  /// The next bytes of the body. False: the transfer is to be ended.
  [[nodiscard]] bool body(std::string_view bytes);

  /// The final status line and all its headers are here: this is an answer, whatever becomes of the body.
  bool complete() const { return complete_; }
  int status() const { return status_; }
  /// Why header() gave up before the head was complete; empty: it did not.
  std::string_view objection() const { return objection_; }

  std::optional<std::string> take_retry_after() { return std::move(retry_after_); }
  std::string take_body() { return std::move(body_); }

 private:
  bool end_of_head();

  std::size_t body_limit_ = 0;
  std::size_t head_bytes_ = 0;
  std::size_t past_limit_ = 0;
  int informational_ = 0;
  int status_ = 0;
  bool complete_ = false;
  std::string_view objection_;
  std::optional<std::string> retry_after_;
  std::string body_;
};

}  // namespace hookline::deliver
