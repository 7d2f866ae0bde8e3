// Looking at a Kafka cluster from outside, as a test does: topics, everything in a topic, what a group
// has committed. On librdkafka alone, so that it shares nothing with what is tested. Blocking; any thread,
// one call at a time. Every function throws std::runtime_error with the broker's words when it fails.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hookline::test {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// One record as a consumer gets it.
struct TopicRecord {
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::int64_t timestamp = 0;  ///< milliseconds since 1970
  std::optional<std::string> key;
  std::optional<std::string> value;  ///< nothing: a tombstone
  Headers headers;

  /// The first header of that name; empty when there is none.
  std::string header(const std::string& name) const;
};

/// Offsets of a partition: [begin, end).
struct OffsetRange {
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

struct CommittedOffset {
  std::int64_t offset = -1;  ///< -1: the group has committed nothing here
  std::string metadata;
};

class KafkaAdmin {
 public:
  explicit KafkaAdmin(std::string bootstrap);
  ~KafkaAdmin();
  KafkaAdmin(const KafkaAdmin&) = delete;
  KafkaAdmin& operator=(const KafkaAdmin&) = delete;

  /// True when the cluster answers within `milliseconds`.
  bool answers(int milliseconds);

  /// Creates a topic (replication 1) and waits until it can be used.
  void create_topic(const std::string& name, int partitions = 1,
                    const std::map<std::string, std::string>& settings = {});
  void delete_topic(const std::string& name);  ///< and waits until the brokers know of it no more
  void add_partitions(const std::string& name, int total);
  void delete_records_before(const std::string& topic, std::int32_t partition, std::int64_t offset);

  /// For a broker with an authorizer, where everybody may do what nothing is said about: nobody may write the
  /// topic any more, which stays open for all else; and the end of that.
  void forbid_writing(const std::string& topic);
  void allow_writing(const std::string& topic);

  std::vector<std::string> topics();
  /// Number of partitions; 0 when there is no such topic.
  int partitions(const std::string& topic);
  /// By partition number.
  std::vector<OffsetRange> offsets(const std::string& topic);
  /// Records of all partitions: the sum of end - begin (compacted and transactional ones may hold fewer).
  std::int64_t size(const std::string& topic);

  /// Everything that is in the topic now, by partition, then offset.
  std::vector<TopicRecord> read(const std::string& topic);

  /// What the group has committed for each partition of the topic, by partition number.
  std::vector<CommittedOffset> committed(const std::string& group, const std::string& topic);
  /// End offset minus committed offset (or the begin, where nothing is committed), summed over the
  /// partitions.
  std::int64_t lag(const std::string& group, const std::string& topic);
  /// Sets the committed offset of an empty group.
  void commit(const std::string& group, const std::string& topic, std::int32_t partition,
              CommittedOffset committed);

 private:
  struct Client;

  /// Number of partitions; waits while a busy broker has lost its leadership for a moment.
  int usable(const std::string& topic);

  std::string bootstrap_;
  std::unique_ptr<Client> client_;
};

}  // namespace hookline::test
