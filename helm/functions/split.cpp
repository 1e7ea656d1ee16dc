// split, splitn and splitList: Go's strings.SplitN.
#include "helm/functions/json.h"
#include "helm/functions/registry.h"
#include "helm/template/unicode.h"

namespace sluice::helm {

namespace {

using base::Result;

/// At most `limit` parts, the last of them the rest; all of them if negative. An empty separator parts runes.
Result<std::vector<std::string>> Split(std::string_view text, std::string_view separator, std::int64_t limit) {
  std::vector<std::string> parts;
  if (limit == 0) return parts;
  while (limit < 0 || static_cast<std::int64_t>(parts.size()) < limit - 1) {
    if (parts.size() > kMaxValueNodes) return ValueTooLarge();
    if (separator.empty()) {
      if (text.empty()) return parts;
      const std::size_t size = DecodeRune(text).size;
      parts.emplace_back(text.substr(0, size));
      text.remove_prefix(size);
      continue;
    }
    const std::size_t at = text.find(separator);
    if (at == std::string_view::npos) break;
    parts.emplace_back(text.substr(0, at));
    text.remove_prefix(at + separator.size());
  }
  if (!separator.empty() || !text.empty()) parts.emplace_back(text);
  return parts;
}

/// map[string]string{"_0": ..., "_1": ...}
Result<Value> Numbered(std::string_view text, std::string_view separator, std::int64_t limit) {
  TRY(auto parts, Split(text, separator, limit));
  auto map = MakeRef<Map>();
  map->type = MapType::String;
  for (std::size_t i = 0; i < parts.size(); ++i) map->entries.emplace("_" + std::to_string(i), Value::String(std::move(parts[i])));
  return Value::Of(map);
}

}  // namespace

void AddSplit(FunctionMap& map) {
  Add(map, {"split"}, {kString, kString}, [](Arguments a) { return Numbered(a[1].AsString(), a[0].AsString(), -1); });
  Add(map, {"splitn"}, {kString, kInt, kString}, [](Arguments a) { return Numbered(a[2].AsString(), a[0].AsString(), a[1].AsSigned()); });
  Add(map, {"splitList"}, {kString, kString}, [](Arguments a) -> Result<Value> {
    TRY(auto parts, Split(a[1].AsString(), a[0].AsString(), -1));
    return Value::Strings(std::move(parts));
  });
}

}  // namespace sluice::helm
