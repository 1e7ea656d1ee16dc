// Events as kubectl and Flux's users see them.
#include "kube/events.h"

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/utf8.h"
#include "cluster.h"

namespace sluice::kube {
namespace {

using document::Value;

class EventsTest : public testing::ClusterTest {
 protected:
  EventRecorder recorder_{*client_, EventOptions{.component = "kustomize-controller", .instance = "pod-1"}};
  Value about_ = Apply("{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: " + ns_ + "}}");

  void TearDown() override { runtime_.BlockOn(recorder_.Close()); }
  void Record(std::string message, EventType type = EventType::Normal) {
    Event event;
    event.involved = ReferenceTo(about_);
    event.type = type;
    event.reason = "ReconciliationSucceeded";
    event.message = std::move(message);
    event.annotations = {{"kustomize.toolkit.fluxcd.io/revision", "main@sha1:4f2a"}};
    recorder_.Record(std::move(event));
  }
  std::vector<Value> Written() {
    runtime_.BlockOn(recorder_.Flush(std::chrono::seconds(20)));
    const ListOptions options{.ns = ns_};
    const document::GroupVersionKind event{"", "v1", "Event"};
    return Must(client_->ListAll(event, options));
  }
};

TEST_F(EventsTest, AnEventHasEveryField) {
  Record("applied");
  const std::vector<Value> events = Written();
  ASSERT_EQ(events.size(), 1u);
  const Value& event = events[0];
  EXPECT_TRUE(NameOf(event).starts_with("a."));
  EXPECT_EQ(event.StringAt({"involvedObject", "kind"}), "ConfigMap");
  EXPECT_EQ(event.StringAt({"involvedObject", "apiVersion"}), "v1");
  EXPECT_EQ(event.StringAt({"involvedObject", "namespace"}), ns_);
  EXPECT_EQ(event.StringAt({"involvedObject", "uid"}), about_.StringAt({"metadata", "uid"}));
  EXPECT_EQ(event.StringAt({"involvedObject", "resourceVersion"}), about_.StringAt({"metadata", "resourceVersion"}));
  EXPECT_EQ(event.StringAt({"reason"}), "ReconciliationSucceeded");
  EXPECT_EQ(event.StringAt({"message"}), "applied");
  EXPECT_EQ(event.StringAt({"type"}), "Normal");
  EXPECT_EQ(event.StringAt({"source", "component"}), "kustomize-controller");
  EXPECT_EQ(event.StringAt({"source", "host"}), "pod-1");
  EXPECT_EQ(event.StringAt({"reportingComponent"}), "kustomize-controller");
  EXPECT_EQ(event.StringAt({"reportingInstance"}), "pod-1");
  EXPECT_EQ(event.Find("count")->AsInt(), 1);
  EXPECT_EQ(event.StringAt({"firstTimestamp"}), event.StringAt({"lastTimestamp"}));
  EXPECT_EQ(event.StringAt({"metadata", "annotations", "kustomize.toolkit.fluxcd.io/revision"}), "main@sha1:4f2a");
}

TEST_F(EventsTest, RepeatsCountTheFirstUp) {
  for (int i = 0; i < 5; ++i) Record("applied");
  Record("failed", EventType::Warning);
  const std::vector<Value> events = Written();
  ASSERT_EQ(events.size(), 2u);
  const Value& repeated = events[0].StringAt({"message"}) == "applied" ? events[0] : events[1];
  EXPECT_EQ(repeated.Find("count")->AsInt(), 5);
  EXPECT_EQ(recorder_.stats().created, 2u);
  EXPECT_EQ(recorder_.stats().patched, 4u);
}

TEST_F(EventsTest, ARepeatOfAnExpiredEventIsANewOne) {
  Record("applied");
  const std::vector<Value> first = Written();
  ASSERT_EQ(first.size(), 1u);
  Delete({{"", "v1", "Event"}, ns_, std::string(NameOf(first[0]))});
  Record("applied");
  const std::vector<Value> again = Written();
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].Find("count")->AsInt(), 2);
}

