#include "sources/git/reference.h"

#include <algorithm>
#include <cctype>

namespace sluice::sources {
namespace {

using base::Invalid;
using base::Result;

constexpr std::size_t kMaxNameBytes = 512;

bool IsHexId(std::string_view text) {
  return text.size() == 40 && std::all_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x80 && std::isxdigit(c); });
}

/// git-check-ref-format(1), for a name whose first component may stand alone.
bool IsRefName(std::string_view name) {
  if (name.empty() || name.size() > kMaxNameBytes || name == "@" || name.starts_with('-')) return false;
  if (name.starts_with('/') || name.ends_with('/') || name.ends_with('.')) return false;
  for (std::string_view bad : {"..", "//", "@{", "/.", ".lock/"})
    if (name.find(bad) != std::string_view::npos) return false;
  if (name.starts_with('.') || name.ends_with(".lock")) return false;
  return std::none_of(name.begin(), name.end(), [](unsigned char c) {
    return c <= 0x20 || c == 0x7f || std::string_view("~^:?*[\\").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

/// Bytes that spoil a message are shown as `?`.
std::string Quoted(std::string_view text) {
  std::string out(text.substr(0, 100));
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  return "\"" + out + "\"";
}

std::string_view WithoutPeelSuffix(std::string_view name) {
  if (name.ends_with("^{}")) name.remove_suffix(3);
  return name;
}

}  // namespace

std::string Describe(const Reference& r) {
  if (!r.commit.empty()) return "commit " + r.commit + (r.branch.empty() ? "" : " of branch " + Quoted(r.branch));
  if (!r.name.empty()) return "reference " + Quoted(r.name);
  if (!r.tag.empty()) return "tag " + Quoted(r.tag);
  if (!r.semver.empty()) return "semver " + Quoted(r.semver);
  return "branch " + Quoted(r.branch.empty() ? "master" : r.branch);
}

Result<void> Validate(const Reference& r) {
  if (!r.commit.empty() && !IsHexId(r.commit))
    return Invalid("ref.commit: " + Quoted(r.commit) + " is no commit id: 40 hex digits are needed");
  if (!r.name.empty() && !IsRefName(WithoutPeelSuffix(r.name)))
    return Invalid("ref.name: " + Quoted(r.name) + " is no valid reference name");
  if (!r.tag.empty() && !IsRefName(r.tag)) return Invalid("ref.tag: " + Quoted(r.tag) + " is no valid tag name");
  if (!r.branch.empty() && !IsRefName(r.branch)) return Invalid("ref.branch: " + Quoted(r.branch) + " is no valid branch name");
  if (r.semver.size() > kMaxNameBytes) return Invalid("ref.semver: longer than 512 bytes");
  return {};
}

std::string FromLegacyRevision(std::string_view revision) {
  if (revision.find(':') != std::string_view::npos) return std::string(revision);
  const std::size_t slash = revision.rfind('/');
  const std::string_view hash = slash == std::string_view::npos ? revision : revision.substr(slash + 1);
  const bool hex = hash.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  const std::string_view algorithm = !hex ? "" : hash.size() == 40 ? "sha1" : hash.size() == 64 ? "sha256" : "";
  if (algorithm.empty()) return std::string(revision);
  const std::string_view name = slash == std::string_view::npos ? "" : revision.substr(0, slash);
  std::string modern(name == "HEAD" ? "" : name);
  if (!modern.empty()) modern += '@';
  return modern.append(algorithm).append(":").append(hash);
}

std::string RevisionOf(const Reference& r, std::string_view tag, std::string_view commit) {
  const std::string digest = "sha1:" + std::string(commit);
  if (!r.name.empty()) return r.name + "@" + digest;
  if (!r.commit.empty()) return r.branch.empty() ? digest : r.branch + "@" + digest;
  if (!r.tag.empty()) return r.tag + "@" + digest;
  if (!r.semver.empty()) return std::string(tag) + "@" + digest;
  return (r.branch.empty() ? "master" : r.branch) + "@" + digest;
}

}  // namespace sluice::sources
