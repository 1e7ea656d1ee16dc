// The lexical half of base/files.h.
#include <vector>

#include "base/files.h"
#include "base/paths.h"

namespace sluice::base {

namespace {

std::optional<std::string> Normalize(std::string_view path, bool root_is_top) {
  if (path.find('\0') != path.npos) return std::nullopt;
  std::string out;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      if (out.empty() && !root_is_top) return std::nullopt;
      const std::size_t slash = out.rfind('/');
      out.resize(slash == out.npos ? 0 : slash);
      continue;
    }
    if (!out.empty()) out += '/';
    out += part;
  }
  return out.empty() ? "." : out;
}

}  // namespace

std::optional<std::string> NormalizePath(std::string_view path) {
  if (path.starts_with('/')) return std::nullopt;
  return Normalize(path, false);
}

std::optional<std::string> NormalizeBelowRoot(std::string_view path) { return Normalize(path, true); }

std::optional<std::string> JoinPath(std::string_view directory, std::string_view path) {
  if (path.starts_with('/')) return std::nullopt;
  return NormalizePath(std::string(directory) + "/" + std::string(path));
}

std::string_view DirName(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == path.npos) return ".";
  return slash == 0 ? path.substr(0, 1) : path.substr(0, slash);
}

std::string_view BaseName(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == path.npos ? path : path.substr(slash + 1);
}

}  // namespace sluice::base
