// Paths with slashes: Go's path, and filepath as it is on Unix. The two differ in what Base says of a path of slashes alone: not at all.
#include "helm/functions/registry.h"

namespace sluice::helm {

namespace {

std::string Clean(std::string_view path) {
  if (path.empty()) return ".";
  const bool rooted = path[0] == '/';
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.push_back(part);
    } else if (!parts.empty() && parts.back() != "..") {
      parts.pop_back();
    } else if (!rooted) {
      parts.push_back(part);
    }
  }
  std::string out = rooted ? "/" : "";
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) out += '/';
    out += parts[i];
  }
  return out.empty() ? "." : out;
}

std::string Base(std::string_view path) {
  if (path.empty()) return ".";
  while (path.ends_with('/')) path.remove_suffix(1);
  if (path.empty()) return "/";
  const std::size_t slash = path.rfind('/');
  return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

std::string Dir(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return Clean(slash == std::string_view::npos ? std::string_view() : path.substr(0, slash + 1));
}

std::string Extension(std::string_view path) {
  const std::size_t at = path.find_last_of("./");
  return at == std::string_view::npos || path[at] == '/' ? std::string() : std::string(path.substr(at));
}

void AddPart(FunctionMap& map, std::initializer_list<std::string_view> names, std::string (*function)(std::string_view)) {
  Add(map, names, {kString}, [function](Arguments a) { return Value::String(function(a[0].AsString())); });
}

}  // namespace

void AddPath(FunctionMap& map) {
  AddPart(map, {"base", "osBase"}, Base);
  AddPart(map, {"dir", "osDir"}, Dir);
  AddPart(map, {"clean", "osClean"}, Clean);
  AddPart(map, {"ext", "osExt"}, Extension);
  Add(map, {"isAbs", "osIsAbs"}, {kString}, [](Arguments a) { return Value::Bool(a[0].AsString().starts_with('/')); });
}

}  // namespace sluice::helm
