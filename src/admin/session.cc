#include "session.h"

#include <chrono>
#include <exception>
#include <optional>

#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <fmt/format.h>

#include "hookline/core/log.h"
#include "routes.h"

namespace hookline::admin {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

constexpr std::uint32_t max_header = 16 << 10;
constexpr std::uint64_t max_body = 2 << 20;
constexpr auto io_deadline = std::chrono::seconds(15);
constexpr auto linger_deadline = std::chrono::seconds(2);
constexpr std::size_t max_lingering = 8 << 20;

/// What pages of this origin may do: nothing but what came with it.
constexpr const char* content_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

std::string copy(beast::string_view view) { return {view.data(), view.size()}; }

/// A condition that is there without a value is the empty tag, which is that of nothing.
std::string tag(const http::request<http::string_body>& message, http::field field) {
  const auto found = message.find(field);
  if (found == message.end()) return {};
  return found->value().empty() ? std::string("\"\"") : copy(found->value());
}

HttpAnswer run(const Found& found, const HttpRequest& request, engine::Engine& engine) {
  try {
    return found.route->handle({request, found.name, found.by}, engine);
  } catch (const std::exception& error) {  // a library's: nothing of Hookline throws
    core::log::error("admin API: {} {}: {}", request.method, request.path, error.what());
    return problem(500, "an error inside of Hookline; its log says more");
  }
}

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(tcp::socket socket, Service& service, std::shared_ptr<void> held)
      : stream_(std::move(socket)), service_(service), held_(std::move(held)) {}

  void read() {
    parser_.emplace();
    parser_->header_limit(max_header);
    parser_->body_limit(max_body);
    stream_.expires_after(io_deadline);
    http::async_read(stream_, buffer_, *parser_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      self->on_read(error);
    });
  }

 private:
  void on_read(beast::error_code error) {
    if (error == http::error::end_of_stream || error == beast::error::timeout) return close();
    if (error == http::error::body_limit) return refuse(problem(413, "a body has at most 2 MiB"));
    if (error == http::error::header_limit) return refuse(problem(431, "the head of a request has at most 16 KiB"));
    if (error) {
      const bool of_http = error.category() == http::make_error_code(http::error::end_of_stream).category();
      if (of_http && error != http::error::partial_message) refuse(problem(400, fmt::format("not HTTP/1.1: {}", error.message())));
      return;
    }
    take();
    dispatch();
  }

  void take() {
    const auto& message = parser_->get();
    request_ = {.method = copy(message.method_string()),
                .path = copy(message.target()),
                .query = {},
                .authorization = copy(message[http::field::authorization]),
                .host = copy(message[http::field::host]),
                .origin = copy(message[http::field::origin]),
                .content_type = copy(message[http::field::content_type]),
                .if_match = tag(message, http::field::if_match),
                .if_none_match = tag(message, http::field::if_none_match),
                .body = message.body()};
    if (const auto mark = request_.path.find('?'); mark != std::string::npos) {
      request_.query = request_.path.substr(mark + 1);
      request_.path.resize(mark);
    }
    keep_alive_ = message.keep_alive();
  }

  void dispatch() {
    found_ = find_route(request_, service_.settings);
    if (!found_.route) return write(std::move(found_.answer));
    if (found_.route->lane == Lane::at_once) return write(run(found_, request_, service_.engine));
    stream_.expires_never();  // the handler has bounds of its own
    Pool& pool = found_.route->lane == Lane::quick ? service_.quick : service_.slow;
    const bool taken = pool.submit([self = shared_from_this()] {
      auto answer = std::make_shared<HttpAnswer>(run(self->found_, self->request_, self->service_.engine));
      asio::post(self->stream_.get_executor(), [self, answer] { self->write(std::move(*answer)); });
    });
    if (!taken) write(problem(503, "more is asked at once than is worked on; ask again in a moment"));
  }

  void refuse(HttpAnswer answer) {
    request_ = {};
    keep_alive_ = false;
    write(std::move(answer));
  }

  void write(HttpAnswer answer) {
    answer_ = {};
    answer_.version(11);
    answer_.result(static_cast<unsigned>(answer.status));
    if (answer.status != 204 && answer.status != 304) answer_.set(http::field::content_type, answer.content_type);
    answer_.set("X-Content-Type-Options", "nosniff");
    answer_.set("Content-Security-Policy", content_policy);
    answer_.set("Referrer-Policy", "no-referrer");
    answer_.set(http::field::cache_control, answer.cached ? "no-cache" : "no-store");
    if (!answer.allow.empty()) answer_.set(http::field::allow, answer.allow);
    if (!answer.etag.empty()) answer_.set(http::field::etag, answer.etag);
    if (!answer.location.empty()) answer_.set(http::field::location, answer.location);
    if (answer.status == 401) answer_.set(http::field::www_authenticate, "Bearer");
    if (answer.status == 503) answer_.set(http::field::retry_after, "1");
    answer_.keep_alive(keep_alive_);
    answer_.body() = std::move(answer.body);
    answer_.prepare_payload();
    if (request_.method == "HEAD") answer_.body().clear();
    stream_.expires_after(io_deadline);
    http::async_write(stream_, answer_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (error) return;
      if (!self->keep_alive_) return self->linger();
      self->read();
    });
  }

  /// Takes what is still on its way, so that the answer is not lost to a reset.
  void linger() {
    close();
    stream_.expires_after(linger_deadline);
    discard();
  }

  void discard() {
    stream_.async_read_some(asio::buffer(discarded_), [self = shared_from_this()](beast::error_code error, std::size_t size) {
      self->lingered_ += size;
      if (!error && self->lingered_ < max_lingering) self->discard();
    });
  }

  void close() {
    beast::error_code ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
  }

  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  HttpRequest request_;
  Found found_;
  http::response<http::string_body> answer_;
  bool keep_alive_ = false;
  std::array<char, 4096> discarded_{};
  std::size_t lingered_ = 0;
  Service& service_;
  std::shared_ptr<void> held_;
};

}  // namespace

void serve(tcp::socket socket, Service& service, std::shared_ptr<void> held) {
  std::make_shared<Session>(std::move(socket), service, std::move(held))->read();
}

}  // namespace hookline::admin
