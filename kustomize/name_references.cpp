// kustomize asks of every field "which of all objects had this name?", which is quadratic. Here the objects are first indexed by the names
// they had, and the rules that concern a kind are worked out once a kind; what remains per field is one look-up among objects that once
// shared a name, which the sieves below thin out in kustomize's order.
#include "kustomize/name_references.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "kustomize/field_spec.h"
#include "kustomize/node.h"
#include "kustomize/tables.h"

namespace sluice::kustomize {

using base::Result;
using document::GroupVersionKind;
using document::Value;

namespace {

/// What the sieves ask of an object, worked out once.
struct Candidate {
  const Resource* resource = nullptr;
  std::size_t position = 0;
  GroupVersionKind gvk;
  std::string original_ns, ns;  ///< effective
  bool cluster = false;
  std::string raw_ns, name;
};

bool SameEnding(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  if (a.empty() || b.empty()) return a.empty() && b.empty();
  const std::size_t common = std::min(a.size(), b.size());
  return std::equal(a.end() - static_cast<std::ptrdiff_t>(common), a.end(), b.end() - static_cast<std::ptrdiff_t>(common));
}

bool AffixesFit(const Resource& a, const Resource& b, bool allow_empty) {
  const auto fit = [allow_empty](const std::vector<std::string>& x, const std::vector<std::string>& y) {
    return (allow_empty && (x.empty() || y.empty())) || SameEnding(x, y);
  };
  return fit(a.prefixes, b.prefixes) && fit(a.suffixes, b.suffixes);
}

/// Whether the object ever was of a kind that `filter` selects.
bool WasSelected(const Candidate& candidate, const GvkFilter& filter) {
  return std::any_of(candidate.resource->previous.begin(), candidate.resource->previous.end(),
                     [&](const PreviousId& id) { return filter.Selects({candidate.gvk.group, candidate.gvk.version, id.kind}); });
}

using Candidates = std::vector<const Candidate*>;

class Index {
 public:
  explicit Index(const ResMap& map) {
    candidates_.reserve(map.size());
    for (const auto& resource : map.list()) Add(*resource);
    for (const Candidate& candidate : candidates_) {
      std::set<std::string_view> names;
      for (const PreviousId& id : candidate.resource->previous) names.insert(id.name);
      for (const std::string_view name : names) by_old_name_[name].push_back(&candidate);
      if (!candidate.cluster) by_original_ns_[candidate.original_ns].push_back(&candidate);
    }
  }
  const std::vector<Candidate>& all() const { return candidates_; }
  const Candidates& HadName(std::string_view name) const { return Find(by_old_name_, name); }
  const Candidates& OriginallyIn(std::string_view ns) const { return Find(by_original_ns_, ns); }

 private:
  using Map = std::unordered_map<std::string_view, Candidates>;

  void Add(const Resource& resource) {
    const ResourceId current = resource.CurrentId();
    candidates_.push_back({.resource = &resource,
                           .position = candidates_.size(),
                           .gvk = current.gvk,
                           .original_ns = resource.OriginalId().ns,
                           .ns = current.ns,
                           .cluster = current.ns == kNotNamespaceable,
                           .raw_ns = std::string(resource.Namespace()),
                           .name = current.name});
  }
  static const Candidates& Find(const Map& map, std::string_view key) {
    static const Candidates kNone;
    const auto found = map.find(key);
    return found == map.end() ? kNone : found->second;
  }

  std::vector<Candidate> candidates_;
  Map by_old_name_, by_original_ns_;
};

/// One rule as it applies to one kind of referrer.
struct Rule {
  GvkFilter target;
  bool role_ref = false;  ///< the field is `…roleRef/name`
  std::string path;
  FieldSpecFilter filter;
};

/// Rules by the kind an object had at first.
class Rules {
 public:
  explicit Rules(const std::vector<NameReference>& references) : references_(references) {}

