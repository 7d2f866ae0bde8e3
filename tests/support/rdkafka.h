// Owners for librdkafka's handles in the test support; only its .cc files include this.
#pragma once

#include <map>
#include <memory>
#include <stdexcept>
#include <string>

#include <librdkafka/rdkafka.h>

namespace hookline::test {

template <auto function>
struct Calls {
  template <class T>
  void operator()(T* handle) const {
    function(handle);
  }
};

template <class T, auto destroy>
using Owned = std::unique_ptr<T, Calls<destroy>>;

using KafkaHandle = Owned<rd_kafka_t, rd_kafka_destroy>;
using KafkaQueue = Owned<rd_kafka_queue_t, rd_kafka_queue_destroy>;
using KafkaEvent = Owned<rd_kafka_event_t, rd_kafka_event_destroy>;
using KafkaMessage = Owned<rd_kafka_message_t, rd_kafka_message_destroy>;
using PartitionList = Owned<rd_kafka_topic_partition_list_t, rd_kafka_topic_partition_list_destroy>;
using AdminOptions = Owned<rd_kafka_AdminOptions_t, rd_kafka_AdminOptions_destroy>;

[[noreturn]] inline void kafka_failure(const std::string& what, const std::string& why) {
  throw std::runtime_error(what + ": " + why);
}

inline void check(rd_kafka_resp_err_t error, const std::string& what) {
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) kafka_failure(what, rd_kafka_err2str(error));
}

/// Makes a client that logs nothing. `adjust` may set callbacks on the configuration before it is used.
template <class Adjust>
KafkaHandle make_client(rd_kafka_type_t type, const std::map<std::string, std::string>& settings,
                        Adjust adjust) {
  rd_kafka_conf_t* const conf = rd_kafka_conf_new();
  char error[512];
  for (auto const& [name, value] : settings) {
    if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), error, sizeof error) != RD_KAFKA_CONF_OK) {
      rd_kafka_conf_destroy(conf);
      kafka_failure(name, error);
    }
  }
  rd_kafka_conf_set_log_cb(conf, [](const rd_kafka_t*, int, const char*, const char*) {});
  adjust(conf);
  rd_kafka_t* const client = rd_kafka_new(type, conf, error, sizeof error);
  if (client == nullptr) {
    rd_kafka_conf_destroy(conf);
    kafka_failure("rd_kafka_new", error);
  }
  return KafkaHandle(client);
}

inline KafkaHandle make_client(rd_kafka_type_t type, const std::map<std::string, std::string>& settings) {
  return make_client(type, settings, [](rd_kafka_conf_t*) {});
}

}  // namespace hookline::test
