#include "kustomize/transformers.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "kustomize/generator.h"
#include "kustomize/image.h"
#include "kustomize/nearest.h"
#include "kustomize/node.h"

namespace sluice::kustomize {

using base::Result;
using document::GroupVersionKind;
using document::Value;

namespace {

/// Of a look at an object that walks it, in comparisons.
constexpr std::size_t kStepCost = 4;

/// The label that a validator may set.
constexpr std::string_view kValidatedBy = "validated-by";

Result<void> AtResource(const Resource& resource, Result<void> result) {
  if (result) return result;
  return std::move(result).error().Wrap(resource.Place());
}

/// How many objects have an id, while ids change one after the other.
class IdCounts {
 public:
  explicit IdCounts(const ResMap& map) {
    for (const auto& resource : map.list()) Add(*resource, +1);
  }
  std::size_t Add(const Resource& resource, int by) { return counts_[Key(resource.CurrentId())] += static_cast<std::size_t>(by); }

 private:
  static std::string Key(const ResourceId& id) {
    return id.gvk.group + '\n' + id.gvk.version + '\n' + id.gvk.kind + '\n' + id.ns + '\n' + id.name;
  }
  std::unordered_map<std::string, std::size_t> counts_;
};

base::Error CollisionOf(const ResMap& map, const Resource& resource) {
  const ResourceId id = resource.CurrentId();
  for (const auto& other : map.list())
    if (other.get() != &resource && other->CurrentId() == id)
      return base::Invalid("two objects become one: " + id.Describe() + " (" + resource.Place() + " and " + other->Place() + ")");
  return base::Invalid("two objects become one: " + id.Describe());
}

/// One field spec, alone: prefixes treat `metadata/name` apart from the rest.
struct Single {
  FieldSpec spec;
  FieldSpecFilter filter;
};

std::shared_ptr<const std::vector<Single>> Singles(const FieldSpecs& specs, Budget* budget) {
  auto singles = std::make_shared<std::vector<Single>>();
  for (const FieldSpec& spec : specs) singles->push_back({spec, FieldSpecFilter({spec}, budget)});
  return singles;
}

enum class Side { Prefix, Suffix };

Result<void> Affix(Resource& resource, Side side, const std::string& text, const std::vector<Single>& singles) {
  const ResourceId original = resource.OriginalId();
  if (SkipsPrefixAndSuffix(original.gvk)) return {};
  for (const Single& single : singles) {
    if (!single.spec.gvk.Selects(original.gvk)) continue;
    if (single.spec.path == "metadata/name" && !text.empty()) {
      (side == Side::Prefix ? resource.prefixes : resource.suffixes).push_back(text);
      resource.PushId();
    }
    TRY(side == Side::Prefix ? AddPrefix(resource.value, text, single.filter) : AddSuffix(resource.value, text, single.filter));
  }
  return {};
}

Transform AffixStep(Side side, std::string text, const FieldSpecs& specs, Budget& budget) {
  return [side, text = std::move(text), singles = Singles(specs, &budget), &budget](ResMap& map) -> Result<void> {
    for (const auto& resource : map.list()) {
      TRY(budget.Spend(text.size() + resource->Name().size()));  // the text and the id are remembered
      TRY(AtResource(*resource, Affix(*resource, side, text, *singles)));
      map.Touch(*resource);
    }
    return {};
  };
}

/// Which places concern which kind, worked out once a kind.
class PlacesByKind {
 public:
  explicit PlacesByKind(const PairPlaces& places) : places_(places) {}
  const std::vector<std::uint32_t>& For(const GroupVersionKind& gvk) {
    auto [found, fresh] = by_kind_.try_emplace(gvk);
    for (std::uint32_t i = 0; fresh && i < places_.size(); ++i)
      if (places_[i].spec.gvk.Selects(gvk)) found->second.push_back(i);
    return found->second;
  }

