// kustomize keeps what it knows of an object in annotations of the object itself. Here it lives beside the tree, and is written into the
// annotations only while something looks that could tell the difference.
#include <optional>

#include "base/digest.h"
#include "kustomize/node.h"
#include "kustomize/resource.h"

namespace sluice::kustomize {

using document::Value;

namespace {

constexpr std::string_view kInternal = "internal.config.kubernetes.io/";
constexpr std::string_view kEnabled = "enabled";

std::string Key(std::string_view name) { return std::string(kInternal) + std::string(name); }

std::vector<std::string> SplitCommas(std::string_view text) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0;;) {
    const std::size_t end = text.find(',', begin);
    parts.emplace_back(text.substr(begin, end - begin));
    if (end == std::string_view::npos) return parts;
    begin = end + 1;
  }
}

template <class List, class Text>
std::string JoinCommas(const List& list, Text text) {
  std::string joined;
  for (const auto& item : list) joined += (joined.empty() ? "" : ",") + text(item);
  return joined;
}

std::string Same(const std::string& text) { return text; }

/// Takes an annotation out; nothing if it is not there.
std::optional<std::string> Take(Value& annotations, std::string_view name) {
  const std::string key = Key(name);
  const Value* value = annotations.Find(key);
  if (value == nullptr) return std::nullopt;
  std::string text(ScalarText(value));
  annotations.Erase(key);
  return text;
}

bool TakeEnabled(Value& annotations, std::string_view name) { return Take(annotations, name) == kEnabled; }

std::vector<std::string> TakeList(Value& annotations, std::string_view name) {
  const auto text = Take(annotations, name);
  return text && !text->empty() ? SplitCommas(*text) : std::vector<std::string>();
}

base::Result<std::vector<PreviousId>> TakePrevious(Value& annotations) {
  const auto names = Take(annotations, "previousNames"), namespaces = Take(annotations, "previousNamespaces"),
             kinds = Take(annotations, "previousKinds");
  std::vector<PreviousId> previous;
  if (!names) return previous;
  const auto name_list = SplitCommas(*names), namespace_list = SplitCommas(namespaces.value_or("")),
             kind_list = SplitCommas(kinds.value_or(""));
  if (name_list.size() != namespace_list.size() || name_list.size() != kind_list.size())
    return base::Invalid("annotations previousNames, previousNamespaces and previousKinds are lists of different length");
  for (std::size_t i = 0; i < name_list.size(); ++i) previous.push_back({name_list[i], namespace_list[i], kind_list[i]});
  return previous;
}

bool Remembered(const Resource& resource) {
  return !resource.previous.empty() || !resource.prefixes.empty() || !resource.suffixes.empty() || !resource.behavior_word.empty() ||
         resource.needs_hash || resource.allow_name_change || resource.allow_kind_change || resource.helm_generated || resource.origin;
}

Value* Annotations(Resource& resource) {
  Value* annotations = resource.value.At({"metadata", "annotations"});
  return annotations != nullptr && annotations->IsMapping() ? annotations : nullptr;
}

bool HasInternal(const Value& annotations) {
  for (const auto& member : annotations.members())
    if (member.key.starts_with(kInternal)) return true;
  return false;
}

void Put(Value& annotations, std::string_view name, std::string text) {
  if (!text.empty()) annotations.Set(Key(name), Value(std::move(text)));
}

/// Origins are no internal annotations: a patch that replaces all annotations takes them away.
void TakeOrigins(Resource& resource, Value* annotations) {
  if (annotations == nullptr || !annotations->Erase(kOriginAnnotation)) resource.origin.reset();
  if (annotations == nullptr || !annotations->Erase(kTransformationsAnnotation)) resource.transformations.clear();
}

}  // namespace

std::string_view BehaviorWord(std::string_view word) {
  for (const std::string_view known : {"create", "merge", "replace"})
    if (word == known) return known;
  return "unspecified";
}

