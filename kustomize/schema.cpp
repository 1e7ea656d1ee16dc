// A schema is a table of places. Each definition of an OpenAPI document, and each schema written inside one, becomes a place; a `$ref` becomes
// the number of the place it names, so that types that contain themselves are no problem.
#include "kustomize/schema.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "kustomize/tables/data.h"

namespace sluice::kustomize {

namespace {

using document::Value;

constexpr std::uint32_t kNowhere = 0;  // the place of what no schema describes
constexpr std::uint32_t kOpaque = 1;   // described, but nothing inside it matters to a merge
constexpr std::string_view kDefinitions = "#/definitions/";
constexpr std::string_view kKustomization = "kustomize.config.k8s.io/v1beta1 Kustomization";

/// One schema.
struct Place {
  std::vector<std::pair<std::string, std::uint32_t>> fields;  // sorted
  std::uint32_t others = kNowhere;                            // of fields not named (additionalProperties)
  std::uint32_t element = kNowhere;
  bool merges = false;
  std::vector<std::string> keys;
};

bool HasWord(std::string_view list, std::string_view word) {
  while (true) {
    const std::size_t comma = list.find(',');
    if (list.substr(0, comma) == word) return true;
    if (comma == std::string_view::npos) return false;
    list.remove_prefix(comma + 1);
  }
}

std::vector<std::string> SplitWords(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t blank = std::min(text.find(' '), text.size());
    out.emplace_back(text.substr(0, blank));
    text.remove_prefix(std::min(blank + 1, text.size()));
  }
  return out;
}

}  // namespace

struct Schema::Impl {
  std::vector<Place> places = std::vector<Place>(2);
  std::map<std::string, std::uint32_t, std::less<>> roots;  // "apps/v1 Deployment" -> place
  std::map<std::string, std::uint32_t, std::less<>> definitions;
  std::uint32_t builtin_types = kNowhere;  // where the built-in types begin, if they are here

  std::uint32_t Add(Place place = {}) {
    places.push_back(std::move(place));
    return static_cast<std::uint32_t>(places.size() - 1);
  }
  void AddBuiltin();
  void AddKustomization();
  std::uint32_t AddRawField(const tables::RawField& field, std::uint32_t types);
  base::Result<void> AddDefinitions(const Value& definitions);
  void AddRoots(const Value& definition, std::uint32_t place);
  std::uint32_t Resolve(std::string_view ref) const;
  std::uint32_t FindBuiltin(std::string_view definition) const;
  std::uint32_t Compile(const Value& schema);
  void Fill(std::uint32_t at, const Value& schema);
};

// --- The built-in one.

void Schema::Impl::AddBuiltin() {
  const auto types = static_cast<std::uint32_t>(places.size());
  builtin_types = types;
  places.resize(types + tables::kSchemaTypes.size());
  for (std::size_t i = 0; i < tables::kSchemaTypes.size(); ++i) {
    const tables::RawType& type = tables::kSchemaTypes[i];
    std::vector<std::pair<std::string, std::uint32_t>> fields;
    for (const tables::RawField& field : tables::kSchemaFields.subspan(type.first, type.count)) {
      fields.emplace_back(field.name, AddRawField(field, types));
    }
    places[types + i].fields = std::move(fields);
    places[types + i].others = kOpaque;
  }
  for (const tables::RawRoot& root : tables::kSchemaRoots) roots.emplace(root.name, types + static_cast<std::uint32_t>(root.type));
}

std::uint32_t Schema::Impl::AddRawField(const tables::RawField& field, std::uint32_t types) {
  const std::uint32_t below = field.type < 0 ? kOpaque : types + static_cast<std::uint32_t>(field.type);
  if (!field.merges) return below;
  return Add({.fields = {}, .others = kNowhere, .element = below, .merges = true, .keys = SplitWords(field.keys)});
}

/// kustomize's own kinds, which it describes whatever `openapi` says.
void Schema::Impl::AddKustomization() {
  const std::uint32_t generators = Add({.fields = {}, .others = kNowhere, .element = kOpaque, .merges = true, .keys = {"name"}});
  roots.emplace(kKustomization, Add({.fields = {{"configMapGenerator", generators}, {"secretGenerator", generators}}, .keys = {}}));
}

const Schema& Schema::Builtin() {
  static const Schema schema = [] {
    auto impl = std::make_unique<Impl>();
    impl->AddBuiltin();
    impl->AddKustomization();
    return Schema(std::move(impl));
  }();
  return schema;
}

// --- One read from an OpenAPI document.

base::Result<Schema> Schema::FromOpenApi(const Value& document, bool beside_builtin) {
  if (!document.IsMapping()) return base::Invalid("an OpenAPI schema must be a mapping with definitions");
  auto impl = std::make_unique<Impl>();
  if (beside_builtin) impl->AddBuiltin();
  if (const Value* definitions = document.Find("definitions"); definitions != nullptr && !definitions->IsNull()) {
    TRY(impl->AddDefinitions(*definitions));
  }
  impl->AddKustomization();
  return Schema(std::move(impl));
}

base::Result<void> Schema::Impl::AddDefinitions(const Value& all) {
  if (!all.IsMapping()) return base::Invalid("definitions must be a mapping of schemas");
  for (const document::Member& member : all.members()) definitions.emplace(member.key, Add());
  for (const document::Member& member : all.members()) {
    const std::uint32_t place = definitions.at(member.key);
    Fill(place, member.value);
    AddRoots(member.value, place);
  }
  return {};
}

