// What the records of PREFIX.webhooks mean: definitions (webhooks, policies, templates) and the switches
// of webhooks, each with its revision. Pure: no I/O, no clock, one thread; every process that applies the
// same log holds the same state, and so does one that reads the log after any compaction.
//
// A change is one record under a key of its own, `webhook/NAME/REVISION-ID`, because compaction keeps the
// last record of a key, and the last one may be a change that lost a race. What counts of a name is the
// fold of its records in the order of the log: a change takes effect if it replaces the revision that is
// in force, else it is refused. What was replaced or refused is garbage; its key gets a tombstone, which
// changes nothing (docs/decisions/definitions-log.md).
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hookline/core/result.h"
#include "hookline/core/time.h"
#include "hookline/json/tree.h"

namespace hookline::state {

enum class Sort : std::uint8_t { webhook, policy, template_keys, webhook_switch };
/// "webhook", "policy", "template", "switch": the first part of a key.
std::string_view name(Sort sort);

struct Name {
  Sort sort = Sort::webhook;
  std::string name;
  auto operator<=>(const Name&) const = default;
};

/// What is in force of a name.
struct Version {
  std::uint64_t revision = 0;        ///< counts the changes of this name, from 1; goes on after a deletion
  std::string by;                    ///< who made it
  core::WallTime at{};               ///< when, by that process's clock
  std::optional<json::Tree> document;  ///< nullopt: deleted
};

struct Change {
  Name of;
  std::uint64_t replaces = 0;  ///< the revision that the writer saw; 0: none
  std::string id;              ///< tells changes apart that replace the same revision; letters and digits
  std::string by;
  core::WallTime at{};
  std::optional<json::Tree> document;  ///< nullopt: delete
};

/// A change as a record.
std::string key_of(const Change& change);
std::string value_of(const Change& change);
/// Error: invalid, not such a record, or a damaged one.
[[nodiscard]] core::Result<Change> parse_change(std::string_view key, std::string_view value);

class DefinitionLog {
 public:
  enum class Outcome : std::uint8_t {
    applied,
    refused,  ///< it replaces a revision that is not in force
    copy,     ///< the same record again
    removed,  ///< a tombstone
    foreign,  ///< not understood, and passed over
  };

  /// The next record of the log. `foreign` says why in objection().
  Outcome apply(const std::optional<std::string>& key, const std::optional<std::string>& value);

  /// What is in force of a name, deletions included; nullptr: nothing was ever, or long ago.
  const Version* find(const Name& name) const;
  /// Everything in force, without what is deleted.
  std::map<Name, Version> documents() const;

  /// Keys of `name` that need a tombstone, in this order: what was replaced or refused, and a deletion that is
  /// a week old at `now`, so that names do not pile up.
  std::vector<std::string> garbage(const Name& name, core::WallTime now) const;

  std::uint64_t foreign_records() const { return foreign_; }
  const std::string& objection() const { return objection_; }

 private:
  struct Entry {
    std::string key;
    std::uint64_t replaces;
    Version version;
  };
  struct Line {
    std::vector<Entry> entries;  ///< in the order of the log, without those that got a tombstone
    std::size_t current = 0;     ///< position of what is in force
  };

  Outcome remove(const std::string& key);
  Outcome reject(std::string why);
  static void fold(Line& line);

  std::map<Name, Line> lines_;
  std::uint64_t foreign_ = 0;
  std::string objection_;
};

}  // namespace hookline::state
