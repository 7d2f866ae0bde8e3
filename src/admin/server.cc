#include "hookline/admin/server.h"

#include "hookline/core/asio.h"

#include <atomic>
#include <chrono>
#include <optional>
#include <thread>
#include <vector>

#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <fmt/format.h>

#include "hookline/core/log.h"
#include "http.h"
#include "routes.h"

namespace hookline::admin {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

constexpr int thread_count = 3;
constexpr std::size_t max_connections = 256;
constexpr std::uint32_t max_header = 16 << 10;
constexpr std::uint64_t max_body = 2 << 20;
constexpr auto read_deadline = std::chrono::seconds(15);

/// One connection: reads a request, answers it, and again, until either side has had enough.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(tcp::socket socket, const config::Admin& settings, engine::Engine& engine, std::atomic<std::size_t>& count)
      : stream_(std::move(socket)), settings_(settings), engine_(engine), count_(count) {
    ++count_;
  }
  ~Session() { --count_; }

  void read() {
    parser_.emplace();
    parser_->header_limit(max_header);
    parser_->body_limit(max_body);
    stream_.expires_after(read_deadline);
    http::async_read(stream_, buffer_, *parser_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      self->on_read(error);
    });
  }

 private:
  void on_read(beast::error_code error) {
    if (error == http::error::end_of_stream || error == beast::error::timeout) return close();
    if (error == http::error::body_limit) return write(problem(413, "Content Too Large", "at most 2 MiB"), false);
    if (error == http::error::header_limit) return write(problem(431, "Request Header Fields Too Large", "at most 16 KiB"), false);
    if (error) return;
    const auto& message = parser_->get();
    const auto text = [](beast::string_view view) { return std::string(view.data(), view.size()); };
    HttpRequest request{.method = text(message.method_string()),
                        .path = text(message.target()),
                        .query = {},
                        .authorization = text(message[http::field::authorization]),
                        .host = text(message[http::field::host]),
                        .if_match = text(message[http::field::if_match]),
                        .if_none_match = text(message[http::field::if_none_match]),
                        .body = message.body()};
    if (const auto mark = request.path.find('?'); mark != std::string::npos) {
      request.query = request.path.substr(mark + 1);
      request.path.resize(mark);
    }
    head_only_ = request.method == "HEAD";
    write(route(request, settings_, engine_), message.keep_alive());
  }

  void write(HttpAnswer answer, bool keep_alive) {
    answer_ = {};
    answer_.version(11);
    answer_.result(static_cast<unsigned>(answer.status));
    answer_.set(http::field::content_type, answer.content_type);
    answer_.set("X-Content-Type-Options", "nosniff");
    answer_.set(http::field::cache_control, "no-store");
    if (!answer.allow.empty()) answer_.set(http::field::allow, answer.allow);
    if (!answer.etag.empty()) answer_.set(http::field::etag, answer.etag);
    if (!answer.location.empty()) answer_.set(http::field::location, answer.location);
    if (answer.status == 401) answer_.set(http::field::www_authenticate, "Bearer");
    answer_.keep_alive(keep_alive);
    answer_.body() = std::move(answer.body);
    answer_.prepare_payload();
    if (head_only_) answer_.body().clear();
    stream_.expires_after(read_deadline);
    http::async_write(stream_, answer_, [self = shared_from_this(), keep_alive](beast::error_code error, std::size_t) {
      if (error || !keep_alive) return self->close();
      self->read();
    });
  }

  void close() {
    beast::error_code ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
  }

  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> answer_;
  bool head_only_ = false;
  const config::Admin& settings_;
  engine::Engine& engine_;
  std::atomic<std::size_t>& count_;
};

}  // namespace

struct Server::State {
  config::Admin settings;
  engine::Engine& engine;
  std::atomic<std::size_t> connections{0};
  asio::io_context io{thread_count};
  tcp::acceptor acceptor{io};
  std::vector<std::thread> threads;  ///< a probe is answered while a status waits for a busy worker

  State(config::Admin admin, engine::Engine& of) : settings(std::move(admin)), engine(of) {}

  void accept() {
    acceptor.async_accept([this](beast::error_code error, tcp::socket socket) {
      if (error == asio::error::operation_aborted) return;
      // Over the limit the connection is closed at once: probes come back, floods do not pile up.
      if (!error && connections < max_connections) {
        std::make_shared<Session>(std::move(socket), settings, engine, connections)->read();
      }
      accept();
    });
  }
};

Server::Server() = default;

Server::~Server() {
  if (!state_) return;
  state_->io.stop();
  for (auto& thread : state_->threads) thread.join();
}

core::Result<std::unique_ptr<Server>> Server::listen(const config::Admin& settings, engine::Engine& engine) {
  std::unique_ptr<Server> server(new Server);
  server->state_ = std::make_unique<State>(settings, engine);
  State& state = *server->state_;
  beast::error_code error;
  const auto address = asio::ip::make_address(settings.address, error);
  const tcp::endpoint endpoint(address, settings.port);
  if (!error) state.acceptor.open(endpoint.protocol(), error);
  if (!error) state.acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) state.acceptor.bind(endpoint, error);
  if (!error) state.acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    return core::fail(core::ErrorCode::unavailable,
                      fmt::format("admin.listen: cannot listen on {}:{}: {}; choose another port, or 0 for any free one",
                                  settings.address, settings.port, error.message()));
  }
  state.accept();
  for (int i = 0; i < thread_count; ++i) state.threads.emplace_back([&state] { state.io.run(); });
  return server;
}

std::uint16_t Server::port() const {
  beast::error_code ignored;
  return state_->acceptor.local_endpoint(ignored).port();
}

}  // namespace hookline::admin
