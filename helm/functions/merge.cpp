// merge and mergeOverwrite: mergo's Merge on maps. Both fill the first dict in place. A map meets a map key by key; elsewhere the first dict's
// value stays unless it is empty (merge), or the other's takes its place, empty or not (mergeOverwrite). What is taken over is shared with its source.
#include "helm/functions/json.h"
#include "helm/functions/registry.h"

namespace sluice::helm {

namespace {

using base::Result;

/// mergo's isEmptyValue: as sprig's empty, but complex numbers and structs never are.
bool IsMissing(const Value& value) { return value.IsNil() || (value.type() != Type::Complex && !value.IsObject() && IsEmpty(value)); }

class Merger {
 public:
  explicit Merger(bool overwrite) : overwrite_(overwrite) {}

  Result<void> Merge(const Ref<Map>& into, const Ref<Map>& from, int depth) {
    if (depth > kMaxValueDepth) return ValueTooLarge();
    if ((nodes_ += from->entries.size()) > kMaxValueNodes) return ValueTooLarge();
    for (const auto& [key, element] : from->entries) {
      const Value source = element;  // `into` may be what holds it
      if (source.IsNil()) {
        if (overwrite_) into->entries.insert_or_assign(key, source);
        continue;
      }
      TRY(MergeElement(into, key, source, depth));
    }
    return {};
  }

 private:
  Result<void> MergeElement(const Ref<Map>& into, const std::string& key, const Value& source, int depth) {
    const auto found = into->entries.find(key);
    const bool there = found != into->entries.end();
    const Value target = there ? found->second : Value();
    const bool maps = source.IsMap() && target.IsMap();
    if (maps && !target.map()->is_nil) {
      TRY(Merge(Ref<Map>(target.map()), Ref<Map>(source.map()), depth + 1));
    }
    if (IsSlice(source) && overwrite_) into->entries.insert_or_assign(key, source);
    const bool missing = !there || IsMissing(target);  // asked after the merge, which may have filled it
    if (!missing && (IsSlice(source) || maps)) return {};
    if (overwrite_ || missing) into->entries.insert_or_assign(key, source);
    return {};
  }

  bool overwrite_;
  std::size_t nodes_ = 0;
};

Result<Value> MergeAll(Arguments a, bool overwrite) {
  Ref<Map> into = a[0].IsMap() && !a[0].map()->is_nil ? Ref<Map>(a[0].map()) : Ref<Map>();
  for (const Value& source : a.subspan(1)) {
    if (!source.IsMap() || source.map()->is_nil) continue;
    if (!into) into = MakeRef<Map>();
    TRY(Merger(overwrite).Merge(into, Ref<Map>(source.map()), 0));
  }
  return into ? Value::Of(into) : a[0];
}

}  // namespace

void AddMerge(FunctionMap& map) {
  AddVariadic(map, {"merge", "mustMerge"}, {kDict, kDict}, [](Arguments a) { return MergeAll(a, false); });
  AddVariadic(map, {"mergeOverwrite", "mustMergeOverwrite"}, {kDict, kDict}, [](Arguments a) { return MergeAll(a, true); });
}

}  // namespace sluice::helm
