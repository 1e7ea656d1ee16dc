// Lists and watches of a real server: what is told, in which order, and how it goes on after what can go wrong.
#include "kube/watch.h"

#include "cluster.h"

namespace sluice::kube {
namespace {

using document::Value;
using testing::Say;

const document::GroupVersionKind kConfigMap{"", "v1", "ConfigMap"};

/// Notes what it hears: "[" and "]" around a list, "+name=value" and "-name".
class Recorder : public WatchListener {
 public:
  void OnListBegin() override { heard.emplace_back("["); }
  void OnObject(Value object) override {
    heard.push_back("+" + std::string(NameOf(object)) + "=" + std::string(object.StringAt({"data", "key"})));
  }
  void OnDeleted(Value object) override { heard.push_back("-" + std::string(NameOf(object))); }
  void OnListEnd(std::string_view) override { heard.emplace_back("]"); }
  void OnTrouble(const base::Error& error) override { trouble = error.message; }
  std::vector<std::string> heard;
  std::string trouble;
};

class WatchTest : public testing::ClusterTest {
 protected:
  Recorder recorder_;
  ReflectorOptions options_{.ns = ns_, .label_selector = "set=x"};
  std::unique_ptr<Reflector> reflector_;

  void TearDown() override {
    if (reflector_ != nullptr) runtime_.BlockOn(reflector_->Close());
  }
  void Start() {
    reflector_ = std::make_unique<Reflector>(*client_, kConfigMap, options_, recorder_);
    reflector_->Start();
  }
  void Sync() {
    Start();
    Must(reflector_->WaitSynced(std::chrono::seconds(20)));
  }
  void Put(std::string_view name, std::string_view value, std::string_view labels = "{set: x}") {
    const ApplyOptions apply{.manager = "test"};
    Must(client_->Apply(ConfigMap(name, value, labels), apply));
  }
  bool Hears(const std::vector<std::string>& want) {
    return Until([&] { return recorder_.heard == want; });
  }
};

TEST_F(WatchTest, ListsOnceThenTellsEveryChange) {
  Put("a", "1");
  Put("other", "1", "{set: y}");
  Sync();
  EXPECT_TRUE(reflector_->synced());
  Put("b", "1");
  Put("a", "2");
  Delete(Ref("ConfigMap", "b"));
  EXPECT_TRUE(Hears({"[", "+a=1", "]", "+b=1", "+a=2", "-b"})) << ::testing::PrintToString(recorder_.heard);
}

TEST_F(WatchTest, AnObjectThatLeavesTheSelectorIsDeleted) {
  Put("a", "1");
  Sync();
  Put("a", "1", "{set: y}");
  EXPECT_TRUE(Hears({"[", "+a=1", "]", "-a"}));
}

TEST_F(WatchTest, PagesAreOneList) {
  options_.page_size = 2;
  for (int i = 0; i < 5; ++i) Put("m" + std::to_string(i), "1");
  Sync();
  EXPECT_EQ(recorder_.heard, (std::vector<std::string>{"[", "+m0=1", "+m1=1", "+m2=1", "+m3=1", "+m4=1", "]"}));
  EXPECT_EQ(reflector_->stats().lists, 1u);
}

TEST_F(WatchTest, AWatchThatEndsIsResumedWithoutAList) {
  options_.min_watch = options_.max_watch = std::chrono::seconds(1);
  Put("a", "1");
  Sync();
  EXPECT_TRUE(Until([&] { return reflector_->stats().watches >= 3; }));
  Put("a", "2");
  EXPECT_TRUE(Hears({"[", "+a=1", "]", "+a=2"}));
  EXPECT_EQ(reflector_->stats().lists, 1u);
}

TEST_F(WatchTest, AnOldListIsMadeAgainWhenTheWatchEnds) {
  options_.min_watch = options_.max_watch = options_.relist = std::chrono::seconds(1);
  Put("a", "1");
  Sync();
  EXPECT_TRUE(Hears({"[", "+a=1", "]", "[", "+a=1", "]"}));
  EXPECT_EQ(reflector_->stats().expired, 0u);
}

TEST_F(WatchTest, WhatCannotBeWatchedIsSaidAtOnce) {
  const auto say = [&](const document::GroupVersionKind& gvk, const Impersonate& as) {
    options_.as = as;
    Reflector reflector(*client_, gvk, options_, recorder_);
    reflector.Start();
    const std::string said = Say(Run(reflector.WaitSynced(std::chrono::seconds(20))));
    runtime_.BlockOn(reflector.Close());
    return said;
  };
  EXPECT_EQ(say({"example.com", "v1", "Foo"}, {}), "NotFound: watching Foo: no matches for kind \"Foo\" in version \"example.com/v1\"");
  EXPECT_EQ(say(kConfigMap, Impersonate::ServiceAccount(ns_, "nobody")),
            "Forbidden: watching ConfigMap: configmaps is forbidden: User \"system:serviceaccount:" + ns_ +
                ":nobody\" cannot list resource \"configmaps\" in API group \"\" in the namespace \"" + ns_ + "\"");
}

TEST_F(WatchTest, ClosingEndsItAndWaitingHasALimit) {
  Start();
  runtime_.BlockOn(reflector_->Close());
  EXPECT_EQ(Say(Run(reflector_->WaitSynced(std::chrono::milliseconds(10)))), "Timeout: watching ConfigMap: no whole list yet");
  EXPECT_TRUE(recorder_.heard.empty());
}

TEST_F(WatchTest, DestroyedWithoutClosingHearsNothingMore) {
  Sync();
  reflector_.reset();
  Put("a", "1");
  RunFor(std::chrono::milliseconds(200));
  EXPECT_EQ(recorder_.heard, (std::vector<std::string>{"[", "]"}));
}

TEST_F(WatchTest, AnEventOverTheLimitListsAgain) {
  options_.max_event_bytes = 4096;
  options_.first_backoff = std::chrono::milliseconds(10);
  Sync();
  Put("big", std::string(5000, 'x'));
  EXPECT_TRUE(Until([&] { return reflector_->stats().lists == 2; }));
  EXPECT_EQ(recorder_.trouble, "a watch event of more than 4096 bytes from the API server");
  EXPECT_TRUE(Until([&] { return recorder_.heard.size() == 5; }));  // the list has no such limit
  Put("small", "1");
  EXPECT_TRUE(Until([&] { return recorder_.heard.back() == "+small=1"; }));
}

}  // namespace
}  // namespace sluice::kube
