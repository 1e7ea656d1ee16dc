// One leader at a time, whatever happens to the Lease or to the leader.
#include "kube/lease.h"

#include <algorithm>

#include "cluster.h"
#include "fault_proxy.h"

namespace sluice::kube {
namespace {

using namespace std::chrono_literals;
using document::Value;

class LeaseTest : public testing::ClusterTest {
 protected:
  struct Candidate {
    std::unique_ptr<LeaderElector> elector;
    std::vector<std::string> heard;
  };
  std::vector<std::unique_ptr<Candidate>> candidates_;

  void TearDown() override {
    for (const auto& candidate : candidates_) runtime_.BlockOn(candidate->elector->Close());
  }
  Candidate& Start(const std::string& identity, bool release = true) {
    LeaseOptions options{.ns = ns_,
                         .name = "kustomize-controller-leader-election",
                         .identity = identity,
                         .lease_duration = 3s,
                         .renew_deadline = 2s,
                         .retry_period = 200ms,
                         .release_on_close = release};
    return Start(*client_, std::move(options));
  }
  Candidate& Start(Client& client, LeaseOptions options) {
    candidates_.push_back(std::make_unique<Candidate>());
    Candidate* self = candidates_.back().get();
    LeaderElector::Callbacks callbacks;
    callbacks.gained = [self] { self->heard.emplace_back("gained"); };
    callbacks.lost = [self] { self->heard.emplace_back("lost"); };
    self->elector = std::make_unique<LeaderElector>(client, std::move(options), std::move(callbacks));
    self->elector->Start();
    return *self;
  }
  ObjectRef Lease() const { return {{"coordination.k8s.io", "v1", "Lease"}, ns_, "kustomize-controller-leader-election"}; }
  std::string Spec(std::string_view field) {
    const Value lease = Must(client_->Get(Lease()));
    const Value* value = lease.At({"spec", field});
    return value == nullptr ? "" : std::string(value->text());
  }
};

TEST_F(LeaseTest, OneLeadsUntilItLetsGo) {
  Candidate& a = Start("a");
  EXPECT_TRUE(Until([&] { return a.elector->leads(); }));
  Candidate& b = Start("b");
  EXPECT_TRUE(Until([&] { return b.elector->holder() == "a"; }));
  RunFor(1s);  // five renewals
  EXPECT_TRUE(a.elector->leads());
  EXPECT_FALSE(b.elector->leads());
  EXPECT_EQ(Spec("holderIdentity"), "a");
  EXPECT_EQ(Spec("leaseDurationSeconds"), "3");
  EXPECT_EQ(Spec("leaseTransitions"), "0");
  EXPECT_TRUE(base::ParseRfc3339(Spec("renewTime")).has_value());

  runtime_.BlockOn(a.elector->Close());
  EXPECT_EQ(a.heard, (std::vector<std::string>{"gained", "lost"}));
  const auto released = std::chrono::steady_clock::now();
  EXPECT_TRUE(Until([&] { return b.elector->leads(); }));
  EXPECT_LT(std::chrono::steady_clock::now() - released, 2500ms) << "less than the lease's duration: it was given back";
  EXPECT_EQ(Spec("holderIdentity"), "b");
  EXPECT_EQ(Spec("leaseTransitions"), "1");
}

TEST_F(LeaseTest, ALeaseWhoseHolderIsDeadIsTakenAfterItsDuration) {
  Candidate& a = Start("a", false);
  EXPECT_TRUE(Until([&] { return a.elector->leads(); }));
  runtime_.BlockOn(a.elector->Close());
  const auto died = std::chrono::steady_clock::now();
  Candidate& b = Start("b");
  EXPECT_TRUE(Until([&] { return b.elector->leads(); }));
  EXPECT_GE(std::chrono::steady_clock::now() - died, 2900ms);
}

TEST_F(LeaseTest, ALeaderThatCannotRenewStopsBeforeItsLeaseEnds) {
  Candidate& a = Start("a");
  EXPECT_TRUE(Until([&] { return a.elector->leads(); }));
  // Frozen: nothing of this process runs for longer than the deadline.
  std::this_thread::sleep_for(2100ms);
  EXPECT_FALSE(a.elector->leads()) << "by the clock, before any of its code has run again";
  EXPECT_TRUE(Until([&] { return a.heard.size() >= 3; }));
  EXPECT_EQ(a.heard, (std::vector<std::string>{"gained", "lost", "gained"}));
}

TEST_F(LeaseTest, AnEditedLeaseIsObeyed) {
  Candidate& a = Start("a");
  EXPECT_TRUE(Until([&] { return a.elector->leads(); }));
  const Value steal = testing::Parse("{spec: {holderIdentity: thief}}");
  const WriteOptions write{.manager = "test"};
  Must(client_->Patch(Lease(), PatchType::Merge, steal, write));
  EXPECT_TRUE(Until([&] { return a.heard.size() == 2; }));
  EXPECT_EQ(a.heard.back(), "lost");
  EXPECT_EQ(a.elector->holder(), "thief");
  EXPECT_TRUE(Until([&] { return a.elector->leads(); }));  // the thief never renews
  EXPECT_EQ(Spec("leaseTransitions"), "1");
}

TEST_F(LeaseTest, ADeletedLeaseIsMadeAgain) {
  Candidate& a = Start("a");
  EXPECT_TRUE(Until([&] { return a.elector->leads(); }));
  const std::string before = Spec("acquireTime");
  Delete(Lease());
  EXPECT_TRUE(Until([&] { return Run(client_->Get(Lease())).has_value(); }));
  EXPECT_EQ(Spec("holderIdentity"), "a");
  EXPECT_EQ(a.heard, std::vector<std::string>{"gained"});
}

TEST_F(LeaseTest, TheWriteGateFollowsTheLease) {
  Candidate& a = Start("a");
  client_->transport().SetWriteGate([&a] { return a.elector->MayWrite(); });
  EXPECT_TRUE(Until([&] { return a.elector->leads(); }));  // leases pass the gate
  const ApplyOptions apply{.manager = "test"};
  EXPECT_EQ(testing::Say(Run(client_->Apply(ConfigMap("a", "1"), apply))), "ok");
  std::this_thread::sleep_for(2100ms);
  EXPECT_EQ(testing::Say(Run(client_->Apply(ConfigMap("a", "2"), apply))), "Canceled: not the leader: nothing is written");
  client_->transport().SetWriteGate(nullptr);
}

/// A leader whose clock runs at six tenths of the speed of everybody else's, and whose renewals fail from when `cut` is set: by its own clock it leads
/// for 4.8 s after the last, and after 3 s another may.
class SlowClockTest : public LeaseTest {
 protected:
  testing::FaultyApi api_{runtime_, config_};
  bool cut_ = false, blind_ = false;
  int looks_ = 0;
  std::unique_ptr<Client> slow_;
  Candidate* leader_ = nullptr;

