// What the server says, as our Error: reason and message by row.
#include "kube/status_error.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::kube {
namespace {

struct Row {
  std::string_view rule;
  int code;
  std::string_view body, want;
};

constexpr Row kRows[] = {
    {"the reason's word decides", 409, R"({"kind":"Status","reason":"AlreadyExists","message":"a"})", "AlreadyExists: a"},
    {"else the code", 409, R"({"kind":"Status","message":"a"})", "Conflict: a"},
    {"a word that is new to us", 422, R"({"kind":"Status","reason":"Odd","message":"a"})", "Invalid: a"},
    {"expired", 410, R"({"kind":"Status","reason":"Expired","message":"too old","code":410})", "Gone: too old"},
    {"webhook failed", 500, R"({"kind":"Status","reason":"InternalError","message":"Internal error occurred: failed calling webhook"})",
     "Unavailable: Internal error occurred: failed calling webhook"},
    {"server's own timeout", 504, R"({"kind":"Status","reason":"Timeout","message":"m"})", "Timeout: m"},
    {"a version from the future", 504,
     R"({"kind":"Status","reason":"Timeout","message":"m","details":{"causes":[{"reason":"ResourceVersionTooLarge","message":"x"}]}})",
     "Gone: m"},
    {"the same of older servers", 504, R"({"kind":"Status","reason":"Timeout","message":"Too large resource version: 9, current: 1"})",
     "Gone: Too large resource version: 9, current: 1"},
    {"no message", 403, R"({"kind":"Status","reason":"Forbidden"})", "Forbidden: Forbidden"},
    {"nothing at all", 503, "", "Unavailable: HTTP 503"},
    {"not a Status", 502, "<html>\n<b>Bad\x01Gateway</b>", "Unavailable: HTTP 502: <html> <b>Bad Gateway</b>"},
    {"too big", 413, "x", "TooLarge: HTTP 413: x"},
    {"one cause: as said", 422,
     R"({"kind":"Status","reason":"Invalid","message":"S \"s\" is invalid: a: b","details":{"causes":[{"field":"a","message":"b"}]}})",
     "Invalid: S \"s\" is invalid: a: b"},
    {"causes are joined", 422,
     R"({"kind":"Status","reason":"Invalid","message":"S \"s\" is invalid: [a: b, c]","details":{"causes":[{"field":"a","message":"b"},{"message":"c"}]}})",
     "Invalid: S \"s\" is invalid: a: b; c"},
    {"a message of another form stays", 422,
     R"({"kind":"Status","reason":"Invalid","message":"odd","details":{"causes":[{"field":"a","message":"b"},{"message":"c"}]}})",
     "Invalid: odd"},
    {"causes of a wrong type", 422, R"({"kind":"Status","reason":"Invalid","message":"m is invalid: x","details":{"causes":"x"}})",
     "Invalid: m is invalid: x"},
    {"deep nonsense", 500, "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
     "Unavailable: HTTP 500: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["},
};

TEST(StatusErrorTest, Rules) {
  for (const Row& row : kRows) {
    net::Response response;
    response.status = row.code;
    response.body = row.body;
    const base::Error error = ErrorOf(response);
    EXPECT_EQ(std::string(base::ToString(error.reason)) + ": " + error.message, row.want) << row.rule;
  }
}

TEST(StatusErrorTest, LongBodiesAreCutOnACharacter) {
  net::Response response;
  response.status = 500;
  for (int i = 0; i < 100; ++i) response.body += "\xe2\x82\xac!";  // four bytes
  const std::string message = ErrorOf(response).message;
  EXPECT_EQ(message.substr(message.size() - 7), "\xe2\x82\xac!...");
  EXPECT_EQ(message.size(), std::string_view("HTTP 500: ").size() + 200 + 3);
}

TEST(StatusErrorTest, RetryAfter) {
  net::Response response;
  response.status = 429;
  response.headers = {{"retry-after", "7"}};
  EXPECT_EQ(ErrorOf(response).retry_after, std::chrono::seconds(7));
  response.headers = {{"Retry-After", "Wed, 21 Oct 2026 07:28:00 GMT"}};
  EXPECT_EQ(ErrorOf(response).retry_after, std::nullopt);
  response.body = R"({"kind":"Status","reason":"ServerTimeout","details":{"retryAfterSeconds":2}})";
  EXPECT_EQ(ErrorOf(response).retry_after, std::chrono::seconds(2));
  for (const std::string_view forever : {"86400", "9223372036854775807"}) {
    response.body = R"({"kind":"Status","details":{"retryAfterSeconds":)" + std::string(forever) + "}}";
    EXPECT_EQ(ErrorOf(response).retry_after, std::chrono::seconds(3600)) << forever;
  }
}

TEST(StatusErrorTest, SecretsAreMasked) {
  constexpr std::string_view kBody = R"({"kind":"Secret","data":{"a":"czNjcjN0LXZhbHVl"},"stringData":{"b":"plain-text","c":"x"}})";
  EXPECT_EQ(Redact("bad czNjcjN0LXZhbHVl, s3cr3t-value and plain-text; x", kBody), "bad ***, *** and ***; x");
  EXPECT_EQ(Redact("json: bad value, error found in #10 byte of ...|\"p\":\"s3cr3t\"|...", "{}"), "json: bad value: ***");
  EXPECT_EQ(Redact("plain-text", R"({"kind":"ConfigMap","data":{"a":"plain-text"}})"), "plain-text");
}

}  // namespace
}  // namespace sluice::kube
