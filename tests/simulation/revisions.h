// The definitions that a simulated world changes between, and what each expects of a record: a naive
// model beside the compiled filters. Compiled once per process. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "hookline/core/time.h"
#include "hookline/engine/definitions.h"

namespace hookline::test {

/// A set of targets, one bit each. A record that cannot be taken apart has one target: itself.
using Targets = std::uint16_t;
enum Target : Targets {
  all_main = 1,
  all_second = 2,
  pay_a = 4,
  pay_b = 8,
  ship_main = 16,
  whole_record = 32,
  line_main = 64,   ///< in the order of keys
  make_main = 128,  ///< creates an item for a story
  mend_main = 256,  ///< updates it
  counted = 512,    ///< it stands where a policy counts it
  page_main = 1024, ///< what the policy notifies when it fires, of the record on which it does
};
inline constexpr int target_count = 11;
inline constexpr int largest_fan_out = 6;

/// What a record of a world is made of.
struct Nature {
  bool poison = false;     ///< does not decode: one dead letter
  bool tombstone = false;  ///< no value: nothing to do
  bool triggered = false;
  bool pay = false;        ///< else of the service "ship"
};

inline constexpr int revision_count = 4;
/// What a world has beside the webhooks that its revisions change.
struct Extras {
  bool ordered = false;   ///< three webhooks more, whose deliveries go out in order, under most revisions by the same keys
  bool counting = false;  ///< a policy with a threshold, which counts by story, and a webhook that it notifies
};
inline constexpr std::size_t policy_count = 3;
inline constexpr core::Duration policy_window = std::chrono::seconds(2);

std::shared_ptr<const engine::Definitions> definitions_of(int revision, const Extras& extras);
/// Where a record goes that is taken under a revision. Whether a policy fires on it is another matter.
Targets expected(int revision, const Nature& nature, const Extras& extras);

/// The targets that have the order which most revisions give them.
Targets in_order_under(int revision);

/// 0: not one of the world's.
Targets target_of_url(std::string_view url);
Targets target_of_letter(std::string_view webhook, std::string_view endpoint);

}  // namespace hookline::test
