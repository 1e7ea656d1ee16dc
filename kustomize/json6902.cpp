// What the library behind kustomize does beyond or besides RFC 6902:
//  - negative array indexes count from the end (for add, from one behind it: -1 appends);
//  - replace makes a missing key of a mapping; copy of a missing key copies null; a test of a missing key equals null;
//  - a path that does not begin with '/' loses its first segment's slash, not the segment: "a/b" is "/b";
//  - test compares scalars as they are spelled in JSON, so 1 and 1.0 differ.
#include "kustomize/json6902.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "document/json.h"
#include "document/yaml.h"
#include "kustomize/decode.h"
#include "kustomize/reread.h"

namespace sluice::kustomize {

using base::Error;
using base::Result;
using document::Member;
using document::Value;

namespace {

constexpr std::size_t kNodeBytes = 64;  // about what a node costs beside its text
constexpr std::size_t kMaxCopiedNodes = 1'000'000;

std::size_t CountNodes(const Value& value) {
  std::size_t count = 1;
  for (const Value& item : value.items()) count += CountNodes(item);
  for (const Member& member : value.members()) count += CountNodes(member.value);
  return count;
}

// --- Reading.

std::optional<std::string> TextOf(const Value& operation, std::string_view key) {
  const Value* value = operation.Find(key);
  if (value == nullptr || !value->IsString()) return std::nullopt;
  return std::string(*value->AsString());
}

/// YAML keys become JSON keys (`on` is "true").
Value WithTextKeys(const Value& value) {
  Value out = value;
  if (out.IsSequence()) {
    for (Value& item : out.mutable_items()) item = WithTextKeys(item);
  } else if (out.IsMapping()) {
    for (Member& member : out.mutable_members()) {
      member.key = KeyText(member);
      member.key_kind = document::Kind::String;
      member.value = WithTextKeys(member.value);
    }
  }
  return out;
}

Result<Value> ParsePatchText(std::string_view text, bool json) {
  if (json) return document::ParseJson(text, document::StrangersJson());
  TRY(const Value yaml,
      document::ParseYaml(text, {.resolver = document::Resolver::Yaml11, .duplicate_keys = document::DuplicateKeys::LastWins, .file = {}}));
  return ToJson(WithTextKeys(yaml));
}

}  // namespace

namespace {

/// Reads JSON, known to be valid, for the spelling of its scalars.
class SpellingReader {
 public:
  explicit SpellingReader(std::string_view text) : text_(text) {}

  Value Read() {
    SkipBlanks();
    if (Take('[')) return ReadList();
    if (Take('{')) return ReadMap();
    return Value(Scalar());
  }

 private:
  void SkipBlanks() { at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size()); }

  bool Take(char c) {
    SkipBlanks();
    const bool there = at_ < text_.size() && text_[at_] == c;
    if (there) ++at_;
    return there;
  }

  std::string_view Scalar() {
    SkipBlanks();
    const std::size_t begin = at_;
    if (at_ < text_.size() && text_[at_] == '"') {
      for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) at_ += text_[at_] == '\\' ? 1 : 0;
      ++at_;
    } else {
      at_ = std::min(text_.find_first_of(" \t\r\n,]}", at_), text_.size());
    }
    return text_.substr(begin, at_ - begin);
  }

  Value ReadList() {
    Value out = Value::Sequence();
    while (!Take(']') && at_ < text_.size()) {
      out.Append(Read());
      Take(',');
    }
    return out;
  }

