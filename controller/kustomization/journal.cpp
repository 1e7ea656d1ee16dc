// The ConfigMap holds one text, JSON: {"<namespace>/<name>": {"uid": ..., "entries": [{"id": ..., "v": ...}]}}; the entries are those of an
// inventory. It is always written whole; those who come while a write is under way share the next.
#include "controller/kustomization/journal.h"

#include <utility>

#include "base/failpoint.h"
#include "document/json.h"
#include "net/await.h"

namespace sluice::controller::kustomization {
namespace {

using base::Reason;
using base::Result;
using document::NamespacedName;
using document::Value;

constexpr std::string_view kField = "inventories";
/// Where it is if its namespace is not there.
constexpr std::string_view kElsewhere = "default";
const document::GroupVersionKind kConfigMap{"", "v1", "ConfigMap"};
constexpr auto kPause = std::chrono::seconds(1);
/// What a line has beside its texts.
constexpr std::size_t kPunctuation = 16;

kube::ObjectRef RefOf(const JournalOptions& options) { return {.gvk = kConfigMap, .ns = options.ns, .name = options.name}; }

std::size_t BytesOf(const NamespacedName& key, std::string_view text) {
  return key.ns.size() + key.name.size() + text.size() + kPunctuation;
}

}  // namespace

Journal::Journal(kube::Client& client, JournalOptions options)
    : client_(client), options_(std::move(options)), next_(std::make_shared<Batch>()), scope_(client.transport().environment().io) {}

Journal::~Journal() = default;

net::Task<Result<void>> Journal::Open() {
  if (open_) co_return Result<void>();
  if (!std::exchange(opening_, true)) scope_.Spawn(Load());
  net::Task<Result<void>> waiting = opened_.Wait();
  co_return co_await std::move(waiting);
}

/// The ConfigMap, if it is there. Errors: Canceled, Forbidden, Unauthorized; all others are asked again.
net::Task<Result<std::vector<Value>>> Journal::Look(std::string ns) {
  const kube::ListOptions options{.ns = std::move(ns), .field_selector = "metadata.name=" + options_.name};
  for (;;) {
    net::Task<Result<std::vector<Value>>> listing = client_.ListAll(kConfigMap, options);
    Result<std::vector<Value>> found = co_await std::move(listing);
    if (found || found.error().reason == Reason::Forbidden || found.error().reason == Reason::Unauthorized) co_return found;
    net::Task<Result<void>> pausing = net::SleepFor(kPause);
    CO_TRY(co_await std::move(pausing));
  }
}

net::Task<void> Journal::Load() {
  net::Task<Result<std::vector<Value>>> looking = Look(options_.ns);
  Result<std::vector<Value>> found = co_await std::move(looking);
  if (found && found->empty()) {
    net::Task<Result<std::vector<Value>>> elsewhere = Look(std::string(kElsewhere));
    found = co_await std::move(elsewhere);
  } else if (!found && found.error().reason != Reason::Canceled) {
    client_.transport().environment().log.Info("the journal may not be read",
                                               {{"configMap", options_.ns + "/" + options_.name}, {"error", found.error().message}});
    resting_until_ = base::TimePoint::max();  // nor written: there may be something that we do not see
  }
  if (!found && found.error().reason == Reason::Canceled) co_return;
  if (found && !found->empty()) Read(found->front());
  open_ = true;
  opened_.Set();
  if (!entries_.empty()) TidySoon();
}

void Journal::Read(const Value& config_map) {
  const std::string_view text = config_map.StringAt({"data", kField});
  if (document::NamespaceOf(config_map) == options_.ns) version_ = config_map.StringAt({"metadata", "resourceVersion"});
  if (text.empty()) return;
  const Result<Value> all = document::ParseJson(text, {.max_bytes = options_.max_bytes});
  if (!all || !all->IsMapping()) {
    client_.transport().environment().log.Error("the journal cannot be read", all ? "it is no JSON object" : all.error().message,
                                                {{"configMap", document::IdOf(config_map).ToString()}});
    return;
  }
  for (const document::Member& member : all->members()) {
    const std::size_t slash = member.key.find('/');
    if (slash == std::string::npos || !member.value.IsMapping()) continue;
    Put({member.key.substr(0, slash), member.key.substr(slash + 1)},
        EntryFor(std::string(member.value.StringAt({"uid"})), rollout::Inventory::FromValue(member.value)));
  }
}

Journal::Entry Journal::EntryFor(std::string uid, rollout::Inventory inventory) {
  Value value = inventory.ToValue();
  value.Set("uid", uid);
  return {.uid = std::move(uid), .inventory = std::move(inventory), .text = document::EmitJson(value)};
}

/// What would be on record, in bytes, if that were.
std::size_t Journal::BytesWith(const NamespacedName& key, const Entry& entry) const {
  const auto at = entries_.find(key);
  return bytes_ + BytesOf(key, entry.text) - (at == entries_.end() ? 0 : BytesOf(key, at->second.text));
}

void Journal::Put(const NamespacedName& key, Entry entry) {
  bytes_ = BytesWith(key, entry);
  entries_.insert_or_assign(key, std::move(entry));
}

const rollout::Inventory* Journal::Find(const NamespacedName& key, std::string_view uid) const {
  const auto at = entries_.find(key);
  return at == entries_.end() || at->second.uid != uid || at->second.settled ? nullptr : &at->second.inventory;
}

net::Task<Result<void>> Journal::Record(NamespacedName key, std::string uid, rollout::Inventory inventory) {
  const base::TimePoint now = client_.transport().environment().clock.Now();
  if (now < resting_until_) co_return base::MakeError(Reason::Unavailable, "the journal could not be written a moment ago");
  Entry entry = EntryFor(std::move(uid), std::move(inventory));
  if (BytesWith(key, entry) > options_.max_bytes) co_return base::MakeError(Reason::TooLarge, "the journal is full");
  Put(key, std::move(entry));
  const std::shared_ptr<Batch> batch = next_;
  batch->wanted = true;
  if (!std::exchange(writing_, true)) scope_.Spawn(WriteAll());
  net::Task<Result<void>> waiting = batch->written.Wait();
  CO_TRY(co_await std::move(waiting));
  co_return batch->result;
}

net::Task<void> Journal::WriteAll() {
  while (next_->wanted) {
    const std::shared_ptr<Batch> batch = std::exchange(next_, std::make_shared<Batch>());
    net::Task<Result<void>> writing = Write();
    batch->result = co_await std::move(writing);
    batch->written.Set();
  }
  writing_ = false;
}

net::Task<Result<void>> Journal::Write() {
  std::erase_if(entries_, [this](const auto& item) {
    if (item.second.settled) bytes_ -= BytesOf(item.first, item.second.text);
    return item.second.settled;
  });
  std::string text = "{";
  for (const auto& [key, entry] : entries_)
    text += (text.size() > 1 ? ",\n\"" : "\n\"") + key.ns + "/" + key.name + "\": " + entry.text;  // names need no escapes
  text += "}";
  SLUICE_FAILPOINT("journal.write.before");
  net::Task<Result<Value>> sending = Send(text);
  Result<Value> written = co_await std::move(sending);
  if (!written && written.error().reason == Reason::NotFound && options_.ns != kElsewhere) {
    options_.ns = kElsewhere;
    version_.clear();
    net::Task<Result<Value>> again = Send(text);
    written = co_await std::move(again);
  }
  SLUICE_FAILPOINT("journal.write.after");
  version_ = written ? written->StringAt({"metadata", "resourceVersion"}) : std::string_view();
  if (written) co_return Result<void>();
  if (written.error().reason != Reason::Canceled) {
    const kube::Environment& environment = client_.transport().environment();
    resting_until_ = environment.clock.Now() + std::chrono::duration_cast<base::TimePoint::duration>(options_.rest);
    environment.log.Info("the journal could not be written",
                         {{"configMap", options_.ns + "/" + options_.name}, {"error", written.error().message}});
  }
  co_return std::move(written).error();
}

/// Errors: NotFound where there is no such namespace.
net::Task<Result<Value>> Journal::Send(const std::string& text) {
  const kube::ObjectRef ref = RefOf(options_);
  const kube::WriteOptions options{.manager = options_.manager, .metadata_only = true};
  Value patch = Value::Mapping();
  patch["data"].Set(kField, text);
  // For the version that it is, so that the last request of a leader before us, should it arrive only now, finds another one. We alone may write over whatever is there.
  if (!version_.empty()) patch["metadata"].Set("resourceVersion", version_);
  net::Task<Result<Value>> patching = client_.Patch(ref, kube::PatchType::Merge, patch, options);
  Result<Value> written = co_await std::move(patching);
  patch.Erase("metadata");
  if (!written && written.error().reason == Reason::Conflict) {
    net::Task<Result<Value>> again = client_.Patch(ref, kube::PatchType::Merge, patch, options);
    written = co_await std::move(again);
  }
  if (written || written.error().reason != Reason::NotFound) co_return written;
  Value config_map = std::move(patch);
  config_map.Set("apiVersion", "v1");
  config_map.Set("kind", "ConfigMap");
  config_map["metadata"].Set("name", options_.name);
  config_map["metadata"].Set("namespace", options_.ns);
  config_map["metadata"]["labels"].Set("app.kubernetes.io/part-of", "flux");  // so that `sluice uninstall` finds it
  config_map["metadata"]["labels"].Set("app.kubernetes.io/component", "journal");
  net::Task<Result<Value>> creating = client_.Create(config_map, options);
  co_return co_await std::move(creating);
}

void Journal::Settle(const NamespacedName& key) {
  const auto at = entries_.find(key);
  if (at == entries_.end()) return;
  at->second.settled = true;
  TidySoon();
}

bool Journal::AnySettled() const {
  for (const auto& [key, entry] : entries_)
    if (entry.settled) return true;
  return false;
}

void Journal::TidySoon() {
  if (!std::exchange(tidying_, true)) scope_.Spawn(Tidy());
}

net::Task<void> Journal::Tidy() {
  net::Task<Result<void>> pausing = net::SleepFor(options_.tidy_after);
  const Result<void> paused = co_await std::move(pausing);
  tidying_ = false;
  if (!paused) co_return;
  for (auto& [key, entry] : entries_) entry.settled |= options_.exists && !options_.exists(key, entry.uid);
  if (!AnySettled()) co_return;
  next_->wanted = true;
  if (!std::exchange(writing_, true)) {
    net::Task<void> writing = WriteAll();
    co_await std::move(writing);
  }
}

net::Task<void> Journal::Close() {
  net::Task<void> closing = scope_.Close();
  co_await std::move(closing);
}

}  // namespace sluice::controller::kustomization
