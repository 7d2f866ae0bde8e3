#include "support/process.h"

#include <system_error>

#include <gtest/gtest.h>
#include <signal.h>

#include "support/temp_dir.h"
#include "support/wait.h"

namespace hookline::test {
namespace {

using namespace std::chrono_literals;

TEST(Process, ReturnsWhatACommandPrinted) {
  auto const result =
      run_command({"sh", "-c", "cat; echo \"$GREETING\" >&2; exit 3"}, "hello", {{"GREETING", "good day"}});
  EXPECT_EQ(result.status.code, 3);
  EXPECT_EQ(result.output, "hello");
  EXPECT_EQ(result.errors, "good day\n");
}

TEST(Process, SaysThatThereIsNoSuchProgram) {
  EXPECT_THROW(run_command({"no-such-program"}), std::system_error);
}

TEST(Process, EndsACommandAtItsDeadline) {
  auto const result = run_command({"sleep", "100"}, {}, {}, 50ms);
  EXPECT_EQ(result.status.code, -1);
  EXPECT_EQ(result.status.signal, SIGKILL);
}

TEST(Process, LeavesNoChildBehind) {
  pid_t pid = 0;
  {
    ProcessOptions options;
    options.arguments = {"sleep", "100"};
    Process process(options);
    pid = process.pid();
    EXPECT_TRUE(process.running());
    EXPECT_FALSE(process.wait(10ms));
  }
  EXPECT_NE(kill(pid, 0), 0);
}

TEST(Process, TellsHowItEnded) {
  ProcessOptions options;
  options.arguments = {"sleep", "100"};
  Process process(options);
  process.signal(SIGTERM);
  auto const ended = process.wait(5s);
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->signal, SIGTERM);
  EXPECT_EQ(process.kill9().signal, SIGTERM);  // again: nothing more to do
}

TEST(TempDir, GoesWithEverythingInIt) {
  std::filesystem::path path;
  {
    TempDir const folder;
    path = folder.write("a/b.txt", "text");
    EXPECT_EQ(read_file(path), "text");
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(Wait, StopsAtItsDeadline) {
  EXPECT_FALSE(wait_until([] { return false; }, 20ms));
  int calls = 0;
  EXPECT_TRUE(wait_until([&] { return ++calls == 3; }, 5s, 1ms));
  EXPECT_TRUE(holds_for([] { return true; }, 20ms));
  EXPECT_FALSE(holds_for([&] { return ++calls < 5; }, 5s));
}

}  // namespace
}  // namespace hookline::test
