// The question: what does a POST cost through Hookline's transport, beside libcurl alone? CPU time of the
// sending thread per 700-byte POST over kept connections to a receiver in another process, at 64 and at
// 1,000 requests in flight; the rivals in turns, several rounds, medians. The floor is libcurl's own
// curl_multi_poll loop with kept handles, nothing checked and nothing limited.
//
//   bench_transport [posts per run] [rounds]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <curl/curl.h>
#include <fmt/format.h>
#include <sys/resource.h>

#include "hookline/core/asio.h"
#include "hookline/deliver/transport.h"
#include "receiver.h"

namespace {

using namespace hookline;

struct Run {
  std::size_t in_flight;
  std::size_t posts;
  std::string url;
  std::string body = std::string(700, 'x');
};

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_THREAD, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void check(bool ok, const char* what) {
  if (ok) return;
  fmt::print(stderr, "bench_transport: {}\n", what);
  std::exit(1);
}

std::vector<deliver::HttpHeader> headers() {
  return {{"User-Agent", "Hookline/bench"},
          {"Content-Type", "application/json"},
          {"webhook-id", "msg_00112233445566778899aabbccddeeff"},
          {"webhook-timestamp", "1772445846"},
          {"webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="}};
}

/// Microseconds of CPU per POST, connections made before.
double with_transport(const Run& run) {
  asio::io_context io(1);
  config::EgressRule loopback;
  loopback.network = *deliver::parse_ip("127.0.0.0");
  loopback.prefix = 96 + 8;
  const auto route = std::make_shared<const deliver::Route>();
  const auto egress = std::make_shared<const deliver::EgressPolicy>(std::vector{loopback});
  std::size_t started = 0, answered = 0;
  std::unique_ptr<deliver::Transport> transport;
  const auto start = [&] {
    deliver::Request request;
    request.id = ++started;
    request.route = route;
    request.url = run.url;
    request.headers = headers();
    request.body = run.body;
    transport->start(std::move(request));
  };
  const std::size_t warm_up = run.in_flight * 4;
  double before = 0;
  transport = deliver::make_curl_transport(io, egress, [&](std::vector<deliver::Answer>&& answers) {
    for (const auto& answer : answers) {
      check(answer.status == 200, answer.error.c_str());
      if (++answered == warm_up) before = cpu_seconds();
      if (started < warm_up + run.posts) start();
    }
    if (answered == warm_up + run.posts) io.stop();
  });
  for (std::size_t i = 0; i < run.in_flight; ++i)
    start();
  io.run();
  return (cpu_seconds() - before) * 1e6 / static_cast<double>(run.posts);
}

std::size_t swallow(char*, std::size_t size, std::size_t count, void*) {
  return size * count;
}

double with_libcurl_alone(const Run& run) {
  CURLM* const multi = curl_multi_init();
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, static_cast<long>(run.in_flight));
  curl_slist* list = nullptr;
  for (const auto& header : headers())
    list = curl_slist_append(list, (header.name + ": " + header.value).c_str());
  list = curl_slist_append(list, "Expect:");
  std::vector<CURL*> handles(run.in_flight);
  for (auto& easy : handles) {
    easy = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_URL, run.url.c_str());
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, list);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, static_cast<long>(run.body.size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, run.body.data());
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &swallow);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 20'000L);
    curl_multi_add_handle(multi, easy);
  }
  const std::size_t warm_up = run.in_flight * 4;
  std::size_t started = run.in_flight, answered = 0;
  double before = 0;
  while (answered < warm_up + run.posts) {
    int running = 0, left = 0;
    curl_multi_perform(multi, &running);
    while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
      long status = 0;
      CURL* const easy = message->easy_handle;
      curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
      check(status == 200, "libcurl alone: not a 200");
      if (++answered == warm_up) before = cpu_seconds();
      curl_multi_remove_handle(multi, easy);
      if (started++ < warm_up + run.posts) curl_multi_add_handle(multi, easy);
    }
    if (running > 0) curl_multi_poll(multi, nullptr, 0, 1000, nullptr);
  }
  const double used = cpu_seconds() - before;
  for (CURL* const easy : handles) {
    curl_multi_remove_handle(multi, easy);
    curl_easy_cleanup(easy);
  }
  curl_multi_cleanup(multi);
  curl_slist_free_all(list);
  return used * 1e6 / static_cast<double>(run.posts);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t posts = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 100'000;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 7;
  curl_global_init(CURL_GLOBAL_DEFAULT);
  fmt::print("CPU microseconds per 700-byte POST, kept connections, medians of {} runs of {} posts\n", rounds,
             posts);
  fmt::print("{:>10} {:>14} {:>12} {:>8}\n", "in flight", "libcurl alone", "transport", "ratio");
  for (const std::size_t in_flight : {64, 1000}) {
    const bench::ReceiverProcess receiver(std::chrono::milliseconds(in_flight == 64 ? 0 : 20));
    const Run run{in_flight, posts, fmt::format("http://127.0.0.1:{}/hook", receiver.port())};
    std::vector<double> floor, ours;
    for (int round = 0; round < rounds; ++round) {
      floor.push_back(with_libcurl_alone(run));
      ours.push_back(with_transport(run));
    }
    fmt::print("{:>10} {:>14.2f} {:>12.2f} {:>8.2f}\n", in_flight, median(floor), median(ours),
               median(ours) / median(floor));
    std::fflush(stdout);
  }
  return 0;
}
