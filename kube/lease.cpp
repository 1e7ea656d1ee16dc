// Candidates compare what they see with their own clocks only: a holder's renewal counts from when we saw it, never from the time it wrote. So clocks
// may be apart, they only may not run at very different speeds. Our own term counts from before we sent the renewal that succeeded.
#include "kube/lease.h"

#include <algorithm>

#include "document/value.h"
#include "net/await.h"

namespace sluice::kube {

namespace {

using base::Reason;
using base::Result;
using document::Value;
using std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;

const document::GroupVersionKind kLease{"coordination.k8s.io", "v1", "Lease"};
constexpr double kWaitFactor = 1.2;  // client-go's JitterFactor

std::int64_t Seconds(milliseconds duration) {
  return std::max<std::int64_t>(1, std::chrono::duration_cast<std::chrono::seconds>(duration).count());
}

}  // namespace

struct LeaderElector::Impl {
  Client& client;
  const LeaseOptions options;
  const Callbacks callbacks;
  net::Scope scope;
  Value seen;                    // the Lease as last read or written; null if there was none
  Steady::time_point seen_at{};  // when it last changed, by our clock
  Steady::time_point renewed{};  // just before our last successful renewal was sent
  bool leading = false;
  bool taken = false;  // a look before a write has found another holder
  std::string holder;

  Impl(Client& c, LeaseOptions o, Callbacks b)
      : client(c), options(std::move(o)), callbacks(std::move(b)), scope(c.transport().environment().io) {}

