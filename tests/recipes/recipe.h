// A recipe of docs/recipes as a test reads it: the fenced blocks of its page. A page that leaves a request
// out, or has a fence that is not known, cannot be read. Values.
//
//   ```yaml webhook.yaml     the webhooks; also `policies.yaml`, `templates.yaml`, and `hookline.yaml`: lines for
//                            the service's settings
//   ```sh environment        export NAME=value, one a line
//   ```json alarm            an event of that kind (or audit, detection, incident), also `alarm key=KEY`
//   ```sh test               hookline test --config FILE --webhook NAME --type TYPE: what that command sends
//   ```http request          a request that the events before it cause
//   ```http response         what the receiver answers to it; 200 where there is none
//   ```text mail             a mail that they cause, as the test's mail server prints it
#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "support/kafka_admin.h"

namespace hookline::test {

struct RecipeEvent {
  std::string kind, key, text;
};

struct RecipeTrial {
  std::string webhook, type, correlation_id;
};

struct RecipeRequest {
  int line = 0;  ///< of the page, where it stands
  std::string method, url;
  Headers headers;  ///< names in lower case
  std::string body;
  int status = 200;  ///< of the answer
  Headers answer_headers;
  std::string answer;
};

struct RecipeMail {
  int line = 0;
  std::string text;
};

struct Recipe {
  std::string page;
  std::map<std::string, std::string> files;
  std::map<std::string, std::string> environment;
  std::vector<std::variant<RecipeEvent, RecipeTrial, RecipeRequest, RecipeMail>> steps;
};

/// Reads a page. Throws std::runtime_error with file and line of what cannot be read.
Recipe read_recipe(const std::string& path);

}  // namespace hookline::test
