#include "held_record.h"

#include <cassert>

#include "hookline/json/scan.h"

namespace hookline::engine {
namespace {

// What free places may keep of their buffers: a pool of what once was large would only hold memory.
constexpr std::size_t keep_capacity = 16 << 10;
constexpr std::uint64_t keep_altogether = 8 << 20;

std::size_t size_of(const event::RecordView& record) {
  std::size_t size = json::padding + record.topic.size() + (record.key ? record.key->size() : 0) + (record.value ? record.value->size() : 0);
  for (const auto& header : record.headers) size += header.name.size() + (header.value ? header.value->size() : 0);
  return size;
}

}  // namespace

std::vector<settle::OwnedHeader> owned(std::span<const event::Header> headers) {
  std::vector<settle::OwnedHeader> copies;
  for (const auto& header : headers) {
    copies.emplace_back(std::string(header.name), header.value ? std::optional<std::string>(*header.value) : std::nullopt);
  }
  return copies;
}

HeldRecord* RecordPool::hold(const event::RecordView& record, event::Kind kind, std::string_view topic) {
  if (free_.empty()) {
    all_.push_back(std::make_unique<HeldRecord>());
    free_.push_back(all_.back().get());
  }
  HeldRecord* held = free_.back();
  free_.pop_back();
  free_bytes_ -= held->bytes.capacity();

  // Sized before anything is written, so that the views stay where they point.
  std::string& bytes = held->bytes;
  bytes.clear();
  bytes.reserve(size_of(record));
  const auto keep = [&](std::string_view text) {
    const std::size_t start = bytes.size();
    bytes.append(text);
    return std::string_view(bytes).substr(start);
  };
  held->view = record;
  held->view.topic = topic.empty() ? keep(record.topic) : topic;
  if (record.key) held->view.key = keep(*record.key);
  held->headers.clear();
  for (const auto& header : record.headers) {
    event::Header copy{keep(header.name), std::nullopt};
    if (header.value) copy.value = keep(*header.value);
    held->headers.push_back(copy);
  }
  held->view.headers = held->headers;
  if (record.value) held->view.value = keep(*record.value);
  bytes.append(json::padding, '\0');
  held->view.padded = true;

  held->kind = kind;
  held->references = 0;
  held->returning = false;
  held->ordered = false;
  held->touched = false;
  held->waiting.clear();
  bytes_ += held->footprint();
  ++count_;
  return held;
}

void RecordPool::release(HeldRecord* record) {
  assert(record->references > 0);
  if (--record->references == 0) discard(record);
}

void RecordPool::discard(HeldRecord* record) {
  assert(record->references == 0);
  bytes_ -= record->footprint();
  --count_;
  const auto capacity = record->bytes.capacity();
  if (capacity > keep_capacity || free_bytes_ + capacity > keep_altogether) std::string().swap(record->bytes);
  free_bytes_ += record->bytes.capacity();
  free_.push_back(record);
}

}  // namespace hookline::engine
