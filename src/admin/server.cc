#include "hookline/admin/server.h"

#include "hookline/core/asio.h"

#include <atomic>
#include <thread>

#include <fmt/format.h>

#include <sys/prctl.h>

#include "session.h"

namespace hookline::admin {
namespace {

using asio::ip::tcp;

constexpr std::size_t max_connections = 256;

}  // namespace

struct Server::State {
  config::Admin settings;
  std::atomic<std::size_t> connections{0};
  asio::io_context io{1};
  tcp::acceptor acceptor{io};
  Pool quick{"admin-quick", 3, 128};
  Pool slow{"admin-slow", 4, 32};
  Service service;
  std::thread thread;

  State(config::Admin admin, engine::Engine& engine) : settings(std::move(admin)), service{settings, engine, quick, slow} {}

  void accept() {
    acceptor.async_accept([this](boost::system::error_code error, tcp::socket socket) {
      if (error == asio::error::operation_aborted) return;
      // Over the limit the connection is closed at once: probes come back, floods do not pile up.
      if (!error && connections < max_connections) {
        ++connections;
        serve(std::move(socket), service, std::shared_ptr<void>(nullptr, [this](void*) { --connections; }));
      }
      accept();
    });
  }
};

Server::Server() = default;

Server::~Server() {
  if (!state_) return;
  state_->io.stop();
  state_->thread.join();
}

core::Result<std::unique_ptr<Server>> Server::listen(const config::Admin& settings, engine::Engine& engine) {
  std::unique_ptr<Server> server(new Server);
  auto made = std::make_unique<State>(settings, engine);
  State& state = *made;
  boost::system::error_code error;
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
  state.thread = std::thread([&state] {
    ::prctl(PR_SET_NAME, "admin");
    state.io.run();
  });
  server->state_ = std::move(made);
  return server;
}

std::uint16_t Server::port() const {
  boost::system::error_code ignored;
  return state_->acceptor.local_endpoint(ignored).port();
}

}  // namespace hookline::admin
