#include "releases/writer.h"

#include <algorithm>

#include "base/failpoint.h"
#include "document/merge_patch.h"
#include "document/three_way_merge.h"
#include "helm/release/objects.h"
#include "net/await.h"
#include "net/gather.h"
#include "releases/managed_fields.h"
#include "rollout/normalize.h"

namespace sluice::releases {
namespace {

using base::Reason;
using base::Result;
using document::Value;

constexpr int kTries = 5;
constexpr base::Duration kPause = std::chrono::milliseconds(10);

std::string FullName(const Value& target) {
  return std::string(document::NamespaceOf(target)) + "/" + std::string(document::NameOf(target)) + " " +
         helm::GvkString(document::GvkOf(target));
}

/// Two who create objects under one ResourceQuota at a time: it passes.
bool IsQuotaConflict(const base::Error& error) {
  return error.reason == Reason::Conflict && error.message.find("resourcequotas") != std::string::npos &&
         error.message.find("the object has been modified") != std::string::npos;
}

base::Error ApplyError(const Value& target, const base::Error& error) {
  if (error.reason == Reason::Canceled) return error;
  if (error.message.find("415") != std::string::npos && error.message.find("media type") != std::string::npos)
    return error.Wrap("server-side apply not available on the server");
  const std::string_view what =
      error.reason == Reason::Conflict ? "conflict occurred while applying object " : "server-side apply failed for object ";
  return error.Wrap(std::string(what) + FullName(target));
}

bool IsCustom(const document::GroupVersionKind& gvk) {
  return !rollout::IsBuiltInGroup(gvk.group) || (gvk.kind == "CustomResourceDefinition" && gvk.version == "v1beta1");
}

/// The server moves stringData into data and leaves nobody the owner of it: sent as data it is ours, is followed, and goes when the chart drops it.
std::optional<Value> WithoutStringData(const Value& target) {
  if (target.Find("stringData") == nullptr || document::GvkOf(target) != document::GroupVersionKind{"", "v1", "Secret"})
    return std::nullopt;
  Value moved = target;
  const Result<void> is_text = rollout::MergeStringData(moved);
  return is_text ? std::optional(std::move(moved)) : std::nullopt;  // else the server says what is wrong with it
}

/// What the live object is to become by a client-side apply.
Value Merged(const Value* original, const Value& target, const Value& live, bool three_way_for_custom) {
  const document::GroupVersionKind gvk = document::GvkOf(target);
  const Value& before = original == nullptr ? target : *original;
  if (!IsCustom(gvk)) return document::ThreeWayMerge(before, target, live, document::MergeRules::Of(gvk));
  if (three_way_for_custom || original == nullptr) return document::ThreeWayMerge(before, target, live, std::nullopt);
  Value merged = live;
  document::ApplyMergePatch(merged, document::CreateMergePatch(before, target));
  return merged;
}

std::string Joined(const std::vector<std::string>& texts, std::string_view by) {
  std::string all;
  for (const std::string& text : texts) all += (all.empty() ? "" : std::string(by)) + text;
  return all;
}

}  // namespace

struct Writer::Step {
  const Value* target = nullptr;
  const Value* original = nullptr;
  bool is_update = false;
  bool created = false;
  kube::ObjectRef ref;
  std::optional<base::Error> error;
  bool fatal = false;  ///< the error is one of a creation
};

std::set<document::ObjectId> IdsOf(const std::vector<Value>& objects) {
  std::set<document::ObjectId> ids;
  for (const Value& object : objects) ids.insert(document::IdOf(object));
  return ids;
}

net::Task<Result<Value>> Writer::SendApply(const Value& target) {
  const kube::ApplyOptions options{.manager = options_.manager,
                                   .force = options_.force_conflicts,
                                   .as = options_.as,
                                   .field_validation = options_.strict ? "Strict" : "Ignore"};
  const std::optional<Value> moved = WithoutStringData(target);
  const Value& sent = moved ? *moved : target;
  Result<Value> answer = co_await client_.Apply(sent, options);
  for (int i = 1; i < kTries && !answer && IsQuotaConflict(answer.error()); ++i) {
    CO_TRY(co_await net::SleepFor(kPause));
    answer = co_await client_.Apply(sent, options);
  }
  co_return answer;
}

// The answer of the apply shows whether there was something by Update; only then is it done again.
net::Task<Result<Value>> Writer::UpgradeManager(const Value& target, Value answer) {
  for (int i = 0; i < kTries; ++i) {
    const std::optional<Value> patch = UpgradeManagedFields(answer, options_.manager);
    if (!patch) co_return answer;
    const kube::ObjectRef ref = kube::ObjectRef::Of(target);
    const kube::WriteOptions options{.manager = options_.manager, .as = options_.as};
    const Result<Value> patched = co_await client_.Patch(ref, kube::PatchType::Json, *patch, options);
    if (!patched && patched.error().reason != Reason::Conflict)
      co_return patched.error().Wrap("failed to patch object to upgrade CSA field manager " + FullName(target));
    CO_TRY(answer, co_await SendApply(target));
  }
  co_return answer;
}

net::Task<Result<void>> Writer::Apply(const Value& target, Value* stored) {
  Result<Value> answer = co_await SendApply(target);
  if (answer && options_.upgrade_managers) {
    Value first = *std::move(answer);
    answer = co_await UpgradeManager(target, std::move(first));
  }
  if (!answer) co_return ApplyError(target, answer.error());
  if (stored != nullptr) *stored = *std::move(answer);
  co_return Result<void>();
}

net::Task<Result<void>> Writer::Create(const Value& target, Value* stored) {
  // A name that the server makes cannot be applied.
  if (options_.server_side && !document::NameOf(target).empty()) co_return co_await Apply(target, stored);
  const kube::WriteOptions options{
      .manager = options_.manager, .as = options_.as, .field_validation = options_.strict ? "Strict" : "Ignore"};
  Result<Value> answer = co_await client_.Create(target, options);
  if (!answer) co_return answer.error();
  if (stored != nullptr) *stored = *std::move(answer);
  co_return Result<void>();
}

net::Task<Result<bool>> Writer::ChangeOnce(const Value* original, const Value& target, const Value& live) {
  const kube::ObjectRef ref = kube::ObjectRef::Of(target);
  const Value merged = options_.force ? target : Merged(original, target, live, options_.three_way_for_custom);
  const kube::WriteOptions options{
      .manager = options_.manager, .as = options_.as, .field_validation = options_.strict ? "Strict" : "Ignore"};
  const std::string_view version = live.StringAt({"metadata", "resourceVersion"});
  Follower::Written written = follower_.BeginWrite(ref, target);
  Result<Value> answer = Value();
  if (options_.force) {
    Value whole = merged;
    whole["metadata"].Set("resourceVersion", version);
    answer = co_await client_.Replace(whole, options);
  } else {
    Value patch = document::CreateMergePatch(live, merged);
    if (patch.empty()) {
      if (written) written(&live);
      co_return true;
    }
    patch["metadata"].Set("resourceVersion", version);
    answer = co_await client_.Patch(ref, kube::PatchType::Merge, patch, options);
  }
  if (written) written(answer ? &*answer : nullptr);
  if (answer) co_return true;
  if (answer.error().reason == Reason::Conflict) co_return false;
  if (answer.error().reason == Reason::Canceled) co_return answer.error();
  if (options_.force) co_return answer.error().Wrap("failed to replace object");
  co_return answer.error().Wrap("cannot patch \"" + ref.name + "\" with kind " + ref.gvk.kind);
}

net::Task<Result<void>> Writer::Change(const Value* original, const Value& target, const Value& live) {
  Value now = live;
  for (int i = 0; i < kTries; ++i) {
    CO_TRY(const bool done, co_await ChangeOnce(original, target, now));
    if (done) co_return Result<void>();
    CO_TRY(co_await net::SleepFor(kPause));
    const kube::ObjectRef ref = kube::ObjectRef::Of(target);
    const kube::ReadOptions options{.as = options_.as};
    CO_TRY(now, co_await client_.Get(ref, options));
  }
  const kube::ObjectRef ref = kube::ObjectRef::Of(target);
  co_return base::MakeError(Reason::Conflict,
                            "cannot patch \"" + ref.name + "\" with kind " + ref.gvk.kind + ": it is changed by others all the time");
}

net::Task<void> Writer::Take(Step& step) {
  const Value& target = *step.target;
  std::optional<Value> live;
  const bool named = !step.ref.name.empty();
  if (named && step.is_update && (!options_.server_side || options_.look_first)) {
    const kube::ReadOptions options{.as = options_.as};
    Result<Value> got = co_await client_.Get(step.ref, options);
    if (!got && got.error().reason != Reason::NotFound) {
      step.error = got.error().Wrap("could not get information about the resource");
      step.fatal = true;
      co_return;
    }
    step.created = !got;
    if (got) live = *std::move(got);
  }
  SLUICE_FAILPOINT("release.object.before");
  if (live && !options_.server_side) {
    const Result<void> changed = co_await Change(step.original, target, *live);
    if (!changed) step.error = changed.error();
  } else {
    Value stored;
    Follower::Written written = follower_.BeginWrite(step.ref, target);
    const Result<void> created = co_await Create(target, &stored);
    if (written) written(created ? &stored : nullptr);
    step.fatal = !created && step.is_update && step.original == nullptr && !live;
    if (!created) step.error = step.fatal ? created.error().Wrap("failed to create resource") : created.error();
  }
  SLUICE_FAILPOINT("release.object.after");
}

net::Task<Result<void>> Writer::RunAll(std::vector<Step>& steps, std::size_t begin, std::size_t end) {
  const std::function<net::Task<void>(std::size_t)> each = [&](std::size_t i) { return Take(steps[begin + i]); };
  net::Task<Result<void>> all = net::ForEach(client_.transport().environment().io, end - begin, options_.concurrent, each);
  co_return co_await std::move(all);
}

namespace {

/// Where the run of one kind that starts at `begin` ends.
std::size_t EndOfKind(const std::vector<Value>& objects, std::size_t begin) {
  std::size_t end = begin;
  while (end < objects.size() && objects[end].StringAt({"kind"}) == objects[begin].StringAt({"kind"})) ++end;
  return end;
}

}  // namespace

net::Task<WriteResult> Writer::CreateAll(std::vector<Value> targets) {
  WriteResult result;
  std::vector<Step> steps;
  for (const Value& target : targets) steps.push_back({.target = &target, .ref = kube::ObjectRef::Of(target)});
  std::vector<std::string> errors;
  std::optional<Reason> reason;
  for (std::size_t begin = 0; begin < targets.size();) {
    const std::size_t end = EndOfKind(targets, begin);
    const Result<void> ran = co_await RunAll(steps, begin, end);
    if (!ran) {
      result.error = ran.error();
      co_return result;
    }
    begin = end;
  }
  for (const Step& step : steps) {
    if (!step.error) continue;
    if (!reason) reason = step.error->reason;
    errors.push_back(step.error->message);
  }
  if (!errors.empty()) result.error = base::MakeError(*reason, Joined(errors, "\n"));
  co_return result;
}

net::Task<WriteResult> Writer::Update(std::vector<Value> originals, std::vector<Value> targets) {
  WriteResult result;
  std::vector<Step> steps;
  for (const Value& target : targets) {
    const document::ObjectId id = document::IdOf(target);
    const auto original = std::find_if(originals.begin(), originals.end(), [&](const Value& one) { return document::IdOf(one) == id; });
    steps.push_back({.target = &target,
                     .original = original == originals.end() ? nullptr : &*original,
                     .is_update = true,
                     .ref = kube::ObjectRef::Of(target)});
  }
  std::vector<std::string> errors;
  std::optional<Reason> reason;
  for (std::size_t begin = 0; begin < targets.size();) {
    const std::size_t end = EndOfKind(targets, begin);
    const Result<void> ran = co_await RunAll(steps, begin, end);
    for (std::size_t i = begin; i < end; ++i) {
      if (steps[i].created) result.created.push_back(steps[i].ref);
      if (!steps[i].error) continue;
      if (!reason) reason = steps[i].error->reason;
      errors.push_back(steps[i].error->message);
      if (steps[i].fatal && !result.error) result.error = steps[i].error;
    }
    if (!ran) result.error = ran.error();
    if (result.error) co_return result;
    begin = end;
  }
  if (errors.empty()) {
    const std::set<document::ObjectId> kept = IdsOf(targets);
    std::vector<kube::ObjectRef> gone;
    for (const Value& original : originals)
      if (!kept.contains(document::IdOf(original))) gone.push_back(kube::ObjectRef::Of(original));
    co_await Remove(std::move(gone), errors);
  }
  if (!errors.empty()) result.error = base::MakeError(reason.value_or(Reason::Invalid), Joined(errors, " && "));
  const bool cancelled = co_await net::IsCancelled();
  if (cancelled) result.error = base::MakeError(Reason::Canceled, "context canceled");
  co_return result;
}

net::Task<void> Writer::Remove(std::vector<kube::ObjectRef> refs, std::vector<std::string>& errors) {
  for (const kube::ObjectRef& ref : refs) {
    const kube::ReadOptions options{.as = options_.as, .metadata_only = true};
    const Result<Value> live = co_await client_.Get(ref, options);
    if (!live || helm::IsKept(*live)) continue;
    const std::string uid(live->StringAt({"metadata", "uid"}));
    const Result<void> deleted = co_await Delete(ref, uid, kube::Propagation::Background);
    if (!deleted)
      errors.push_back("failed to delete resource namespace=" + ref.ns + ", name=" + ref.name + ", kind=" + ref.gvk.kind + ": " +
                       deleted.error().message);
  }
}

net::Task<Result<void>> Writer::Delete(kube::ObjectRef ref, std::string uid, kube::Propagation propagation) {
  const kube::DeleteOptions options{.propagation = propagation, .uid = uid, .as = options_.as};
  SLUICE_FAILPOINT("release.object_delete.before");
  Follower::Written written = follower_.BeginDelete(ref, uid);
  const Result<void> deleted = co_await client_.Delete(ref, options);
  if (written) written(nullptr);
  SLUICE_FAILPOINT("release.object_delete.after");
  if (deleted || deleted.error().reason == Reason::NotFound) co_return Result<void>();
  // Another incarnation has taken its place, or it is on its way out: what was meant is gone.
  if (deleted.error().reason == Reason::Conflict && !uid.empty()) co_return Result<void>();
  co_return deleted.error();
}

net::Task<Result<void>> Writer::Cleanup(std::vector<kube::ObjectRef> created) {
  std::vector<std::string> errors;
  for (const kube::ObjectRef& ref : created) {
    const std::string any;
    const Result<void> deleted = co_await Delete(ref, any, kube::Propagation::Background);
    if (!deleted) errors.push_back(deleted.error().message);
  }
  if (!errors.empty()) co_return base::Invalid("unable to cleanup resources: " + Joined(errors, ", "));
  co_return Result<void>();
}

}  // namespace sluice::releases
