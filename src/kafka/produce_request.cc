#include "produce_request.h"

#include <array>

namespace hookline::kafka {
namespace {

using Headers = std::unique_ptr<rd_kafka_headers_t, Returned<rd_kafka_headers_destroy>>;

Headers make_headers(const std::vector<OwnedHeader>& headers) {
  if (headers.empty()) return nullptr;
  Headers result(rd_kafka_headers_new(headers.size()));
  for (const auto& [name, value] : headers)
    (void)rd_kafka_header_add(result.get(), name.data(), static_cast<ssize_t>(name.size()),
                              value ? value->data() : nullptr,
                              value ? static_cast<ssize_t>(value->size()) : 0);
  return result;
}

/// Null stays null, and empty is not null: librdkafka tells them apart by the pointer.
template <class Part>
void put(Part& part, const std::optional<std::string>& bytes) {
  part.ptr = bytes ? const_cast<char*>(bytes->data()) : nullptr;
  part.size = bytes ? bytes->size() : 0;
}

}  // namespace

rd_kafka_resp_err_t hand_over(rd_kafka_t* producer, const OwnedRecord& record, void* opaque) {
  auto headers = make_headers(record.headers);
  std::array<rd_kafka_vu_t, 8> parts{};
  parts[0].vtype = RD_KAFKA_VTYPE_TOPIC;
  parts[0].u.cstr = record.topic.c_str();
  parts[1].vtype = RD_KAFKA_VTYPE_PARTITION;
  parts[1].u.i32 = record.partition < 0 ? RD_KAFKA_PARTITION_UA : record.partition;
  parts[2].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
  parts[2].u.i = 0;  // neither copied nor freed
  parts[3].vtype = RD_KAFKA_VTYPE_VALUE;
  put(parts[3].u.mem, record.value);
  parts[4].vtype = RD_KAFKA_VTYPE_KEY;
  put(parts[4].u.mem, record.key);
  parts[5].vtype = RD_KAFKA_VTYPE_OPAQUE;
  parts[5].u.ptr = opaque;
  parts[6].vtype = RD_KAFKA_VTYPE_TIMESTAMP;
  parts[6].u.i64 = core::to_unix_ms(record.timestamp);  // 0: now
  parts[7].vtype = RD_KAFKA_VTYPE_HEADERS;
  parts[7].u.headers = headers.get();
  const ErrorObject error(
      rd_kafka_produceva(producer, parts.data(), headers ? parts.size() : parts.size() - 1));
  if (error) return rd_kafka_error_code(error.get());
  (void)headers.release();  // the record's now
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

Outcome outcome_of(rd_kafka_resp_err_t code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
      return Outcome::acknowledged;

    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
      return Outcome::too_large;

    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR__INVALID_ARG:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_FOR_MESSAGE_FORMAT:
      return Outcome::refused;

    default:
      return Outcome::again;
  }
}

}  // namespace hookline::kafka
