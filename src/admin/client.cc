#include "hookline/admin/client.h"

#include "hookline/core/asio.h"

#include <chrono>
#include <optional>

#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <fmt/format.h>

namespace hookline::admin {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;

constexpr auto deadline = std::chrono::seconds(30);

struct Target {
  std::string host, port, prefix;
};

core::Result<Target> parse(const std::string& url) {
  constexpr std::string_view scheme = "http://";
  if (!url.starts_with(scheme)) {
    return core::fail(core::ErrorCode::invalid,
                      fmt::format("'{}' is not the URL of an admin API: write e.g. http://127.0.0.1:8080", url));
  }
  auto rest = url.substr(scheme.size());
  Target target;
  if (const auto slash = rest.find('/'); slash != std::string::npos) {
    target.prefix = rest.substr(slash);
    rest.resize(slash);
  }
  while (target.prefix.ends_with('/')) target.prefix.pop_back();
  const auto colon = rest.rfind(':');
  const bool has_port = colon != std::string::npos && rest.find(']', colon) == std::string::npos;
  target.host = has_port ? rest.substr(0, colon) : rest;
  target.port = has_port ? rest.substr(colon + 1) : "80";
  if (target.host.starts_with('[') && target.host.ends_with(']')) target.host = target.host.substr(1, target.host.size() - 2);
  if (target.host.empty() || target.port.empty()) return core::fail(core::ErrorCode::invalid, fmt::format("'{}' names no host", url));
  return target;
}

http::request<http::string_body> make(const Target& target, const std::string& token, const ClientRequest& request) {
  http::request<http::string_body> message(http::string_to_verb(request.method), target.prefix + request.path, 11);
  const bool v6 = target.host.find(':') != std::string::npos;
  message.set(http::field::host, fmt::format("{}{}{}:{}", v6 ? "[" : "", target.host, v6 ? "]" : "", target.port));
  message.set(http::field::user_agent, "Hookline/" HOOKLINE_VERSION);
  message.set(http::field::accept, "application/json");
  if (!token.empty()) message.set(http::field::authorization, "Bearer " + token);
  if (!request.if_match.empty()) message.set(http::field::if_match, request.if_match);
  if (!request.body.empty()) message.set(http::field::content_type, "application/json");
  message.body() = request.body;
  message.prepare_payload();
  message.keep_alive(false);
  return message;
}

}  // namespace

core::Result<ClientAnswer> call(const std::string& url, const std::string& token, const ClientRequest& request) {
  const auto target = parse(url);
  if (!target) return tl::unexpected(target.error());
  asio::io_context io(1);
  beast::tcp_stream stream(io);
  beast::flat_buffer buffer;
  const auto message = make(*target, token, request);
  http::response<http::string_body> response;
  std::optional<beast::error_code> ended;
  const auto end = [&](beast::error_code error) { ended = error; };

  beast::error_code error;
  asio::ip::tcp::resolver resolver(io);
  const auto addresses = resolver.resolve(target->host, target->port, error);
  if (!error) {
    stream.expires_after(deadline);
    stream.async_connect(addresses, [&](beast::error_code connected, const asio::ip::tcp::endpoint&) {
      if (connected) return end(connected);
      http::async_write(stream, message, [&](beast::error_code written, std::size_t) {
        if (written) return end(written);
        http::async_read(stream, buffer, response, [&](beast::error_code read, std::size_t) { end(read); });
      });
    });
    io.run();
    error = ended.value_or(beast::error_code());
  }
  if (error) {
    return core::fail(core::ErrorCode::unavailable, fmt::format("{} does not answer: {}", url, error.message()));
  }
  const auto etag = response[http::field::etag];
  return ClientAnswer{static_cast<int>(response.result_int()), response.body(), std::string(etag.data(), etag.size())};
}

}  // namespace hookline::admin
