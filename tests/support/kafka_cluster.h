// A real Apache Kafka 4.1 in KRaft mode for tests: one node on loopback with its own ports and data
// folder, which may be stopped, killed, frozen and started again on the same ones. One thread at a time;
// lives and dies with the thread that started it (use the main thread). About 2 s to start, 512 MB of heap.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "support/kafka_admin.h"
#include "support/process.h"
#include "support/temp_dir.h"

namespace hookline::test {

struct KafkaOptions {
  /// Broker properties, over the defaults of kafka/server.properties, whose @PORT@ and @CONTROLLER_PORT@ may
  /// stand in them.
  std::map<std::string, std::string> settings;
  std::filesystem::path data;                   ///< empty: a temporary folder
};

class KafkaCluster {
 public:
  /// The one of this test executable, started at its first use. Use fresh topic and group names in each test.
  static KafkaCluster& shared();

  /// Formats and starts a broker and waits until it answers; throws with the end of its log otherwise.
  explicit KafkaCluster(const KafkaOptions& options = {});
  ~KafkaCluster();

  const std::string& bootstrap() const { return bootstrap_; }
  KafkaAdmin& admin() { return *admin_; }

  void start();    ///< after stop() or kill9(); waits until it answers
  void stop();     ///< SIGTERM, and waits for its end
  void kill9();    ///< as a machine that fails
  void restart();  ///< stop() and start()
  void freeze();   ///< SIGSTOP: connections stay open and nothing answers
  void thaw();
  bool running();

  std::string log() const;  ///< what the broker printed

  // The usual looks, forwarded to admin().
  void create_topic(const std::string& name, int partitions = 1,
                    const std::map<std::string, std::string>& settings = {}) {
    admin_->create_topic(name, partitions, settings);
  }
  std::vector<TopicRecord> read(const std::string& topic) { return admin_->read(topic); }
  std::vector<CommittedOffset> committed(const std::string& group, const std::string& topic) {
    return admin_->committed(group, topic);
  }

 private:
  ProcessOptions java(const std::string& main, std::vector<std::string> arguments) const;
  void format() const;

  TempDir folder_;
  std::uint16_t port_;
  std::uint16_t controller_port_;
  std::string bootstrap_;
  std::unique_ptr<Process> process_;
  std::unique_ptr<KafkaAdmin> admin_;
};

/// `prefix` and a suffix that no other test has used: for topics and groups.
std::string fresh_name(const std::string& prefix);

}  // namespace hookline::test
