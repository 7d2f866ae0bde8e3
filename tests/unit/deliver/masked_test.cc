#include <gtest/gtest.h>

#include "hookline/core/crypto.h"
#include "hookline/deliver/request.h"

namespace hookline::deliver {
namespace {

std::string shown_url(const std::string& url) {
  Request request{.url = url};
  request.secret_url = true;
  return masked(request).url;
}

TEST(Masked, OfASecretUrlSchemeAndHostAreShown) {
  EXPECT_EQ(shown_url("https://hooks.example:8443/T0/B1?x=1"), "https://hooks.example:8443/***");
  EXPECT_EQ(shown_url("https://hooks.example?token=abc"), "https://hooks.example/***");
  EXPECT_EQ(shown_url("https://hooks.example"), "https://hooks.example/***");
  EXPECT_EQ(shown_url("https://u:pass@hooks.example/x"), "https://hooks.example/***");
  EXPECT_EQ(shown_url("nothing of the kind"), "***");
  EXPECT_EQ(masked(Request{.url = "https://hooks.example/T0"}).url, "https://hooks.example/T0");
}

TEST(Masked, WhatAReceiverRepeatsIsHiddenHoweverItSpellsIt) {
  Request request{.url = "https://hooks.example/T0/B1"};
  request.headers = {{"Authorization", "Basic " + core::base64("ada:pass\"w/rd"), true}, {"X-Key", "k3y/\\z", true}, {"X-Team", "sre-team", false}};
  const auto seen = [&](const std::string& text) { return without_secrets(text, request); };
  EXPECT_EQ(seen("you sent " + core::base64("ada:pass\"w/rd")), "you sent ***");
  EXPECT_EQ(seen("ada:pass\"w/rd"), "***");
  EXPECT_EQ(seen(R"({"user":"ada","password":"pass\"w/rd"})"), R"({"user":"ada","password":"***"})");
  EXPECT_EQ(seen(R"({"password":"pass\"w\/rd"})"), R"({"password":"***"})");
  EXPECT_EQ(seen(R"({"key":"k3y\/\\z"})"), R"({"key":"***"})");
  EXPECT_EQ(seen("sre-team /T0/B1"), "sre-team /T0/B1");
  request.secret_url = true;
  EXPECT_EQ(seen("no such hook: /T0/B1"), "no such hook: ***");
  EXPECT_EQ(seen(R"("https:\/\/hooks.example\/T0\/B1")"), R"("***")");
}

TEST(Masked, OfAUrlPathAndQueryAreHiddenAloneToo) {
  Request request{.url = "https://hooks.example/T0/B1?key=abcd"};
  request.secret_url = true;
  EXPECT_EQ(without_secrets("Cannot POST /T0/B1 with key=abcd", request), "Cannot POST *** with ***");
}

TEST(Masked, AProxysPasswordIsHidden) {
  auto route = std::make_shared<Route>();
  route->proxy = "http://user:proxy-pass@proxy.example:3128";
  const Request request{.route = route, .url = "http://h.example/"};
  EXPECT_EQ(without_secrets("Basic " + core::base64("user:proxy-pass") + " proxy-pass", request), "Basic *** ***");
}

TEST(Masked, ATextThatIsTooShortToBeASecretStaysReadable) {
  Request request{.url = "https://hooks.example/"};
  request.headers = {{"X-Key", "ok", true}};
  request.secret_url = true;
  EXPECT_EQ(without_secrets("all ok / done", request), "all ok / done");
}

}  // namespace
}  // namespace hookline::deliver
