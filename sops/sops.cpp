#include "sops/sops.h"

#include <utility>

#include "base/digest.h"
#include "crypto/ciphers.h"
#include "document/json.h"
#include "document/yaml.h"
#include "sops/lines.h"
#include "sops/metadata.h"
#include "sops/tree.h"
#include "sops/yaml_text.h"

namespace sluice::sops {
namespace {

using base::Error;
using base::Invalid;
using base::MakeError;
using base::NotFound;
using base::Reason;
using base::Result;
using document::Member;
using document::Value;

constexpr std::string_view kNoMetadata = "sops metadata not found";

std::string_view MarkerOf(Format format) {
  switch (format) {
    case Format::Dotenv: return "sops_mac=ENC[";
    case Format::Ini: return "[sops]";
    case Format::Yaml: return "mac: ENC[";
    case Format::Binary:
    case Format::Json: break;
  }
  return "\"mac\": \"ENC[";
}

/// A file as it was read: one of the two.
struct File {
  std::vector<Value> documents;
  std::vector<Section> sections;  ///< of dotenv (one) and INI
};

struct Loaded {
  File file;
  Metadata metadata;
};

// ---- Reading ---------------------------------------------------------------------------------------------------------------------------

/// The parser's complaint without what it may quote of the text: where it is wrong suffices.
Error Unquoted(const Error& error, std::string_view what) {
  std::string place;
  for (const char c : error.message) {
    if ((c < '0' || c > '9') && c != ':') break;
    place += c;
  }
  while (place.ends_with(':')) place.pop_back();
  return MakeError(error.reason, (place.empty() ? "" : place + ": ") + "no " + std::string(what));
}

Result<std::vector<Value>> ReadDocuments(std::string_view bytes, Format format) {
  if (format == Format::Yaml) {
    document::YamlOptions options;
    options.merge_keys = false;
    auto documents = document::ParseYamlStream(bytes, options);
    if (!documents) return Unquoted(documents.error(), "valid YAML");
    return std::move(*documents);
  }
  auto document = document::ParseJson(bytes, document::StrangersJson());
  if (!document) return Unquoted(document.error(), "valid JSON");
  return std::vector<Value>{std::move(*document)};
}

Result<Value> TakeDotenvMetadata(Section& section) {
  std::vector<std::pair<std::string, std::string>> entries;
  std::erase_if(section.lines, [&](const Line& line) {
    if (line.comment || !line.key.starts_with("sops_")) return false;
    entries.emplace_back(line.key.substr(5), line.value);
    return true;
  });
  if (entries.empty()) return Invalid(std::string(kNoMetadata));
  return Unflatten(entries);
}

std::string Newlines(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escaped = text[i] == '\\' && i + 1 < text.size() && text[i + 1] == 'n';
    out += escaped ? '\n' : text[i];
    if (escaped) ++i;
  }
  return out;
}

Result<Value> TakeIniMetadata(std::vector<Section>& sections) {
  std::vector<std::pair<std::string, std::string>> entries;
  bool found = false;
  std::erase_if(sections, [&](const Section& section) {
    if (section.name != "sops") return false;
    found = true;
    for (const Line& line : section.lines) {
      if (!line.comment) entries.emplace_back(line.key, Newlines(line.value));
    }
    return true;
  });
  if (!found) return Invalid(std::string(kNoMetadata));
  return Unflatten(entries);
}

Result<Loaded> Load(std::string_view bytes, Format format, const Limits& limits) {
  if (bytes.size() > limits.max_bytes) {
    return MakeError(Reason::TooLarge, std::to_string(bytes.size()) + " bytes, at most " + std::to_string(limits.max_bytes) + " are read");
  }
  Loaded out;
  if (format == Format::Dotenv) {
    TRY(Section section, ParseDotenv(bytes));
    TRY(const Value metadata, TakeDotenvMetadata(section));
    TRY(out.metadata, ParseMetadata(metadata, limits));
    out.file.sections.push_back(std::move(section));
    return out;
  }
  if (format == Format::Ini) {
    TRY(out.file.sections, ParseIni(bytes));
    TRY(const Value metadata, TakeIniMetadata(out.file.sections));
    TRY(out.metadata, ParseMetadata(metadata, limits));
    return out;
  }
  TRY(out.file.documents, ReadDocuments(bytes, format));
  for (const Value& document : out.file.documents) {
    if (!document.IsMapping() && !document.IsNull()) return Invalid("a document is no mapping");
  }
  const Value* metadata = out.file.documents.empty() ? nullptr : out.file.documents[0].Find("sops");
  if (metadata == nullptr) return Invalid(std::string(kNoMetadata));
  TRY(out.metadata, ParseMetadata(*metadata, limits));
  return out;
}

// ---- Decrypting ------------------------------------------------------------------------------------------------------------------------

Result<void> DecryptSections(std::vector<Section>& sections, const Rules& rules, std::string_view data_key) {
  for (Section& section : sections) {
    const bool named = !section.name.empty();
    for (Line& line : section.lines) {
      if (line.comment) {
        line.value = DecryptComment(line.value, section.name + ":", data_key);
        continue;
      }
      const Value leaf(line.value);
      auto plain = named ? DecryptLeaf(leaf, {section.name, line.key}, rules, data_key) : DecryptLeaf(leaf, {line.key}, rules, data_key);
      if (!plain) return std::move(plain).error();
      line.value = plain->text();
    }
  }
  return {};
}

// ---- Writing ---------------------------------------------------------------------------------------------------------------------------

Value ToDocument(const std::vector<Section>& sections) {
  Value out = Value::Mapping();
  for (const Section& section : sections) {
    Value& into = section.name.empty() ? out : out.Set(section.name, Value::Mapping());
    for (const Line& line : section.lines) {
      if (!line.comment) into.Set(line.key, Value(line.value));
    }
  }
  return out;
}

/// As json.Indent lays out: a tab a level, nothing inside of what is empty.
void AppendJson(std::string& out, const Value& value, std::size_t depth) {
  constexpr document::JsonEmitOptions kEscaped{.escape_html = true};
  const auto open_line = [&](std::size_t level) { out += "\n" + std::string(level, '\t'); };
  if (value.IsScalar() || value.empty()) {
    out += value.IsSequence() ? "[]" : value.IsMapping() ? "{}" : document::EmitJson(value, kEscaped);
    return;
  }
  out += value.IsSequence() ? '[' : '{';
  bool first = true;
  for (const Value& item : value.items()) {
    out += first ? "" : ",";
    open_line(depth + 1);
    AppendJson(out, item, depth + 1);
    first = false;
  }
  for (const Member& member : value.members()) {
    out += first ? "" : ",";
    open_line(depth + 1);
    out += document::EmitJson(Value(member.key), kEscaped) + ": ";
    AppendJson(out, member.value, depth + 1);
    first = false;
  }
  open_line(depth);
  out += value.IsSequence() ? ']' : '}';
}

Result<std::string> ToLines(const Value& document) {
  Section section;
  for (const Member& member : document.members()) {
    if (!member.value.IsScalar()) return Invalid("cannot use complex value in dotenv file; offending key " + member.key);
    section.lines.push_back({.key = member.key, .value = std::string(member.value.text())});
  }
  return EmitDotenv(section);
}

Result<std::string> ToIni(const Value& document) {
  std::vector<Section> sections;
  for (const Member& member : document.members()) {
    if (!member.value.IsMapping()) return Invalid("Section values should always be mappings; offending key " + member.key);
    Section& section = sections.emplace_back(Section{.name = member.key});
    for (const Member& line : member.value.members()) section.lines.push_back({.key = line.key, .value = std::string(line.value.text())});
  }
  return EmitIni(sections);
}

Result<std::string> Emit(const File& file, Format from, Format to) {
  if (from == to && from == Format::Dotenv) return EmitDotenv(file.sections[0]);
  if (from == to && from == Format::Ini) return EmitIni(file.sections);
  const Value flat = file.documents.empty() ? ToDocument(file.sections) : Value();
  const Value& document = file.documents.empty() ? flat : file.documents[0];
  switch (to) {
    case Format::Dotenv: return ToLines(document);
    case Format::Ini: return ToIni(document);
    case Format::Yaml: return EmitYamlDocuments(file.documents.empty() ? std::vector<Value>{flat} : file.documents);
    case Format::Json: {
      std::string out;
      AppendJson(out, document, 0);
      return out + "\n";
    }
    case Format::Binary: break;
  }
  if (file.documents.size() > 1) return Invalid("error emitting binary store: there must be exactly one tree branch");
  const Value* data = document.Find("data");
  if (data == nullptr) return Invalid("error emitting binary store: no binary data found in tree");
  if (!data->IsString()) return Invalid("error emitting binary store: 'data' key in tree does not have a string value");
  return std::string(data->text());
}

Error Wrapped(Error error, std::string what) { return std::move(error).Wrap(what); }

}  // namespace

