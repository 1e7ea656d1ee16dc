#include "kustomize/value_add.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "kustomize/field_path.h"
#include "kustomize/field_spec.h"
#include "kustomize/node.h"

namespace sluice::kustomize {

using base::Result;
using document::Value;

namespace {

constexpr std::size_t kMaxSteps = 512;

std::vector<std::string> SplitFilePath(std::string_view path) {
  std::vector<std::string> out;
  if (path.empty()) return out;
  if (path == "/") return {""};
  while (true) {
    const std::size_t slash = path.find('/');
    out.emplace_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return out;
    path.remove_prefix(slash + 1);
  }
}

/// Without empty parts, `.` and what `..` takes back, as Go's filepath.Clean does.
std::string JoinClean(const std::vector<std::string>& parts, bool absolute) {
  std::vector<std::string> kept;
  for (const std::string& part : parts) {
    if (part.empty() || part == ".") continue;
    if (part != ".." || (kept.empty() ? !absolute : kept.back() == "..")) {
      kept.push_back(part);
    } else if (!kept.empty()) {
      kept.pop_back();
    }
  }
  std::string out = absolute ? "/" : "";
  for (const std::string& part : kept) out += (&part == kept.data() ? "" : "/") + part;
  return out.empty() ? "." : out;
}

/// `part` as segment number `position` (from 0, clipped) of `path`; an absolute path stays one.
std::string InsertPathPart(std::string_view path, int position, std::string_view part) {
  if (part.empty()) return std::string(path);
  std::vector<std::string> parts = SplitFilePath(path);
  const bool absolute = !parts.empty() && parts.front().empty();
  std::size_t at = std::min(static_cast<std::size_t>(std::max(position, 0)), parts.size());
  if (absolute && at < parts.size()) ++at;
  parts.insert(parts.begin() + static_cast<std::ptrdiff_t>(at), std::string(part));
  return JoinClean(parts, absolute);
}

}  // namespace

Result<void> AddValue(Value& object, std::string_view value, std::string_view field_path, int file_path_position) {
  if (field_path.empty()) return base::Invalid("fieldPath may not be empty");
  const std::vector<std::string> path = SplitFieldPath(field_path);
  if (path.size() > kMaxSteps)
    return base::MakeError(base::Reason::TooLarge, "fieldPath has more than " + std::to_string(kMaxSteps) + " steps");
  TRY(Value* const leaf, GetOrCreateField(object, path));
  if (leaf == nullptr) return {};
  if (!leaf->IsScalar())
    return base::Invalid("a scalar is needed at '" + std::string(field_path) + "', not a " + (leaf->IsMapping() ? "mapping" : "list"));
  const std::string text = file_path_position > 0 ? InsertPathPart(leaf->text(), file_path_position - 1, value) : std::string(value);
  if (!text.empty()) OverwriteScalar(*leaf, text);
  return {};
}

}  // namespace sluice::kustomize
