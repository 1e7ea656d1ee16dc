// wrap and wrapWith: goutils' WrapCustom, which counts bytes.
#include <algorithm>

#include "helm/functions/json.h"
#include "helm/functions/registry.h"

namespace sluice::helm {

namespace {

using base::Result;

Result<Value> Wrap(std::string_view text, std::int64_t width, std::string_view separator, bool break_words) {
  if (separator.empty()) separator = "\n";
  const std::size_t limit = static_cast<std::size_t>(std::max<std::int64_t>(width, 1));
  std::string out;
  while (text.size() > limit) {
    if (out.size() > kMaxValueBytes) return ValueTooLarge();
    if (text[0] == ' ') {
      text.remove_prefix(1);
      continue;
    }
    std::size_t end = text.substr(0, limit + 1).rfind(' ');
    if (end == std::string_view::npos && break_words) {
      out.append(text.substr(0, limit)).append(separator);
      text.remove_prefix(limit);
      continue;
    }
    if (end == std::string_view::npos) end = text.find(' ', limit);
    if (end == std::string_view::npos) break;
    out.append(text.substr(0, end)).append(separator);
    text.remove_prefix(end + 1);
  }
  return TextResult(std::move(out.append(text)));
}

}  // namespace

void AddWrap(FunctionMap& map) {
  Add(map, {"wrap"}, {kInt, kString}, [](Arguments a) { return Wrap(a[1].AsString(), a[0].AsSigned(), "", false); });
  Add(map, {"wrapWith"}, {kInt, kString, kString},
      [](Arguments a) { return Wrap(a[2].AsString(), a[0].AsSigned(), a[1].AsString(), true); });
}

}  // namespace sluice::helm
