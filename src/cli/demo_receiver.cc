#include "demo_receiver.h"

#include <charconv>
#include <mutex>
#include <set>
#include <thread>

#include <fmt/format.h>

#include "hookline/core/asio.h"

namespace hookline::cli {
namespace {

using asio::ip::tcp;

/// The value of a header in a request head; empty if it is not there. Names come as Hookline sends them.
std::string header_of(std::string_view head, std::string_view name) {
  const auto at = head.find(fmt::format("\r\n{}: ", name));
  if (at == std::string_view::npos) return {};
  const auto start = at + name.size() + 4;
  return std::string(head.substr(start, head.find("\r\n", start) - start));
}

}  // namespace

struct DemoReceiver::State {
  asio::io_context io{1};
  tcp::acceptor acceptor{io, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
  std::function<void(const ReceivedRequest&)> on_request;
  std::mutex mutex;
  std::set<std::string> sick;
  std::thread thread;

  struct Connection : std::enable_shared_from_this<Connection> {
    Connection(tcp::socket s, State& of) : socket(std::move(s)), state(of) {}
    tcp::socket socket;
    State& state;
    std::string buffer, answer;

    void read_head() {
      asio::async_read_until(socket, asio::dynamic_buffer(buffer, 1 << 20), "\r\n\r\n",
                             [self = shared_from_this()](boost::system::error_code error, std::size_t size) {
                               if (!error) self->read_body(size);
                             });
    }

    void read_body(std::size_t head_size) {
      std::size_t length = 0;
      const auto text = header_of(buffer.substr(0, head_size), "Content-Length");
      std::from_chars(text.data(), text.data() + text.size(), length);
      const std::size_t have = buffer.size() - head_size;
      const std::size_t missing = length > have ? length - have : 0;
      asio::async_read(socket, asio::dynamic_buffer(buffer), asio::transfer_exactly(missing),
                       [self = shared_from_this(), head_size, length](boost::system::error_code error, std::size_t) {
                         if (!error) self->reply(head_size, length);
                       });
    }

    void reply(std::size_t head_size, std::size_t length) {
      const std::string head = buffer.substr(0, head_size);
      ReceivedRequest request{.path = {}, .delivery_id = header_of(head, "webhook-id"), .body = buffer.substr(head_size, length)};
      const auto start = head.find(' ') + 1;
      request.path = head.substr(start, head.find(' ', start) - start);
      buffer.erase(0, head_size + length);
      {
        const std::lock_guard lock(state.mutex);
        request.answered = state.sick.contains(request.path) ? 500 : 200;
      }
      state.on_request(request);
      answer = request.answered == 200 ? "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" : "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n";
      asio::async_write(socket, asio::buffer(answer), [self = shared_from_this()](boost::system::error_code error, std::size_t) {
        if (!error) self->read_head();
      });
    }
  };

  void accept() {
    acceptor.async_accept([this](boost::system::error_code error, tcp::socket socket) {
      if (error) return;
      std::make_shared<Connection>(std::move(socket), *this)->read_head();
      accept();
    });
  }
};

DemoReceiver::DemoReceiver() = default;

DemoReceiver::~DemoReceiver() {
  state_->io.stop();
  if (state_->thread.joinable()) state_->thread.join();
}

core::Result<std::unique_ptr<DemoReceiver>> DemoReceiver::start(std::function<void(const ReceivedRequest&)> on_request) {
  std::unique_ptr<DemoReceiver> receiver(new DemoReceiver);
  try {
    receiver->state_ = std::make_unique<State>();
  } catch (const boost::system::system_error& error) {
    return core::fail(core::ErrorCode::unavailable, fmt::format("the demo's receiver cannot listen on loopback: {}", error.what()));
  }
  State& state = *receiver->state_;
  state.on_request = std::move(on_request);
  state.accept();
  state.thread = std::thread([&state] { state.io.run(); });
  return receiver;
}

std::uint16_t DemoReceiver::port() const { return state_->acceptor.local_endpoint().port(); }

void DemoReceiver::set_sick(const std::string& path, bool sick) {
  const std::lock_guard lock(state_->mutex);
  if (sick) {
    state_->sick.insert(path);
  } else {
    state_->sick.erase(path);
  }
}

}  // namespace hookline::cli
