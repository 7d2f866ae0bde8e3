// The definitions that are kept in PREFIX.webhooks, as this process sees them: a thread that reads the log
// to its end and follows it, and changes that are written to it. Every process of the group has one; no lock
// and no leader: what a change becomes is decided by its place in the log (state/definition_log.h).
//
// Public functions from any thread. Holds all definitions in memory; a document is at most 512 KiB.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "hookline/core/result.h"
#include "hookline/core/time.h"
#include "hookline/json/tree.h"
#include "hookline/kafka/producer.h"
#include "hookline/kafka/properties.h"
#include "hookline/state/definition_log.h"

namespace hookline::state {

inline constexpr std::size_t max_document_bytes = 512 << 10;

/// One moment of the log; immutable.
struct Snapshot {
  std::map<Name, Version> documents;  ///< what is in force
  std::uint64_t foreign_records = 0;  ///< passed over so far
};

/// What became of a change.
struct Written {
  bool applied = false;        ///< false: another change came first
  std::uint64_t revision = 0;  ///< in force now; 0: the name does not exist
};

class Store {
 public:
  /// Called on the store's thread: once when the log was read to the end that stood at the start, then
  /// after each change. A writer hears of its change after this.
  using OnChange = std::function<void(std::shared_ptr<const Snapshot>)>;

  /// `producer` outlives the store; its reports may come later still.
  Store(kafka::Properties properties, std::string topic, kafka::Producer& producer, OnChange on_change);
  ~Store();  ///< ends the thread; writers that still wait get an error

  void start();
  bool loaded() const { return snapshot() != nullptr; }
  /// Why the log has not been read yet or is not followed now; empty: all is well.
  std::string trouble() const;
  /// nullptr until the log was read once.
  std::shared_ptr<const Snapshot> snapshot() const;

  /// Writes a change that replaces the revision `replaces` (0: the name must not exist; nullopt: whatever is in
  /// force) and waits until it was read back. Errors: unavailable (not loaded, Kafka refuses), too_large, timeout (it may take effect yet).
  [[nodiscard]] core::Result<Written> write(const Name& of, std::optional<std::uint64_t> replaces,
                                            const std::string& by, std::optional<json::Tree> document,
                                            core::Duration timeout = std::chrono::seconds(10));

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hookline::state