void Schema::Impl::AddRoots(const Value& definition, std::uint32_t place) {
  const Value* kinds = definition.Find("x-kubernetes-group-version-kind");
  if (kinds == nullptr) return;
  for (const Value& one : kinds->items()) {
    const document::GroupVersionKind gvk{std::string(one.StringAt({"group"})), std::string(one.StringAt({"version"})),
                                         std::string(one.StringAt({"kind"}))};
    roots.insert_or_assign(gvk.ApiVersion() + " " + gvk.kind, place);
  }
}

/// The place of a schema written inside another one.
std::uint32_t Schema::Impl::Compile(const Value& schema) {
  if (const std::string_view ref = schema.StringAt({"$ref"}); !ref.empty()) return Resolve(ref);
  const std::uint32_t place = Add();
  Fill(place, schema);
  return place;
}

/// kustomize, too, takes a broken reference for no schema.
std::uint32_t Schema::Impl::Resolve(std::string_view ref) const {
  if (!ref.starts_with(kDefinitions)) return kNowhere;
  ref.remove_prefix(kDefinitions.size());
  const auto found = definitions.find(ref);
  return found == definitions.end() ? FindBuiltin(ref) : found->second;
}

/// "io.k8s.api.core.v1.PodSpec" is among the tables as PodSpec; a name that several groups or versions have, as "networking.v1.Ingress".
std::uint32_t Schema::Impl::FindBuiltin(std::string_view definition) const {
  if (builtin_types == kNowhere || !definition.starts_with("io.k8s.")) return kNowhere;
  const auto find = [&](std::string_view name) -> std::uint32_t {
    const auto begin = tables::kSchemaTypes.begin();
    const auto end = tables::kSchemaTypes.end();
    const auto found =
        std::lower_bound(begin, end, name, [](const tables::RawType& type, std::string_view wanted) { return type.name < wanted; });
    return found == end || found->name != name ? kNowhere : builtin_types + static_cast<std::uint32_t>(found - begin);
  };
  std::size_t dot = definition.rfind('.');
  const std::uint32_t alone = find(definition.substr(dot + 1));
  if (alone != kNowhere) return alone;
  for (int i = 0; i < 2 && dot != std::string_view::npos && dot != 0; ++i) dot = definition.rfind('.', dot - 1);
  return dot == std::string_view::npos ? kNowhere : find(definition.substr(dot + 1));
}

void Schema::Impl::Fill(std::uint32_t at, const Value& schema) {
  Place place;
  if (const Value* properties = schema.Find("properties"); properties != nullptr) {
    for (const document::Member& member : properties->members()) place.fields.emplace_back(member.key, Compile(member.value));
    std::sort(place.fields.begin(), place.fields.end());
  }
  if (const Value* others = schema.Find("additionalProperties"); others != nullptr && others->IsMapping()) place.others = Compile(*others);
  if (const Value* items = schema.Find("items"); items != nullptr && schema.StringAt({"type"}) == "array") place.element = Compile(*items);
  if (const std::string_view strategy = schema.StringAt({"x-kubernetes-patch-strategy"}); !strategy.empty()) {
    place.merges = HasWord(strategy, "merge");
    if (const Value* keys = schema.Find("x-kubernetes-list-map-keys"); keys != nullptr) {
      for (const Value& key : keys->items()) place.keys.emplace_back(key.text());
    } else if (const std::string_view key = schema.StringAt({"x-kubernetes-patch-merge-key"}); !key.empty()) {
      place.keys.emplace_back(key);
    }
  }
  places[at] = std::move(place);
}

// --- Looking up.

Schema::Schema(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Schema::Schema(Schema&&) noexcept = default;
Schema& Schema::operator=(Schema&&) noexcept = default;
Schema::~Schema() = default;

SchemaNode Schema::Root(const document::GroupVersionKind& gvk) const {
  const auto found = impl_->roots.find(gvk.ApiVersion() + " " + gvk.kind);
  return found == impl_->roots.end() ? SchemaNode() : SchemaNode(this, found->second);
}

SchemaNode SchemaNode::Field(std::string_view key) const {
  if (schema_ == nullptr) return {};
  const Place& place = schema_->impl_->places[index_];
  const auto found = std::lower_bound(place.fields.begin(), place.fields.end(), key,
                                      [](const auto& field, std::string_view name) { return field.first < name; });
  const std::uint32_t next = found != place.fields.end() && found->first == key ? found->second : place.others;
  return next == kNowhere ? SchemaNode() : SchemaNode(schema_, next);
}

SchemaNode SchemaNode::Element() const {
  if (schema_ == nullptr) return {};
  const std::uint32_t next = schema_->impl_->places[index_].element;
  return next == kNowhere ? SchemaNode() : SchemaNode(schema_, next);
}

bool SchemaNode::Merges() const { return schema_ != nullptr && schema_->impl_->places[index_].merges; }

std::span<const std::string> SchemaNode::MergeKeys() const {
  if (schema_ == nullptr) return {};
  return schema_->impl_->places[index_].keys;
}

}  // namespace sluice::kustomize