  std::string NowText() const { return base::FormatRfc3339Micro(client.transport().environment().clock.Now()); }
  WriteOptions Write() const { return {.manager = options.identity.substr(0, 128), .for_lease = true}; }
  bool Leads() const { return leading && !taken && options.now() - renewed < options.renew_deadline; }
  milliseconds Left() const;
  bool HeldByOther() const;
  void See(Value lease);
  Value Wanted() const;
  net::Task<Result<Value>> Look() const;
  static net::Task<Result<void>> MayWrite(std::shared_ptr<Impl> self);
  net::Task<Result<void>> Read();
  net::Task<Result<void>> Take();
  net::Task<Result<void>> TryOnce();
  net::Task<bool> Hold();
  Value Released() const;
  net::Task<Result<void>> Release();
  void Become(bool leader);
  static net::Task<void> Run(std::shared_ptr<Impl> self);
};

milliseconds LeaderElector::Impl::Left() const {
  return std::chrono::duration_cast<milliseconds>(renewed + options.renew_deadline - options.now());
}

/// What somebody else holds is theirs until the duration that they wrote has passed since we saw it change.
bool LeaderElector::Impl::HeldByOther() const {
  const std::string_view who = seen.StringAt({"spec", "holderIdentity"});
  if (who.empty() || who == options.identity) return false;
  const Value* seconds = seen.At({"spec", "leaseDurationSeconds"});
  const std::int64_t duration =
      seconds == nullptr ? Seconds(options.lease_duration) : seconds->AsInt().value_or(Seconds(options.lease_duration));
  return options.now() < seen_at + std::chrono::seconds(std::clamp<std::int64_t>(duration, 0, 86'400));
}

void LeaderElector::Impl::See(Value lease) {
  const Value* before = seen.Find("spec");
  const Value* now = lease.Find("spec");
  const bool changed = before == nullptr || now == nullptr || !(*before == *now);
  seen = std::move(lease);
  if (changed) seen_at = options.now();
  std::string who(seen.StringAt({"spec", "holderIdentity"}));
  if (who == holder) return;
  holder = std::move(who);
  if (callbacks.observed) callbacks.observed(holder);
}

/// The Lease with us as its holder. A term goes on while it was ours before.
Value LeaderElector::Impl::Wanted() const {
  const std::string now = NowText();
  Value lease = seen;
  if (lease.IsNull()) {
    lease.Set("apiVersion", kLease.ApiVersion());
    lease.Set("kind", kLease.kind);
    lease["metadata"].Set("name", options.name);
    lease["metadata"].Set("namespace", options.ns);
  }
  const bool ours = lease.StringAt({"spec", "holderIdentity"}) == options.identity;
  const Value* transitions = lease.At({"spec", "leaseTransitions"});
  const std::int64_t terms = transitions == nullptr ? 0 : transitions->AsInt().value_or(0);
  Value& spec = lease["spec"];
  if (!ours) spec.Set("acquireTime", now);
  spec.Set("leaseTransitions", seen.IsNull() || ours ? terms : terms + 1);
  spec.Set("holderIdentity", options.identity);
  spec.Set("leaseDurationSeconds", Seconds(options.lease_duration));
  spec.Set("renewTime", now);
  return lease;
}

net::Task<Result<Value>> LeaderElector::Impl::Look() const {
  const ObjectRef ref{kLease, options.ns, options.name};
  const ReadOptions read{.timeout = options.retry_period, .for_lease = true};
  co_return co_await client.Get(ref, read);
}

/// What is found is not kept as `seen`: from another's Lease the next renewal would go on as if it were ours.
net::Task<Result<void>> LeaderElector::Impl::MayWrite(std::shared_ptr<Impl> self) {
  const base::Error refused = base::MakeError(Reason::Canceled, "not the leader: nothing is written");
  if (!self->Leads()) co_return refused;
  if (self->options.now() - self->renewed < self->options.lease_duration / 2) co_return Result<void>();
  net::Task<Result<Value>> looking = self->Look();
  const Result<Value> lease = co_await net::WithDeadline(std::move(looking), self->options.retry_period, "reading the lease");
  if (!lease) co_return base::MakeError(Reason::Unavailable, "the lease cannot be read: nothing is written: " + lease.error().message);
  if (lease->StringAt({"spec", "holderIdentity"}) != self->options.identity) self->taken = true;
  if (!self->Leads()) co_return refused;
  co_return Result<void>();
}

net::Task<Result<void>> LeaderElector::Impl::Read() {
  auto lease = co_await Look();
  if (!lease && lease.error().reason != Reason::NotFound) co_return std::move(lease).error();
  See(lease ? std::move(lease).value() : Value());
  co_return Result<void>();
}

net::Task<Result<void>> LeaderElector::Impl::Take() {
  const Value wanted = Wanted();
  const WriteOptions write = Write();
  const Steady::time_point before = options.now();
  net::Task<Result<Value>> put = seen.IsNull() ? client.Create(wanted, write) : client.Replace(wanted, write);
  auto stored = co_await std::move(put);
  if (!stored) co_return std::move(stored).error();
  renewed = before;
  taken = false;
  See(std::move(stored).value());
  co_return Result<void>();
}

/// One attempt to get or to keep the lease. A leader writes over what it wrote last without reading it first; if that was changed, it reads.
net::Task<Result<void>> LeaderElector::Impl::TryOnce() {
  if (leading) {
    Result<void> kept = co_await Take();
    if (kept || (kept.error().reason != Reason::Conflict && kept.error().reason != Reason::NotFound)) co_return kept;
  }
  CO_TRY(co_await Read());
  if (HeldByOther()) co_return base::MakeError(Reason::Conflict, "the lease " + options.ns + "/" + options.name + " is held by " + holder);
  co_return co_await Take();
}

void LeaderElector::Impl::Become(bool leader) {
  if (leading == leader) return;
  leading = leader;
  const base::Logger& log = client.transport().environment().log;
  log.Info(leader ? "became leader" : "lost leadership", {{"lease", options.ns + "/" + options.name}, {"identity", options.identity}});
  if (leader && callbacks.gained) callbacks.gained();
  if (!leader && callbacks.lost) callbacks.lost();
}

/// Renews until that fails for too long, or somebody else holds the lease. False: cancelled.
net::Task<bool> LeaderElector::Impl::Hold() {
  while (Leads()) {
    const milliseconds pause = std::min(options.retry_period, Left());
    if (Result<void> slept = co_await net::SleepFor(pause); !slept) co_return false;
    if (!Leads()) break;
    net::Task<Result<void>> attempt = TryOnce();
    const milliseconds left = Left();
    Result<void> renewal = co_await net::WithDeadline(std::move(attempt), left, "renewing the lease");
    if (renewal) continue;
    if (renewal.error().reason == Reason::Canceled) co_return false;
    client.transport().environment().log.Error("lease not renewed", renewal.error().message, {{"lease", options.ns + "/" + options.name}});
    if (HeldByOther()) break;
  }
  co_return true;
}

net::Task<void> LeaderElector::Impl::Run(std::shared_ptr<Impl> self) {
  for (;;) {
    net::Task<Result<void>> attempt = self->TryOnce();
    Result<void> taken = co_await net::WithDeadline(std::move(attempt), self->options.renew_deadline, "taking the lease");
    if (!taken && taken.error().reason == Reason::Canceled) co_return;
    if (!taken && !self->HeldByOther()) {
      self->client.transport().environment().log.Error("lease not taken", taken.error().message,
                                                       {{"lease", self->options.ns + "/" + self->options.name}});
    }
    if (taken) {
      self->Become(true);
      const bool go_on = co_await self->Hold();
      if (!go_on) co_return;
      self->Become(false);
    }
    const double factor = 1 + (kWaitFactor - 1) * self->client.transport().environment().random.Uniform();
    const milliseconds wait(static_cast<std::int64_t>(static_cast<double>(self->options.retry_period.count()) * factor));
    if (Result<void> slept = co_await net::SleepFor(wait); !slept) co_return;
  }
}

/// An empty holder with a duration of a second lets a successor begin at its next look.
Value LeaderElector::Impl::Released() const {
  const std::string now = NowText();
  Value lease = seen;
  Value& spec = lease["spec"];
  spec.Set("holderIdentity", "");
  spec.Set("leaseDurationSeconds", 1);
  spec.Set("renewTime", now);
  spec.Set("acquireTime", now);
  return lease;
}

/// A renewal that was cancelled may have been stored; then what we saw last is not what is there, and we look again.
net::Task<Result<void>> LeaderElector::Impl::Release() {
  for (int tries = 1;; ++tries) {
    if (seen.StringAt({"spec", "holderIdentity"}) != options.identity) co_return Result<void>();
    const Value lease = Released();
    const WriteOptions write = Write();
    auto released = co_await client.Replace(lease, write);
    if (released) {
      See(std::move(released).value());
      co_return Result<void>();
    }
    if (released.error().reason != Reason::Conflict || tries > 1) co_return std::move(released).error();
    CO_TRY(co_await Read());
  }
}

LeaderElector::LeaderElector(Client& client, LeaseOptions options, Callbacks callbacks)
    : impl_(std::make_shared<Impl>(client, std::move(options), std::move(callbacks))) {}
LeaderElector::~LeaderElector() { impl_->scope.Cancel(); }

void LeaderElector::Start() { impl_->scope.Spawn(Impl::Run(impl_)); }

net::Task<void> LeaderElector::Close() {
  const std::shared_ptr<Impl> impl = impl_;
  const bool held = impl->Leads();
  impl->Become(false);
  co_await impl->scope.Close();
  if (!held || !impl->options.release_on_close) co_return;
  net::Task<Result<void>> release = impl->Release();
  Result<void> released = co_await net::WithDeadline(std::move(release), impl->options.renew_deadline, "releasing the lease");
  if (!released) impl->client.transport().environment().log.Error("lease not released", released.error().message, {});
}

net::Task<Result<void>> LeaderElector::MayWrite() const { return Impl::MayWrite(impl_); }
bool LeaderElector::leads() const { return impl_->Leads(); }
const std::string& LeaderElector::holder() const { return impl_->holder; }

}  // namespace sluice::kube
