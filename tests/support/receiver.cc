#include "support/receiver.h"

#include <algorithm>

#include "support/receiver_loop.h"

namespace hookline::test {

std::string ReceivedRequest::header(const std::string& name) const {
  auto const found =
      std::find_if(headers.begin(), headers.end(), [&](auto& entry) { return entry.first == name; });
  return found == headers.end() ? std::string() : found->second;
}

Receiver::Receiver(const ReceiverOptions& options) : x_loop(std::make_unique<ReceiverLoop>(options)) {}

Receiver::~Receiver() = default;

std::uint16_t Receiver::port() const {
  return x_loop->x_port;
}

std::string Receiver::url(const std::string& path) const {
  return "http://127.0.0.1:" + std::to_string(port()) + (path.starts_with('/') ? "" : "/") + path;
}

void Receiver::on(const std::string& path, Behaviour behaviour) {
  std::lock_guard const lock(x_loop->x_mutex);
  x_loop->x_behaviours[path] = std::move(behaviour);
  x_loop->x_has_behaviours = true;
}

void Receiver::otherwise(Behaviour behaviour) {
  std::lock_guard const lock(x_loop->x_mutex);
  x_loop->x_otherwise = std::move(behaviour);
  x_loop->x_has_behaviours = true;
}

std::uint64_t Receiver::count() const {
  return x_loop->x_count - x_loop->x_forgotten;
}

std::uint64_t Receiver::count(const std::string& path) const {
  std::lock_guard const lock(x_loop->x_mutex);
  return static_cast<std::uint64_t>(std::count_if(
      x_loop->x_requests.begin(), x_loop->x_requests.end(),
      [&](auto& request) { return request.target.substr(0, request.target.find('?')) == path; }));
}

std::vector<ReceivedRequest> Receiver::requests() const {
  std::lock_guard const lock(x_loop->x_mutex);
  return {x_loop->x_requests.begin(), x_loop->x_requests.end()};
}

std::vector<ReceivedRequest> Receiver::requests(const std::string& path) const {
  auto all = requests();
  std::erase_if(all,
                [&](auto& request) { return request.target.substr(0, request.target.find('?')) != path; });
  return all;
}

std::vector<std::uint64_t> Receiver::id_hashes() const {
  std::lock_guard const lock(x_loop->x_mutex);
  return x_loop->x_id_hashes;
}

void Receiver::forget() {
  std::lock_guard const lock(x_loop->x_mutex);
  x_loop->x_requests.clear();
  x_loop->x_id_hashes.clear();
  x_loop->x_forgotten = x_loop->x_count.load();
}

std::uint64_t Receiver::connections() const {
  return x_loop->x_accepted;
}

std::int64_t Receiver::open_connections() const {
  return x_loop->x_open;
}

std::int64_t Receiver::in_flight() const {
  return x_loop->x_in_flight;
}

std::int64_t Receiver::peak_in_flight() const {
  return x_loop->x_peak;
}

void Receiver::refuse() {
  x_loop->run([this] {
    x_loop->close_listener();
    x_loop->close_all();
  });
}

void Receiver::deafen() {
  x_loop->run([this] { x_loop->set_deaf(true); });
}

void Receiver::accept() {
  x_loop->run([this] {
    x_loop->set_deaf(false);
    x_loop->open_listener();
  });
}

void Receiver::drop_connections() {
  x_loop->run([this] { x_loop->close_all(); });
}

}  // namespace hookline::test
