#include "kustomize/field_path.h"

#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "base/parser_limits.h"
#include "document/yaml.h"
#include "kustomize/node.h"
#include "kustomize/node_text.h"

namespace sluice::kustomize {

using base::Result;
using document::Value;

namespace {

constexpr int kMaxDepth = 256;

/// A decimal number with an optional sign, as Go's Atoi takes it.
std::optional<long> ParseNumber(std::string_view text) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  long out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

bool IsIndex(std::string_view segment) {
  const std::optional<long> number = ParseNumber(segment);
  return number && *number >= 0;
}

bool IsListSelector(std::string_view segment) { return segment.starts_with('[') && segment.ends_with(']'); }

struct KeyAndValue {
  std::string key, value;
};

/// "[name=web]" -> name, web. Errors: Invalid without '='.
Result<KeyAndValue> SplitSelector(std::string_view segment) {
  std::string_view inner = segment;
  if (inner.ends_with(']')) inner.remove_suffix(1);
  if (inner.starts_with('[')) inner.remove_prefix(1);
  const std::size_t equals = inner.find('=');
  if (equals == std::string_view::npos)
    return base::Invalid("'" + std::string(segment) + "' must say which field has which value: [name=web]");
  return KeyAndValue{std::string(inner.substr(0, equals)), std::string(inner.substr(equals + 1))};
}

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n\v\f";
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

base::Error NeedsList(const std::string& segment, const Value& node) {
  return base::Invalid("'" + segment + "' needs a list, but " + (node.IsMapping() ? "a mapping" : "a scalar") + " is there");
}

base::Error NeedsMapping(const std::string& segment, const Value& node) {
  return base::Invalid("field '" + segment + "' needs a mapping, but " + (node.IsSequence() ? "a list" : "a scalar") + " is there");
}

std::string Join(const std::vector<std::string>& parts, std::string_view glue) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() && &part == parts.data() ? "" : std::string(glue)) + part;
  return out;
}

std::vector<std::string> SplitEscaped(std::string_view path, char delimiter) {
  std::vector<std::string> out;
  if (path.size() > 1 && path.front() == delimiter) path.remove_prefix(1);
  bool escaped = false;
  while (true) {
    const std::size_t end = path.find(delimiter);
    const std::string_view part = path.substr(0, end);
    if (escaped) {
      out.back().back() = delimiter;
      out.back() += part;
    } else {
      out.emplace_back(part);
    }
    if (end == std::string_view::npos) return out;
    escaped = out.back().ends_with('\\');
    path.remove_prefix(end + 1);
  }
}

}  // namespace

std::vector<std::string> SplitDottedPath(std::string_view path) {
  const std::vector<std::string> parts = SplitEscaped(path, '.');
  std::vector<std::string> out;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (!parts[i].starts_with('[') || parts[i].ends_with(']')) {
      out.push_back(parts[i]);
      continue;
    }
    std::vector<std::string> bracketed = {parts[i]};
    while (i + 1 < parts.size() && !bracketed.back().ends_with(']')) bracketed.push_back(parts[++i]);
    std::string joined = Join(bracketed, ".");
    if (joined.find('=') == std::string::npos) {
      const std::size_t begin = joined.find_first_not_of("[]");
      const std::size_t end = joined.find_last_not_of("[]");
      joined = begin == std::string::npos ? std::string() : joined.substr(begin, end - begin + 1);
    }
    out.push_back(std::move(joined));
  }
  return out;
}

// --- Sources.

namespace {

Result<const Value*> ElementAt(const Value& list, const std::string& segment, long index) {
  if (list.IsNull()) return nullptr;
  if (!list.IsSequence()) return NeedsList(segment, list);
  if (index >= static_cast<long>(list.size())) return nullptr;
  return &list.items()[static_cast<std::size_t>(index)];
}

Result<const Value*> ElementWith(const Value& list, const std::string& segment) {
  TRY(const KeyAndValue wanted, SplitSelector(segment));
  if (list.IsNull()) return nullptr;
  if (!list.IsSequence()) return NeedsList(segment, list);
  for (const Value& item : list.items()) {
    if (wanted.key.empty()) {
      if (item.text() == wanted.value) return &item;
      continue;
    }
    const Value* field = item.Find(wanted.key);
    if (field != nullptr && field->text() == wanted.value) return &item;
  }
  return nullptr;
}

Result<const Value*> Step(const Value& node, const std::string& segment) {
  if (const std::optional<long> index = ParseNumber(segment)) {
    if (*index < 0) return base::Invalid("the index " + segment + " is negative");
    return ElementAt(node, segment, *index);
  }
  if (segment == "-") {
    if (node.IsSequence() && node.empty()) return base::Invalid("'-' is the last element, but the list is empty");
    return ElementAt(node, segment, static_cast<long>(node.size()) - 1);
  }
  if (segment == "*") return base::Invalid("'*' names many values, but a source has one");
  if (IsListSelector(segment)) return ElementWith(node, segment);
  if (node.IsNull()) return nullptr;
  if (!node.IsMapping()) return NeedsMapping(segment, node);
  return node.Find(segment);
}

}  // namespace

