// Records that outlive their poll, because deliveries (or a dead letter) still need them: an owned
// copy with the padding that reading JSON wants. Counted by references and bytes; buffers are used
// again. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hookline/core/time.h"
#include "hookline/event/record.h"
#include "hookline/settle/dead_letter.h"
#include "hookline/settle/receipt.h"

namespace hookline::engine {

struct HeldRecord {
  event::RecordView view;             ///< points into `bytes` and `headers`; the topic is interned by the owner
  event::Kind kind = event::Kind::alarm;
  settle::Receipt receipt;
  core::MonoTime taken_at{};
  std::uint32_t references = 0;
  bool returning = false;             ///< from a retry topic
  bool ordered = false;               ///< from the ordered topic
  bool touched = false;               ///< an attempt was started: dropping it now may mean a duplicate later

  std::string bytes;
  std::vector<event::Header> headers;
  std::vector<std::uint64_t> waiting; ///< handles of its deliveries that wait in memory for their next attempt

  settle::Origin origin() const { return {view.topic, view.partition, view.offset, view.timestamp}; }
  /// Bytes of memory that holding it takes.
  std::size_t footprint() const { return sizeof(HeldRecord) + bytes.capacity(); }
};

/// Copies of borrowed headers.
std::vector<settle::OwnedHeader> owned(std::span<const event::Header> headers);

class RecordPool {
 public:
  /// A copy of `record` with no references yet; `topic` must outlive it, if empty it is copied as well.
  HeldRecord* hold(const event::RecordView& record, event::Kind kind, std::string_view topic);
  void add_reference(HeldRecord* record) { ++record->references; }
  /// Gives a reference back; the last one frees the record.
  void release(HeldRecord* record);
  /// Frees a record that never got a reference.
  void discard(HeldRecord* record);

  /// Bytes of memory of all records held, keys and headers included.
  std::uint64_t bytes() const { return bytes_; }
  std::size_t count() const { return count_; }

 private:
  std::vector<std::unique_ptr<HeldRecord>> all_;
  std::vector<HeldRecord*> free_;
  std::uint64_t bytes_ = 0;
  std::uint64_t free_bytes_ = 0;  ///< of the buffers of free places
  std::size_t count_ = 0;
};

}  // namespace hookline::engine