 private:
  const PairPlaces& places_;
  std::map<GroupVersionKind, std::vector<std::uint32_t>> by_kind_;
};

/// Writes one pair to every place, and notes which of them got a new node: it is the same one in all of them.
Result<void> SetPair(Resource& resource, const GroupVersionKind& gvk, const std::string& key, const std::string& text,
                     const std::shared_ptr<const PairPlaces>& places, const std::vector<std::uint32_t>& fitting, Budget& budget) {
  TRY(budget.Compare(kStepCost + resource.shared.size()));
  SharedNode node{.places = places, .members = {}, .key = key, .value = NewString(text)};
  for (const std::uint32_t place : fitting) {
    std::uint32_t ordinal = 0;
    TRY((*places)[place].filter.Apply(resource.value, gvk, Creates::Mapping, [&](Value& map) -> Result<void> {
      if (map.IsNull()) return {};
      if (!map.IsMapping()) return base::Invalid("a mapping is needed, not a " + std::string(map.IsSequence() ? "list" : "scalar"));
      TRY(budget.Compare(map.size()));
      TRY(budget.Spend(key.size() + text.size()));
      if (map.Find(key) == nullptr) node.members.push_back({place, ordinal});
      if (key != kValidatedBy) ++resource.writes;
      ++ordinal;
      SetField(map, key, node.value);
      return {};
    }));
  }
  if (node.members.size() < 2) return {};
  std::sort(node.members.begin(), node.members.end(), [&](const auto& a, const auto& b) {
    return std::tie((*places)[a.place].spec.path, a.ordinal) < std::tie((*places)[b.place].spec.path, b.ordinal);
  });
  resource.shared.push_back(std::move(node));
  return {};
}

Result<void> SetPairs(Resource& resource, const GroupVersionKind& gvk, const StringMap& pairs,
                      const std::shared_ptr<const PairPlaces>& places, const std::vector<std::uint32_t>& fitting, Budget& budget) {
  for (const auto& [key, text] : pairs) TRY(SetPair(resource, gvk, key, text, places, fitting, budget));
  SyncShared(resource);
  return {};
}

/// The kinds of an object's ids that carry `name`.
bool AnyIdFits(const Resource& resource, const std::string& name, const GvkFilter& filter) {
  const auto ids = resource.AllIds();
  return std::any_of(ids.begin(), ids.end(), [&](const ResourceId& id) { return id.name == name && filter.Selects(id.gvk); });
}

base::Error NoReplicaTarget(const ResMap& map, const std::string& name, const std::vector<Single>& singles) {
  std::set<std::string> kinds;
  std::vector<std::string> names;
  for (const Single& single : singles) kinds.insert(single.spec.gvk.kind);
  for (const auto& resource : map.list())
    if (kinds.count(std::string(resource->Kind())) != 0) names.emplace_back(resource->Name());
  std::string message = "no ";
  std::size_t index = 0;
  for (const std::string& kind : kinds) message += (index++ == 0 ? "" : index == kinds.size() ? " or " : ", ") + kind;
  message += " is named \"" + name + "\"";
  if (const std::string near = Nearest(name, names); !near.empty()) message += "; did you mean \"" + near + "\"?";
  return base::Invalid(std::move(message));
}

}  // namespace

Transform NamespaceStep(std::string ns, const FieldSpecs& specs, Budget& budget, NamespaceOptions options) {
  auto transformer = std::make_shared<const NamespaceTransformer>(ns, specs, options, &budget);
  return [transformer, ns = std::move(ns)](ResMap& map) -> Result<void> {
    if (ns.empty()) return {};
    IdCounts counts(map);
    for (const auto& resource : map.list()) {
      if (resource->Empty() || resource->helm_generated) continue;
      counts.Add(*resource, -1);
      resource->PushId();
      TRY(AtResource(*resource, transformer->Apply(resource->value)));
      if (counts.Add(*resource, +1) != 1) return CollisionOf(map, *resource);
      map.Touch(*resource);
    }
    return {};
  };
}

Transform PrefixStep(std::string prefix, const FieldSpecs& specs, Budget& budget) {
  return AffixStep(Side::Prefix, std::move(prefix), specs, budget);
}
Transform SuffixStep(std::string suffix, const FieldSpecs& specs, Budget& budget) {
  return AffixStep(Side::Suffix, std::move(suffix), specs, budget);
}

Transform PairsStep(StringMap pairs, const FieldSpecs& specs, Budget& budget) {
  auto places = std::make_shared<PairPlaces>();
  for (const FieldSpec& spec : specs) places->emplace_back(spec);
  return [pairs = std::move(pairs), places = std::shared_ptr<const PairPlaces>(std::move(places)), &budget](ResMap& map) -> Result<void> {
    if (pairs.empty()) return {};
    PlacesByKind by_kind(*places);
    for (const auto& resource : map.list()) {
      const GroupVersionKind gvk = resource->Gvk();
      TRY(AtResource(*resource, SetPairs(*resource, gvk, pairs, places, by_kind.For(gvk), budget)));
    }
    return {};
  };
}

Transform ImageStep(Image image, const FieldSpecs& specs, Budget& budget) {
  return [transformer = ImageTransformer(std::move(image), specs, &budget), &budget](ResMap& map) -> Result<void> {
    TRY(budget.Compare(kStepCost * map.size()));
    for (const auto& resource : map.list()) TRY(AtResource(*resource, transformer.Apply(resource->value)));
    return {};
  };
}

Transform ReplicaStep(Replica replica, const FieldSpecs& specs) {
  return [replica = std::move(replica), singles = Singles(specs, nullptr)](ResMap& map) -> Result<void> {
    bool found = false;
    for (const Single& single : *singles) {
      for (Resource* resource : map.ByAnyName(replica.name)) {
        if (resource->Empty() || !AnyIdFits(*resource, replica.name, single.spec.gvk)) continue;
        found = true;
        TRY(AtResource(*resource, SetReplicas(resource->value, replica.count, single.filter)));
      }
    }
    if (!found) return NoReplicaTarget(map, replica.name, *singles);
    return {};
  };
}

Transform HashStep() {
  return [](ResMap& map) -> Result<void> {
    for (const auto& resource : map.list()) {
      if (!resource->needs_hash) continue;
      auto hash = ContentHash(resource->value);
      if (!hash) return std::move(hash).error().Wrap(resource->Place());
      resource->PushId();
      resource->SetName(std::string(resource->Name()) + "-" + *hash);
      map.Touch(*resource);
    }
    return {};
  };
}

}  // namespace sluice::kustomize