Result<const Value*> GetField(const Value& object, const std::vector<std::string>& path) {
  const Value* node = &object;
  for (const std::string& raw : path) {
    const std::string segment(Trim(raw));
    if (segment.empty()) continue;
    TRY(node, Step(*node, segment));
    if (node == nullptr) return nullptr;
  }
  return node;
}

namespace {

/// What a segment needs to be made of, by what follows it; "" is the leaf.
Value NewFor(std::string_view next) {
  if (next.empty()) return Value::Scalar(document::Kind::String, "");
  return IsListSelector(next) || IsIndex(next) ? Value::Sequence() : Value::Mapping();
}

Result<Value*> CreateElement(Value& list, const std::string& segment) {
  TRY(const KeyAndValue wanted, SplitSelector(segment));
  Value element = UntaggedScalar(wanted.value);
  if (!wanted.key.empty()) {
    Value map = Value::Mapping();
    SetField(map, wanted.key, std::move(element));
    element = std::move(map);
  }
  list.Append(std::move(element));
  return &list.mutable_items().back();
}

}  // namespace

Result<Value*> GetOrCreateField(Value& object, const std::vector<std::string>& path) {
  std::vector<std::string> segments;
  for (const std::string& raw : path) {
    if (!Trim(raw).empty()) segments.emplace_back(Trim(raw));
  }
  Value* node = &object;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    TRY(const Value* const found, Step(*node, segments[i]));
    if (found != nullptr) {
      node = const_cast<Value*>(found);  // NOLINT: a node of `object`
      continue;
    }
    const bool selector = IsListSelector(segments[i]);
    if (node->IsNull() || (!selector && !node->IsMapping())) return nullptr;
    if (selector) {
      TRY(node, CreateElement(*node, segments[i]));
    } else {
      SetField(*node, segments[i], NewFor(i + 1 < segments.size() ? segments[i + 1] : std::string_view()));
      node = node->Find(segments[i]);
    }
  }
  return node;
}

// --- Targets.

class PathMatcher {
 public:
  PathMatcher(FieldMatches& out, const std::vector<std::string>& path, CreateLeaf create) : out_(out), path_(path), create_(create) {}

  /// Adds what `path_` from `at` on finds below `node`.
  Result<void> Match(Value& node, std::size_t at, bool created, bool detached) {
    if (at == path_.size()) {
      out_.list_.push_back({&node, created, detached});
      return {};
    }
    if (at > kMaxDepth) return base::Invalid("the path is too long");
    const std::string& segment = path_[at];
    if (IsIndex(segment)) return MatchIndex(node, at, detached);
    if (IsListSelector(segment)) return MatchSelector(node, at, detached);
    if (segment == "*") return MatchEvery(node, at, detached);
    return MatchField(node, at, detached);
  }

 private:
  bool creates() const { return create_ != CreateLeaf::No; }

  /// What to make in the place of segment `at`: what the segment behind it needs.
  Value NewNode(std::size_t at) const {
    if (at + 1 < path_.size() && (IsListSelector(path_[at + 1]) || IsIndex(path_[at + 1]))) return Value::Sequence();
    const bool leaf = at + 1 == path_.size() || path_[at + 1].empty();
    if (!leaf || create_ == CreateLeaf::Mapping) return Value::Mapping();
    if (create_ == CreateLeaf::Sequence) return Value::Sequence();
    return Value::Scalar(document::Kind::String, "");
  }

  Result<void> MatchField(Value& node, std::size_t at, bool detached) {
    const std::string& key = path_[at];
    if (!node.IsNull() && !node.IsMapping()) return NeedsMapping(key, node);
    Value* field = node.Find(key);
    const bool missing = field == nullptr;
    if (missing) {
      if (!creates()) return {};
      if (node.IsNull()) return MatchInNull(at);
      SetField(node, key, NewNode(at));
      field = node.Find(key);
    }
    if (field->IsScalar() && at + 1 < path_.size()) return MatchInText(*field, at + 1);
    return Match(*field, at + 1, missing, detached);
  }

