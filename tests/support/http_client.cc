#include "support/http_client.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <optional>

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/http_head.h"

namespace hookline::test {
namespace {

using Clock = std::chrono::steady_clock;

class Socket {
 public:
  Socket() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {}
  ~Socket() { close(fd_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int fd() const { return fd_; }

  bool ready(short events, Clock::time_point end) const {
    auto const left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
    pollfd entry{fd_, events, 0};
    return left > 0 && poll(&entry, 1, static_cast<int>(left)) == 1;
  }

  bool connect_to(std::uint16_t port, Clock::time_point end) const {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    if (connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return true;
    if (errno != EINPROGRESS || !ready(POLLOUT, end)) return false;
    int error = 0;
    socklen_t size = sizeof error;
    return getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
  }

  bool send_all(std::string_view bytes, Clock::time_point end) const {
    while (!bytes.empty()) {
      auto const sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
      if (sent < 0 && (errno != EAGAIN || !ready(POLLOUT, end))) return false;
    }
    return true;
  }

 private:
  int fd_;
};

/// The answer in `bytes`, once it is whole. `ended`: the server has closed.
std::optional<HttpAnswer> whole_answer(std::string_view bytes, bool ended) {
  auto const scan = scan_head(bytes);
  if (!scan) return std::nullopt;
  auto head = parse_head(bytes.substr(0, scan->size));
  HttpAnswer answer;
  answer.status = std::atoi(head.second.c_str());
  answer.headers = std::move(head.headers);
  auto const rest = bytes.substr(scan->size);
  if (answer.status < 200) return whole_answer(rest, ended);  // an interim answer
  if (scan->chunked) {
    auto body = decode_chunks(rest);
    if (!body) return std::nullopt;
    answer.body = std::move(*body);
  } else if (answer.status == 204 || answer.status == 304) {
  } else if (!answer.header("content-length").empty()) {
    if (rest.size() < scan->content_length) return std::nullopt;
    answer.body = rest.substr(0, scan->content_length);
  } else {
    if (!ended) return std::nullopt;
    answer.body = rest;
  }
  return answer;
}

}  // namespace

std::string HttpAnswer::header(const std::string& name) const {
  auto const found =
      std::find_if(headers.begin(), headers.end(), [&](auto& entry) { return entry.first == name; });
  return found == headers.end() ? std::string() : found->second;
}

HttpAnswer http_request(std::uint16_t port, const std::string& method, const std::string& target,
                        const std::string& body, const Headers& headers, std::chrono::milliseconds deadline) {
  auto const end = Clock::now() + deadline;
  Socket const socket;
  if (!socket.connect_to(port, end)) return {};
  std::string request = method + " " + target + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) +
                        "\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
  auto const typed = std::any_of(headers.begin(), headers.end(), [](auto const& header) { return header.first == "Content-Type"; });
  if (!body.empty() && !typed) request += "Content-Type: application/json\r\n";
  for (auto const& [name, value] : headers)
    request += name + ": " + value + "\r\n";
  if (!socket.send_all(request + "\r\n" + body, end)) return {};

  std::string bytes;
  char buffer[65536];
  while (true) {
    auto const got = recv(socket.fd(), buffer, sizeof buffer, 0);
    if (got < 0 && errno == EAGAIN) {
      if (!socket.ready(POLLIN, end)) return {};
      continue;
    }
    if (got > 0) bytes.append(buffer, static_cast<std::size_t>(got));
    if (auto answer = whole_answer(bytes, got <= 0)) return *std::move(answer);
    if (got <= 0) return {};
  }
}

}  // namespace hookline::test