  Value ReadMap() {
    Value out = Value::Mapping();
    while (!Take('}') && at_ < text_.size()) {
      const auto key = document::ParseJson(Scalar());
      Take(':');
      Value value = Read();
      if (key) out.Set(key->text(), std::move(value));
      Take(',');
    }
    return out;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

void AddSpelling(std::vector<JsonPatchOperation>& patch, std::string_view text) {
  const auto is_test = [](const JsonPatchOperation& operation) { return operation.op == "test"; };
  if (std::none_of(patch.begin(), patch.end(), is_test)) return;
  const Value spelled = SpellingReader(text).Read();
  for (std::size_t i = 0; i < patch.size() && i < spelled.size(); ++i) {
    const Value* value = spelled.items()[i].Find("value");
    if (is_test(patch[i]) && value != nullptr) patch[i].spelled = *value;
  }
}

}  // namespace

Result<JsonPatch> ParseJsonPatch(std::string_view text) {
  const bool json = text.starts_with('[');
  JsonPatch out;
  TRY(const Value parsed, ParsePatchText(text, json));
  if (parsed.IsNull()) return out;
  if (!parsed.IsSequence()) return base::Invalid("a JSON patch is a list of operations");
  out.bytes = text.size() + kNodeBytes * CountNodes(parsed);
  for (const Value& one : parsed.items()) {
    if (!one.IsMapping() && !one.IsNull()) return base::Invalid("an operation of a JSON patch is a mapping with op and path");
    JsonPatchOperation operation{
        .op = TextOf(one, "op").value_or("unknown"), .path = TextOf(one, "path"), .from = TextOf(one, "from"), .value = {}, .spelled = {}};
    if (const Value* value = one.Find("value"); value != nullptr) operation.value = *value;
    out.copies = out.copies || operation.op == "copy" || operation.op == "move";
    out.operations.push_back(std::move(operation));
  }
  if (json) AddSpelling(out.operations, text);
  return out;
}

// --- Applying.

namespace {

/// What a path leads to: the collection, and the key or index in it.
struct Target {
  Value* container;
  std::string key;
};

std::string Unescape(std::string_view segment) {
  std::string out;
  for (std::size_t i = 0; i < segment.size(); ++i) {
    const bool escape = segment[i] == '~' && i + 1 < segment.size() && (segment[i + 1] == '0' || segment[i + 1] == '1');
    out += !escape ? segment[i] : segment[++i] == '1' ? '/' : '~';
  }
  return out;
}

std::vector<std::string> Segments(std::string_view path) {
  std::vector<std::string> out;
  for (std::size_t slash = path.find('/'); slash != std::string_view::npos;) {
    const std::size_t next = path.find('/', slash + 1);
    out.push_back(Unescape(path.substr(slash + 1, next == std::string_view::npos ? next : next - slash - 1)));
    slash = next;
  }
  return out;
}

std::optional<long> ParseIndex(std::string_view key) {
  if (key.starts_with('+') && key.size() > 1 && key[1] != '-') key.remove_prefix(1);
  long index = 0;
  const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), index);
  if (error != std::errc() || end != key.data() + key.size()) return std::nullopt;
  return index;
}

/// A position in `list`; `behind` allows the one behind its end.
Result<std::size_t> Position(const Value& list, const std::string& key, bool behind) {
  const std::optional<long> index = ParseIndex(key);
  if (!index) return base::Invalid("'" + key + "' is no index of a list");
  const long size = static_cast<long>(list.size()) + (behind ? 1 : 0);
  if (*index >= size || *index < -size) {
    return base::Invalid("index " + key + " is out of range: the list has " + std::to_string(list.size()) +
                         (list.size() == 1 ? " element" : " elements"));
  }
  return static_cast<std::size_t>(*index < 0 ? *index + size : *index);
}

/// The node under `key`; nullptr where a mapping has none.
Result<Value*> Get(const Target& target) {
  if (!target.container->IsSequence()) return target.container->Find(target.key);
  TRY(const std::size_t at, Position(*target.container, target.key, false));
  return &target.container->mutable_items()[at];
}

class Applier {
 public:
  explicit Applier(Value& document) : document_(document) {}

  Result<void> Apply(const JsonPatchOperation& operation) {
    if (operation.op == "add") return Add(operation);
    if (operation.op == "remove") return Remove(operation.path, "path");
    if (operation.op == "replace") return Replace(operation);
    if (operation.op == "move") return Move(operation);
    if (operation.op == "copy") return Copy(operation);
    if (operation.op == "test") return Test(operation);
    return base::Invalid(operation.op == "unknown" ? "op is missing" : "op is none of add, remove, replace, move, copy, test");
  }

 private:
  Result<Target> Find(const std::optional<std::string>& path, std::string_view field) {
    if (!path) return base::Invalid(std::string(field) + " is missing, or no string");
    std::vector<std::string> segments = Segments(*path);
    if (segments.empty()) return base::Invalid(std::string(field) + " must be a path like /spec/replicas");
    Target target{&document_, std::move(segments.back())};
    segments.pop_back();
    std::string seen;
    for (std::string& segment : segments) {
      seen += "/" + segment;
      TRY(Value* const next, Get({target.container, segment}));
      if (next == nullptr || next->IsNull()) return base::Invalid("there is nothing at " + seen);
      if (next->IsScalar()) return base::Invalid("a scalar is at " + seen + ", with nothing below it");
      target.container = next;
    }
    return target;
  }

  Result<void> Put(const Target& target, Value value) {
    if (!target.container->IsSequence()) {
      target.container->Set(target.key, std::move(value));
      return {};
    }
    std::vector<Value>& items = target.container->mutable_items();
    if (target.key == "-") {
      items.push_back(std::move(value));
      return {};
    }
    TRY(const std::size_t at, Position(*target.container, target.key, true));
    items.insert(items.begin() + static_cast<std::ptrdiff_t>(at), std::move(value));
    return {};
  }

  Result<void> Add(const JsonPatchOperation& operation) {
    TRY(const Target target, Find(operation.path, "path"));
    return Put(target, operation.value.value_or(Value()));
  }

  Result<void> Remove(const std::optional<std::string>& path, std::string_view field) {
    TRY(const Target target, Find(path, field));
    if (!target.container->IsSequence()) {
      if (!target.container->Erase(target.key)) return base::Invalid("there is no key '" + target.key + "' to remove");
      return {};
    }
    TRY(const std::size_t at, Position(*target.container, target.key, false));
    std::vector<Value>& items = target.container->mutable_items();
    items.erase(items.begin() + static_cast<std::ptrdiff_t>(at));
    return {};
  }

