#include "helm/release/secret.h"

#include <algorithm>
#include <charconv>

#include "base/digest.h"
#include "document/object.h"

namespace sluice::helm {
namespace {

using base::Result;
using Tree = document::Value;

constexpr std::string_view kOwner = "sluice.dev/release-owner", kEvent = "sluice.dev/release-event",
                           kSince = "sluice.dev/release-event-since", kParts = "sluice.dev/release-parts";
constexpr std::string_view kSystemLabels[] = {"name", "owner", "status", "version", "createdAt", "modifiedAt"};
constexpr int kMaxParts = 8;

bool IsSystemLabel(std::string_view key) {
  return std::find(std::begin(kSystemLabels), std::end(kSystemLabels), key) != std::end(kSystemLabels);
}

/// The text, of as much of the chart as fits into one Secret; of the least if nothing fits.
std::string FittingText(const Release& release) {
  std::string text = EncodeRelease(release);
  if (release.chart == nullptr) return text;
  for (const ChartDetail detail : {ChartDetail::NoFiles, ChartDetail::NoSources}) {
    if (text.size() <= kMaxReleaseText) break;
    Release less = release;
    less.chart = Reduce(*release.chart, detail);
    text = EncodeRelease(less);
  }
  return text;
}

Tree SecretOf(std::string name, std::string_view ns, std::string_view type, std::string_view data) {
  Tree secret = Tree::Mapping();
  secret.Set("apiVersion", "v1");
  secret.Set("kind", "Secret");
  secret["metadata"].Set("name", name);
  secret["metadata"].Set("namespace", ns);
  secret.Set("type", type);
  secret["data"].Set("release", base::Base64Encode(data));
  return secret;
}

void SetLabels(const ReleaseRecord& record, base::TimePoint now, Tree& secret) {
  const Release& release = record.release;
  for (const auto& [key, value] : release.labels) document::SetLabel(secret, key, value);
  document::SetLabel(secret, "name", release.name);
  document::SetLabel(secret, "owner", "helm");
  document::SetLabel(secret, "status", ToString(release.info.status));
  document::SetLabel(secret, "version", std::to_string(release.version));
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  document::SetLabel(secret, record.resource_version.empty() ? "createdAt" : "modifiedAt", std::to_string(seconds));
}

void SetProgress(const ReleaseProgress& progress, Tree& secret) {
  const auto set = [&](std::string_view key, const std::string& value) {
    if (!value.empty()) document::SetAnnotation(secret, key, value);
  };
  set(kOwner, progress.owner);
  set(kEvent, progress.event);
  set(kSince, progress.since);
  if (progress.parts > 1) set(kParts, std::to_string(progress.parts) + " " + progress.parts_key);
}

std::string PartName(std::string_view name, int version, const std::string& key, int number) {
  return ReleaseSecretName(name, version) + "." + key + "." + std::to_string(number);
}

Tree PartOf(const ReleaseRecord& record, std::string_view ns, int number, std::string_view text) {
  const Release& release = record.release;
  Tree part = SecretOf(PartName(release.name, release.version, record.progress.parts_key, number), ns, kReleasePartType, text);
  document::SetLabel(part, "sluice.dev/release", release.name);
  document::SetLabel(part, "sluice.dev/release-version", std::to_string(release.version));
  return part;
}

/// "3 0123abcd"
void ReadParts(std::string_view text, ReleaseProgress& progress) {
  const std::size_t blank = text.find(' ');
  int parts = 0;
  std::from_chars(text.data(), text.data() + std::min(blank, text.size()), parts);
  if (blank == std::string_view::npos || parts < 2 || parts > kMaxParts) return;
  progress.parts = parts;
  progress.parts_key = text.substr(blank + 1);
}

Result<std::string> DataOf(const Tree& secret) { return base::Base64Decode(secret.StringAt({"data", "release"})); }

}  // namespace

std::string ReleaseSecretName(std::string_view name, int version) {
  return "sh.helm.release.v1." + std::string(name) + ".v" + std::to_string(version);
}

std::string ReleaseSelector(std::string_view name) {
  return name.empty() ? std::string("owner=helm") : "name=" + std::string(name) + ",owner=helm";
}

ReleaseSecrets MakeReleaseSecrets(ReleaseRecord& record, std::string_view ns, base::TimePoint now) {
  const std::string text = FittingText(record.release);
  const std::size_t count = (text.size() + kMaxReleaseText - 1) / kMaxReleaseText;
  record.progress.parts = static_cast<int>(std::max<std::size_t>(count, 1));
  record.progress.parts_key = count > 1 ? base::Sha256Hex(text).substr(0, 10) : "";
  ReleaseSecrets secrets;
  secrets.record =
      SecretOf(ReleaseSecretName(record.release.name, record.release.version), ns, kReleaseSecretType, text.substr(0, kMaxReleaseText));
  if (!record.resource_version.empty()) secrets.record["metadata"].Set("resourceVersion", record.resource_version);
  SetLabels(record, now, secrets.record);
  SetProgress(record.progress, secrets.record);
  for (std::size_t i = 1; i < count; ++i)
    secrets.parts.push_back(PartOf(record, ns, static_cast<int>(i), std::string_view(text).substr(i * kMaxReleaseText, kMaxReleaseText)));
  return secrets;
}

std::vector<std::string> PartNames(std::string_view name, int version, const ReleaseProgress& progress) {
  std::vector<std::string> names;
  for (int i = 1; i < progress.parts; ++i) names.push_back(PartName(name, version, progress.parts_key, i));
  return names;
}

ReleaseProgress ProgressOf(const Tree& secret) {
  ReleaseProgress progress;
  progress.owner = document::AnnotationOf(secret, kOwner);
  progress.event = document::AnnotationOf(secret, kEvent);
  progress.since = document::AnnotationOf(secret, kSince);
  ReadParts(document::AnnotationOf(secret, kParts), progress);
  return progress;
}

Result<ReleaseRecord> ReadReleaseSecret(const Tree& secret, const std::vector<Tree>& parts, ChartPool* pool) {
  TRY(std::string text, DataOf(secret));
  for (const Tree& part : parts) {
    TRY(const std::string more, DataOf(part));
    text += more;
  }
  ReleaseRecord record;
  TRY(record.release, DecodeRelease(text, pool));
  record.progress = ProgressOf(secret);
  record.resource_version = secret.StringAt({"metadata", "resourceVersion"});
  if (const Tree* labels = secret.At({"metadata", "labels"})) {
    for (const document::Member& label : labels->members())
      if (!IsSystemLabel(label.key)) record.release.labels[label.key] = label.value.text();
  }
  return record;
}

Result<void> CheckUserLabels(const std::map<std::string, std::string>& labels) {
  for (const auto& [key, value] : labels) {
    if (IsSystemLabel(key))
      return base::Invalid(
          "user supplied labels contains system reserved label name. System labels: [name owner status version createdAt modifiedAt]");
  }
  return {};
}

}  // namespace sluice::helm
