#include "kustomize/generator.h"

#include <map>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "base/utf8.h"
#include "document/json.h"
#include "kustomize/json6902.h"
#include "kustomize/node.h"
#include "kustomize/reread.h"

namespace sluice::kustomize {

using base::Result;
using document::Kind;
using document::Member;
using document::Style;
using document::Value;

namespace {

constexpr std::size_t kBase64Line = 70;
constexpr std::size_t kMaxEnvLine = 65535;  // the longest line that Go's bufio.Scanner takes; it stops at a longer one, without an error
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

using Pairs = std::vector<std::pair<std::string, std::string>>;

// --- Sources.

std::string_view WithoutQuotes(std::string_view text) {
  const bool quoted = text.size() >= 2 && text.front() == text.back() && (text.front() == '"' || text.front() == '\'');
  return quoted ? text.substr(1, text.size() - 2) : text;
}

Result<void> ReadLiterals(const std::vector<std::string>& literals, Pairs& out) {
  for (const std::string& literal : literals) {
    const std::size_t equals = literal.find('=');
    if (equals == 0 || equals == std::string::npos) return base::Invalid("literal '" + literal + "': key=value is expected");
    out.emplace_back(literal.substr(0, equals), WithoutQuotes(std::string_view(literal).substr(equals + 1)));
  }
  return {};
}

std::string_view LastElement(std::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  if (path.empty()) return ".";
  if (path == "/") return path;
  return path.substr(path.rfind('/') + 1);
}

Result<void> ReadFiles(const std::vector<std::string>& files, const LoadFile& load, Pairs& out) {
  for (const std::string& file : files) {
    const std::size_t equals = file.find('=');
    std::string_view path = file;
    std::string_view key = LastElement(file);
    if (equals != std::string::npos) {
      key = path.substr(0, equals);
      path = path.substr(equals + 1);
      if (path.find('=') != std::string_view::npos)
        return base::Invalid("file '" + file + "': only one '=' may be there, between key and path");
      if (key.empty()) return base::Invalid("file '" + file + "': the key is missing");
      if (path.empty()) return base::Invalid("file '" + file + "': the path is missing");
    }
    TRY(std::string content, load(path));
    out.emplace_back(key, std::move(content));
  }
  return {};
}

/// Without the blanks, of Unicode as well, that it begins with.
std::string_view TrimLeft(std::string_view line) {
  static constexpr std::string_view kBlanks[] = {"\t",     "\n",     "\v",     "\f",     "\r",     " ",      "\u0085", "\u00A0", "\u1680",
                                                 "\u2000", "\u2001", "\u2002", "\u2003", "\u2004", "\u2005", "\u2006", "\u2007", "\u2008",
                                                 "\u2009", "\u200A", "\u2028", "\u2029", "\u202F", "\u205F", "\u3000"};
  for (bool again = true; again;) {
    again = false;
    for (const std::string_view blank : kBlanks) {
      if (!line.starts_with(blank)) continue;
      line.remove_prefix(blank.size());
      again = true;
    }
  }
  return line;
}

Result<void> ReadEnvText(std::string_view text, const std::string& file, Pairs& out) {
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.size() > kMaxEnvLine) return {};
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!base::IsUtf8(line)) return base::Invalid(file + ":" + std::to_string(number) + ": the line is not UTF-8");
    if (number == 1 && line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
    line = TrimLeft(line);
    if (line.empty() || line.front() == '#' || line.front() == '=') continue;
    const std::size_t equals = line.find('=');
    out.emplace_back(line.substr(0, equals), equals == std::string_view::npos ? std::string_view() : line.substr(equals + 1));
  }
  return {};
}

/// In kustomize's order: envs, literals, files. Errors: a key twice, and what the sources have.
Result<std::map<std::string, std::string>> ReadSources(const GeneratorArgs& args, const LoadFile& load) {
  Pairs pairs;
  for (const std::string& env : args.envs) {
    TRY(const std::string text, load(env));
    TRY(ReadEnvText(text, env, pairs));
  }
  TRY(ReadLiterals(args.literals, pairs));
  TRY(ReadFiles(args.files, load, pairs));
  std::map<std::string, std::string> out;
  for (auto& [key, value] : pairs) {
    if (!out.emplace(key, std::move(value)).second) return base::Invalid("the key '" + key + "' is there twice");
  }
  return out;
}

