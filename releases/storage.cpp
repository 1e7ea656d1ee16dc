#include "releases/storage.h"

#include <cstdlib>

#include "base/failpoint.h"
#include "document/object.h"
#include "net/await.h"

namespace sluice::releases {
namespace {

using base::Reason;
using base::Result;
using document::Value;

const document::GroupVersionKind kSecret{"", "v1", "Secret"};

kube::ObjectRef RefOf(const std::string& ns, std::string name) { return {kSecret, ns, std::move(name)}; }

std::vector<kube::ObjectRef> PartRefs(const std::string& ns, const helm::ReleaseRecord& record) {
  std::vector<kube::ObjectRef> refs;
  for (std::string& name : helm::PartNames(record.release.name, record.release.version, record.progress))
    refs.push_back(RefOf(ns, std::move(name)));
  return refs;
}

/// Whether it is the record that is broken, and not the way to it.
bool IsOfTheRecord(Reason reason) { return reason == Reason::Invalid || reason == Reason::TooLarge || reason == Reason::NotFound; }

/// The newest record that cannot be decoded.
struct Broken {
  int version = 0;
  base::Error error{Reason::Invalid, ""};
};

void Note(Broken& broken, int version, const std::string& secret, base::Error error) {
  if (version < broken.version) return;
  broken = {version, base::Invalid("Secret " + secret + " holds no release that can be read (" + error.message +
                                   "): restore it, or delete it to give the revision up")};
}

}  // namespace

net::Task<Result<helm::ReleaseRecord>> Storage::Read(Value secret) {
  std::vector<Value> parts;
  const helm::ReleaseProgress progress = helm::ProgressOf(secret);
  if (progress.parts > 1) {
    const std::string ns(document::NamespaceOf(secret));
    const std::string record_name(document::NameOf(secret));
    for (int i = 1; i < progress.parts; ++i) {
      const kube::ObjectRef ref = RefOf(ns, record_name + "." + progress.parts_key + "." + std::to_string(i));
      const kube::ReadOptions options{.as = options_.as};
      CO_TRY(Value part, co_await client_.Get(ref, options));
      parts.push_back(std::move(part));
    }
  }
  co_return helm::ReadReleaseSecret(secret, parts, &pool_);
}

net::Task<Result<helm::History>> Storage::LoadHistory(std::string name, Unreadable unreadable) {
  kube::ListOptions options{.ns = options_.ns, .as = options_.as};
  options.label_selector = helm::ReleaseSelector(name);
  Result<std::vector<Value>> secrets = co_await client_.ListAll(kSecret, options);
  if (!secrets) co_return std::move(secrets).error().Wrap(name.empty() ? "list: failed to list" : "query: failed to query with labels");
  helm::History history;
  Broken broken;
  for (Value& secret : *secrets) {
    const std::string label(secret.StringAt({"metadata", "labels", "version"}));
    const std::string secret_name = options_.ns + "/" + std::string(document::NameOf(secret));
    Result<helm::ReleaseRecord> record = co_await Read(std::move(secret));
    if (record) {
      history.push_back(*std::move(record));
      continue;
    }
    if (!IsOfTheRecord(record.error().reason)) co_return std::move(record).error().Wrap("Secret " + secret_name);
    Note(broken, std::atoi(label.c_str()), secret_name, std::move(record).error());
  }
  helm::SortHistory(history);
  const int newest = history.empty() ? 0 : history.back().release.version;
  if (unreadable == Unreadable::RefuseTheNewest && broken.version > newest) co_return std::move(broken.error);
  co_return history;
}

net::Task<Result<std::vector<helm::ReleaseRecord>>> Storage::LoadAll() { return LoadHistory(""); }

net::Task<Result<helm::ReleaseRecord>> Storage::Load(std::string name, int version) {
  const kube::ObjectRef ref = RefOf(options_.ns, helm::ReleaseSecretName(name, version));
  const kube::ReadOptions options{.as = options_.as};
  Result<Value> secret = co_await client_.Get(ref, options);
  if (!secret) {
    if (secret.error().reason == Reason::NotFound) co_return base::NotFound("release: not found");
    co_return std::move(secret).error();
  }
  co_return co_await Read(*std::move(secret));
}

net::Task<Result<void>> Storage::WriteParts(const std::vector<Value>& parts) {
  for (const Value& part : parts) {
    const kube::WriteOptions options{.manager = options_.manager, .as = options_.as};
    Result<Value> written = co_await client_.Create(part, options);
    // A part is named after what it holds.
    if (!written && written.error().reason != Reason::AlreadyExists) co_return std::move(written).error();
  }
  co_return Result<void>();
}

net::Task<void> Storage::RemoveParts(helm::ReleaseRecord record) {
  for (const kube::ObjectRef& ref : PartRefs(options_.ns, record)) {
    const kube::DeleteOptions options{.as = options_.as};
    (void)co_await client_.Delete(ref, options);
  }
}

net::Task<Result<void>> Storage::Create(helm::ReleaseRecord& record) {
  record.progress.owner = options_.owner;
  record.resource_version.clear();
  const helm::ReleaseSecrets secrets = helm::MakeReleaseSecrets(record, options_.ns, clock_.Now());
  SLUICE_FAILPOINT("release.create.before");
  CO_TRY(co_await WriteParts(secrets.parts));
  const kube::WriteOptions options{.manager = options_.manager, .as = options_.as, .metadata_only = true};
  Result<Value> stored = co_await client_.Create(secrets.record, options);
  SLUICE_FAILPOINT("release.create.after");
  if (!stored) {
    if (stored.error().reason == Reason::AlreadyExists) co_return base::MakeError(Reason::AlreadyExists, "release: already exists");
    co_return stored.error().Wrap("create: failed to create");
  }
  record.resource_version = stored->StringAt({"metadata", "resourceVersion"});
  if (options_.observer) options_.observer(record, false);
  co_return Result<void>();
}

net::Task<Result<void>> Storage::Put(helm::ReleaseRecord& record) {
  helm::ReleaseRecord before;
  before.release.name = record.release.name;
  before.release.version = record.release.version;
  before.progress = record.progress;
  record.progress.owner = options_.owner;
  const helm::ReleaseSecrets secrets = helm::MakeReleaseSecrets(record, options_.ns, clock_.Now());
  CO_TRY(co_await WriteParts(secrets.parts));
  const kube::WriteOptions options{.manager = options_.manager, .as = options_.as, .metadata_only = true};
  Result<Value> stored = co_await client_.Replace(secrets.record, options);
  if (!stored) {
    if (stored.error().reason == Reason::NotFound) co_return base::NotFound("release: not found");
    co_return stored.error().Wrap("update: failed to update");
  }
  record.resource_version = stored->StringAt({"metadata", "resourceVersion"});
  if (before.progress.parts_key != record.progress.parts_key) co_await RemoveParts(std::move(before));
  if (options_.observer) options_.observer(record, false);
  co_return Result<void>();
}

net::Task<Result<void>> Storage::Update(helm::ReleaseRecord& record) {
  SLUICE_FAILPOINT("release.update.before");
  Result<void> put = co_await Put(record);
  if (!put && put.error().reason == Reason::Conflict && !options_.owner.empty()) {
    const Result<helm::ReleaseRecord> stored = co_await Load(record.release.name, record.release.version);
    if (stored && stored->progress.owner == options_.owner) {
      record.resource_version = stored->resource_version;
      put = co_await Put(record);
    }
  }
  SLUICE_FAILPOINT("release.update.after");
  co_return put;
}

net::Task<Result<void>> Storage::Supersede(helm::ReleaseRecord& record, std::string description) {
  constexpr int kTries = 5;
  Result<void> put;
  SLUICE_FAILPOINT("release.supersede.before");
  for (int i = 0; i < kTries; ++i) {
    record.release.info.status = helm::ReleaseStatus::Superseded;
    if (!description.empty()) record.release.info.description = description;
    put = co_await Put(record);
    if (put || put.error().reason != Reason::Conflict) break;
    Result<helm::ReleaseRecord> stored = co_await Load(record.release.name, record.release.version);
    if (!stored) {
      put = stored.error();
      break;
    }
    record = *std::move(stored);
  }
  SLUICE_FAILPOINT("release.supersede.after");
  if (!put && put.error().reason == Reason::NotFound) co_return Result<void>();
  co_return put;
}

net::Task<Result<void>> Storage::Delete(const helm::ReleaseRecord& record) {
  const kube::ObjectRef ref = RefOf(options_.ns, helm::ReleaseSecretName(record.release.name, record.release.version));
  const kube::DeleteOptions options{.as = options_.as};
  SLUICE_FAILPOINT("release.delete.before");
  const Result<void> deleted = co_await client_.Delete(ref, options);
  SLUICE_FAILPOINT("release.delete.after");
  if (!deleted && deleted.error().reason != Reason::NotFound) co_return deleted.error();
  co_await RemoveParts(record);
  if (options_.observer) options_.observer(record, true);
  co_return Result<void>();
}

}  // namespace sluice::releases
