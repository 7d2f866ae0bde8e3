// Executes every page of docs/recipes: its definitions, its events, and exactly the requests that it shows.
// A new page is found by itself; one that shows no request fails.
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

#include <gtest/gtest.h>
#include <openssl/hmac.h>

#include "hookline/json/tree.h"
#include "kitchen.h"
#include "recipe.h"
#include "support/wait.h"

namespace hookline::test {
namespace {

using namespace std::chrono_literals;

const std::filesystem::path folder = HOOKLINE_SOURCE_DIR "/docs/recipes";

std::vector<std::string> pages() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".md" && entry.path().stem() != "README") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string header(const Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

void replace(std::string& text, std::string_view what, std::string_view by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) text.replace(at, what.size(), by);
}

std::string base64(const unsigned char* bytes, std::size_t size) {
  std::string text(4 * ((size + 2) / 3) + 1, '\0');
  text.resize(static_cast<std::size_t>(EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes, static_cast<int>(size))));
  return text;
}

/// The Standard Webhooks signature of what arrived, with the secret of that name in the environment.
std::string signature(const Arrived& arrived, const char* variable) {
  std::string secret = getenv(variable);
  secret = secret.substr(secret.starts_with("whsec_") ? 6 : 0);
  std::string key(secret.size(), '\0');
  key.resize(static_cast<std::size_t>(EVP_DecodeBlock(reinterpret_cast<unsigned char*>(key.data()), reinterpret_cast<const unsigned char*>(secret.data()), static_cast<int>(secret.size()))));
  key.resize(key.size() - static_cast<std::size_t>(std::count(secret.begin(), secret.end(), '=')));
  const auto text = header(arrived.headers, "webhook-id") + "." + header(arrived.headers, "webhook-timestamp") + "." + arrived.body;
  unsigned char digest[32];
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest, nullptr);
  return base64(digest, sizeof digest);
}

/// What the page cannot know: {webhook-id}, {webhook-timestamp}, {signature NAME}.
std::string filled_in(std::string text, const Arrived& arrived) {
  replace(text, "{webhook-id}", header(arrived.headers, "webhook-id"));
  replace(text, "{webhook-timestamp}", header(arrived.headers, "webhook-timestamp"));
  for (auto at = text.find("{signature "); at != std::string::npos; at = text.find("{signature ")) {
    const auto end = text.find('}', at);
    const auto variable = text.substr(at + 11, end - at - 11);
    text = text.substr(0, at) + signature(arrived, variable.c_str()) + text.substr(end + 1);
  }
  return text;
}

/// The headers that a page has to show: not those of HTTP itself, nor those that every delivery has.
Headers shown(const Headers& headers) {
  static const std::set<std::string> always{"host", "content-length", "proxy-connection", "webhook-id", "webhook-timestamp"};
  Headers kept;
  for (const auto& [name, value] : headers) {
    const bool plain = (name == "user-agent" && value.starts_with("Hookline/")) || (name == "accept" && value == "*/*");
    if (!always.contains(name) && !plain) kept.emplace_back(name, value);
  }
  std::sort(kept.begin(), kept.end());
  return kept;
}

bool is_same(const std::string& wanted, const std::string& got) {
  const auto a = json::parse_tree(wanted), b = json::parse_tree(got);
  return a && b ? *a == *b : wanted == got;
}

/// Where white space means something: NDJSON has an object in a line.
void expect_same_lines(const std::string& wanted, const std::string& got) {
  std::istringstream left(wanted), right(got);
  std::string one, two;
  while (std::getline(left, one)) {
    ASSERT_TRUE(std::getline(right, two)) << "the body ends before " << one << "\n" << got;
    EXPECT_TRUE(is_same(one, two)) << "wanted " << one << "\n   got " << two;
  }
  EXPECT_FALSE(std::getline(right, two)) << "there is more: " << two;
}