void ShowAnnotations(Resource& resource) {
  if (!Remembered(resource)) return;
  Value& field = resource.value["metadata"]["annotations"];
  if (field.IsNull()) field = Value::Mapping();
  if (!field.IsMapping()) return;
  Put(field, "previousKinds", JoinCommas(resource.previous, [](const PreviousId& id) { return id.kind; }));
  Put(field, "previousNames", JoinCommas(resource.previous, [](const PreviousId& id) { return id.name; }));
  Put(field, "previousNamespaces", JoinCommas(resource.previous, [](const PreviousId& id) { return id.ns; }));
  Put(field, "prefixes", JoinCommas(resource.prefixes, Same));
  Put(field, "suffixes", JoinCommas(resource.suffixes, Same));
  Put(field, "generatorBehavior", std::string(resource.behavior_word));
  if (resource.needs_hash) Put(field, "needsHashSuffix", std::string(kEnabled));
  if (resource.allow_name_change) Put(field, "allowNameChange", std::string(kEnabled));
  if (resource.allow_kind_change) Put(field, "allowKindChange", std::string(kEnabled));
  if (resource.helm_generated) Put(field, "helm-generated", "true");
  if (resource.origin) field.Set(kOriginAnnotation, Value(resource.origin->ToYaml()));
  if (!resource.transformations.empty()) field.Set(kTransformationsAnnotation, Value(ToYaml(resource.transformations)));
}

base::Result<void> AbsorbAnnotations(Resource& resource) {
  Value* annotations = Annotations(resource);
  if (!Remembered(resource) && (annotations == nullptr || !HasInternal(*annotations))) return {};
  Value none = Value::Mapping();
  TakeOrigins(resource, annotations);
  if (annotations == nullptr) annotations = &none;
  auto previous = TakePrevious(*annotations);
  if (!previous) return std::move(previous).error().Wrap(resource.Place());
  resource.previous = std::move(*previous);
  resource.prefixes = TakeList(*annotations, "prefixes");
  resource.suffixes = TakeList(*annotations, "suffixes");
  const auto behavior = Take(*annotations, "generatorBehavior");
  resource.behavior_word = behavior ? BehaviorWord(*behavior) : "";
  resource.behavior = ParseBehavior(resource.behavior_word);
  resource.needs_hash = TakeEnabled(*annotations, "needsHashSuffix");
  resource.allow_name_change = TakeEnabled(*annotations, "allowNameChange");
  resource.allow_kind_change = TakeEnabled(*annotations, "allowKindChange");
  resource.helm_generated = Take(*annotations, "helm-generated") == "true";
  return {};
}

void HideAnnotations(Resource& resource) {
  Value* annotations = Annotations(resource);
  TakeOrigins(resource, annotations);
  if (annotations == nullptr) return;
  std::erase_if(annotations->mutable_members(), [](const document::Member& member) { return member.key.starts_with(kInternal); });
}

namespace {

/// The text that stands in the file.
std::string WrittenText(const Value& value) {
  return value.tag() == "!!binary" ? base::Base64Encode(value.text()) : std::string(ScalarText(&value));
}

}  // namespace

std::optional<std::map<std::string, std::string>> TextsOfPairs(const Value& field) {
  std::map<std::string, std::string> texts;
  if (field.items().size() % 2 != 0) return std::nullopt;
  for (std::size_t i = 0; i < field.items().size(); i += 2) texts[WrittenText(field.items()[i])] = WrittenText(field.items()[i + 1]);
  for (const auto& member : field.members()) texts[member.key] = WrittenText(member.value);
  return texts;
}

void RewriteAnnotations(Resource& resource) {
  Value* metadata = resource.value.Find("metadata");
  Value* annotations = metadata == nullptr ? nullptr : metadata->Find("annotations");
  if (annotations == nullptr) return;
  const auto pairs = TextsOfPairs(*annotations);
  if (!pairs) return;
  const std::map<std::string, std::string>& texts = *pairs;
  metadata->Erase("annotations");
  if (texts.empty()) return;
  Value& rewritten = metadata->Set("annotations", Value::Mapping());
  for (const auto& [key, text] : texts) SetField(rewritten, key, NewString(text));
}

}  // namespace sluice::kustomize
