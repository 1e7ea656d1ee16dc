// The transformer configuration: where it comes from (the tables, a `configurations:` file; crds.cpp: a `crds:` file) and how two are merged.
#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "document/yaml.h"
#include "kustomize/decode.h"
#include "kustomize/field_spec.h"
#include "kustomize/tables.h"
#include "kustomize/tables/data.h"

namespace sluice::kustomize {

using base::Result;
using document::Member;
using document::Value;

namespace {

struct Named {
  std::string_view name;
  FieldSpecs TransformerConfig::* list;
};

/// The lists of specs by the name a configuration file gives them, and as kustomize's messages call them.
constexpr std::array<Named, 11> kLists = {{
    {"namePrefix", &TransformerConfig::name_prefix},
    {"nameSuffix", &TransformerConfig::name_suffix},
    {"namespace", &TransformerConfig::name_space},
    {"commonAnnotations", &TransformerConfig::common_annotations},
    {"commonLabels", &TransformerConfig::common_labels},
    {"labels", &TransformerConfig::labels},
    {"templateLabels", &TransformerConfig::template_labels},
    {"volumeClaimTemplateLabels", &TransformerConfig::volume_claim_template_labels},
    {"varReference", &TransformerConfig::var_reference},
    {"images", &TransformerConfig::images},
    {"replicas", &TransformerConfig::replicas},
}};

// --- The order in which kustomize keeps specs: by the rank of their kind, then by `group_version_kind` with a word for what is not given.

int Rank(std::string_view kind) {
  const auto first = LegacyOrderFirst();
  if (const auto found = std::find(first.begin(), first.end(), kind); found != first.end()) return static_cast<int>(found - first.end());
  const auto last = LegacyOrderLast();
  const auto found = std::find(last.begin(), last.end(), kind);
  return found == last.end() ? 0 : static_cast<int>(found - last.begin()) + 1;
}

std::string SortText(const GvkFilter& gvk) {
  const auto part = [](const std::string& text, const char* none) { return text.empty() ? std::string(none) : text; };
  return part(gvk.group, "~G") + "_" + part(gvk.version, "~V") + "_" + part(gvk.kind, "~K");
}

using SortKey = std::tuple<int, std::string, std::size_t>;

const GvkFilter& GvkOf(const FieldSpec& spec) { return spec.gvk; }
const GvkFilter& GvkOf(const NameReference& reference) { return reference.target; }

/// Stable: what has one GVK keeps its order.
template <class T>
void SortByKind(std::vector<T>& list) {
  std::vector<SortKey> keys;
  for (std::size_t i = 0; i < list.size(); ++i) keys.emplace_back(Rank(GvkOf(list[i]).kind), SortText(GvkOf(list[i])), i);
  if (std::is_sorted(keys.begin(), keys.end())) return;
  std::sort(keys.begin(), keys.end());
  std::vector<T> sorted;
  for (const SortKey& key : keys) sorted.push_back(std::move(list[std::get<2>(key)]));
  list = std::move(sorted);
}

void Sort(TransformerConfig& config) {
  for (const Named& named : kLists) SortByKind(config.*named.list);
  SortByKind(config.name_reference);
}

// --- Merging.

Result<void> MergeOne(FieldSpecs& into, const FieldSpec& incoming) {
  const auto same = [&](const FieldSpec& present) {
    const GvkFilter& gvk = present.gvk;
    return present.path == incoming.path && incoming.gvk.Selects({gvk.group, gvk.version, gvk.kind});
  };
  const auto found = std::find_if(into.begin(), into.end(), same);
  if (found == into.end()) {
    into.push_back(incoming);
  } else if (found->create != incoming.create) {
    return base::Invalid("conflicting fieldspecs: '" + incoming.path + "' is there already" +
                         (found->gvk.kind.empty() ? "" : " for kind " + found->gvk.kind) +
                         " with create: " + (found->create ? "true" : "false"));
  }
  return {};
}

bool SameReferences(const std::vector<NameReference>& left, const std::vector<NameReference>& right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](const NameReference& a, const NameReference& b) { return a.target == b.target && a.referrers == b.referrers; });
}

}  // namespace