  const std::vector<Rule>& For(const GroupVersionKind& original) {
    auto [found, fresh] = by_kind_.try_emplace(original);
    if (fresh) {
      for (const NameReference& reference : references_)
        for (const FieldSpec& spec : reference.referrers)
          if (spec.gvk.Selects(original)) found->second.push_back(Make(reference.target, spec));
    }
    return found->second;
  }

 private:
  static Rule Make(const GvkFilter& target, const FieldSpec& spec) {
    FieldSpec any_kind = spec;  // the object may have changed its kind since
    any_kind.gvk = {};
    return {target, spec.path.ends_with("roleRef/name"), spec.path, FieldSpecFilter({any_kind})};
  }
  const std::vector<NameReference>& references_;
  std::map<GroupVersionKind, std::vector<Rule>> by_kind_;
};

/// Finds what the fields of one object mean.
class Referrer {
 public:
  Referrer(const Index& index, const Candidate& self) : index_(index), self_(self) {}

  /// Namespaces of the service accounts that a RoleBinding names: it may refer into them.
  Result<void> ReadSubjects() {
    if (self_.gvk.kind != "RoleBinding") return {};
    const Value* subjects = self_.resource->value.Find("subjects");
    if (subjects == nullptr) return {};
    for (const Value& subject : subjects->items()) {
      const Value* ns = subject.Find("namespace");
      if (ns == nullptr || subject.StringAt({"kind"}) != "ServiceAccount") continue;
      if (!ns->IsString()) return base::Invalid("the namespace of a subject is no string");
      subject_namespaces_.insert(std::string(ns->text()));
    }
    return {};
  }

  /// The object that is meant; nullptr: none, nothing to do.
  /// `map`: the reference is a map, whose namespace counts too; `ns` is the one it gives, if any.
  Result<const Candidate*> Select(std::string_view old_name, const Rule& rule, bool map, const std::optional<std::string>& ns) const {
    Candidates found;
    for (const Candidate* candidate : index_.HadName(old_name))
      if (Reachable(*candidate) && WasSelected(*candidate, rule.target) && FitsRoleRef(*candidate, rule) && SameNamespace(*candidate))
        found.push_back(candidate);
    if (ns) KeepNamespace(found, *ns);
    if (found.size() == 1) return found.front();
    Keep(found, true);
    if (found.size() > 1) Keep(found, false);
    if (found.empty()) return static_cast<const Candidate*>(nullptr);
    if (found.size() > 1 && !Alike(found, map)) return Ambiguous(old_name, found);
    return found.front();
  }

 private:
  bool Reachable(const Candidate& candidate) const {
    return self_.cluster || candidate.cluster || candidate.ns == self_.ns || subject_namespaces_.count(candidate.raw_ns) != 0;
  }

  bool SameNamespace(const Candidate& candidate) const {
    return self_.cluster || candidate.cluster || candidate.gvk.kind == "ServiceAccount" || candidate.ns == self_.ns;
  }

  bool FitsRoleRef(const Candidate& candidate, const Rule& rule) const {
    if (!rule.role_ref) return true;
    const Value* group = self_.resource->value.At({"roleRef", "apiGroup"});
    const Value* kind = self_.resource->value.At({"roleRef", "kind"});
    if (group == nullptr || kind == nullptr) return true;
    return WasSelected(candidate, {std::string(ScalarText(group)), "", std::string(ScalarText(kind))});
  }

  /// A reference with a namespace means objects that were in it at first, if there are any, else those that are in it now.
  void KeepNamespace(Candidates& found, const std::string& ns) const {
    const auto& there = index_.OriginallyIn(ns);
    const bool original = std::any_of(there.begin(), there.end(), [&](const Candidate* candidate) { return Reachable(*candidate); });
    std::erase_if(
        found, [&](const Candidate* candidate) { return candidate->cluster || (original ? candidate->original_ns : candidate->ns) != ns; });
  }

