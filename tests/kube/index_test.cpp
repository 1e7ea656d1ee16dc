// The owned-object index on a real server: what it knows, what it tells, and that our own writes are no news however late or early their echo.
#include "kube/index.h"

#include "cluster.h"
#include "rollout/fingerprint.h"

namespace sluice::kube {
namespace {

using document::Value;
using testing::Say;

const document::GroupVersionKind kConfigMap{"", "v1", "ConfigMap"};

class Listener : public OwnedListener {
 public:
  void OnChanged(const Owner& owner, const ObjectRef& ref, Changes changes) override {
    std::string text = owner.name + ":" + ref.name;
    constexpr std::pair<Change, std::string_view> kNames[] = {{Change::Added, "added"},         {Change::Drift, "drift"},
                                                              {Change::Readiness, "readiness"}, {Change::Deleted, "deleted"},
                                                              {Change::Selectors, "selectors"}, {Change::Gone, "gone"}};
    for (const auto& [change, name] : kNames) {
      if (Has(changes, change)) text.append(" ").append(name);
    }
    heard.push_back(text);
  }
  std::vector<std::string> heard;
};

class IndexTest : public testing::ClusterTest {
 protected:
  Listener listener_;
  std::unique_ptr<OwnedIndex> index_ = std::make_unique<OwnedIndex>(*client_, IndexOptions{.reflector = {.ns = ns_}}, listener_);
  const std::chrono::seconds patience_{20};