std::string path_of(const std::string& url) {
  const auto at = url.find('/', url.find("://") + 3);
  return at == std::string::npos ? "/" : url.substr(at);
}

bool is_for(const Arrived& arrived, const RecipeRequest& request) {
  const auto url = filled_in(request.url, arrived);
  const auto wanted = arrived.url.starts_with('/') ? path_of(url) : "http://" + url.substr(url.find("://") + 3);
  return arrived.method == request.method && arrived.url == wanted;
}

class Recipes : public ::testing::TestWithParam<std::string> {
 protected:
  static void SetUpTestSuite() { kitchen_ = new Kitchen; }
  static void TearDownTestSuite() { delete kitchen_; }

  /// All of these, in any order, and nothing else.
  void expect_requests(const Recipe& recipe, const std::vector<RecipeRequest>& requests) {
    ASSERT_TRUE(wait_until([&] { return kitchen_->arrived().size() >= taken_ + requests.size(); }, 60s)) << told(requests);
    auto arrived = kitchen_->arrived();
    arrived.erase(arrived.begin(), arrived.begin() + static_cast<std::ptrdiff_t>(taken_));
    taken_ += arrived.size();
    for (const auto& request : requests) {
      SCOPED_TRACE(recipe.page + ":" + std::to_string(request.line));
      // Several may go to one URL: then the body tells which is meant.
      auto found = std::find_if(arrived.begin(), arrived.end(), [&](const Arrived& one) {
        return is_for(one, request) && is_same(filled_in(request.body, one), one.body);
      });
      if (found == arrived.end()) found = std::find_if(arrived.begin(), arrived.end(), [&](const Arrived& one) { return is_for(one, request); });
      if (found == arrived.end()) {
        ADD_FAILURE() << "there was no " << request.method << " " << request.url << " but" << told(arrived);
        continue;
      }
      check(*found, request);
      arrived.erase(found);
    }
    EXPECT_TRUE(arrived.empty()) << "the page does not show" << told(arrived);
  }

  static void check(const Arrived& arrived, const RecipeRequest& request) {
    Headers wanted = request.headers;
    for (auto& [name, value] : wanted) value = filled_in(value, arrived);
    EXPECT_EQ(shown(arrived.headers), shown(wanted));
    const auto body = filled_in(request.body, arrived);
    if (header(arrived.headers, "content-type") == "application/x-ndjson") {
      expect_same_lines(body, arrived.body);
    } else {
      EXPECT_TRUE(is_same(body, arrived.body)) << "wanted " << body << "\n   got " << arrived.body;
    }
    if (kitchen_->fetches_tokens(arrived.url)) return;
    EXPECT_EQ(header(arrived.headers, "webhook-id").substr(0, 4), "msg_");
    EXPECT_FALSE(header(arrived.headers, "webhook-timestamp").empty());
  }

  /// To, Subject and the text; {time} and {config} stand for what is different each time.
  void expect_mail(const Recipe& recipe, const RecipeMail& mail) {
    SCOPED_TRACE(recipe.page + ":" + std::to_string(mail.line));
    ASSERT_TRUE(wait_until([&] { return kitchen_->mails().size() > mails_; }, 60s));
    const auto got = json::parse_tree(kitchen_->mails()[mails_++]).value();
    std::string text;
    for (const auto& head : got["headers"]) {
      if (head[0] == "to") text = "To: " + head[1].get<std::string>() + "\n" + text;
      if (head[0] == "subject") text += "Subject: " + head[1].get<std::string>() + "\n";
    }
    text += "\n" + got["text"].get<std::string>();
    static const std::regex time(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)"), config(R"(--config \S+)"), group("recipes-[0-9]+");
    text = std::regex_replace(std::regex_replace(std::regex_replace(text, time, "{time}"), config, "--config {config}"), group, "hookline");
    EXPECT_EQ(text, mail.text);
  }

