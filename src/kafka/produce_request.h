// One record on its way into librdkafka, and what its answers mean for it. No state; producer's thread.
#pragma once

#include "handle.h"
#include "hookline/kafka/record.h"

namespace hookline::kafka {

/// Hands `record` over without copying its value: it must stay where it is until its delivery report, which
/// carries `opaque`, or until the instance is gone.
[[nodiscard]] rd_kafka_resp_err_t hand_over(rd_kafka_t* producer, const OwnedRecord& record, void* opaque);

enum class Outcome {
  acknowledged,
  too_large,  ///< the record, or the batch in which it travelled
  refused,    ///< will be so until somebody mends the topic or its permissions
  again,      ///< librdkafka gave up what is worth trying again
};

Outcome outcome_of(rd_kafka_resp_err_t code);

}  // namespace hookline::kafka
