#include "kustomize/apply_replacements.h"

#include <algorithm>
#include <utility>

#include "document/yaml.h"
#include "kustomize/decode.h"
#include "kustomize/error_list.h"
#include "kustomize/kustomization_parts.h"
#include "kustomize/nearest.h"
#include "kustomize/replacement.h"
#include "kustomize/selector.h"

namespace sluice::kustomize {

using base::Result;
using document::GroupVersionKind;
using document::Value;

namespace {

/// The current id with the namespace as written, then the previous ones: what sources and targets are compared with.
std::vector<ResourceId> IdsForReplacement(const Resource& resource) {
  std::vector<ResourceId> ids = resource.AllIds();
  std::rotate(ids.begin(), ids.end() - 1, ids.end());
  ids.front().ns = resource.Namespace();
  return ids;
}

std::string_view OrDefault(std::string_view ns) { return ns.empty() ? "default" : ns; }

/// Empty parts fit anything; no namespace is the namespace "default", whatever the kind.
bool FitsSource(const ResourceId& id, const ReplacementSource& source) {
  const GvkFilter filter{source.group, source.version, source.kind};
  if (!filter.Selects(id.gvk) || (!source.name.empty() && source.name != id.name)) return false;
  return source.ns.empty() || OrDefault(source.ns) == OrDefault(id.ns);
}

std::string Describe(const ReplacementSource& source) {
  std::string text = source.kind.empty() ? "object" : source.kind;
  if (!source.name.empty()) text += " \"" + source.name + "\"";
  if (!source.ns.empty()) text += " in namespace \"" + source.ns + "\"";
  return text;
}

base::Error NoSource(const ResMap& map, const ReplacementSource& source) {
  std::string message = "no " + Describe(source) + " to replace from";
  std::vector<std::string> names;
  for (const auto& resource : map.list())
    if (source.kind.empty() || resource->Kind() == source.kind) names.emplace_back(resource->Name());
  if (const std::string near = Nearest(source.name, names); !near.empty() && near != source.name)
    message += "; did you mean \"" + near + "\"?";
  return base::Invalid(std::move(message));
}

Result<const Resource*> FindSource(const ResMap& map, const ReplacementSource& source) {
  const Resource* found = nullptr;
  for (const auto& resource : map.list()) {
    const auto ids = IdsForReplacement(*resource);
    if (std::none_of(ids.begin(), ids.end(), [&](const ResourceId& id) { return FitsSource(id, source); })) continue;
    if (found != nullptr)
      return base::Invalid("several objects fit the source " + Describe(source) + ": " + found->CurrentId().Describe() + " (" +
                           found->Place() + ") and " + resource->CurrentId().Describe() + " (" + resource->Place() + ")");
    found = resource.get();
  }
  if (found == nullptr) return NoSource(map, source);
  return found;
}

/// Whether a field path may see the annotations, where kustomize's memory of an object is.
bool SeesAnnotations(std::string_view field_path) {
  return field_path == "metadata" || field_path.starts_with("metadata.annotations") || field_path.starts_with("metadata.*") ||
         field_path.starts_with("*") || field_path.starts_with("metadata.[");
}

Result<Value> ReadSource(const Resource& source, const ReplacementSource& selector) {
  if (!SeesAnnotations(selector.field_path)) return ReplacementValue(source.value, selector);
  Resource shown = source;
  ShowAnnotations(shown);
  return ReplacementValue(shown.value, selector);
}

/// What is written, and where it was read, if it was.
struct Written {
  Value value;
  const Resource* resource = nullptr;
  const ReplacementSource* source = nullptr;
};

Result<void> WriteTarget(Resource& resource, Written& written, const ReplacementTarget& target, Budget& budget) {
  const ReplacementSource* live = written.resource == &resource ? written.source : nullptr;
  const bool shows = std::any_of(target.field_paths.begin(), target.field_paths.end(), SeesAnnotations) ||
                     (live != nullptr && SeesAnnotations(live->field_path));
  if (shows) ShowAnnotations(resource);
  TRY(WriteReplacement(resource.value, written.value, target, live, &budget));
  SyncShared(resource);
  return shows ? AbsorbAnnotations(resource) : Result<void>();
}

Result<Written> SourceValue(const ResMap& map, const Replacement& replacement) {
  if (replacement.source && replacement.source_value) return base::Invalid("source and sourceValue cannot both be set");
  if (replacement.source_value) return Written{.value = LiteralReplacement(*replacement.source_value)};
  TRY(const Resource* source, FindSource(map, *replacement.source));
  auto value = ReadSource(*source, *replacement.source);
  if (!value) return std::move(value).error().Wrap("source " + source->CurrentId().Describe() + " (" + source->Place() + ")");
  return Written{.value = std::move(*value), .resource = source, .source = &*replacement.source};
}

bool HasIdPart(const Selector& selector) {
  return !(selector.group.empty() && selector.version.empty() && selector.kind.empty() && selector.name.empty() && selector.ns.empty());
}

bool HasLabelPart(const Selector& selector) { return !(selector.label_selector.empty() && selector.annotation_selector.empty()); }

/// A target's selectors, compiled once.
struct CompiledTarget {
  CompiledSelector select;
  std::vector<CompiledSelector> reject_ids, reject_labels;

