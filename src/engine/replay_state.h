// What a Replay holds, and the parts of its run. One thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "hookline/engine/replay.h"
#include "hookline/kafka/group_look.h"
#include "replay_gate.h"
#include "replay_items.h"
#include "replay_plan.h"
#include "replay_sender.h"
#include "replay_targets.h"

namespace hookline::engine {

/// How long Kafka may be silent while there is more to read.
inline constexpr core::Duration replay_idle_timeout = std::chrono::seconds(10);

/// Reads all spans to their ends. `take` may end it with an error.
core::Result<void> read_all(const kafka::Properties& properties, std::vector<kafka::Span> spans,
                            const std::function<core::Result<void>(kafka::OwnedRecord&&)>& take);

struct Replay::State {
  ReplayRequest request;
  ReplayGround ground;
  kafka::Properties properties;
  ReplayCounts counts;
  Ends ends;

  // Dead letters.
  std::vector<ReplayPlan::Entry> entries;
  std::vector<state::LetterPlace> expired_marks;
  std::size_t met = 0;                           ///< of entries, in this run
  std::unordered_set<std::size_t> sent_ids;      ///< hashes
  // Events.
  std::vector<kafka::Span> spans;
  std::map<kafka::TopicPartition, std::int64_t> next;            ///< everything below was taken up
  std::map<kafka::TopicPartition, std::set<std::int64_t>> open;  ///< below that, and not done
  std::map<std::uint64_t, std::pair<kafka::TopicPartition, std::int64_t>> tags;
  std::unique_ptr<Where> where;

  ReplayTargets targets;
  ReplayItems items;
  std::unique_ptr<kafka::GroupLook> look;
  std::unique_ptr<ReplayGate> gate;
  std::unique_ptr<ReplaySender> sender;
  Pacer pacer;
  core::MonoTime next_watch{};
  std::uint64_t next_tag = 1;
  std::uint64_t taken = 0;                       ///< deliveries sent or on their way

  State(ReplayRequest asked, ReplayGround on)
      : request(std::move(asked)), ground(std::move(on)), properties(kafka::client_properties(ground.settings)), targets(ground),
        items(ground), pacer(request.rate) {}

  bool of_events() const { return request.what == ReplayRequest::What::events; }
  const std::string& topic(config::OwnTopic which) const { return ground.settings.topics[which]; }
  void skip(const std::string& why) {
    counts.skip(why);
    ++counts.done;
  }
  core::Result<void> left_out(const std::string& why) {
    skip(why);
    return {};
  }

  // replay_survey.cc
  core::Result<Survey> survey_letters(const std::optional<Ends>& given);
  core::Result<Survey> survey_events();
  core::Result<std::optional<ExistingItem>> item_of_letter(const Letter& letter);

  // replay.cc
  core::Result<void> open_gate();
  bool keep_going(const Control& control);
  void collect(core::Duration wait, std::optional<core::Error>& failure);
  std::vector<kafka::Span> spans_of_entries() const;
  core::Result<void> take_up(kafka::OwnedRecord&& record, const Control& control);
  core::Result<bool> take_out_creates(std::vector<Reentry>& reentries, const kafka::OwnedRecord& original);
  core::Result<void> take_up_letter(Letter&& letter, const ReplayPlan::Entry& entry, const Control& control);
  core::Result<void> take_up_event(kafka::OwnedRecord&& record, const Control& control);
  void take_back_expired_marks();
  void send(const std::vector<Reentry>& reentries, const kafka::OwnedRecord& original, std::vector<kafka::OwnedRecord> marks,
            std::uint64_t tag, const Control& control);
};

}  // namespace hookline::engine