  template <class Request>
  static std::string told(const std::vector<Request>& requests) {
    std::string text;
    for (const auto& request : requests) text += "\n  " + request.method + " " + request.url + " " + request.body;
    return text + "\n";
  }

  static inline Kitchen* kitchen_ = nullptr;
  std::size_t taken_ = 0, mails_ = 0;
};

TEST_P(Recipes, SendsExactlyWhatItsPageShows) {
  const auto recipe = read_recipe((folder / (GetParam() + ".md")).string());
  kitchen_->prepare(recipe);
  if (HasFatalFailure()) return;
  for (auto step = recipe.steps.begin(); step != recipe.steps.end();) {
    // The receiver has to know its answers before the events are there.
    const auto events = step;
    const auto causes = [&] { return std::holds_alternative<RecipeEvent>(*step) || std::holds_alternative<RecipeTrial>(*step); };
    while (step != recipe.steps.end() && causes()) ++step;
    const auto rest = step;
    std::vector<RecipeRequest> requests;
    for (; step != recipe.steps.end() && std::holds_alternative<RecipeRequest>(*step); ++step) requests.push_back(std::get<RecipeRequest>(*step));
    for (const auto& request : requests) kitchen_->expect(request);
    for (auto cause = events; cause != rest; ++cause) {
      if (const auto* event = std::get_if<RecipeEvent>(&*cause)) kitchen_->publish(*event);
      if (const auto* trial = std::get_if<RecipeTrial>(&*cause)) kitchen_->test(*trial);
    }
    expect_requests(recipe, requests);
    for (; step != recipe.steps.end() && std::holds_alternative<RecipeMail>(*step); ++step) expect_mail(recipe, std::get<RecipeMail>(*step));
    if (HasFatalFailure()) return;
  }
  ASSERT_TRUE(wait_until([&] { return kitchen_->quiet(); }, 60s));
  EXPECT_EQ(kitchen_->arrived().size(), taken_) << "the page does not show" << told(kitchen_->arrived());
}

INSTANTIATE_TEST_SUITE_P(Pages, Recipes, ::testing::ValuesIn(pages()), [](const auto& page) {
  std::string name = page.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

TEST(RecipesIndex, NamesEveryPageAndNoOther) {
  std::ifstream file(folder / "README.md");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  for (const auto& page : pages()) EXPECT_NE(text.find("](" + page + ".md)"), std::string::npos) << page << " is not in docs/recipes/README.md";
  for (auto at = text.find("]("); at != std::string::npos; at = text.find("](", at + 2)) {
    const auto target = text.substr(at + 2, text.find_first_of(")#", at + 2) - at - 2);
    EXPECT_TRUE(target.starts_with("http") || std::filesystem::exists(folder / target)) << target;
  }
}

TEST(RecipePage, WithoutARequestCannotBeRead) {
  const TempDir dir("recipe");
  const std::string start = "# T\n```yaml webhook.yaml\nname: a\n```\n```json alarm\n{}\n```\n";
  const auto reads = [&](const std::string& text) {
    try {
      (void)read_recipe(dir.write("page.md", text).string());
      return std::string("read");
    } catch (const std::exception& error) {
      const std::string what = error.what();
      return what.substr(what.find("page.md") + 7);
    }
  };
  EXPECT_EQ(reads(start + "```http request\nPOST http://h/\n\n{}\n```\n"), "read");
  EXPECT_EQ(reads(start), ": there is no request that goes out");
  EXPECT_EQ(reads("# T\n```yaml webhook.yaml\nname: a\n```\n```http request\nPOST http://h/\n```\n"), ": there is no event");
  EXPECT_EQ(reads("# T\n```json alarm\n{}\n```\n"), ": there is no webhook.yaml");
  EXPECT_EQ(reads(start + "```http requests\n```\n"), ":9: a fence that no recipe has: http requests");
  EXPECT_EQ(reads(start + "```http request\nPOST http://h/\n"), ": a fence is not closed");
}

}  // namespace
}  // namespace hookline::test