  void TearDown() override { runtime_.BlockOn(index_->Close()); }
  std::string Labels(std::string_view owner) const {
    return "{kustomize.toolkit.fluxcd.io/name: '" + std::string(owner) + "', kustomize.toolkit.fluxcd.io/namespace: flux}";
  }
  void Watch(const document::GroupVersionKind& gvk) { Must(index_->EnsureWatched(gvk, patience_)); }
  Value Put(std::string_view name, std::string_view value, std::string manager = "kustomize-controller", std::string_view owner = "shop") {
    const Value object = ConfigMap(name, value, Labels(owner));
    const ApplyOptions apply{.manager = std::move(manager)};
    return Must(client_->Apply(object, apply));
  }
  /// A write of ours as the controller does it.
  Value PutAsWe(std::string_view name, std::string_view value) {
    OwnedIndex::WriteGuard guard = index_->BeginWrite(Ref("ConfigMap", std::string(name)));
    Value stored = Put(name, value);
    guard.Applied(stored, 77);
    return stored;
  }
  /// Runs until the watch of ConfigMaps has caught up with all that was written, and tells what was heard meanwhile.
  std::vector<std::string> Heard() {
    Put("end", std::to_string(++ends_), "somebody", "end");
    EXPECT_TRUE(Until([&] { return !listener_.heard.empty() && listener_.heard.back().starts_with("end:end"); }));
    std::vector<std::string> heard = std::move(listener_.heard);
    listener_.heard.clear();
    if (!heard.empty()) heard.pop_back();
    Delete(Ref("ConfigMap", "end"));
    EXPECT_TRUE(Until([&] { return listener_.heard.size() == 1; }));
    listener_.heard.clear();
    return heard;
  }
  int ends_ = 0;
  using Words = std::vector<std::string>;
};

TEST_F(IndexTest, KnowsWhatTheFirstListFinds) {
  const Value stored = Put("a", "1");
  Put("foreign", "1", "kubectl");
  Must(client_->Apply(ConfigMap("unowned", "1"), ApplyOptions{.manager = "kustomize-controller"}));
  Watch(kConfigMap);
  EXPECT_TRUE(listener_.heard.empty());
  const std::optional<OwnedObject> a = index_->Lookup(Ref("ConfigMap", "a"));
  ASSERT_TRUE(a);
  EXPECT_EQ(a->uid, stored.StringAt({"metadata", "uid"}));
  EXPECT_EQ(std::to_string(a->resource_version), stored.StringAt({"metadata", "resourceVersion"}));
  EXPECT_EQ(a->fingerprint, rollout::FingerprintLive(stored, "kustomize-controller"));
  EXPECT_NE(a->fingerprint, 0u);
  EXPECT_EQ(a->owner, (Owner{"flux", "shop"}));
  EXPECT_EQ(a->status.phase, rollout::Phase::Current);
  EXPECT_FALSE(a->settled);
  EXPECT_EQ(index_->Lookup(Ref("ConfigMap", "foreign"))->fingerprint, 0u);
  EXPECT_FALSE(index_->Lookup(Ref("ConfigMap", "unowned")));
  EXPECT_EQ(index_->ListOwned({"flux", "shop"}).size(), 2u);
  EXPECT_EQ(index_->ListOwned({"flux", "other"}).size(), 0u);
}

TEST_F(IndexTest, TellsWhatOthersDo) {
  PutAsWe("a", "0");  // before its kind is watched: nothing to keep
  EXPECT_FALSE(index_->Lookup(Ref("ConfigMap", "a")));
  Watch(kConfigMap);
  Put("a", "2", "kubectl");
  EXPECT_EQ(Heard(), Words{"shop:a drift"});
  Put("b", "1", "kubectl");
  EXPECT_EQ(Heard(), Words{"shop:b added"});
  Put("b", "2", "kubectl");  // no field of it is ours
  EXPECT_EQ(Heard(), Words{});
  Delete(Ref("ConfigMap", "a"));
  EXPECT_EQ(Heard(), Words{"shop:a deleted"});
  EXPECT_FALSE(index_->Lookup(Ref("ConfigMap", "a")));
}

TEST_F(IndexTest, FieldsBesideOursAreNoDrift) {
  Watch(kConfigMap);
  PutAsWe("a", "1");
  const WriteOptions write{.manager = "autoscaler"};
  const Value patch = testing::Parse("{data: {extra: '1'}, metadata: {annotations: {note: x}}}");
  Must(client_->Patch(Ref("ConfigMap", "a"), PatchType::Merge, patch, write));
  EXPECT_EQ(Heard(), Words{});
  const Value steer = testing::Parse("{metadata: {annotations: {kustomize.toolkit.fluxcd.io/ssa: Ignore}}}");
  Must(client_->Patch(Ref("ConfigMap", "a"), PatchType::Merge, steer, write));
  EXPECT_EQ(Heard(), Words{"shop:a selectors"});
  EXPECT_TRUE(index_->Lookup(Ref("ConfigMap", "a"))->selectors.Has(rollout::Selector::SsaIgnore));
}

// What kubectl leaves beside ours is to be undone, so it is news.
TEST_F(IndexTest, FieldsThatPeopleLeaveAreDrift) {
  Watch(kConfigMap);
  PutAsWe("a", "1");
  const WriteOptions write{.manager = "kubectl-edit"};
  const Value patch = testing::Parse("{data: {extra: '1'}}");
  Must(client_->Patch(Ref("ConfigMap", "a"), PatchType::Merge, patch, write));
  EXPECT_EQ(Heard(), Words{"shop:a drift"});
  EXPECT_TRUE(index_->Lookup(Ref("ConfigMap", "a"))->leftovers);
}

TEST_F(IndexTest, OurOwnWritesAreNoNews) {
  Watch(kConfigMap);
  PutAsWe("a", "1");
  EXPECT_EQ(index_->Lookup(Ref("ConfigMap", "a"))->settled->desired, 77u);
  EXPECT_EQ(Heard(), Words{});
  PutAsWe("a", "2");
  EXPECT_EQ(Heard(), Words{});
  {
    // The watch is faster than the answer: the event of our own write comes while the guard is held.
    OwnedIndex::WriteGuard guard = index_->BeginWrite(Ref("ConfigMap", "a"));
    const Value stored = Put("a", "3");
    EXPECT_TRUE(Until([&] {
      return std::to_string(index_->Lookup(Ref("ConfigMap", "a"))->resource_version) == stored.StringAt({"metadata", "resourceVersion"});
    }));
    EXPECT_TRUE(listener_.heard.empty());
    guard.Applied(stored, 78);
  }
  EXPECT_EQ(Heard(), Words{});
  EXPECT_EQ(index_->Lookup(Ref("ConfigMap", "a"))->settled->desired, 78u);
  Put("a", "4", "kubectl");
  EXPECT_EQ(Heard(), Words{"shop:a drift"});
  EXPECT_FALSE(index_->Lookup(Ref("ConfigMap", "a"))->settled);
}

TEST_F(IndexTest, SomebodyElseDuringOurWriteIsStillDrift) {
  Watch(kConfigMap);
  PutAsWe("a", "1");
  {
    OwnedIndex::WriteGuard guard = index_->BeginWrite(Ref("ConfigMap", "a"));
    const Value ours = Put("a", "2");
    const Value theirs = Put("a", "3", "kubectl");
    EXPECT_TRUE(Until([&] {
      return std::to_string(index_->Lookup(Ref("ConfigMap", "a"))->resource_version) == theirs.StringAt({"metadata", "resourceVersion"});
    }));
    guard.Applied(ours, 77);
    EXPECT_TRUE(listener_.heard.empty());
  }
  EXPECT_EQ(Heard(), Words{"shop:a drift"});
  {
    OwnedIndex::WriteGuard guard = index_->BeginWrite(Ref("ConfigMap", "a"));
    const Value ours = Put("a", "4");
    Delete(Ref("ConfigMap", "a"));
    EXPECT_TRUE(Until([&] { return !index_->Lookup(Ref("ConfigMap", "a")); }));
    guard.Applied(ours, 77);
  }
  EXPECT_FALSE(index_->Lookup(Ref("ConfigMap", "a")));
  EXPECT_EQ(Heard(), Words{"shop:a deleted"});
}

TEST_F(IndexTest, AWriteWithoutAnAnswerIsJudgedByWhatCameOfIt) {
  Watch(kConfigMap);
  PutAsWe("a", "1");
  {
    OwnedIndex::WriteGuard guard = index_->BeginWrite(Ref("ConfigMap", "a"));
  }
  EXPECT_EQ(Heard(), Words{});
  {
    OwnedIndex::WriteGuard guard = index_->BeginWrite(Ref("ConfigMap", "a"));
    const Value stored = Put("a", "2");  // stored, but its answer is lost
    EXPECT_TRUE(Until([&] {
      return std::to_string(index_->Lookup(Ref("ConfigMap", "a"))->resource_version) == stored.StringAt({"metadata", "resourceVersion"});
    }));
  }
  EXPECT_EQ(Heard(), Words{"shop:a drift"});  // whoever owns it compares, and finds that it is as wanted
}

TEST_F(IndexTest, WhatWeDeleteIsGoneNotDeleted) {
  Watch(kConfigMap);
  PutAsWe("a", "1");
  {
    OwnedIndex::WriteGuard guard = index_->BeginWrite(Ref("ConfigMap", "a"));
    const std::string uid = index_->Lookup(Ref("ConfigMap", "a"))->uid;
    Delete(Ref("ConfigMap", "a"));
    guard.Deleted(uid);
  }
  EXPECT_EQ(Heard(), Words{"shop:a gone"});
  // With a finalizer the end comes later.
  Value held = ConfigMap("b", "1", Labels("shop"));
  held["metadata"].Set("finalizers", testing::Parse("[example.com/hold]"));
  Must(client_->Apply(held, ApplyOptions{.manager = "kustomize-controller"}));
  EXPECT_EQ(Heard(), Words{"shop:b added"});
  {
    OwnedIndex::WriteGuard guard = index_->BeginWrite(Ref("ConfigMap", "b"));
    const std::string uid = index_->Lookup(Ref("ConfigMap", "b"))->uid;
    Delete(Ref("ConfigMap", "b"));
    guard.Deleted(uid);
  }
  EXPECT_EQ(Heard(), Words{"shop:b readiness"});
  EXPECT_TRUE(index_->Lookup(Ref("ConfigMap", "b"))->deleting);
  EXPECT_EQ(index_->Lookup(Ref("ConfigMap", "b"))->status.phase, rollout::Phase::Terminating);
  const Value release = testing::Parse("{metadata: {finalizers: null}}");
  Must(client_->Patch(Ref("ConfigMap", "b"), PatchType::Merge, release, WriteOptions{.manager = "kubectl"}));
  EXPECT_EQ(Heard(), Words{"shop:b gone"});
}

/// One owner prunes what another is just making anew: the answers may come in either order, and the new object's end is news.
TEST_F(IndexTest, WhatIsMadeAnewIsNotExpectedToGo) {
  Watch(kConfigMap);
  PutAsWe("a", "1");
  {
    OwnedIndex::WriteGuard pruning = index_->BeginWrite(Ref("ConfigMap", "a"));
    const std::string uid = index_->Lookup(Ref("ConfigMap", "a"))->uid;
    Delete(Ref("ConfigMap", "a"));
    PutAsWe("a", "2");
    pruning.Deleted(uid);
  }
  (void)Heard();
  Delete(Ref("ConfigMap", "a"));
  EXPECT_EQ(Heard(), Words{"shop:a deleted"});
}

TEST_F(IndexTest, AnObjectThatChangesHandsIsToldToBoth) {
  Watch(kConfigMap);
  PutAsWe("a", "1");
  Put("a", "1", "kustomize-controller", "other");
  EXPECT_EQ(Heard(), (Words{"shop:a deleted", "other:a added"}));
  EXPECT_EQ(index_->ListOwned({"flux", "shop"}).size(), 0u);
  EXPECT_EQ(index_->ListOwned({"flux", "other"}).size(), 1u);
}

TEST_F(IndexTest, ReadinessWakesTheOwner) {
  const document::GroupVersionKind pod{"", "v1", "Pod"};
  Watch(pod);
  // No scheduler takes it, so that only we move it.
  const Value object =
      testing::Parse("{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: " + ns_ + ", labels: " + Labels("shop") +
                     "}, spec: {schedulerName: nobody, containers: [{name: c, image: i}]}}");
  const ObjectRef ref{pod, ns_, "web"};
  {
    OwnedIndex::WriteGuard guard = index_->BeginWrite(ref);
    const ApplyOptions apply{.manager = "kustomize-controller"};
    guard.Applied(Must(client_->Apply(object, apply)), 77);
  }
  EXPECT_EQ(index_->Lookup(ref)->status.phase, rollout::Phase::InProgress);
  EXPECT_NE(index_->Lookup(ref)->status.message, "");
  const Value running = testing::Parse("{status: {phase: Running, conditions: [{type: Ready, status: 'True'}]}}");
  const WriteOptions status{.manager = "kubelet", .subresource = "status"};
  Must(client_->Patch(ref, PatchType::Merge, running, status));
  EXPECT_TRUE(Until([&] { return !listener_.heard.empty(); }));
  EXPECT_EQ(listener_.heard, Words{"shop:web readiness"});
  EXPECT_EQ(index_->Lookup(ref)->status.phase, rollout::Phase::Current);
  EXPECT_EQ(index_->Lookup(ref)->status.message, "");
}

TEST_F(IndexTest, KindsThatCannotBeWatched) {
  EXPECT_EQ(Say(Run(index_->EnsureWatched({"example.com", "v1", "Foo"}, patience_))),
            "NotFound: no matches for kind \"Foo\" in version \"example.com/v1\"");
  EXPECT_EQ(Say(Run(index_->EnsureWatched({"authorization.k8s.io", "v1", "SubjectAccessReview"}, patience_))),
            "Unsupported: kind \"SubjectAccessReview\" in version \"authorization.k8s.io/v1\" cannot be watched");
  EXPECT_EQ(index_->stats().kinds, 0u);
}

TEST_F(IndexTest, AForgottenKindIsSilent) {
  PutAsWe("a", "1");
  Watch(kConfigMap);
  EXPECT_EQ(index_->stats().objects, 1u);
  index_->Forget(kConfigMap);
  EXPECT_FALSE(index_->IsWatched(kConfigMap));
  EXPECT_EQ(index_->stats().objects, 0u);
  Put("a", "2");
  RunFor(std::chrono::milliseconds(200));
  EXPECT_TRUE(listener_.heard.empty());
  Watch(kConfigMap);
  EXPECT_TRUE(index_->Lookup(Ref("ConfigMap", "a")));
}

TEST_F(IndexTest, GuardsMayOutliveTheIndex) {
  Watch(kConfigMap);
  OwnedIndex::WriteGuard guard = index_->BeginWrite(Ref("ConfigMap", "a"));
  runtime_.BlockOn(index_->Close());
  OwnedIndex::WriteGuard other = std::move(guard);
  other.Applied(Put("a", "1"), 1);
}

}  // namespace
}  // namespace sluice::kube
