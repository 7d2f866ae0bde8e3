#include "support/publisher.h"

#include <cstdio>
#include <stdexcept>

#include "support/rdkafka.h"

namespace hookline::test {

struct Publisher::Client {
  KafkaHandle handle;
};

namespace {

/// What travels with a message to its acknowledgement.
struct Ticket {
  std::string id;
};

using ErrorObject = Owned<rd_kafka_error_t, rd_kafka_error_destroy>;
constexpr int transaction_deadline_ms = 30'000;

void check(rd_kafka_error_t* error, const std::string& what) {
  ErrorObject const owned(error);
  if (owned) kafka_failure(what, rd_kafka_error_string(owned.get()));
}

using HeaderList = Owned<rd_kafka_headers_t, rd_kafka_headers_destroy>;

}  // namespace

Publisher::Publisher(const std::string& bootstrap, const std::map<std::string, std::string>& settings)
    : client_(std::make_unique<Client>()) {
  std::map<std::string, std::string> all = {{"bootstrap.servers", bootstrap},   {"acks", "all"},
                                            {"enable.idempotence", "true"},     {"message.timeout.ms", "0"},
                                            {"message.max.bytes", "20000000"},  {"linger.ms", "1"},
                                            {"reconnect.backoff.max.ms", "500"}};
  for (auto const& [name, value] : settings)
    all[name] = value;
  client_->handle = make_client(RD_KAFKA_PRODUCER, all, [&](rd_kafka_conf_t* conf) {
    rd_kafka_conf_set_opaque(conf, this);
    rd_kafka_conf_set_dr_msg_cb(conf, [](rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
      std::unique_ptr<Ticket> const ticket(static_cast<Ticket*>(message->_private));
      auto& self = *static_cast<Publisher*>(opaque);
      if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        self.acknowledged_.push_back(
            {ticket->id, rd_kafka_topic_name(message->rkt), message->partition, message->offset});
      } else {
        self.failed_[ticket->id] = rd_kafka_err2str(message->err);
      }
    });
  });
  if (all.contains("transactional.id"))
    check(rd_kafka_init_transactions(client_->handle.get(), transaction_deadline_ms), "joining as a transactional publisher");
}

Publisher::~Publisher() {
  rd_kafka_purge(client_->handle.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  rd_kafka_flush(client_->handle.get(), 1000);  // hands back every ticket
}

void Publisher::publish(const std::string& topic, const EventToPublish& event) {
  HeaderList headers;
  if (!event.headers.empty()) {
    headers.reset(rd_kafka_headers_new(event.headers.size()));
    for (auto const& [name, value] : event.headers) {
      rd_kafka_header_add(headers.get(), name.data(), static_cast<ssize_t>(name.size()), value.data(),
                          static_cast<ssize_t>(value.size()));
    }
  }
  auto ticket = std::make_unique<Ticket>(Ticket{event.id});
  while (true) {
    poll();
    rd_kafka_vu_t fields[8];
    fields[0].vtype = RD_KAFKA_VTYPE_TOPIC;
    fields[0].u.cstr = topic.c_str();
    fields[1].vtype = RD_KAFKA_VTYPE_PARTITION;
    fields[1].u.i32 = event.partition < 0 ? RD_KAFKA_PARTITION_UA : event.partition;
    fields[2].vtype = RD_KAFKA_VTYPE_KEY;
    fields[2].u.mem = {const_cast<char*>(event.key.data()), event.key.size()};
    fields[3].vtype = RD_KAFKA_VTYPE_VALUE;
    fields[3].u.mem = {const_cast<char*>(event.value.data()), event.value.size()};
    fields[4].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
    fields[4].u.i = RD_KAFKA_MSG_F_COPY;
    fields[5].vtype = RD_KAFKA_VTYPE_OPAQUE;
    fields[5].u.ptr = ticket.get();
    fields[6].vtype = RD_KAFKA_VTYPE_TIMESTAMP;
    fields[6].u.i64 = event.timestamp;
    fields[7].vtype = RD_KAFKA_VTYPE_HEADERS;
    fields[7].u.headers = headers.get();
    ErrorObject const error(rd_kafka_produceva(client_->handle.get(), fields, headers ? 8 : 7));
    if (!error) break;
    if (rd_kafka_error_code(error.get()) != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      kafka_failure("publishing to " + topic, rd_kafka_error_string(error.get()));
    }
    rd_kafka_poll(client_->handle.get(), 10);
  }
  (void)ticket.release();   // the acknowledgement has it
  (void)headers.release();  // the message has them
}

void Publisher::publish_events(const std::string& topic, int count, int first,
                               std::chrono::milliseconds deadline) {
  publish_events(topic, count, test_event, first, deadline);
}

void Publisher::publish_events(const std::string& topic, int count,
                               const std::function<EventToPublish(int)>& make, int first,
                               std::chrono::milliseconds deadline) {
  auto const before = failed_.size();
  for (int i = first; i < first + count; ++i)
    publish(topic, make(i));
  if (!flush(deadline)) throw std::runtime_error("publishing to " + topic + ": not acknowledged in time");
  if (failed_.size() > before)
    throw std::runtime_error("publishing to " + topic + ": " + failed_.begin()->second);
}

void Publisher::begin_transaction() {
  before_transaction_ = acknowledged_.size();
  check(rd_kafka_begin_transaction(client_->handle.get()), "beginning a transaction");
}

void Publisher::commit_transaction() {
  check(rd_kafka_commit_transaction(client_->handle.get(), transaction_deadline_ms), "committing a transaction");
}

void Publisher::abort_transaction() {
  check(rd_kafka_abort_transaction(client_->handle.get(), transaction_deadline_ms), "aborting a transaction");
  auto const first = acknowledged_.begin() + static_cast<std::ptrdiff_t>(before_transaction_);
  aborted_.insert(aborted_.end(), first, acknowledged_.end());
  acknowledged_.erase(first, acknowledged_.end());
}

void Publisher::poll() {
  rd_kafka_poll(client_->handle.get(), 0);
}

bool Publisher::flush(std::chrono::milliseconds deadline) {
  return rd_kafka_flush(client_->handle.get(), static_cast<int>(deadline.count())) ==
         RD_KAFKA_RESP_ERR_NO_ERROR;
}

EventToPublish test_event(int number) {
  char id[32];
  std::snprintf(id, sizeof id, "e-%06d", number);
  EventToPublish event;
  event.id = event.key = id;
  event.value = "{\"id\": \"" + event.id +
                "\", \"event_type\": \"incident_triggered\", \"title\": \"Disk full on db-" +
                std::to_string(number % 10) + "\", \"service\": \"payments\", \"severity\": \"" +
                (number % 2 == 0 ? "high" : "low") + "\", \"number\": " + std::to_string(number) + "}";
  return event;
}

std::string event_id(std::string_view document) {
  constexpr std::string_view name = "\"id\"";
  for (auto at = document.find(name); at != std::string_view::npos; at = document.find(name, at + 1)) {
    auto const colon = document.find_first_not_of(' ', at + name.size());
    if (colon == std::string_view::npos || document[colon] != ':') continue;
    auto const quote = document.find_first_not_of(' ', colon + 1);
    if (quote == std::string_view::npos || document[quote] != '"') continue;
    auto const end = document.find('"', quote + 1);
    if (end != std::string_view::npos) return std::string(document.substr(quote + 1, end - quote - 1));
  }
  return {};
}

}  // namespace hookline::test
