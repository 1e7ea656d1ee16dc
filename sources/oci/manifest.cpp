#include "sources/oci/manifest.h"

#include <algorithm>

#include "document/json.h"
#include "document/value.h"
#include "sources/oci/name.h"

namespace sluice::sources::oci {
namespace {

using base::Invalid;
using base::Result;
using document::Value;

constexpr std::size_t kMaxEntries = 10'000, kMaxShown = 200;

document::JsonOptions Limits(std::size_t max_bytes) {
  document::JsonOptions options;
  options.max_bytes = max_bytes;
  options.max_depth = 32;
  return options;
}

std::map<std::string, std::string> Annotations(const Value& of) {
  std::map<std::string, std::string> out;
  const Value* found = of.Find("annotations");
  if (found == nullptr) return out;
  for (const document::Member& member : found->members()) {
    if (const auto text = member.value.AsString()) out[member.key] = *text;
  }
  return out;
}

Result<Descriptor> ReadDescriptor(const Value& from) {
  Descriptor out;
  out.media_type = from.StringAt({"mediaType"});
  out.artifact_type = from.StringAt({"artifactType"});
  out.digest = from.StringAt({"digest"});
  out.os = from.StringAt({"platform", "os"});
  out.architecture = from.StringAt({"platform", "architecture"});
  if (!IsDigest(out.digest)) return Invalid("a descriptor's digest is not a sha256 digest");
  const Value* size = from.Find("size");
  if (size == nullptr || !size->AsUint()) return Invalid("a descriptor's size is not a number of bytes");
  out.size = *size->AsUint();
  out.annotations = Annotations(from);
  return out;
}

Result<std::vector<Descriptor>> ReadDescriptors(const Value& of, std::string_view field) {
  std::vector<Descriptor> out;
  const Value* list = of.Find(field);
  if (list == nullptr) return out;
  if (list->size() > kMaxEntries) return base::MakeError(base::Reason::TooLarge, "more than 10000 " + std::string(field));
  for (const Value& item : list->items()) {
    TRY(Descriptor descriptor, ReadDescriptor(item));
    out.push_back(std::move(descriptor));
  }
  return out;
}

bool EqualsIgnoringCase(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + ('a' - 'A')) : a) == b; });
}

std::string_view Trim(std::string_view text) {
  const std::size_t from = text.find_first_not_of(" \t");
  return from == std::string_view::npos ? std::string_view() : text.substr(from, text.find_last_not_of(" \t") - from + 1);
}

/// `name=value` or `name="value"` up to the next comma that is not in quotes.
std::string_view TakeParameter(std::string_view& rest, std::string& name, std::string& value) {
  const std::size_t equals = rest.find_first_of("=, ");
  if (equals == std::string_view::npos || rest[equals] != '=') return rest;
  name = Trim(rest.substr(0, equals));
  rest.remove_prefix(equals + 1);
  value.clear();
  if (rest.starts_with('"')) {
    std::size_t i = 1;
    for (; i < rest.size() && rest[i] != '"'; ++i) {
      if (rest[i] == '\\' && i + 1 < rest.size()) ++i;
      value += rest[i];
    }
    rest.remove_prefix(std::min(i + 1, rest.size()));
  } else {
    const std::size_t end = std::min(rest.find_first_of(", "), rest.size());
    value = rest.substr(0, end);
    rest.remove_prefix(end);
  }
  return rest;
}

}  // namespace

Result<Manifest> ParseManifest(std::string_view json, std::string_view content_type, std::size_t max_bytes) {
  const auto parsed = document::ParseJson(json, Limits(max_bytes));
  if (!parsed) return parsed.error().Wrap("manifest");
  if (!parsed->IsMapping()) return Invalid("manifest: not a JSON object");
  const Value* version = parsed->Find("schemaVersion");
  if (version == nullptr || version->AsInt() != 2) return Invalid("manifest: only schemaVersion 2 is supported");
  Manifest out;
  out.media_type = parsed->StringAt({"mediaType"});
  if (out.media_type.empty()) out.media_type = Trim(content_type.substr(0, content_type.find(';')));
  out.artifact_type = parsed->StringAt({"artifactType"});
  out.annotations = Annotations(*parsed);
  out.is_index = out.media_type.ends_with(".image.index.v1+json") || out.media_type.ends_with(".manifest.list.v2+json");
  auto entries = ReadDescriptors(*parsed, out.is_index ? "manifests" : "layers");
  if (!entries) return std::move(entries).error().Wrap("manifest");
  (out.is_index ? out.manifests : out.layers) = std::move(*entries);
  return out;
}

Result<TagPage> ParseTags(std::string_view json, std::string_view link) {
  const auto parsed = document::ParseJson(json, Limits(8u << 20));
  if (!parsed) return parsed.error().Wrap("list of tags");
  TagPage out;
  if (const Value* tags = parsed->Find("tags")) {
    for (const Value& tag : tags->items()) {
      if (const auto text = tag.AsString(); text && IsTag(*text)) out.tags.emplace_back(*text);
    }
  }
  const std::size_t open = link.find('<'), close = link.find('>');
  if (open != std::string_view::npos && close != std::string_view::npos && open < close) {
    const std::string_view rel = link.substr(close);
    if (rel.find("rel=\"next\"") != std::string_view::npos || rel.find("rel=next") != std::string_view::npos)
      out.next = link.substr(open + 1, close - open - 1);
  }
  return out;
}

std::optional<Challenge> ParseChallenge(std::string_view header) {
  std::optional<Challenge> bearer, basic;
  Challenge* current = nullptr;
  std::string_view rest = header;
  for (int guard = 0; !rest.empty() && guard < 64; ++guard) {
    rest = rest.substr(std::min(rest.find_first_not_of(", \t"), rest.size()));
    const std::size_t end = std::min(rest.find_first_of(" ,="), rest.size());
    const std::string_view word = rest.substr(0, end);
    if (end == rest.size() || rest[end] != '=') {  // a scheme
      current = nullptr;
      if (EqualsIgnoringCase(word, "bearer")) current = &bearer.emplace(Challenge{.bearer = true});
      if (EqualsIgnoringCase(word, "basic")) current = &basic.emplace();
      rest.remove_prefix(end);
      continue;
    }
    std::string name, value;
    rest = TakeParameter(rest, name, value);
    if (current == nullptr) continue;
    if (EqualsIgnoringCase(name, "realm")) current->realm = value;
    if (EqualsIgnoringCase(name, "service")) current->service = value;
    if (EqualsIgnoringCase(name, "scope")) current->scope = value;
  }
  if (bearer && !bearer->realm.empty()) return bearer;
  return basic;
}

std::string ErrorText(std::string_view json) {
  const auto parsed = document::ParseJson(json, Limits(64u << 10));
  if (!parsed) return "";
  const Value* errors = parsed->Find("errors");
  if (errors == nullptr || errors->items().empty()) return "";
  const Value& first = errors->items()[0];
  std::string out(first.StringAt({"code"}).substr(0, kMaxShown));
  const std::string message(first.StringAt({"message"}).substr(0, kMaxShown));
  if (!message.empty()) out += (out.empty() ? "" : ": ") + message;
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
  }
  return out;
}

}  // namespace sluice::sources::oci
