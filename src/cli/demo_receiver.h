// The demo's receiver: a small HTTP server on loopback that tells what it got and can be told to be
// sick. Own thread. For the demo only: it reads requests as Hookline writes them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "hookline/core/result.h"

namespace hookline::cli {

struct ReceivedRequest {
  std::string path;
  std::string delivery_id;  ///< the header webhook-id
  std::string body;
  int answered = 200;
};

class DemoReceiver {
 public:
  /// `on_request` is called on the receiver's thread after each answer was chosen.
  static core::Result<std::unique_ptr<DemoReceiver>> start(std::function<void(const ReceivedRequest&)> on_request);
  ~DemoReceiver();

  std::uint16_t port() const;
  /// Requests to `path` are answered with 500 from now on, or with 200 again.
  void set_sick(const std::string& path, bool sick);

 private:
  DemoReceiver();
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hookline::cli
