#include <algorithm>

#include "batch_state.h"
#include "hookline/kafka/consumer.h"

namespace hookline::kafka {
namespace {

core::WallTime timestamp_of(const rd_kafka_message_t& message) {
  rd_kafka_timestamp_type_t type{};
  const auto ms = rd_kafka_message_timestamp(&message, &type);
  return core::from_unix_ms(type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? 0 : ms);
}

std::optional<std::string_view> bytes(const void* data, std::size_t size) {
  if (data == nullptr) return std::nullopt;
  return std::string_view(static_cast<const char*>(data), size);
}

}  // namespace

Message view_of(rd_kafka_message_t& message, std::string_view topic) {
  return {topic,
          message.partition,
          message.offset,
          timestamp_of(message),
          bytes(message.key, message.key_len),
          bytes(message.payload, message.len),
          &message};
}

OwnedRecord owned(const Message& message) {
  OwnedRecord record;
  record.topic = message.topic;
  record.partition = message.partition;
  record.offset = message.offset;
  record.timestamp = message.timestamp;
  record.key = message.key;
  record.value = message.value;
  std::vector<std::pair<std::string_view, std::optional<std::string_view>>> headers;
  message.headers(headers);
  for (const auto& [name, value] : headers)
    record.headers.emplace_back(name, value);
  return record;
}

void Batch::State::clear() {
  for (const auto& message : messages)
    rd_kafka_message_destroy(message.raw);
  messages.clear();
  raw.clear();
  if (holders != nullptr) std::erase(*holders, this);
  holders = nullptr;
}

Batch::Batch() : state_(std::make_unique<State>()) {}
Batch::~Batch() = default;
Batch::Batch(Batch&&) noexcept = default;
Batch& Batch::operator=(Batch&&) noexcept = default;

std::span<const Message> Batch::messages() const {
  return state_->messages;
}
void Batch::clear() {
  state_->clear();
}

void Message::headers(std::vector<std::pair<std::string_view, std::optional<std::string_view>>>& out) const {
  out.clear();
  rd_kafka_headers_t* headers = nullptr;  // stays the message's
  if (rd_kafka_message_headers(raw, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return;
  const char* name = nullptr;
  const void* data = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0;
       rd_kafka_header_get_all(headers, i, &name, &data, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) {
    if (data == nullptr)
      out.emplace_back(name, std::nullopt);
    else
      out.emplace_back(name, std::string_view(static_cast<const char*>(data), size));
  }
}

}  // namespace hookline::kafka
