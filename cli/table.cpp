#include "cli/table.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "cli/kinds.h"
#include "controller/artifact_generator/spec.h"
#include "controller/conditions.h"
#include "document/object.h"

namespace sluice::cli {
namespace {

/// Characters of a UTF-8 text.
std::size_t Width(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string FirstLine(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace

std::string FormatTable(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], Width(row[i]));
  }
  std::string out;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) line.append(row[i]).append(widths[i] - Width(row[i]) + 2, ' ');
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

Readiness ReadinessOf(const document::Value& object) {
  const document::GroupVersionKind gvk = document::GvkOf(object);
  const FluxKind* kind = FindKind(gvk.group, gvk.kind);
  if (IsStatic(object)) return {"True", (gvk.kind == "HelmRepository" ? "Helm repository" : gvk.kind) + " is Ready"};
  const document::Value* status = object.Find("status");
  const controller::Conditions conditions = status == nullptr ? controller::Conditions() : controller::Conditions::FromStatus(*status);
  const controller::Condition* ready = conditions.Find(kind == nullptr ? controller::condition::kReady : kind->ReadyType());
  if (ready == nullptr) return {"False", "waiting to be reconciled"};
  // While a rollout is followed, what it lacks is said by Reconciling.
  const controller::Condition* reconciling = conditions.Find(controller::condition::kReconciling);
  if (ready->status == controller::ConditionStatus::Unknown && reconciling != nullptr) return {"Unknown", FirstLine(reconciling->message)};
  return {std::string(controller::ToString(ready->status)), FirstLine(ready->message)};
}

bool IsSuspended(const document::Value& object) {
  if (document::GvkOf(object).kind == "ArtifactGenerator") return controller::artifact_generator::IsDisabled(object);
  const document::Value* suspend = object.At({"spec", "suspend"});
  return suspend != nullptr && suspend->AsBool().value_or(false);
}

std::string FormatAge(long long seconds) {
  struct Unit {
    long long size;
    char word;
  };
  constexpr std::array<Unit, 4> kUnits = {{{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}}};
  seconds = std::max(0LL, seconds);
  for (std::size_t i = 0; i < kUnits.size(); ++i) {
    const long long count = seconds / kUnits[i].size;
    if (count == 0) continue;
    std::string out = std::to_string(count) + kUnits[i].word;
    const long long rest = i + 1 < kUnits.size() ? seconds % kUnits[i].size / kUnits[i + 1].size : 0;
    if (rest > 0 && count < 10) out += std::to_string(rest) + kUnits[i + 1].word;
    return out;
  }
  return "0s";
}

std::string FormatBytes(double bytes) {
  constexpr std::array kUnits = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  std::size_t unit = 0;
  for (; bytes >= 1024 && unit + 1 < kUnits.size(); ++unit) bytes /= 1024;
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "%.*f %s", unit == 0 ? 0 : 1, bytes, kUnits[unit]);
  return text.data();
}

}  // namespace sluice::cli
