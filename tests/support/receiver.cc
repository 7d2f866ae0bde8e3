#include "support/receiver.h"

#include <algorithm>

#include "support/receiver_loop.h"

namespace hookline::test {

std::string ReceivedRequest::header(const std::string& name) const {
  auto const found =
      std::find_if(headers.begin(), headers.end(), [&](auto& entry) { return entry.first == name; });
  return found == headers.end() ? std::string() : found->second;
}

Receiver::Receiver(const ReceiverOptions& options) : loop_(std::make_unique<ReceiverLoop>(options)) {}

Receiver::~Receiver() = default;

std::uint16_t Receiver::port() const {
  return loop_->port_;
}

std::string Receiver::url(const std::string& path) const {
  return "http://127.0.0.1:" + std::to_string(port()) + (path.starts_with('/') ? "" : "/") + path;
}

void Receiver::on(const std::string& path, Behaviour behaviour) {
  std::lock_guard const lock(loop_->mutex_);
  loop_->behaviours_[path] = std::move(behaviour);
  loop_->has_behaviours_ = true;
}

void Receiver::otherwise(Behaviour behaviour) {
  std::lock_guard const lock(loop_->mutex_);
  loop_->otherwise_ = std::move(behaviour);
  loop_->has_behaviours_ = true;
}

std::uint64_t Receiver::count() const {
  return loop_->count_ - loop_->forgotten_;
}

std::uint64_t Receiver::count(const std::string& path) const {
  std::lock_guard const lock(loop_->mutex_);
  return static_cast<std::uint64_t>(std::count_if(
      loop_->requests_.begin(), loop_->requests_.end(),
      [&](auto& request) { return request.target.substr(0, request.target.find('?')) == path; }));
}

std::vector<ReceivedRequest> Receiver::requests() const {
  std::lock_guard const lock(loop_->mutex_);
  return {loop_->requests_.begin(), loop_->requests_.end()};
}

std::vector<ReceivedRequest> Receiver::requests(const std::string& path) const {
  auto all = requests();
  std::erase_if(all,
                [&](auto& request) { return request.target.substr(0, request.target.find('?')) != path; });
  return all;
}

std::vector<std::uint64_t> Receiver::id_hashes() const {
  std::lock_guard const lock(loop_->mutex_);
  return loop_->id_hashes_;
}

void Receiver::forget() {
  std::lock_guard const lock(loop_->mutex_);
  loop_->requests_.clear();
  loop_->id_hashes_.clear();
  loop_->forgotten_ = loop_->count_.load();
}

std::uint64_t Receiver::connections() const {
  return loop_->accepted_;
}

std::int64_t Receiver::open_connections() const {
  return loop_->open_;
}

std::int64_t Receiver::in_flight() const {
  return loop_->in_flight_;
}

std::int64_t Receiver::peak_in_flight() const {
  return loop_->peak_;
}

void Receiver::refuse() {
  loop_->run([this] {
    loop_->close_listener();
    loop_->close_all();
  });
}

void Receiver::deafen() {
  loop_->run([this] { loop_->set_deaf(true); });
}

void Receiver::accept() {
  loop_->run([this] {
    loop_->set_deaf(false);
    loop_->open_listener();
  });
}

void Receiver::drop_connections() {
  loop_->run([this] { loop_->close_all(); });
}

}  // namespace hookline::test