Result<void> MergeFieldSpecs(FieldSpecs& into, const FieldSpecs& incoming) {
  if (into == incoming) return {};  // the common case: the built-in lists meet themselves
  for (const FieldSpec& spec : incoming) TRY(MergeOne(into, spec));
  return {};
}

Result<void> MergeReferences(std::vector<NameReference>& into, const std::vector<NameReference>& incoming) {
  if (SameReferences(into, incoming)) return {};
  for (const NameReference& one : incoming) {
    bool found = false;
    for (NameReference& present : into) {
      if (present.target != one.target) continue;
      TRY(MergeFieldSpecs(present.referrers, one.referrers));
      found = true;
    }
    if (!found) into.push_back(one);
  }
  return {};
}

Result<void> MergeConfig(TransformerConfig& into, const TransformerConfig& incoming) {
  for (const Named& named : kLists) {
    if (auto merged = MergeFieldSpecs(into.*named.list, incoming.*named.list); !merged) return std::move(merged).error().Wrap(named.name);
  }
  if (auto merged = MergeReferences(into.name_reference, incoming.name_reference); !merged) {
    return std::move(merged).error().Wrap("nameReference");
  }
  Sort(into);
  return {};
}

// --- The built-in one.

namespace {

FieldSpecs FromTable(std::span<const tables::RawSpec> raw) {
  FieldSpecs out;
  for (const tables::RawSpec& spec : raw) {
    out.push_back({.gvk = {std::string(spec.group), std::string(spec.version), std::string(spec.kind)},
                   .path = std::string(spec.path),
                   .create = spec.create});
  }
  return out;
}

TransformerConfig MakeBuiltin() {
  TransformerConfig out;
  out.name_prefix = FromTable(tables::kNamePrefix);
  out.name_suffix = FromTable(tables::kNameSuffix);
  out.name_space = FromTable(tables::kNamespace);
  out.common_labels = FromTable(tables::kCommonLabels);
  out.template_labels = FromTable(tables::kTemplateLabels);
  out.volume_claim_template_labels = FromTable(tables::kVolumeClaimTemplateLabels);
  out.common_annotations = FromTable(tables::kCommonAnnotations);
  out.var_reference = FromTable(tables::kVarReference);
  out.images = FromTable(tables::kImages);
  out.replicas = FromTable(tables::kReplicas);
  for (const tables::RawReference& raw : tables::kNameReference) {
    out.name_reference.push_back(
        {.target = {std::string(raw.group), std::string(raw.version), std::string(raw.kind)}, .referrers = FromTable(raw.referrers)});
  }
  Sort(out);
  return out;
}

}  // namespace

const TransformerConfig& BuiltinConfig() {
  static const TransformerConfig config = MakeBuiltin();
  return config;
}

// --- A `configurations:` file.

Result<TransformerConfig> ParseConfiguration(const Value& content, std::string_view file) {
  TransformerConfig out;
  Decoder decoder(file, Strictness::Strict);
  std::vector<Decoder::Field> fields;
  for (const Named& named : kLists) {
    fields.emplace_back(named.name,
                        [&, list = &(out.*named.list), name = named.name](const Value& value) { decoder.FieldSpecs(value, name, *list); });
  }
  fields.emplace_back("nameReference", [&](const Value& value) {
    decoder.List(value, "nameReference", [&](const Value& item, const std::string& what) {
      NameReference& one = out.name_reference.emplace_back();
      decoder.Mapping(item, what,
                      {{"group", &one.target.group},
                       {"version", &one.target.version},
                       {"kind", &one.target.kind},
                       {"fieldSpecs", [&](const Value& specs) { decoder.FieldSpecs(specs, what + ".fieldSpecs", one.referrers); }}});
    });
  });
  decoder.Mapping(content, "", fields);
  TRY(decoder.Finish());
  Sort(out);
  return out;
}

}  // namespace sluice::kustomize