  void Keep(Candidates& found, bool allow_empty) const {
    std::erase_if(found, [&](const Candidate* candidate) { return !AffixesFit(*candidate->resource, *self_.resource, allow_empty); });
  }

  static bool Alike(const Candidates& found, bool with_namespace) {
    return std::all_of(found.begin(), found.end(), [&](const Candidate* candidate) {
      return candidate->name == found.front()->name && (!with_namespace || candidate->raw_ns == found.front()->raw_ns);
    });
  }

  static base::Error Ambiguous(std::string_view old_name, const Candidates& found) {
    std::string message = "\"" + std::string(old_name) + "\" could mean ";
    for (std::size_t i = 0; i < found.size(); ++i)
      message += (i == 0                  ? ""
                  : i + 1 == found.size() ? " or "
                                          : ", ") +
                 found[i]->resource->CurrentId().Describe() + " (" + found[i]->resource->Place() + ")";
    return base::Invalid(std::move(message));
  }

  const Index& index_;
  const Candidate& self_;
  std::set<std::string> subject_namespaces_;
};

Result<void> FixScalar(Value& leaf, const Referrer& referrer, const Rule& rule) {
  TRY(const Candidate* target, referrer.Select(leaf.text(), rule, false, std::nullopt));
  if (target != nullptr && target->name != leaf.text()) OverwriteScalar(leaf, target->name);
  return {};
}

Result<void> FixMapping(Value& map, const Referrer& referrer, const Rule& rule) {
  const Value* name = map.Find("name");
  if (name == nullptr) return base::Invalid("no field \"name\" in the map");
  std::optional<std::string> ns;
  if (const Value* field = map.Find("namespace")) ns = std::string(ScalarText(field));
  const std::string old_name(ScalarText(name));
  TRY(const Candidate* target, referrer.Select(old_name, rule, true, ns));
  if (target == nullptr || (target->name == old_name && target->raw_ns.empty())) return {};
  SetField(map, "name", UntaggedScalar(target->name, document::Style::Plain));
  if (!target->raw_ns.empty()) SetField(map, "namespace", UntaggedScalar(target->raw_ns, document::Style::Plain));
  return {};
}

Result<void> FixLeaf(Value& leaf, const Referrer& referrer, const Rule& rule) {
  if (leaf.IsNull()) return {};
  if (leaf.IsScalar()) return FixScalar(leaf, referrer, rule);
  if (leaf.IsMapping()) return FixMapping(leaf, referrer, rule);
  for (Value& item : leaf.mutable_items()) {
    if (item.IsNull()) continue;
    if (item.IsSequence()) return base::Invalid("a list of names holds a list");
    TRY(item.IsScalar() ? FixScalar(item, referrer, rule) : FixMapping(item, referrer, rule));
  }
  return {};
}

Result<void> FixObject(Resource& resource, const Candidate& self, const Index& index, Rules& rules) {
  Referrer referrer(index, self);
  TRY(referrer.ReadSubjects());
  for (const Rule& rule : rules.For(resource.OriginalId().gvk)) {
    auto fixed = rule.filter.Apply(resource.value, self.gvk, Creates::Nothing, [&](Value& leaf) { return FixLeaf(leaf, referrer, rule); });
    if (!fixed) return std::move(fixed).error().Wrap("name reference in " + rule.path);
  }
  return {};
}

}  // namespace

Result<void> FixNameReferences(ResMap& map, const std::vector<NameReference>& references, const Budget& budget) {
  const Index index(map);
  Rules rules(references);
  for (std::size_t i = 0; i < map.size(); ++i) {
    TRY(budget.GoOn());
    auto fixed = FixObject(map[i], index.all()[i], index, rules);
    if (!fixed) return std::move(fixed).error().Wrap(map[i].Place());
    SyncShared(map[i]);
    map.Touch(map[i]);
  }
  return {};
}

}  // namespace sluice::kustomize