std::string_view ToString(Format format) {
  switch (format) {
    case Format::Binary: return "binary";
    case Format::Dotenv: return "dotenv";
    case Format::Ini: return "INI";
    case Format::Json: return "JSON";
    case Format::Yaml: return "YAML";
  }
  return "";
}

Format FormatForPath(std::string_view path) {
  if (path.ends_with(".dockerconfigjson") || path.ends_with(".json")) return Format::Json;
  if (path.ends_with(".yaml") || path.ends_with(".yml")) return Format::Yaml;
  if (path.ends_with(".env")) return Format::Dotenv;
  if (path.ends_with(".ini")) return Format::Ini;
  return Format::Binary;
}

bool HasMarker(std::string_view bytes, Format format) { return bytes.find(MarkerOf(format)) != std::string_view::npos; }

std::optional<Format> DetectFormat(std::string_view bytes) {
  for (const Format format : {Format::Json, Format::Dotenv, Format::Yaml, Format::Ini}) {
    if (HasMarker(bytes, format)) return format;
  }
  return std::nullopt;
}

bool IsEncrypted(const Value& object) {
  const Value* mac = object.At({"sops", "mac"});
  return mac != nullptr && !mac->IsNull() && (!mac->IsString() || !mac->text().empty());
}

Result<std::string> Decrypt(std::string_view bytes, Format from, Format to, const Keys& keys, base::TimePoint now, const Limits& limits) {
  auto loaded = Load(bytes, from, limits);
  if (!loaded) return Wrapped(std::move(loaded).error(), "failed to load encrypted " + std::string(ToString(from)) + " data");
  auto data_key = FindDataKey(loaded->metadata, keys, now);
  if (!data_key) return Wrapped(std::move(data_key).error(), "cannot get sops data key");
  File& file = loaded->file;
  const Rules& rules = loaded->metadata.rules;
  const auto failed = [](Error error) { return Wrapped(std::move(error), "error decrypting sops tree"); };
  if (from == Format::Yaml && to == Format::Yaml) {
    auto text = DecryptYamlText(bytes, file.documents, rules, *data_key);
    crypto::Wipe(*data_key);
    return text ? std::move(text) : failed(std::move(text).error());
  }
  Result<void> done = DecryptSections(file.sections, rules, *data_key);
  for (Value& document : file.documents) {
    document.Erase("sops");
    if (done) done = DecryptTree(document, rules, *data_key);
  }
  crypto::Wipe(*data_key);
  if (!done) return failed(std::move(done).error());
  auto text = Emit(file, from, to);
  if (text) return text;
  return Wrapped(std::move(text).error(),
                 "failed to emit encrypted " + std::string(ToString(from)) + " file as decrypted " + std::string(ToString(to)));
}

Result<void> DecryptObject(Value& object, const Keys& keys, base::TimePoint now, const Limits& limits) {
  const Value* sops = object.Find("sops");
  if (sops == nullptr) return Invalid("failed to load encrypted JSON data: " + std::string(kNoMetadata));
  auto metadata = ParseMetadata(*sops, limits);
  if (!metadata) return Wrapped(std::move(metadata).error(), "failed to load encrypted JSON data");
  auto data_key = FindDataKey(*metadata, keys, now);
  if (!data_key) return Wrapped(std::move(data_key).error(), "cannot get sops data key");
  object.Erase("sops");
  Result<void> done = DecryptTree(object, metadata->rules, *data_key);
  crypto::Wipe(*data_key);
  if (!done) return Wrapped(std::move(done).error(), "error decrypting sops tree");
  return {};
}

}  // namespace sluice::sops
