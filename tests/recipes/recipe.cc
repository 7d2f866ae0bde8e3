#include "recipe.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace hookline::test {
namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

/// Header lines up to an empty one.
Headers read_headers(std::istringstream& lines) {
  Headers headers;
  for (std::string line; std::getline(lines, line) && !line.empty();) {
    const auto colon = line.find(": ");
    if (colon == std::string::npos) throw std::runtime_error("no header: " + line);
    headers.emplace_back(lower(line.substr(0, colon)), line.substr(colon + 2));
  }
  return headers;
}

std::string rest_of(std::istringstream& lines) {
  std::string text(std::istreambuf_iterator<char>(lines), {});
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

RecipeRequest read_request(const std::string& text) {
  RecipeRequest request;
  std::istringstream lines(text);
  std::string first;
  std::getline(lines, first);
  const auto blank = first.find(' ');
  if (blank == std::string::npos) throw std::runtime_error("a request begins with its method and its URL: " + first);
  request.method = first.substr(0, blank);
  request.url = first.substr(blank + 1);
  request.headers = read_headers(lines);
  request.body = rest_of(lines);
  return request;
}

void read_response(const std::string& text, RecipeRequest& request) {
  std::istringstream lines(text);
  std::string first;
  std::getline(lines, first);
  request.status = std::stoi(first);
  request.answer_headers = read_headers(lines);
  request.answer = rest_of(lines);
}

std::map<std::string, std::string> read_environment(const std::string& text) {
  std::map<std::string, std::string> environment;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const auto equals = line.find('=');
    if (!line.starts_with("export ") || equals == std::string::npos) throw std::runtime_error("not export NAME=value: " + line);
    auto value = line.substr(equals + 1);
    if (value.size() >= 2 && value.front() == '\'' && value.back() == '\'') value = value.substr(1, value.size() - 2);
    environment[line.substr(7, equals - 7)] = value;
  }
  return environment;
}

RecipeTrial read_trial(const std::string& text) {
  std::istringstream words(text);
  RecipeTrial trial;
  const std::map<std::string, std::string*> options{{"--webhook", &trial.webhook}, {"--type", &trial.type}, {"--correlation-id", &trial.correlation_id}};
  for (std::string word; words >> word;) {
    if (const auto option = options.find(word); option != options.end()) words >> *option->second;
  }
  if (!text.starts_with("hookline test ") || trial.webhook.empty() || trial.type.empty()) throw std::runtime_error("not hookline test --config FILE --webhook NAME --type TYPE");
  return trial;
}

void take_block(Recipe& recipe, const std::string& info, const std::string& text, int line) {
  static const std::string kinds[] = {"alarm", "audit", "detection", "incident"};
  const auto blank = info.find(' ');
  const auto what = blank == std::string::npos ? std::string() : info.substr(blank + 1);
  if (info == "yaml webhook.yaml" || info == "yaml hookline.yaml" || info == "yaml policies.yaml" || info == "yaml templates.yaml") {
    auto& file = recipe.files[what];
    file += file.empty() ? text : "---\n" + text;
  } else if (info == "sh environment") {
    recipe.environment = read_environment(text);
  } else if (info == "sh test") {
    recipe.steps.emplace_back(read_trial(text));
  } else if (info == "http request") {
    auto request = read_request(text);
    request.line = line;
    recipe.steps.emplace_back(std::move(request));
  } else if (info == "http response") {
    auto* request = recipe.steps.empty() ? nullptr : std::get_if<RecipeRequest>(&recipe.steps.back());
    if (request == nullptr) throw std::runtime_error("a response without a request before it");
    read_response(text, *request);
  } else if (info == "text mail") {
    recipe.steps.emplace_back(RecipeMail{line, text});
  } else if (const auto kind = what.substr(0, what.find(' '));
             info.starts_with("json ") && std::find(std::begin(kinds), std::end(kinds), kind) != std::end(kinds)) {
    const auto key = what.find(" key=");
    recipe.steps.emplace_back(RecipeEvent{kind, key == std::string::npos ? "" : what.substr(key + 5), text});
  } else if (info != "sh") {  // commands, for people
    throw std::runtime_error("a fence that no recipe has: " + info);
  }
}

}  // namespace

Recipe read_recipe(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error(path + " cannot be read");
  Recipe recipe{.page = path, .files = {}, .environment = {}, .steps = {}};
  std::string info, text;
  bool open = false;
  int number = 0, begin = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (!line.starts_with("```")) {
      if (open) text += line + "\n";
      continue;
    }
    open = !open;
    if (open) {
      info = line.substr(3);
      text.clear();
      begin = number + 1;
      continue;
    }
    try {
      take_block(recipe, info, text, begin);
    } catch (const std::exception& error) {
      throw std::runtime_error(path + ":" + std::to_string(begin) + ": " + error.what());
    }
  }
  const auto is = [&]<class Step>(const Step*) {
    return std::any_of(recipe.steps.begin(), recipe.steps.end(), [](const auto& step) { return std::holds_alternative<Step>(step); });
  };
  if (open) throw std::runtime_error(path + ": a fence is not closed");
  if (!recipe.files.contains("webhook.yaml")) throw std::runtime_error(path + ": there is no webhook.yaml");
  if (!is(static_cast<RecipeEvent*>(nullptr)) && !is(static_cast<RecipeTrial*>(nullptr))) throw std::runtime_error(path + ": there is no event");
  if (!is(static_cast<RecipeRequest*>(nullptr))) throw std::runtime_error(path + ": there is no request that goes out");
  return recipe;
}

}  // namespace hookline::test
