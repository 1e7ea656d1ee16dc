#include "kustomize/replacement.h"

#include <string>
#include <utility>
#include <vector>

#include "document/json.h"
#include "document/yaml.h"
#include "kustomize/field_path.h"
#include "kustomize/json6902.h"
#include "kustomize/node.h"
#include "kustomize/node_text.h"

namespace sluice::kustomize {

using base::Result;
using document::Kind;
using document::Value;

namespace {

constexpr std::string_view kDefaultPath = "metadata.name";

std::vector<std::string> Split(std::string_view text, std::string_view delimiter) {
  std::vector<std::string> out;
  while (true) {
    const std::size_t end = text.find(delimiter);
    out.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + delimiter.size());
  }
}

std::string Join(const std::vector<std::string>& parts, std::string_view delimiter) {
  std::string out = parts.front();
  for (std::size_t i = 1; i < parts.size(); ++i) out += std::string(delimiter) + parts[i];
  return out;
}

bool HasDelimiter(const std::optional<ReplacementOptions>& options) { return options && !options->delimiter.empty(); }

/// The scalar with another text: its kind and style stay, unless it has no tag. The text may not fit the kind (FitsItsKind).
Value Retexted(const Value& scalar, std::string_view text) {
  if (scalar.style() == document::Style::Any) return UntaggedScalar(text);
  Value out = Value::Scalar(scalar.kind(), text, scalar.style());
  if (!scalar.IsString()) out.set_tag(std::string(scalar.tag()));
  return out;
}

/// A tree that knows nothing of the text it came from.
Value WithoutMarks(Value value) {
  value.set_mark({});
  if (value.IsSequence()) {
    for (Value& item : value.mutable_items()) item = WithoutMarks(std::move(item));
  } else if (value.IsMapping()) {
    for (document::Member& member : value.mutable_members()) {
      member.key_mark = {};
      member.value = WithoutMarks(std::move(member.value));
    }
  }
  return value;
}

}  // namespace

Result<Value> ReplacementValue(const Value& object, const ReplacementSource& source) {
  const std::string path(source.field_path.empty() ? kDefaultPath : source.field_path);
  TRY(const Value* const field, GetField(object, SplitDottedPath(path)));
  const bool untagged = field != nullptr && field->IsScalar() && field->style() == document::Style::Any;  // kyaml sees a null by its tag
  if (NilOrEmpty(field) && !untagged) return base::Invalid("fieldPath '" + path + "' of the source is missing or empty");
  if (!HasDelimiter(source.options)) return *field;
  if (!field->IsScalar())
    return base::Invalid("a delimiter needs a scalar, but '" + path + "' is a " + (field->IsMapping() ? "mapping" : "list"));
  const std::vector<std::string> parts = Split(field->text(), source.options->delimiter);
  const std::int64_t index = source.options->index;
  if (index < 0 || index >= static_cast<std::int64_t>(parts.size())) {
    return base::Invalid("options.index " + std::to_string(index) + " is out of bounds for '" + std::string(field->text()) + "'");
  }
  return Retexted(*field, parts[static_cast<std::size_t>(index)]);
}

Value LiteralReplacement(std::string_view text) { return UntaggedScalar(text); }

namespace {

constexpr std::size_t kMaxSegments = 512;

class Writer {
 public:
  Writer(Value& object, Value& value, const std::optional<ReplacementOptions>& options, const ReplacementSource* live, Budget* budget)
      : object_(object),
        value_(value),
        options_(options),
        live_(live != nullptr && !HasDelimiter(live->options) ? live : nullptr),
        budget_(budget) {}

  Result<void> Write(const std::string& path) {
    const std::vector<std::string> segments = SplitDottedPath(path);
    if (segments.size() > kMaxSegments)
      return base::MakeError(base::Reason::TooLarge, "a field path of more than " + std::to_string(kMaxSegments) + " segments");
    if (WriteIntoText(segments)) {
      ReadAgain();
      return budget_ == nullptr ? Result<void>() : budget_->Written(object_);
    }
    Result<FieldMatches> found = MatchFields(object_, segments, Create());
    if (!found) return std::move(found).error().Wrap(NotFound(path));
    ReadAgain();  // a field that was made for it may lie inside the value
    if (found->list().empty()) return base::Invalid(NotFound(path));
    for (const FieldMatch& match : found->list()) {
      if (Result<void> written = WriteOne(match); !written) return std::move(written).error().Wrap("field '" + path + "'");
    }
    return {};
  }

 private:
  bool creates() const { return options_ && options_->create; }

  CreateLeaf Create() const {
    if (!creates()) return CreateLeaf::No;
    return value_.IsMapping() ? CreateLeaf::Mapping : value_.IsSequence() ? CreateLeaf::Sequence : CreateLeaf::Scalar;
  }

  std::string NotFound(const std::string& path) const {
    return std::string(creates() ? "unable to find or create field '" : "unable to find field '") + path + "' in the replacement target";
  }

  /// What a scalar target is to say; nullopt where the value is copied whole. Errors: a delimiter, but no scalar.
  Result<std::optional<std::string>> NewText(const Value& target) const {
    if (!HasDelimiter(options_)) return target.IsScalar() ? std::optional(std::string(value_.text())) : std::nullopt;
    if (!target.IsScalar())
      return base::Invalid(std::string("a delimiter needs a scalar, but the target is a ") + (target.IsMapping() ? "mapping" : "list"));
    std::vector<std::string> parts = Split(target.text(), options_->delimiter);
    const bool untagged = value_.style() == document::Style::Any;  // such a `null` is a text
    std::string text(untagged ? value_.text() : ScalarText(value_));
    if (options_->index < 0) {
      parts.insert(parts.begin(), std::move(text));
    } else if (options_->index >= static_cast<std::int64_t>(parts.size())) {
      parts.push_back(std::move(text));
    } else {
      parts[static_cast<std::size_t>(options_->index)] = std::move(text);
    }
    return std::optional(Join(parts, options_->delimiter));
  }