  Result<void> Replace(const JsonPatchOperation& operation) {
    if (operation.path && operation.path->empty()) {
      if (!operation.value) return base::Invalid("value is missing");
      if (!operation.value->IsMapping())
        return base::Invalid(std::string("an object cannot become a ") + (operation.value->IsSequence() ? "list" : "scalar"));
      document_ = *operation.value;
      return {};
    }
    TRY(const Target target, Find(operation.path, "path"));
    if (!target.container->IsSequence()) return Put(target, operation.value.value_or(Value()));
    TRY(Value* const node, Get(target));
    *node = operation.value.value_or(Value());
    return {};
  }

  Result<void> Move(const JsonPatchOperation& operation) {
    TRY(const Target from, Find(operation.from, "from"));
    TRY(const Value* const node, Get(from));
    if (node == nullptr) return base::Invalid("there is no key '" + from.key + "' to move");
    Value value = *node;
    copied_ += CountNodes(value);
    if (copied_ > kMaxCopiedNodes) return base::MakeError(base::Reason::TooLarge, "what this patch moves is too large");
    TRY(Remove(operation.from, "from"));
    TRY(const Target to, Find(operation.path, "path"));
    return Put(to, std::move(value));
  }

  Result<void> Copy(const JsonPatchOperation& operation) {
    TRY(const Target from, Find(operation.from, "from"));
    TRY(const Value* const node, Get(from));
    Value value = node == nullptr ? Value() : *node;
    copied_ += CountNodes(value);
    if (copied_ > kMaxCopiedNodes) return base::MakeError(base::Reason::TooLarge, "the copies of this patch are too large");
    TRY(const Target to, Find(operation.path, "path"));
    return Put(to, std::move(value));
  }

  Result<void> Test(const JsonPatchOperation& operation) {
    if (operation.path && operation.path->empty()) {
      if (operation.value && Same(document_, operation)) return {};
      return base::Invalid("the object is not as tested");
    }
    TRY(const Target target, Find(operation.path, "path"));
    TRY(const Value* const node, Get(target));
    if (!operation.value) return base::Invalid("value is missing");
    const Value have = node == nullptr ? Value() : *node;
    if (Same(have, operation)) return {};
    const std::string shown = document::EmitJson(have);
    const std::string wanted = document::EmitJson(*operation.value);
    if (shown == wanted)
      return base::Invalid("the value there is " + shown + ", which this JSON spells in another way; a patch in YAML has no such trouble");
    return base::Invalid("the value there is " + (node == nullptr ? "absent" : shown) + ", not " + wanted);
  }

  static bool Same(const Value& have, const JsonPatchOperation& operation) {
    return operation.spelled ? SameTree(have, *operation.spelled, SameSpelling) : SameTree(have, *operation.value, SameScalar);
  }

  static bool SameScalar(const Value& left, const Value& right) {
    return (left.kind() == right.kind() || (left.IsNumber() && right.IsNumber())) && left.text() == right.text();
  }

  /// The library compares the object's JSON, in Go's spelling, with that of the patch, byte by byte.
  static bool SameSpelling(const Value& left, const Value& spelled) {
    return document::EmitJson(left, {.escape_html = true}) == spelled.text();
  }

  static bool SameTree(const Value& left, const Value& right, bool (*same_scalar)(const Value&, const Value&)) {
    if (left.IsScalar() || right.IsScalar()) return left.IsScalar() && right.IsScalar() && same_scalar(left, right);
    if (left.kind() != right.kind() || left.size() != right.size()) return false;
    for (std::size_t i = 0; i < left.items().size(); ++i) {
      if (!SameTree(left.items()[i], right.items()[i], same_scalar)) return false;
    }
    return std::all_of(left.members().begin(), left.members().end(), [&](const Member& member) {
      const Value* other = right.Find(member.key);
      return other != nullptr && SameTree(member.value, *other, same_scalar);
    });
  }

  Value& document_;
  std::size_t copied_ = 0;
};

std::string Name(std::size_t index, const JsonPatchOperation& operation) {
  return "operation " + std::to_string(index + 1) + " (" + operation.op + (operation.path ? " " + *operation.path : "") + ")";
}

}  // namespace

Result<void> ApplyJsonPatch(Value& object, const JsonPatch& patch) {
  TRY(Reread(object));
  TRY(Value document, ToJson(object));
  Applier applier(document);
  for (std::size_t i = 0; i < patch.operations.size(); ++i) {
    if (Result<void> applied = applier.Apply(patch.operations[i]); !applied) {
      return std::move(applied).error().Wrap(Name(i, patch.operations[i]));
    }
  }
  const document::Mark mark = object.mark();
  object = FromJson(document);
  object.set_mark(mark);
  return {};
}

}  // namespace sluice::kustomize
