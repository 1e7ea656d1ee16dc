// Whole objects kept current; our own writes read at once; deletes that happen while nobody looks.
#include "kube/store.h"

#include "cluster.h"

namespace sluice::kube {
namespace {

using document::Value;

const document::GroupVersionKind kConfigMap{"", "v1", "ConfigMap"};

class Recorder : public StoreListener {
 public:
  void OnAdded(const SharedObject& object) override { heard.push_back("+" + Show(*object)); }
  void OnUpdated(const SharedObject& before, const SharedObject& after) override { heard.push_back(Show(*before) + ">" + Show(*after)); }
  void OnDeleted(const SharedObject& last) override { heard.push_back("-" + std::string(NameOf(*last))); }
  void OnSynced() override { heard.emplace_back("synced"); }
  static std::string Show(const Value& object) { return std::string(NameOf(object)) + "=" + std::string(object.StringAt({"data", "key"})); }
  std::vector<std::string> heard;
};

class StoreTest : public testing::ClusterTest {
 protected:
  Recorder recorder_;
  ObjectStore store_{*client_, kConfigMap, ReflectorOptions{.ns = ns_, .label_selector = "set=x"}};

  void SetUp() override { store_.AddListener(recorder_); }
  void TearDown() override { runtime_.BlockOn(store_.Close()); }
  void Sync() {
    store_.Start();
    Must(store_.WaitSynced(std::chrono::seconds(20)));
  }
  Value Put(std::string_view name, std::string_view value) {
    const ApplyOptions apply{.manager = "test"};
    return Must(client_->Apply(ConfigMap(name, value, "{set: x}"), apply));
  }
  bool Hears(const std::vector<std::string>& want) {
    return Until([&] { return recorder_.heard == want; });
  }
};

TEST_F(StoreTest, KeepsWholeObjectsWithoutManagedFields) {
  Put("a", "1");
  Sync();
  EXPECT_TRUE(Hears({"+a=1", "synced"}));
  const SharedObject a = store_.Get({ns_, "a"});
  ASSERT_NE(a, nullptr);
  EXPECT_EQ(a->At({"metadata", "managedFields"}), nullptr);
  EXPECT_EQ(document::GvkOf(*a), kConfigMap);
  EXPECT_EQ(store_.Get({ns_, "b"}), nullptr);
  Put("b", "1");
  Put("b", "2");
  Delete(Ref("ConfigMap", "a"));
  EXPECT_TRUE(Hears({"+a=1", "synced", "+b=1", "b=1>b=2", "-a"})) << ::testing::PrintToString(recorder_.heard);
  EXPECT_EQ(store_.ListNamespace(ns_).size(), 1u);
  EXPECT_EQ(store_.ListNamespace("z").size(), 0u);
  EXPECT_EQ(a->StringAt({"data", "key"}), "1");  // who holds it keeps it
}

TEST_F(StoreTest, OurOwnWriteIsReadAtOnceAndItsEchoIsSilent) {
  Sync();
  store_.Remember(Put("a", "1"));
  EXPECT_EQ(Recorder::Show(*store_.Get({ns_, "a"})), "a=1");
  const Value old = Put("a", "2");
  store_.Remember(Put("a", "3"));
  store_.Remember(old);  // late
  EXPECT_EQ(Recorder::Show(*store_.Get({ns_, "a"})), "a=3");
  Put("end", "1");
  EXPECT_TRUE(Until([&] { return store_.Get({ns_, "end"}) != nullptr; }));
  EXPECT_EQ(Recorder::Show(*store_.Get({ns_, "a"})), "a=3");
  EXPECT_EQ(std::count(recorder_.heard.begin(), recorder_.heard.end(), "+a=1"), 1);
  EXPECT_EQ(recorder_.heard.back(), "+end=1");
}

TEST_F(StoreTest, WhatIsSeenDeletedIsNotRememberedAlive) {
  Sync();
  const Value stored = Put("a", "1");
  EXPECT_TRUE(Until([&] { return store_.Get({ns_, "a"}) != nullptr; }));
  Delete(Ref("ConfigMap", "a"));
  EXPECT_TRUE(Until([&] { return store_.Get({ns_, "a"}) == nullptr; }));
  store_.Remember(stored);
  EXPECT_EQ(store_.Get({ns_, "a"}), nullptr);
}

TEST_F(StoreTest, ListenersMayLeaveWhileTheyAreTold) {
  class Leaver : public StoreListener {
   public:
    explicit Leaver(ObjectStore& store) : store_(store) {}
    void OnAdded(const SharedObject&) override {
      store_.RemoveListener(*this);
      ++heard;
    }
    void OnUpdated(const SharedObject&, const SharedObject&) override { ++heard; }
    void OnDeleted(const SharedObject&) override { ++heard; }
    int heard = 0;

   private:
    ObjectStore& store_;
  } leaver(store_);
  store_.AddListener(leaver);
  Put("a", "1");
  Sync();
  Put("a", "2");
  EXPECT_TRUE(Hears({"+a=1", "synced", "a=1>a=2"}));
  EXPECT_EQ(leaver.heard, 1);
}

}  // namespace
}  // namespace sluice::kube
