// A worker that does not turn its loop any more is noticed, told, and in the end left behind: its thread
// is held still from outside while everything else in the process goes on.
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <sys/ptrace.h>
#include <sys/wait.h>

#include "proof.h"

namespace hookline::test {
namespace {

/// Holds one thread of another process still, by its name.
class HeldThread {
 public:
  HeldThread(pid_t process, const std::string& name) {
    for (const auto& task : std::filesystem::directory_iterator(fmt::format("/proc/{}/task", process))) {
      std::ifstream file(task.path() / "comm");
      std::string comm;
      std::getline(file, comm);
      if (comm == name) thread_ = std::stoi(task.path().filename().string());
    }
    if (thread_ == 0 || ptrace(PTRACE_SEIZE, thread_, nullptr, nullptr) != 0) {
      error_ = thread_ == 0 ? "no such thread" : std::strerror(errno);
      return;
    }
    held_ = ptrace(PTRACE_INTERRUPT, thread_, nullptr, nullptr) == 0 && waitpid(thread_, nullptr, __WALL) == thread_;
    if (!held_) error_ = std::strerror(errno);
  }
  ~HeldThread() { release(); }
  HeldThread(const HeldThread&) = delete;
  HeldThread& operator=(const HeldThread&) = delete;

  bool held() const { return held_; }
  const std::string& error() const { return error_; }
  void release() {
    // One that died meanwhile is ours to reap, before its process can be.
    if (held_ && ptrace(PTRACE_DETACH, thread_, nullptr, nullptr) != 0) waitpid(thread_, nullptr, __WALL);
    held_ = false;
  }

 private:
  pid_t thread_ = 0;
  bool held_ = false;
  std::string error_;
};

class Watchdog : public Proof {
 protected:
  HooklineOptions two_workers() const { return options(webhook("w"), "workers: 2\nshutdown: {grace: 1s}\n"); }
};

TEST_F(Watchdog, AStuckWorkerShowsAndGoesOnWhereItStood) {
  session_timeout = 3s;
  create_topics();
  HooklineProcess hookline(two_workers());
  ASSERT_TRUE(hookline.wait_ready()) << hookline.log();
  HeldThread worker(hookline.pid(), "worker-0");
  if (!worker.held()) GTEST_SKIP() << "threads of other processes cannot be held here: " << worker.error();
  ASSERT_TRUE(wait_until([&] { return hookline.get("/readyz").body.find("worker 0 is stuck") != std::string::npos; }, 60s));
  EXPECT_EQ(hookline.get("/healthz").status, 200);
  Publisher publisher(kafka.bootstrap());
  publisher.publish_events(topic, 500);
  worker.release();
  ASSERT_TRUE(wait_until([&] { return hookline.get("/readyz").status == 200; }, 90s)) << hookline.log();
  ASSERT_TRUE(wait_until([&] { return all_committed(); }, 60s)) << hookline.log();
  const auto report = account_of(publisher.acknowledged(), {"w/0"});
  EXPECT_EQ(report.lost, 0);
  EXPECT_EQ(hookline.terminate()->code, 0);
}

TEST_F(Watchdog, AWorkerStuckForGoodEndsTheProcessForItsSupervisor) {
  session_timeout = 3s;
  if (std::getenv("HOOKLINE_LONG") == nullptr) GTEST_SKIP() << "takes over two minutes: scripts/test --long";
  create_topics();
  HooklineProcess hookline(two_workers());
  ASSERT_TRUE(hookline.wait_ready()) << hookline.log();
  HeldThread worker(hookline.pid(), "worker-1");
  if (!worker.held()) GTEST_SKIP() << "threads of other processes cannot be held here: " << worker.error();
  ASSERT_TRUE(wait_until([&] { return hookline.log().find("leaving") != std::string::npos; }, 180s)) << hookline.log();
  worker.release();
  const auto status = hookline.terminate();
  ASSERT_TRUE(status);
  EXPECT_EQ(status->code, 1) << hookline.log();
}

}  // namespace
}  // namespace hookline::test