// --- The object.

Value TextValue(std::string_view text) {
  if (text.find('\n') != std::string_view::npos) return Value::Scalar(Kind::String, text, Style::Literal);
  return NewString(text);
}

Value& MapAt(Value& parent, std::string_view key) {
  if (parent.Find(key) == nullptr) SetField(parent, key, Value::Mapping());
  return *parent.Find(key);
}

void SetConfigMapValue(Value& object, const std::string& key, std::string_view content) {
  const bool text = base::IsUtf8(content);
  SetField(MapAt(object, text ? "data" : "binaryData"), key, TextValue(text ? std::string(content) : WrappedBase64(content)));
}

void SetQuoted(Value& map, const std::map<std::string, std::string>& pairs) {
  for (const auto& [key, value] : pairs) SetField(map, key, Value::Scalar(Kind::String, value, Style::SingleQuoted));
}

void ApplyOptions(Value& object, const GeneratorOptions& options) {
  Value& metadata = MapAt(object, "metadata");
  if (!options.labels.empty()) SetQuoted(MapAt(metadata, "labels"), options.labels);
  if (!options.annotations.empty()) SetQuoted(MapAt(metadata, "annotations"), options.annotations);
  if (options.immutable) object.Set("immutable", Value::Scalar(Kind::Bool, "true"));
}

}  // namespace

Behavior ParseBehavior(std::string_view word) {
  return word == "merge" ? Behavior::Merge : word == "replace" ? Behavior::Replace : Behavior::Create;
}

GeneratorOptions MergeOptions(const GeneratorOptions& global, const GeneratorOptions& local) {
  GeneratorOptions out = local;
  out.labels.insert(global.labels.begin(), global.labels.end());
  out.annotations.insert(global.annotations.begin(), global.annotations.end());
  out.disable_name_suffix_hash = global.disable_name_suffix_hash || local.disable_name_suffix_hash;
  out.immutable = global.immutable || local.immutable;
  return out;
}

std::string WrappedBase64(std::string_view bytes) {
  const std::string line = base::Base64Encode(bytes);
  if (line.size() < kBase64Line) return line;
  std::string out;
  for (std::size_t at = 0; at < line.size(); at += kBase64Line) out += line.substr(at, kBase64Line) + "\n";
  return out;
}

Result<Value> Generate(const GeneratorArgs& args, const LoadFile& load) {
  const char* kind = args.secret ? "Secret" : "ConfigMap";
  if (args.name.empty()) return base::Invalid(std::string("a generated ") + kind + " must have a name");
  Result<std::map<std::string, std::string>> data = ReadSources(args, load);
  if (!data) return std::move(data).error().Wrap(std::string(kind) + " '" + args.name + "'");
  Value object = Value::Mapping();
  object.Set("apiVersion", "v1");
  object.Set("kind", kind);
  Value& metadata = object.Set("metadata", Value::Mapping());
  metadata.Set("name", NewString(args.name));
  if (!args.ns.empty()) metadata.Set("namespace", NewString(args.ns));
  if (args.secret) {
    object.Set("type", TextValue(args.type.empty() ? "Opaque" : args.type));
    Value& map = object.Set("data", Value::Mapping());
    for (const auto& [key, content] : *data) SetField(map, key, TextValue(WrappedBase64(content)));
  } else {
    for (const auto& [key, content] : *data) SetConfigMapValue(object, key, content);
  }
  ApplyOptions(object, args.options);
  return object;
}

// --- Joining one that is there.