TEST_F(EventsTest, LongMessagesAreCutOnACharacter) {
  std::string message;
  for (int i = 0; i < 20'000; ++i) message += "\xe2\x82\xac";
  Record(message);
  const std::vector<Value> events = Written();
  ASSERT_EQ(events.size(), 1u);
  const std::string_view cut = events[0].StringAt({"message"});
  EXPECT_LE(cut.size(), 39'000u);
  EXPECT_GE(cut.size(), 38'997u);
  EXPECT_TRUE(cut.ends_with("\xe2\x82\xac..."));
  EXPECT_TRUE(base::IsUtf8(cut));
}

TEST_F(EventsTest, LongNamesStillMakeAName) {
  about_ = Apply("{apiVersion: v1, kind: ConfigMap, metadata: {name: " + std::string(253, 'a') + ", namespace: " + ns_ + "}}");
  Record("applied");
  const std::vector<Value> events = Written();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(NameOf(events[0]).size(), 253u);
}

TEST_F(EventsTest, WhatCannotBeWrittenIsCountedAndForgotten) {
  about_["metadata"].Set("namespace", "nowhere-at-all");
  Record("lost");
  runtime_.BlockOn(recorder_.Flush(std::chrono::seconds(20)));
  EXPECT_EQ(recorder_.stats().failed, 1u);
}

TEST_F(EventsTest, WhileManyWaitThoseOfOneObjectBecomeOne) {
  EventRecorder crowded(*client_, EventOptions{.component = "c", .join_from = 3});
  const auto record = [&](const Value& about, std::string reason, std::string message, std::string revision = "1",
                          EventType type = EventType::Normal) {
    Event event;
    event.involved = ReferenceTo(about);
    event.type = type;
    event.reason = std::move(reason);
    event.message = std::move(message);
    event.annotations = {{"kustomize.toolkit.fluxcd.io/revision", std::move(revision)}};
    crowded.Record(std::move(event));
  };
  const auto other = [&](std::string name) {
    return Apply("{apiVersion: v1, kind: ConfigMap, metadata: {name: " + name + ", namespace: " + ns_ + "}}");
  };
  const Value b = other("b"), c = other("c");
  record(b, "Progressing", "alone");
  record(b, "Progressing", "few wait");
  record(about_, "Progressing", "a created");
  // Three wait now.
  record(about_, "Progressing", "a is healthy");
  record(about_, "ReconciliationSucceeded", "a is done");
  record(about_, "ReconciliationFailed", "a broke", "1", EventType::Warning);  // a warning stays what it is
  record(about_, "Progressing", "a again", "2");                               // another revision is another matter
  record(about_, "Progressing", "and a again", "2");
  record(c, "Progressing", "c created");
  record(c, "Progressing", std::string(39'000, 'x'));  // too long for one
  runtime_.BlockOn(crowded.Flush(std::chrono::seconds(20)));
  EXPECT_EQ(crowded.stats().joined, 3u);
  const ListOptions options{.ns = ns_};
  std::set<std::string> seen;
  for (const Value& event : Must(client_->ListAll({"", "v1", "Event"}, options))) {
    EXPECT_EQ(event.Find("count")->AsInt(), 1);
    seen.insert(std::string(event.StringAt({"involvedObject", "name"})) + " " + std::string(event.StringAt({"reason"})) + " " +
                std::string(event.StringAt({"metadata", "annotations", "kustomize.toolkit.fluxcd.io/revision"})) + " " +
                std::string(event.StringAt({"message"}).substr(0, 40)));
  }
  const std::set<std::string> wanted{"b Progressing 1 alone",
                                     "b Progressing 1 few wait",
                                     "a ReconciliationSucceeded 1 a created\na is healthy\na is done",
                                     "a ReconciliationFailed 1 a broke",
                                     "a Progressing 2 a again\nand a again",
                                     "c Progressing 1 c created",
                                     "c Progressing 1 " + std::string(40, 'x')};
  EXPECT_EQ(seen, wanted);
  runtime_.BlockOn(crowded.Close());
}

TEST_F(EventsTest, WhatIsSaidOfOneObjectIsWrittenInThatOrder) {
  constexpr int kEvents = 20;
  for (int i = 0; i < kEvents; ++i) {
    Event event;
    event.involved = ReferenceTo(about_);
    event.type = i % 3 == 0 ? EventType::Warning : EventType::Normal;
    event.reason = "Reason" + std::to_string(i);
    event.message = std::to_string(i);
    recorder_.Record(std::move(event));
  }
  std::map<std::int64_t, std::string> by_version;  // the server counts its writes
  for (const Value& event : Written())
    by_version[std::stoll(std::string(event.StringAt({"metadata", "resourceVersion"})))] = event.StringAt({"message"});
  std::vector<std::string> order, wanted;
  for (const auto& [version, message] : by_version) order.push_back(message);
  for (int i = 0; i < kEvents; ++i) wanted.push_back(std::to_string(i));
  EXPECT_EQ(order, wanted);
}

TEST_F(EventsTest, WhatFollowsAWarningIsNotSaidBeforeIt) {
  EventRecorder crowded(*client_, EventOptions{.component = "c", .join_from = 0});
  for (const auto& [type, message] : {std::pair{EventType::Normal, "begun"}, std::pair{EventType::Warning, "broke"},
                                      std::pair{EventType::Normal, "mended"}, std::pair{EventType::Normal, "done"}}) {
    Event event;
    event.involved = ReferenceTo(about_);
    event.type = type;
    event.reason = "R";
    event.message = message;
    crowded.Record(std::move(event));
  }
  runtime_.BlockOn(crowded.Flush(std::chrono::seconds(20)));
  std::set<std::string> seen;
  const ListOptions options{.ns = ns_};
  for (const Value& event : Must(client_->ListAll({"", "v1", "Event"}, options))) seen.insert(std::string(event.StringAt({"message"})));
  EXPECT_EQ(seen, (std::set<std::string>{"begun", "broke", "mended\ndone"}));
  runtime_.BlockOn(crowded.Close());
}

TEST_F(EventsTest, TheQueueIsBounded) {
  EventRecorder small(*client_, EventOptions{.component = "c", .queue = 10});
  for (int i = 0; i < 100; ++i) {
    Event event;
    event.involved = ReferenceTo(about_);
    event.involved.Set("name", "n" + std::to_string(i));
    event.reason = "R";
    small.Record(std::move(event));
  }
  EXPECT_EQ(small.stats().dropped, 90u);
  runtime_.BlockOn(small.Flush(std::chrono::seconds(20)));
  EXPECT_EQ(small.stats().created, 10u);
  runtime_.BlockOn(small.Close());
}

}  // namespace
}  // namespace sluice::kube
