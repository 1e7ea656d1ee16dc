#include "controller/artifact_value.h"

#include "base/clock.h"

namespace sluice::controller {

using document::Value;

sources::Artifact ArtifactFrom(const Value& value) {
  sources::Artifact artifact;
  artifact.path = value.StringAt({"path"});
  artifact.url = value.StringAt({"url"});
  artifact.revision = value.StringAt({"revision"});
  artifact.digest = value.StringAt({"digest"});
  artifact.last_update_time = base::ParseRfc3339(value.StringAt({"lastUpdateTime"})).value_or(base::TimePoint());
  if (const Value* size = value.Find("size")) artifact.size = size->AsUint().value_or(0);
  if (const Value* metadata = value.Find("metadata")) {
    for (const document::Member& member : metadata->members()) artifact.metadata[member.key] = member.value.AsString().value_or("");
  }
  return artifact;
}

std::optional<sources::Artifact> ArtifactIn(const Value& object) {
  const Value* found = object.At({"status", "artifact"});
  if (found == nullptr || found->StringAt({"revision"}).empty()) return std::nullopt;
  return ArtifactFrom(*found);
}

Value ArtifactValue(const sources::Artifact& artifact) {
  Value out = Value::Mapping();
  out.Set("digest", artifact.digest);
  out.Set("lastUpdateTime", base::FormatRfc3339(artifact.last_update_time));
  out.Set("path", artifact.path);
  out.Set("revision", artifact.revision);
  out.Set("size", static_cast<std::int64_t>(artifact.size));
  out.Set("url", artifact.url);
  if (!artifact.metadata.empty()) {
    Value metadata = Value::Mapping();
    for (const auto& [key, value] : artifact.metadata) metadata.Set(key, value);
    out.Set("metadata", std::move(metadata));
  }
  return out;
}

std::string OriginRevisionOf(const sources::Artifact& artifact) {
  const auto at = artifact.metadata.find(std::string(kOriginRevision));
  return at == artifact.metadata.end() ? std::string() : at->second;
}

}  // namespace sluice::controller