  Result<void> WriteOne(const FieldMatch& match) {
    TRY(const std::optional<std::string> text, NewText(*match.node));
    if (match.detached) return {};
    const bool is_source = LiveNode() == match.node;
    Set(match, text);
    if (budget_ != nullptr) {
      TRY(budget_->Written(*match.node));
    }
    if (is_source) {
      value_ = Value(*match.node);  // what it says now may lead to it no more: `[name=a].name`
    } else {
      ReadAgain();
    }
    return {};
  }

  /// The value is the node in the object.
  void ReadAgain() {
    if (const Value* field = LiveNode()) value_ = Value(*field);
  }

  /// That node; nullptr if it is in another object, or its path leads to nothing (any more).
  const Value* LiveNode() const {
    if (live_ == nullptr) return nullptr;
    const std::string path(live_->field_path.empty() ? kDefaultPath : live_->field_path);
    const Result<const Value*> field = GetField(object_, SplitDottedPath(path));
    return field ? *field : nullptr;
  }

  void Set(const FieldMatch& match, const std::optional<std::string>& text) const {
    const document::Mark mark = match.node->mark();
    *match.node = !text ? Value(value_) : match.created ? UntaggedScalar(*text) : Retexted(*match.node, *text);
    match.node->set_mark(mark);
  }

  // --- YAML and JSON inside a scalar.

  /// The shortest beginning of `path` that leads to a scalar with YAML in it, and how long it is; nullptr if there is none.
  Value* FindText(const std::vector<std::string>& path, std::size_t& length) const {
    for (length = 1; length < path.size(); ++length) {
      const Result<const Value*> found = GetField(object_, {path.begin(), path.begin() + static_cast<std::ptrdiff_t>(length)});
      if (!found || *found == nullptr || !(*found)->IsScalar()) continue;
      if (document::ParseYaml((*found)->text(), {.duplicate_keys = document::DuplicateKeys::Keep, .merge_keys = false, .file = {}}))
        return const_cast<Value*>(*found);  // NOLINT: a node of object_
    }
    return nullptr;
  }

  /// False if the path does not lead into a scalar's text, or the text cannot take the value; nothing has been changed then.
  bool WriteIntoText(const std::vector<std::string>& path) {
    std::size_t length = 0;
    Value* scalar = FindText(path, length);
    if (scalar == nullptr || scalar->text().empty()) return false;
    const std::string text(scalar->text());
    Result<Value> parsed = document::ParseYaml(text, {.duplicate_keys = document::DuplicateKeys::Keep, .merge_keys = false, .file = {}});
    if (!parsed) return false;
    const Result<FieldMatches> found = MatchFields(*parsed, {path.begin() + static_cast<std::ptrdiff_t>(length), path.end()}, Create());
    if (!found || found->list().empty()) return false;
    for (const FieldMatch& match : found->list()) {
      const Result<std::optional<std::string>> written = NewText(*match.node);
      if (!written) return false;
      const document::Mark mark = match.node->mark();
      *match.node = !*written ? WithoutMarks(value_) : match.created ? UntaggedScalar(**written) : Retexted(*match.node, **written);
      match.node->set_mark(mark);
    }
    Result<std::string> serialized = Serialize(*parsed, text);
    if (!serialized) return false;
    const document::Mark mark = scalar->mark();
    *scalar = Retexted(*scalar, *serialized);
    scalar->set_mark(mark);
    return true;
  }

  /// JSON stays JSON: sorted, with Go's escapes, indented if it was.
  static Result<std::string> Serialize(const Value& tree, std::string_view original) {
    const std::size_t begin = original.find_first_not_of(" \t\r\n\v\f");
    const char first = begin == std::string_view::npos ? ' ' : original[begin];
    const std::string yaml = NodeText(tree, FindComments(original, tree));
    if (first != '{' && first != '[') return Trimmed(yaml);
    TRY(const Value again, document::ParseYaml(yaml, {.file = {}}));
    TRY(const Value json, ToJson(again));
    const bool indented = original.find('\n') != std::string_view::npos && original.find("  ") != std::string_view::npos;
    return document::EmitJson(json, {.sort_keys = true, .escape_html = true, .indent = indented ? 2 : 0});
  }

  static std::string Trimmed(std::string text) {
    const std::size_t end = text.find_last_not_of(" \t\r\n\v\f");
    text.resize(end == std::string::npos ? 0 : end + 1);
    text.erase(0, std::min(text.find_first_not_of(" \t\r\n\v\f"), text.size()));
    return text;
  }

  Value& object_;
  Value& value_;
  const std::optional<ReplacementOptions>& options_;
  const ReplacementSource* live_;
  Budget* budget_;
};

}  // namespace

Result<void> WriteReplacement(Value& object, Value& value, const ReplacementTarget& target, const ReplacementSource* live, Budget* budget) {
  Writer writer(object, value, target.options, live, budget);
  if (target.field_paths.empty()) return writer.Write(std::string(kDefaultPath));
  for (const std::string& path : target.field_paths) TRY(writer.Write(path));
  return {};
}

}  // namespace sluice::kustomize
