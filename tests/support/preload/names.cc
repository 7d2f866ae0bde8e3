// Host names as a test wants them, preloaded into the binary under test: getaddrinfo() answers for the names in
// HOOKLINE_TEST_NAMES itself and passes all others on. Any thread. The variable is a list of
//   NAME=hang                 no answer for half a minute, then a failure
//   NAME=ADDRESS,ADDRESS,…    one address for each look-up, the last one for all that follow
// with blanks between them (support/names.h).
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <map>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <dlfcn.h>
#include <netdb.h>

namespace {

struct Name {
  std::vector<std::string> answers;
  std::atomic<std::size_t> looked_up{0};
};

std::map<std::string, Name>& names() {
  static std::map<std::string, Name> table;
  static std::once_flag once;
  std::call_once(once, [] {
    const char* const text = std::getenv("HOOKLINE_TEST_NAMES");
    std::istringstream entries(text == nullptr ? "" : text);
    for (std::string entry; entries >> entry;) {
      auto const equals = entry.find('=');
      std::istringstream answers(entry.substr(equals + 1));
      for (std::string answer; std::getline(answers, answer, ',');)
        table[entry.substr(0, equals)].answers.push_back(answer);
    }
  });
  return table;
}

}  // namespace

extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* hints, addrinfo** result) {
  static auto const real = reinterpret_cast<decltype(&getaddrinfo)>(dlsym(RTLD_NEXT, "getaddrinfo"));
  auto const found = node == nullptr ? names().end() : names().find(node);
  if (found == names().end()) return real(node, service, hints, result);
  auto& name = found->second;
  auto const number = name.looked_up.fetch_add(1);
  auto const& answer = name.answers[number < name.answers.size() ? number : name.answers.size() - 1];
  if (answer != "hang") return real(answer.c_str(), service, hints, result);
  std::this_thread::sleep_for(std::chrono::seconds(30));
  return EAI_AGAIN;
}
