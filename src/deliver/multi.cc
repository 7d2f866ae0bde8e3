#include "multi.h"

#include <cstdlib>

namespace hookline::deliver {
namespace {

core::MonoTime now() {
  return std::chrono::steady_clock::now();
}

}  // namespace

Multi::Multi(Watchers& watchers, Agenda& agenda)
    : watchers_(watchers), agenda_(agenda), multi_(curl_multi_init()) {
  if (!multi_) std::abort();  // out of memory
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &socket_callback);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &timer_callback);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  // No limit on connections per host: transfers over it would queue inside with their timeouts running.
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(target_size));
}

Multi::~Multi() {
  curl_multi_cleanup(multi_);
}

bool Multi::add(CURL* easy) {
  return curl_multi_add_handle(multi_, easy) == CURLM_OK;
}

void Multi::on_socket(int fd, int ready) {
  int running = 0;
  curl_multi_socket_action(multi_, fd, ready, &running);
}

void Multi::on_timeout() {
  due_ = false;
  timeout_at_ = core::MonoTime::max();
  int running = 0;
  curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running);
  if (due_ || timeout_at_ != core::MonoTime::max()) return;
  // Called a moment too early, libcurl does nothing and, its timeout being the same, says nothing either.
  long timeout_ms = -1;
  curl_multi_timeout(multi_, &timeout_ms);
  timer_callback(multi_, timeout_ms, this);
}

void Multi::check_timeout(core::MonoTime at) {
  if (timeout_at_ > at) {
    agenda_.wake(timeout_at_);
  } else if (!due_) {
    due_ = true;
    agenda_.due.push_back(this);
  }
}

std::optional<std::pair<CURL*, CURLcode>> Multi::next_done() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg == CURLMSG_DONE) return std::pair(message->easy_handle, message->data.result);
  }
  return std::nullopt;
}

int Multi::socket_callback(CURL*, curl_socket_t fd, int what, void* self, void*) {
  auto& multi = *static_cast<Multi*>(self);
  multi.watchers_.want(fd, multi, what);
  return 0;
}

int Multi::timer_callback(CURLM*, long timeout_ms, void* self) {
  auto& multi = *static_cast<Multi*>(self);
  if (timeout_ms == 0) {
    multi.timeout_at_ = core::MonoTime::min();
    if (!multi.due_) {
      multi.due_ = true;
      multi.agenda_.due.push_back(&multi);
    }
  } else if (timeout_ms < 0) {
    multi.timeout_at_ = core::MonoTime::max();
  } else {
    multi.timeout_at_ = now() + std::chrono::milliseconds(timeout_ms);
    multi.agenda_.wake(multi.timeout_at_);
  }
  return 0;
}

}  // namespace hookline::deliver