  static Result<CompiledTarget> Make(const ReplacementTarget& target) {
    CompiledTarget compiled;
    TRY(compiled.select, CompiledSelector::Compile(target.select));
    for (const Selector& reject : target.reject) {
      TRY(CompiledSelector selector, CompiledSelector::Compile(reject));
      if (HasIdPart(reject)) compiled.reject_ids.push_back(selector);
      if (HasLabelPart(reject)) compiled.reject_labels.push_back(std::move(selector));
    }
    return compiled;
  }

  bool Selects(const Resource& resource) const {
    const auto labelled = [&](const CompiledSelector& reject) { return reject.MatchesLabelsAndAnnotations(resource.value); };
    if (!select.MatchesLabelsAndAnnotations(resource.value) || std::any_of(reject_labels.begin(), reject_labels.end(), labelled))
      return false;
    const auto ids = IdsForReplacement(resource);
    for (const CompiledSelector& reject : reject_ids)
      if (AnyFits(reject, ids)) return false;
    return AnyFits(select, ids);
  }

 private:
  static bool AnyFits(const CompiledSelector& selector, const std::vector<ResourceId>& ids) {
    return std::any_of(ids.begin(), ids.end(), [&](const ResourceId& id) {
      return selector.MatchesGvk(id.gvk) && selector.MatchesName(id.name) && selector.MatchesNamespace(id.ns);
    });
  }
};

Result<void> Write(ResMap& map, Written& value, const ReplacementTarget& target, Budget& budget) {
  if (!target.has_select) return base::Invalid("a target needs `select`");
  TRY(const CompiledTarget compiled, CompiledTarget::Make(target));
  for (const auto& resource : map.list()) {
    if (!compiled.Selects(*resource)) continue;
    auto written = WriteTarget(*resource, value, target, budget);
    if (!written) return std::move(written).error().Wrap(resource->CurrentId().Describe() + " (" + resource->Place() + ")");
    map.Touch(*resource);
  }
  return {};
}

/// A replacement and the file it was written in.
struct Located {
  Replacement replacement;
  std::string file;
};

Result<void> Apply(ResMap& map, const Replacement& replacement, Budget& budget) {
  if ((!replacement.source && !replacement.source_value) || !replacement.has_targets)
    return base::Invalid("a replacement needs a source (or sourceValue) and targets");
  TRY(Written value, SourceValue(map, replacement));
  for (const ReplacementTarget& target : replacement.targets) TRY(Write(map, value, target, budget));
  return {};
}

Result<void> CheckSource(const ResMap& map, const Replacement& replacement) {
  if (!replacement.source || replacement.source_value) return {};
  auto source = FindSource(map, *replacement.source);
  return source ? Result<void>() : Result<void>(std::move(source).error());
}

Result<std::vector<Located>> ReadFile(const std::string& path, const Loader& loader) {
  TRY(const std::string text, loader.LoadNamed(path));
  const std::string file = loader.Describe(path);
  TRY(const Value content,
      document::ParseYaml(text,
                          {.resolver = document::Resolver::Yaml11, .duplicate_keys = document::DuplicateKeys::LastWins, .file = file}));
  Decoder decoder(file, Strictness::Lenient);
  std::vector<Located> list;
  if (content.IsMapping()) {
    list.push_back({ReadReplacement(decoder, content, ""), file});
  } else if (content.IsSequence()) {
    decoder.List(content, "",
                 [&](const Value& item, const std::string& name) { list.push_back({ReadReplacement(decoder, item, name), file}); });
  } else {
    return base::Invalid(PlaceOf(file, content.mark()) + ": one replacement or a list of them is needed");
  }
  TRY(decoder.Finish());
  return list;
}

}  // namespace

Result<Transform> ReplacementStep(const std::vector<ReplacementEntry>& entries, const std::string& file, const Loader& loader,
                                  const Context& context) {
  std::vector<Located> all;
  for (const ReplacementEntry& entry : entries) {
    if (entry.path.empty()) {
      all.push_back({entry.replacement, file});
      continue;
    }
    if (entry.replacement.source || !entry.replacement.targets.empty())
      return base::Invalid("path and an inline replacement cannot both be set");
    TRY(auto list, ReadFile(entry.path, loader));
    std::move(list.begin(), list.end(), std::back_inserter(all));
  }
  std::size_t walks = all.size();
  for (const Located& one : all) walks += one.replacement.targets.size();
  return Transform([all = std::move(all), walks, &context](ResMap& map) -> Result<void> {
    TRY(context.budget.Compare(walks * map.size()));
    ErrorList errors;
    for (const Located& one : all)  // after a failure, one that cannot even be read from is a mistake of its own
      errors.Check(PlaceOf(one.file, one.replacement.mark),
                   errors.empty() ? Apply(map, one.replacement, context.budget) : CheckSource(map, one.replacement));
    return std::move(errors).Finish();
  });
}

}  // namespace sluice::kustomize
