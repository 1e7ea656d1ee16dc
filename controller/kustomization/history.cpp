#include "controller/kustomization/history.h"

#include <algorithm>

namespace sluice::controller::kustomization {
namespace {

using document::Value;
constexpr std::size_t kMaxEntries = 5;

Value MakeEntry(const HistoryEntry& entry, std::string_view first, std::int64_t total) {
  Value out = Value::Mapping();
  out.Set("digest", entry.digest);
  out.Set("firstReconciled", first);
  out.Set("lastReconciled", base::FormatRfc3339(entry.at));
  out.Set("lastReconciledDuration", base::FormatGoDuration(entry.duration));
  out.Set("lastReconciledStatus", entry.status);
  out.Set("totalReconciliations", total);
  Value metadata = Value::Mapping();
  if (!entry.revision.empty()) metadata.Set("revision", entry.revision);
  if (!entry.origin_revision.empty()) metadata.Set("originRevision", entry.origin_revision);
  if (!metadata.empty()) out.Set("metadata", std::move(metadata));
  return out;
}

bool SameResult(const Value& listed, const HistoryEntry& entry) {
  return listed.StringAt({"digest"}) == entry.digest && listed.StringAt({"lastReconciledStatus"}) == entry.status;
}

}  // namespace

Value WithEntry(const Value* history, const HistoryEntry& entry) {
  const std::string now = base::FormatRfc3339(entry.at);
  std::string first = now;
  std::int64_t total = 1;
  std::vector<Value> rest;
  for (const Value& listed : history == nullptr ? std::span<const Value>() : history->items()) {
    if (!SameResult(listed, entry)) {
      rest.push_back(listed);
      continue;
    }
    if (!listed.StringAt({"firstReconciled"}).empty()) first = listed.StringAt({"firstReconciled"});
    if (const Value* count = listed.Find("totalReconciliations")) total = count->AsInt().value_or(0) + 1;
  }
  std::vector<Value> out;
  out.push_back(MakeEntry(entry, first, total));
  for (Value& listed : rest) {
    if (out.size() < kMaxEntries) out.push_back(std::move(listed));
  }
  return Value::Sequence(std::move(out));
}

}  // namespace sluice::controller::kustomization