namespace {

std::map<std::string, std::string> TextsOf(const Value* map) {
  std::map<std::string, std::string> out;
  if (map == nullptr) return out;
  for (const Member& member : map->members()) out[member.key] = member.value.text();
  return out;
}

/// The same for data, where null is the empty text.
std::map<std::string, std::string> DataOf(const Value* map) {
  std::map<std::string, std::string> out;
  if (map == nullptr) return out;
  for (const Member& member : map->members()) out[member.key] = ScalarText(member.value);
  return out;
}

/// `field` of `to` := what both have, the new over the old; nothing if that is nothing.
void MergeTexts(Value& to, std::map<std::string, std::string> old, const Value& generated, std::string_view field) {
  std::map<std::string, std::string> merged = TextsOf(generated.Find(field));
  merged.merge(old);
  to.Erase(field);
  for (const auto& [key, value] : merged) SetField(MapAt(to, field), key, TextValue(value));
}

/// A Secret's stringData is folded into its data, as the API server does it.
std::map<std::string, std::string> OldData(const Value& old) {
  std::map<std::string, std::string> out = DataOf(old.Find("data"));
  if (old.StringAt({"kind"}) != "Secret" || old.StringAt({"apiVersion"}) != "v1") return out;
  for (auto& [key, text] : DataOf(old.Find("stringData"))) out[key] = WrappedBase64(text);
  return out;
}

}  // namespace

Value AbsorbGenerated(const Value& old, const Value& generated, Behavior behavior) {
  static const Value kNothing = Value::Mapping();
  Value out = generated;
  const Value* old_metadata = old.Find("metadata");
  const Value& before = old_metadata == nullptr ? kNothing : *old_metadata;
  const Value after = *generated.Find("metadata");
  Value& metadata = *out.Find("metadata");
  MergeTexts(metadata, TextsOf(before.Find("labels")), after, "labels");
  MergeTexts(metadata, TextsOf(before.Find("annotations")), after, "annotations");
  const Value* name = before.Find("name");  // a JSON patch may have made it anything
  SetUntaggedField(metadata, "name", name == nullptr ? std::string_view() : ScalarText(*name));
  if (const Value* ns = before.Find("namespace"); !MissingOrNull(ns) && !ns->text().empty()) {
    SetUntaggedField(metadata, "namespace", ns->text());
  } else {
    metadata.Erase("namespace");
  }
  if (behavior != Behavior::Merge) return out;
  MergeTexts(out, OldData(old), generated, "data");
  MergeTexts(out, DataOf(old.Find("binaryData")), generated, "binaryData");
  return out;
}

// --- The hash.

namespace {

/// As the hash sees a field: "" if absent, a scalar's text, else the tree with Go's float64 numbers.
Result<Value> HashField(const Value& object, std::string_view field) {
  const Value* value = object.Find(field);
  if (value == nullptr) return Value("");
  if (value->IsScalar()) return Value(value->text());
  Value copy = *value;
  if (copy.IsMapping()) {
    for (Member& member : copy.mutable_members()) member.key_kind = Kind::String;  // keys of the field itself may be anything
  }
  TRY(Reread(copy));
  TRY(const Value json, ToJson(copy));
  return FromJson(json);
}

Result<void> AddIfMap(Value& to, const Value& object, std::string_view field) {
  TRY(Value value, HashField(object, field));
  if (value.IsMapping()) to.Set(field, std::move(value));
  return {};
}

char Disguise(char digit) {
  switch (digit) {
    case '0': return 'g';
    case '1': return 'h';
    case '3': return 'k';
    case 'a': return 'm';
    case 'e': return 't';
    default: return digit;
  }
}

}  // namespace

Result<std::string> ContentHash(const Value& object) {
  const std::string_view kind = object.StringAt({"kind"});
  if (kind != "ConfigMap" && kind != "Secret")
    return base::Invalid("only a ConfigMap or a Secret can have a hash of its content in its name, not a " + std::string(kind));
  Value content = Value::Mapping();
  TRY(Value data, HashField(object, "data"));
  content.Set("data", std::move(data));
  content.Set("kind", kind);
  content.Set("name", "");  // kustomize looks for a field called "metadata/name", which is not there
  if (kind == "Secret") {
    TRY(Value type, HashField(object, "type"));
    content.Set("type", std::move(type));
  }
  TRY(AddIfMap(content, object, kind == "Secret" ? "stringData" : "binaryData"));
  std::string hash = base::Sha256Hex(document::EmitJson(content, {.sort_keys = true, .escape_html = true})).substr(0, 10);
  for (char& digit : hash) digit = Disguise(digit);
  return hash;
}

}  // namespace sluice::kustomize
