// Single objects followed with somebody's own rights, by one watch for all who ask.
#include "kube/observe.h"

#include "cluster.h"

namespace sluice::kube {
namespace {

using document::Value;
using testing::Say;

class ObserveTest : public testing::ClusterTest {
 protected:
  Observer observer_{*client_, ReflectorOptions{}};
  const std::chrono::seconds patience_{20};
  int told_ = 0;

  void TearDown() override { runtime_.BlockOn(observer_.Close()); }
  void Put(std::string_view name, std::string_view value) {
    const ApplyOptions apply{.manager = "test"};
    Must(client_->Apply(ConfigMap(name, value, "{set: x}"), apply));
  }
  Observer::Subscription Follow(std::string name, Impersonate as = {}) {
    return observer_.Watch(Ref("ConfigMap", std::move(name)), std::move(as), [this] { ++told_; });
  }
};

TEST_F(ObserveTest, AnObjectComesChangesAndGoes) {
  Observer::Subscription a = Follow("a");
  EXPECT_FALSE(a.synced());
  EXPECT_EQ(a.Get(), nullptr);
  Must(a.WaitSynced(patience_));
  EXPECT_EQ(a.Get(), nullptr);  // the server's word: it is not there
  EXPECT_TRUE(Until([&] { return told_ == 1; }));
  Put("b", "1");  // not what we asked for
  Put("a", "1");
  EXPECT_TRUE(Until([&] { return a.Get() != nullptr; }));
  Put("a", "2");
  EXPECT_TRUE(Until([&] { return a.Get()->StringAt({"data", "key"}) == "2"; }));
  Delete(Ref("ConfigMap", "a"));
  EXPECT_TRUE(Until([&] { return a.Get() == nullptr; }));
  EXPECT_TRUE(Until([&] { return told_ == 4; })) << told_;
}

TEST_F(ObserveTest, OneWatchForAllWhoAsk) {
  Put("a", "1");
  Observer::Subscription one = Follow("a"), two = Follow("a"), other = Follow("b");
  EXPECT_EQ(observer_.watches(), 2u);
  Must(one.WaitSynced(patience_));
  EXPECT_NE(two.Get(), nullptr);
  one = Observer::Subscription();
  EXPECT_EQ(observer_.watches(), 2u);
  two = Observer::Subscription();
  EXPECT_EQ(observer_.watches(), 1u);
  Observer::Subscription late = Follow("b");
  Must(late.WaitSynced(patience_));
  EXPECT_TRUE(Until([&] { return told_ >= 2; }));
}

TEST_F(ObserveTest, ASelectorNamesMany) {
  Observer::Subscription all = observer_.WatchSelected({"", "v1", "ConfigMap"}, ns_, "set=x", {}, [] {});
  Put("b", "1");
  Put("a", "1");
  EXPECT_TRUE(Until([&] { return all.List().size() == 2; }));
  EXPECT_EQ(NameOf(*all.List()[0]), "a");
}

TEST_F(ObserveTest, ANameIsNoSelector) {
  Put("a", "1");
  Observer::Subscription odd = Follow("x,metadata.name!=y");
  Must(odd.WaitSynced(patience_));
  EXPECT_EQ(odd.Get(), nullptr);
}

TEST_F(ObserveTest, WithoutTheRightItSaysSo) {
  Observer::Subscription a = Follow("a", Impersonate::ServiceAccount(ns_, "nobody"));
  const std::string want = "configmaps \"a\" is forbidden: User \"system:serviceaccount:" + ns_ +
                           ":nobody\" cannot list resource \"configmaps\" in API group \"\" in the namespace \"" + ns_ + "\"";
  EXPECT_EQ(Say(Run(a.WaitSynced(patience_))), "Forbidden: watching ConfigMap: " + want);
  ASSERT_TRUE(a.trouble());
  EXPECT_EQ(a.trouble()->message, want);
  EXPECT_TRUE(Until([&] { return told_ == 1; }));
}

TEST_F(ObserveTest, ACallbackMayEndItsOwnWatch) {
  Put("a", "1");
  std::optional<Observer::Subscription> held;
  held = observer_.Watch(Ref("ConfigMap", "a"), {}, [&] {
    ++told_;
    held.reset();
  });
  EXPECT_TRUE(Until([&] { return told_ == 1; }));
  EXPECT_EQ(observer_.watches(), 0u);
  Put("a", "2");
  RunFor(std::chrono::milliseconds(100));
  EXPECT_EQ(told_, 1);
}

TEST_F(ObserveTest, ASubscriptionMayOutliveItsObserver) {
  Observer::Subscription left;
  {
    Observer brief(*client_, ReflectorOptions{});
    left = brief.Watch(Ref("ConfigMap", "a"), {}, [] {});
    runtime_.BlockOn(brief.Close());
  }
  EXPECT_FALSE(left.synced());
}

}  // namespace
}  // namespace sluice::kube
