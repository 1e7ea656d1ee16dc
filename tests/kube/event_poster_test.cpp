// Events as Flux's notification-controller receives them.
#include "kube/event_poster.h"

#include <gtest/gtest.h>

#include <deque>

#include "base/random.h"
#include "document/json.h"
#include "net/await.h"
#include "net/server.h"

namespace sluice::kube {
namespace {

using document::Value;
using namespace std::chrono_literals;

Event Sample(std::string message, EventType type = EventType::Normal) {
  Event event;
  event.involved = *document::ParseJson(
      R"({"kind":"Kustomization","namespace":"shop","name":"app","uid":"u","apiVersion":"kustomize.toolkit.fluxcd.io/v1","resourceVersion":"7"})");
  event.type = type;
  event.reason = "ReconciliationSucceeded";
  event.message = std::move(message);
  event.annotations = {{"kustomize.toolkit.fluxcd.io/revision", "main@sha1:4f2a"}, {"event.toolkit.fluxcd.io/team", "a"}};
  return event;
}

const EventOptions kReporter{.component = "kustomize-controller", .instance = "pod-1"};

TEST(EventBody, HasEveryField) {
  const base::TimePoint now(1769860800s);
  EXPECT_EQ(document::EmitJson(EventBody(Sample("applied"), kReporter, now)),
            R"({"involvedObject":{"kind":"Kustomization","namespace":"shop","name":"app","uid":"u",)"
            R"("apiVersion":"kustomize.toolkit.fluxcd.io/v1","resourceVersion":"7"},"severity":"info","timestamp":"2026-01-31T12:00:00Z",)"
            R"("message":"applied","reason":"ReconciliationSucceeded",)"
            R"("metadata":{"kustomize.toolkit.fluxcd.io/revision":"main@sha1:4f2a","event.toolkit.fluxcd.io/team":"a"},)"
            R"("reportingController":"kustomize-controller","reportingInstance":"pod-1"})");
  EXPECT_EQ(EventBody(Sample("x", EventType::Warning), kReporter, now).StringAt({"severity"}), "error");
}

/// A receiver that answers what it is told, one after the other, and 202 from then on.
class PosterTest : public testing::Test {
 protected:
  PosterTest()
      : server_(runtime_.io(), {.address = "127.0.0.1", .port = 0},
                [this](net::ServerRequest request) { return Answer(std::move(request)); }) {
    EXPECT_TRUE(server_.Start());
    poster_ = std::make_unique<EventPoster>(
        Environment{runtime_.io(), clock_, random_, base::Logger::Null()},
        PosterOptions{.url = "http://127.0.0.1:" + std::to_string(server_.port()) + "/", .first_wait = 1ms, .max_wait = 4ms});
  }
  ~PosterTest() override {
    runtime_.BlockOn(poster_->Close());
    runtime_.BlockOn(server_.Close(1s));
  }
  net::Task<net::ServerResponse> Answer(net::ServerRequest request) {
    methods_.push_back(request.method);
    bodies_.push_back(request.body);
    net::ServerResponse response;
    response.status = answers_.empty() ? 202 : answers_.front();
    if (!answers_.empty()) answers_.pop_front();
    co_return response;
  }
  void PostAndFlush() {
    poster_->Post(Sample("applied"), kReporter);
    runtime_.BlockOn(poster_->Flush(30s));
  }

  net::Runtime runtime_;
  base::SystemClock clock_;
  base::SeededRandom random_{1};
  std::deque<int> answers_;
  std::vector<std::string> methods_, bodies_;
  net::HttpServer server_;
  std::unique_ptr<EventPoster> poster_;
};

TEST_F(PosterTest, DeliversOnce) {
  PostAndFlush();
  ASSERT_EQ(methods_, std::vector<std::string>{"POST"});
  EXPECT_EQ(document::ParseJson(bodies_[0])->StringAt({"message"}), "applied");
  EXPECT_EQ(poster_->stats().posted, 1U);
}

TEST_F(PosterTest, ServerErrorsAreTriedAgain) {
  answers_ = {500, 503};
  PostAndFlush();
  EXPECT_EQ(methods_.size(), 3U);
  EXPECT_EQ(poster_->stats().posted, 1U);
}

TEST_F(PosterTest, NotForEver) {
  answers_ = {500, 500, 500, 500, 500, 500};
  PostAndFlush();
  EXPECT_EQ(methods_.size(), 5U);
  EXPECT_EQ(poster_->stats().failed, 1U);
}

TEST_F(PosterTest, WhatIsRefusedIsNotSaidAgain) {
  answers_ = {429, 400};
  PostAndFlush();
  EXPECT_EQ(poster_->stats().refused, 1U);
  PostAndFlush();
  EXPECT_EQ(methods_.size(), 2U);
  EXPECT_EQ(poster_->stats().failed, 1U);
}

TEST_F(PosterTest, NobodyThere) {
  runtime_.BlockOn(server_.Close(1s));
  PostAndFlush();
  EXPECT_EQ(poster_->stats().failed, 1U);
}

}  // namespace
}  // namespace sluice::kube
