// toToml and fromToml: errors become the text, or {Error: ...}.
#include "helm/functions/toml.h"

#include "helm/functions/registry.h"

namespace sluice::helm {

using base::Result;

void AddToml(FunctionMap& map, Dialect dialect) {
  const auto must = [](Arguments a) -> Result<Value> {
    TRY(std::string text, EncodeToml(a[0]));
    return Value::String(std::move(text));
  };
  Add(map, {"toToml"}, {kAny}, [](Arguments a) -> Result<Value> {
    auto text = EncodeToml(a[0]);
    if (text) return Value::String(std::move(*text));
    // What is no error of the encoder panics; our own limits are never swallowed.
    if (text.error().reason == base::Reason::TooLarge || text.error().message.starts_with("reflect: ")) return std::move(text).error();
    return Value::String(text.error().message);
  });
  if (dialect == Dialect::Helm4) Add(map, {"mustToToml"}, {kAny}, must);
  Add(map, {"fromToml"}, {kString}, [](Arguments a) {
    auto value = DecodeToml(a[0].AsString());
    if (value) return std::move(*value);
    auto error = MakeRef<Map>();
    error->entries.emplace("Error", Value::String(value.error().message));
    return Value::Of(error);
  });
}

}  // namespace sluice::helm
