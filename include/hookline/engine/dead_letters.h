// Dead letters as people choose among them: by why they are dead, whose they are, when, and by an expression
// over the original event. What `dead-letters list|show|replay` and replay jobs share. A filter belongs to one
// thread; nothing is kept.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hookline/config/settings.h"
#include "hookline/core/result.h"
#include "hookline/core/time.h"
#include "hookline/event/kind.h"
#include "hookline/event/names.h"
#include "hookline/event/reader.h"
#include "hookline/kafka/properties.h"
#include "hookline/kafka/record.h"
#include "hookline/rule/expression.h"
#include "hookline/settle/dead_letter.h"

namespace hookline::engine {

struct Letter {
  settle::ParsedDeadLetter parsed;
  kafka::OwnedRecord record;
};

/// Its delivery id; of one without delivery (decode …) where it stands: PARTITION:OFFSET of the dead-letter topic.
std::string id_of(const Letter& letter);

/// A record of Kafka as readers of events take it; `headers` is where its headers go.
event::RecordView view_of(const kafka::OwnedRecord& record, std::vector<event::Header>& headers);

/// An expression over events of any kind.
class Where {
 public:
  /// `attributes` outlive it. Error: invalid, with the column.
  [[nodiscard]] static core::Result<std::unique_ptr<Where>> compile(const std::string& text, const event::AttributeTable& attributes);
  /// False for what is not an event.
  bool takes(const kafka::OwnedRecord& record, event::Kind kind);

 private:
  Where(rule::Expression expression, const event::Variables& variables) : expression_(std::move(expression)), reader_(variables) {}

  rule::Expression expression_;
  event::Reader reader_;
  event::Scratch scratch_;
  rule::Arena arena_;
};

/// Every condition that is set must hold.
struct LetterSelection {
  std::string webhook, endpoint;
  std::vector<settle::Reason> reasons;             ///< one of these; empty: any
  std::optional<settle::FailureClass> failure;
  std::optional<int> status;
  std::optional<std::string> key;                  ///< of the original record
  std::vector<std::string> ids;                    ///< one of these (id_of)
  std::optional<core::WallTime> since, until;      ///< when it failed
  std::string where;                               ///< over the original event
};

/// The event's record, at the place where it came from and without Hookline's own headers: what the letter holds, or of a
/// pointer what is read from the source topic. Blocking for pointers alone. Errors: not_found (a pointer whose
/// original is gone from the log), timeout, or what Kafka says.
[[nodiscard]] core::Result<kafka::OwnedRecord> read_original(const Letter& letter, const kafka::Properties& properties);

class LetterFilter {
 public:
  /// Error: invalid, if `where` does not compile.
  [[nodiscard]] static core::Result<LetterFilter> compile(LetterSelection selection, const config::Topics& topics,
                                                          const event::AttributeTable& attributes);

  /// With its event, where the selection asks for that: of a pointer the original (read_original()). Error: what Kafka says.
  [[nodiscard]] core::Result<bool> takes(const Letter& letter, const kafka::Properties& properties);
  /// Pointers that `where` could not look into so far, since their originals are gone.
  std::uint64_t gone() const { return gone_; }

 private:
  bool takes_head(const Letter& letter) const;

  LetterFilter(LetterSelection selection, const config::Topics& topics, std::unique_ptr<Where> where)
      : selection_(std::move(selection)), topics_(&topics), where_(std::move(where)) {}

  LetterSelection selection_;
  const config::Topics* topics_;
  std::unique_ptr<Where> where_;
  std::uint64_t gone_ = 0;
};

/// Dead letters counted by what they died of, whose they are and the last answer's status: how people get an overview.
class LetterGroups {
 public:
  /// Failures of endpoints come first, then those of the pipeline.
  struct Key {
    settle::FailureClass failure;
    std::string reason, webhook, endpoint;
    int status;  ///< 0: no answer
    auto operator<=>(const Key&) const = default;
  };
  struct Group {
    std::uint64_t count = 0, replayed = 0;
    std::int64_t first = 0, last = 0;  ///< when they failed, Unix time in ms
    std::string error;                 ///< of the last one
  };

  void add(const Letter& letter, bool replayed = false);
  const std::map<Key, Group>& all() const { return groups_; }
  std::uint64_t total() const { return total_; }
  std::uint64_t replayed() const { return replayed_; }

 private:
  std::map<Key, Group> groups_;
  std::uint64_t total_ = 0, replayed_ = 0;
};

/// A moment as people write it: RFC 3339, or an age such as 2h. Error: invalid.
[[nodiscard]] core::Result<core::WallTime> parse_moment(const std::string& text, core::WallTime now);

}  // namespace hookline::engine
