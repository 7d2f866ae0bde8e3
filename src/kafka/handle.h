// Owners of librdkafka's objects, and its error codes as Hookline's. The only header of this room
// that includes rdkafka.h besides client.h. No state; any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <librdkafka/rdkafka.h>

#include "hookline/core/result.h"
#include "hookline/core/time.h"
#include "hookline/kafka/record.h"

namespace hookline::kafka {

/// A unique_ptr that gives the object back with the C function named.
template <auto Free>
struct Returned {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};

using PartitionList =
    std::unique_ptr<rd_kafka_topic_partition_list_t, Returned<rd_kafka_topic_partition_list_destroy>>;
using Queue = std::unique_ptr<rd_kafka_queue_t, Returned<rd_kafka_queue_destroy>>;
using Event = std::unique_ptr<rd_kafka_event_t, Returned<rd_kafka_event_destroy>>;
using ErrorObject = std::unique_ptr<rd_kafka_error_t, Returned<rd_kafka_error_destroy>>;
using TopicHandle = std::unique_ptr<rd_kafka_topic_t, Returned<rd_kafka_topic_destroy>>;
using Metadata = std::unique_ptr<const rd_kafka_metadata_t, Returned<rd_kafka_metadata_destroy>>;
using AdminOptions = std::unique_ptr<rd_kafka_AdminOptions_t, Returned<rd_kafka_AdminOptions_destroy>>;

PartitionList make_list(const std::vector<TopicPartition>& partitions);
std::vector<TopicPartition> to_vector(const rd_kafka_topic_partition_list_t& list);

/// What a code of librdkafka or of the protocol means to Hookline.
core::ErrorCode meaning(rd_kafka_resp_err_t code);

/// "<what>: <the library's text>".
core::Error error_of(rd_kafka_resp_err_t code, std::string_view what);
core::Error error_of(const rd_kafka_error_t& error, std::string_view what);

inline tl::unexpected<core::Error> fail_with(rd_kafka_resp_err_t code, std::string_view what) {
  return tl::unexpected<core::Error>(error_of(code, what));
}

/// Milliseconds for the C API: rounded up, never negative, never "for ever".
int to_timeout_ms(core::Duration timeout);

}  // namespace hookline::kafka
