// Owner of one librdkafka instance and of what its callbacks need: the log, and the object on whose
// behalf they run. Made from Properties; destroyed without leaving the group (that is a sequence of
// its own, see Consumer). Callbacks come on the thread that polls, log lines on any.
#pragma once

#include <memory>
#include <string_view>

#include "handle.h"
#include "hookline/core/result.h"
#include "hookline/kafka/properties.h"
#include "log_relay.h"

namespace hookline::kafka {

/// Which events of the instance go where; null: not asked for. `owner` comes back by Client::owner_of().
struct Callbacks {
  void* owner = nullptr;
  void (*rebalance)(rd_kafka_t*, rd_kafka_resp_err_t, rd_kafka_topic_partition_list_t*, void*) = nullptr;
  void (*error)(rd_kafka_t*, int, const char*, void*) = nullptr;
  void (*delivery)(rd_kafka_t*, const rd_kafka_message_t*, void*) = nullptr;
};

class Client {
 public:
  /// Errors: invalid, with the name of the property that librdkafka does not take.
  [[nodiscard]] static core::Result<std::unique_ptr<Client>> make(rd_kafka_type_t type,
                                                                  const Properties& properties,
                                                                  const Callbacks& callbacks = {});
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  rd_kafka_t* get() const { return handle_; }

  /// The owner, from the opaque pointer that callbacks are given.
  template <class T>
  static T& owner_of(void* opaque) {
    return *static_cast<T*>(static_cast<Client*>(opaque)->owner_);
  }

  /// The text of a fatal error of this instance; nullopt while it is well.
  std::optional<std::pair<rd_kafka_resp_err_t, std::string>> fatal_error() const;

  [[nodiscard]] core::Result<std::string> cluster_id(core::Duration timeout) const;
  /// What the brokers say of one topic: exactly one entry, whose `err` may say that it is not there.
  [[nodiscard]] core::Result<Metadata> metadata(const std::string& topic, core::Duration timeout) const;
  /// Errors: not_found; refused.
  [[nodiscard]] core::Result<std::int32_t> partition_count(const std::string& topic,
                                                           core::Duration timeout) const;

  LogRelay& log() { return log_; }

 private:
  Client(const Properties& properties, void* owner) : log_(properties), owner_(owner) {}

  LogRelay log_;
  void* owner_;
  rd_kafka_t* handle_ = nullptr;
};

}  // namespace hookline::kafka