  /// kustomize makes the field inside a null, where it is never seen again.
  Result<void> MatchInNull(std::size_t at) {
    out_.parsed_.push_back(std::make_unique<Value>(NewNode(at)));
    return Match(*out_.parsed_.back(), at + 1, true, true);
  }

  Result<void> MatchInText(Value& scalar, std::size_t at) {
    Result<Value> parsed =
        document::ParseYaml(scalar.text(), {.duplicate_keys = document::DuplicateKeys::Keep, .merge_keys = false, .file = {}});
    if (!parsed) return std::move(parsed).error().Wrap("the text at '" + path_[at - 1] + "'");
    if (scalar.text().empty()) return base::Invalid("'" + path_[at - 1] + "' is empty: nothing can be below it");
    out_.parsed_.push_back(std::make_unique<Value>(std::move(*parsed)));
    return Match(*out_.parsed_.back(), at, false, true);
  }

  /// The same for an element.
  Result<void> MatchInNullList(std::size_t at) {
    out_.parsed_.push_back(std::make_unique<Value>(Value::Sequence()));
    return Match(*out_.parsed_.back(), at, true, true);
  }

  Result<void> MatchIndex(Value& node, std::size_t at, bool detached) {
    if (!node.IsSequence() && !node.IsNull()) return NeedsList(path_[at], node);
    if (node.IsNull() && creates()) return MatchInNullList(at);
    const auto index = static_cast<std::size_t>(*ParseNumber(path_[at]));
    const bool missing = node.IsSequence() && index == node.size() && creates();
    if (missing) node.Append(NewNode(at));
    if (index >= node.size()) {
      return base::Invalid("index " + path_[at] + " is beyond the list's " + std::to_string(node.size()) +
                           (node.size() == 1 ? " element" : " elements"));
    }
    return Match(node.mutable_items()[index], at + 1, missing, detached);
  }

  Result<void> MatchEvery(Value& node, std::size_t at, bool detached) {
    if (node.IsNull()) return {};
    if (!node.IsSequence()) return NeedsList("*", node);
    for (Value& item : node.mutable_items()) TRY(Match(item, at + 1, false, detached));
    return {};
  }

  Result<void> MatchSelector(Value& node, std::size_t at, bool detached) {
    TRY(const KeyAndValue wanted, SplitSelector(path_[at]));
    if (!node.IsSequence() && !node.IsNull()) return NeedsList(path_[at], node);
    if (node.IsNull() && creates()) return MatchInNullList(at);
    RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(base::Parsers().max_program_bytes);
    const RE2 regex(wanted.value, options);
    const std::size_t before = out_.list_.size();
    TRY(MatchElements(node, wanted, regex, at, detached));
    if (!creates() || out_.list_.size() > before) return {};
    Value element = UntaggedScalar(wanted.value);
    if (!wanted.key.empty()) {
      Value map = Value::Mapping();
      SetField(map, wanted.key, std::move(element));
      element = std::move(map);
    }
    node.Append(std::move(element));
    TRY(MatchElements(node, wanted, regex, at, detached));
    if (out_.list_.size() == before) return base::Invalid("'" + path_[at] + "' does not match the element made for it");
    return {};
  }

  Result<void> MatchElements(Value& list, const KeyAndValue& wanted, const RE2& regex, std::size_t at, bool detached) {
    if (!list.IsSequence()) return {};
    for (Value& item : list.mutable_items()) {
      if (!regex.ok()) return base::Invalid("'" + wanted.value + "' is no regular expression: " + regex.error());
      const Value* tested = wanted.key.empty() ? &item : item.Find(wanted.key);
      if (tested == nullptr) continue;
      const std::string text = NodeText(*tested);
      if (!RE2::PartialMatch(re2::StringPiece(Trim(text).data(), Trim(text).size()), regex)) continue;
      if (wanted.key.empty()) {
        out_.list_.push_back({&item, false, detached});  // the rest of the path, if any, is not looked at
      } else {
        TRY(Match(item, at + 1, false, detached));
      }
    }
    return {};
  }

  FieldMatches& out_;
  const std::vector<std::string>& path_;
  CreateLeaf create_;
};

Result<FieldMatches> MatchFields(Value& object, const std::vector<std::string>& path, CreateLeaf create) {
  FieldMatches out;
  TRY(PathMatcher(out, path, create).Match(object, 0, false, false));
  return out;
}

}  // namespace sluice::kustomize
