// tests/net/client_fixture.h: a runtime, a client and the words for what it returns.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/executor.h"
#include "net/http.h"

namespace sluice::net {

/// `200 body`, or `Unavailable: GET http://...: why`.
std::string Say(const base::Result<Response>& result);

class ClientTest : public ::testing::Test {
 protected:
  void MakeClient(ClientOptions options = {});
  base::Result<Response> Send(Request request);
  std::string Get(const std::string& url);
  /// `count` GETs at once; what each said, sorted, equal ones once with their number: `300 x 200 hello`.
  std::string GetMany(const std::string& url, int count);
  /// As Get, cancelled as soon as `under_way`.
  std::string GetCancelled(const std::string& url, const std::function<bool()>& under_way);
  void Pause(std::chrono::milliseconds time);
  void TearDown() override;

  Runtime runtime_;
  std::unique_ptr<HttpClient> client_;
  std::unique_ptr<Scope> scope_;
};

}  // namespace sluice::net
