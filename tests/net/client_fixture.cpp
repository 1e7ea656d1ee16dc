#include "tests/net/client_fixture.h"

#include <algorithm>
#include <map>

#include "net/await.h"

namespace sluice::net {

std::string Say(const base::Result<Response>& result) {
  if (!result) return std::string(base::ToString(result.error().reason)) + ": " + result.error().message;
  return std::to_string(result->status) + " " + result->body;
}

namespace {

Task<void> SendInto(HttpClient& client, Request request, std::string* said) {
  const base::Result<Response> response = co_await client.Send(std::move(request));
  *said = Say(response);
}

}  // namespace

void ClientTest::MakeClient(ClientOptions options) {
  client_ = std::make_unique<HttpClient>(runtime_.io(), std::move(options));
  scope_ = std::make_unique<Scope>(runtime_.io());
}

void ClientTest::TearDown() {
  if (scope_) runtime_.BlockOn(scope_->Close());
}

void ClientTest::Pause(std::chrono::milliseconds time) { (void)runtime_.BlockOn(SleepFor(time)); }

base::Result<Response> ClientTest::Send(Request request) { return runtime_.BlockOn(client_->Send(std::move(request))); }

std::string ClientTest::Get(const std::string& url) { return Say(Send({.url = url, .timeout = std::chrono::seconds(10)})); }

std::string ClientTest::GetMany(const std::string& url, int count) {
  std::vector<std::string> said(static_cast<std::size_t>(count), "?");
  for (std::string& each : said) scope_->Spawn(SendInto(*client_, {.url = url, .timeout = std::chrono::seconds(20)}, &each));
  (void)runtime_.BlockOn(scope_->Drained());
  std::map<std::string, int> counts;
  for (const std::string& each : said) ++counts[each];
  std::string out;
  for (const auto& [what, times] : counts) out += (out.empty() ? "" : ", ") + std::to_string(times) + " x " + what;
  return out;
}

std::string ClientTest::GetCancelled(const std::string& url, const std::function<bool()>& under_way) {
  std::string said = "?";
  const CancelHandle handle = scope_->Spawn(SendInto(*client_, {.url = url, .timeout = std::chrono::hours(1)}, &said));
  while (!under_way()) Pause(std::chrono::milliseconds(1));
  EXPECT_EQ(said, "?");
  handle.Cancel();
  (void)runtime_.BlockOn(handle.Join());
  return said;
}

}  // namespace sluice::net