  void SetUp() override {
    api_.before = [this](const net::ServerRequest& request) { return Faults(request); };
    slow_ = std::make_unique<Client>(Env(), api_.Config(), TransportOptions{.timeout = 1s, .deadline = 1s, .max_tries = 1});
    const auto began = std::chrono::steady_clock::now();
    const auto clock = [began] { return began + (std::chrono::steady_clock::now() - began) * 6 / 10; };
    leader_ = &Start(*slow_, {.ns = ns_,
                              .name = "kustomize-controller-leader-election",
                              .identity = "slow",
                              .lease_duration = 3s,
                              .renew_deadline = 2900ms,
                              .retry_period = 200ms,
                              .now = clock});
    slow_->transport().SetWriteGate([this] { return leader_->elector->MayWrite(); });
    ASSERT_TRUE(Until([&] { return leader_->elector->leads(); }));
  }
  std::optional<net::ServerResponse> Faults(const net::ServerRequest& request) {
    net::ServerResponse refused;
    refused.status = 503;
    if (request.target.find("/leases") == std::string::npos) return std::nullopt;
    if (request.method != "GET") return cut_ ? std::optional(refused) : std::nullopt;
    ++looks_;
    return blind_ ? std::optional(refused) : std::nullopt;
  }
  std::string Write(std::string_view value) {
    const ApplyOptions apply{.manager = "test"};
    return testing::Say(Run(slow_->Apply(ConfigMap("a", value), apply)));
  }
  int Writes() const {
    return static_cast<int>(std::count_if(api_.seen.begin(), api_.seen.end(), [](const net::ServerRequest& request) {
      return request.method != "GET" && request.target.find("/leases") == std::string::npos;
    }));
  }
};

TEST_F(SlowClockTest, R36_NothingIsWrittenBesideASuccessor) {
  EXPECT_EQ(Write("1"), "ok");
  EXPECT_EQ(looks_, 1) << "to take the lease; a term that was just renewed is believed";
  cut_ = true;
  Candidate& successor = Start("successor");
  ASSERT_TRUE(Until([&] { return successor.elector->leads(); }));
  ASSERT_TRUE(leader_->elector->leads()) << "by its own clock";
  const int before = Writes();
  const std::string want = "Canceled: not the leader: nothing is written";
  EXPECT_EQ(Write("2"), want);
  EXPECT_FALSE(leader_->elector->leads());
  const DeleteOptions gone;
  EXPECT_EQ(testing::Say(Run(slow_->Delete(Ref("ConfigMap", "a"), gone))), want);
  EXPECT_EQ(Writes(), before);
  EXPECT_TRUE(Until([&] { return leader_->heard.size() == 2; }));
  EXPECT_EQ(leader_->heard.back(), "lost");
  EXPECT_EQ(Spec("holderIdentity"), "successor");
}

TEST_F(SlowClockTest, R36_ALeaderWithoutARivalLooksAndGoesOn) {
  cut_ = true;
  RunFor(2700ms);  // 1.6 s by its clock
  const int before = looks_;
  EXPECT_EQ(Write("1"), "ok");
  EXPECT_EQ(looks_, before + 1);
  blind_ = true;
  EXPECT_EQ(Write("2").substr(0, 57), "Unavailable: the lease cannot be read: nothing is written");
}

}  // namespace
}  // namespace sluice::kube
