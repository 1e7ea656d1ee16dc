#include "helm/chart/schema/schema_set.h"

#include <array>
#include <charconv>
#include <vector>

#include "helm/functions/json.h"
#include "helm/template/quote.h"

namespace sluice::helm {
namespace {

using base::Invalid;
using base::Result;

constexpr int kMaxDepth = 400;

/// 0 for a draft that nobody knows.
int DraftOf(std::string_view uri) {
  if (uri.ends_with('#')) uri.remove_suffix(1);
  for (const std::string_view scheme : {"http://", "https://"})
    if (uri.starts_with(scheme)) uri.remove_prefix(scheme.size());
  if (uri == "json-schema.org/draft-04/schema") return 4;
  if (uri == "json-schema.org/draft-06/schema") return 6;
  if (uri == "json-schema.org/draft-07/schema") return 7;
  if (uri == "json-schema.org/draft/2019-09/schema") return 2019;
  if (uri == "json-schema.org/draft/2020-12/schema" || uri == "json-schema.org/schema") return 2020;
  return 0;
}

std::string_view TextOf(const Value& schema, std::string_view key) {
  const Value* value = Keyword(schema, key);
  return value != nullptr && value->IsString() ? std::string_view(value->AsString()) : std::string_view();
}

std::string_view IdOf(const Value& schema, int draft) {
  if (draft < 2019 && Keyword(schema, "$ref") != nullptr) return {};
  return TextOf(schema, draft == 4 ? "id" : "$id");
}

std::string_view WithoutFragment(std::string_view uri) { return uri.substr(0, uri.find('#')); }

std::size_t SchemeLength(std::string_view uri) {
  for (std::size_t i = 0; i < uri.size(); ++i) {
    const char c = uri[i];
    if (c == ':') return i;
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!letter && (i == 0 || !((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.'))) break;
  }
  return 0;
}

/// Takes `.` and `..` out of an absolute path.
std::string CleanPath(std::string_view path) {
  std::vector<std::string_view> names;
  bool directory = false;
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view name = path.substr(0, slash);
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    directory = name == "." || name == ".." || (name.empty() && path.empty());
    if (name == "..") {
      if (!names.empty()) names.pop_back();
    } else if (!name.empty() && name != ".") {
      names.push_back(name);
    }
    if (slash != std::string_view::npos && path.empty()) directory = true;
  }
  std::string clean;
  for (const std::string_view name : names) clean.append("/").append(name);
  if (directory || clean.empty()) clean += '/';
  return clean;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::string PercentDecode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && HexDigit(text[i + 1]) >= 0 && HexDigit(text[i + 2]) >= 0) {
      out += static_cast<char>(HexDigit(text[i + 1]) * 16 + HexDigit(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string Unescape(std::string_view token) {
  std::string out;
  for (std::size_t i = 0; i < token.size(); ++i) {
    const bool escape = token[i] == '~' && i + 1 < token.size() && (token[i + 1] == '0' || token[i + 1] == '1');
    out += escape ? (token[++i] == '0' ? '~' : '/') : token[i];
  }
  return out;
}

const Value* Step(const Value& value, const std::string& token) {
  if (value.IsMap()) return Keyword(value, token);
  if (!value.IsList()) return nullptr;
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
  if (error != std::errc() || end != token.data() + token.size() || index >= value.list()->items.size()) return nullptr;
  return &value.list()->items[index];
}

}  // namespace

const Value* Keyword(const Value& schema, std::string_view key) {
  if (!schema.IsMap()) return nullptr;
  const auto found = schema.map()->entries.find(key);
  return found == schema.map()->entries.end() ? nullptr : &found->second;
}

std::string JoinUri(std::string_view base, std::string_view reference) {
  if (SchemeLength(reference) > 0) return std::string(reference);
  base = WithoutFragment(base);
  if (reference.empty() || reference.front() == '#') return std::string(base).append(reference);
  const std::size_t scheme = SchemeLength(base);
  std::size_t path = scheme > 0 ? scheme + 1 : 0;
  if (reference.starts_with("//")) return std::string(base.substr(0, path)).append(reference);
  if (base.substr(path).starts_with("//")) path = std::min(base.find('/', path + 2), base.size());
  const std::size_t fragment = std::min(reference.find('#'), reference.size());
  std::string joined(reference.substr(0, fragment));
  if (joined.front() != '/') joined.insert(0, base.substr(path, base.rfind('/') + 1 - std::min(path, base.rfind('/') + 1)));
  return std::string(base.substr(0, path)).append(CleanPath(joined)).append(reference.substr(fragment));
}

SchemaNode SchemaSet::Below(const SchemaNode& node, Value schema) {
  SchemaNode below{.schema = std::move(schema), .base = node.base, .draft = node.draft};
  const std::string_view id = WithoutFragment(IdOf(below.schema, below.draft));
  if (!id.empty()) below.base = JoinUri(node.base, id);
  return below;
}

Result<SchemaNode> SchemaSet::Add(Value schema, const std::string& uri) {
  SchemaNode node{.schema = std::move(schema), .base = uri};
  if (const std::string_view draft = TextOf(node.schema, "$schema"); !draft.empty()) {
    node.draft = DraftOf(draft);
    if (node.draft == 0)
      return base::MakeError(base::Reason::Unsupported,
                             "failing loading " + GoQuote(std::string(draft)) + ": schemas are not fetched from the network");
  }
  resources_.emplace(uri, node);
  const SchemaNode root = Below(node, node.schema);
  Index(root, 0);
  return root;
}

void SchemaSet::IndexNames(const SchemaNode& node) {
  const std::string_view id = IdOf(node.schema, node.draft);
  if (!WithoutFragment(id).empty()) resources_.emplace(node.base, node);
  if (node.draft < 2019) {
    if (const std::size_t hash = id.find('#'); hash != std::string_view::npos && hash + 1 < id.size())
      anchors_.emplace(node.base + std::string(id.substr(hash)), node);
    return;
  }
  if (const std::string_view anchor = TextOf(node.schema, "$anchor"); !anchor.empty())
    anchors_.emplace(node.base + "#" + std::string(anchor), node);
  if (const std::string_view anchor = TextOf(node.schema, "$dynamicAnchor"); !anchor.empty()) {
    anchors_.emplace(node.base + "#" + std::string(anchor), node);
    dynamic_anchors_.emplace(node.base + "#" + std::string(anchor), node);
  }
}

void SchemaSet::Index(const SchemaNode& node, int depth) {
  if (!node.schema.IsMap() || depth > kMaxDepth) return;
  IndexNames(node);
  constexpr std::array<std::string_view, 6> kMaps = {"properties", "patternProperties", "definitions",
                                                     "$defs",      "dependencies",      "dependentSchemas"};
  for (const std::string_view keyword : kMaps)
    if (const Value* map = Keyword(node.schema, keyword); map != nullptr && map->IsMap())
      for (const auto& [key, value] : map->map()->entries) IndexBelow(node, value, depth);
  constexpr std::array<std::string_view, 15> kSingle = {"allOf",
                                                        "anyOf",
                                                        "oneOf",
                                                        "prefixItems",
                                                        "items",
                                                        "not",
                                                        "if",
                                                        "then",
                                                        "else",
                                                        "additionalItems",
                                                        "additionalProperties",
                                                        "contains",
                                                        "propertyNames",
                                                        "unevaluatedItems",
                                                        "unevaluatedProperties"};
  for (const std::string_view keyword : kSingle)
    if (const Value* value = Keyword(node.schema, keyword)) IndexBelow(node, *value, depth);
}

void SchemaSet::IndexBelow(const SchemaNode& node, const Value& value, int depth) {
  if (value.IsMap()) Index(Below(node, value), depth + 1);
  if (value.IsList())
    for (const Value& item : value.list()->items)
      if (item.IsMap()) Index(Below(node, item), depth + 1);
}

Result<void> SchemaSet::Load(const std::string& uri) {
  if (DraftOf(uri) != 0 || uri.starts_with("urn:")) {  // a schema of schemas, or a name that nobody can look up: all is well
    resources_.emplace(uri, SchemaNode{.schema = Value::Bool(true), .base = uri});
    return {};
  }
  if (!uri.starts_with("file://") || !read_file_)
    return base::MakeError(base::Reason::Unsupported, "failing loading " + GoQuote(uri) + ": schemas are not fetched from the network");
  auto text = read_file_(PercentDecode(uri.substr(7)));
  if (!text) return text.error().Wrap("failing loading " + GoQuote(uri));
  auto schema = DecodeJson(*text);
  if (!schema) return schema.error().Wrap("failing loading " + GoQuote(uri));
  TRY(Add(*std::move(schema), uri));
  return {};
}

Result<SchemaNode> SchemaSet::Navigate(SchemaNode node, std::string_view pointer, std::string_view reference) {
  bool root = true;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    const std::size_t slash = std::min(pointer.find('/'), pointer.size());
    const Value* next = Step(node.schema, Unescape(PercentDecode(pointer.substr(0, slash))));
    if (next == nullptr) return Invalid("json-pointer in " + GoQuote(std::string(reference)) + " not found");
    node = Below(node, *next);
    pointer.remove_prefix(slash);
    root = false;
  }
  if (root || node.schema.IsMap() || node.schema.type() == Type::Bool) return node;
  return Invalid("json-pointer in " + GoQuote(std::string(reference)) + " is no schema");
}

Result<SchemaNode> SchemaSet::Resolve(std::string_view reference, const SchemaNode& from) {
  const std::string uri = JoinUri(from.base, reference);
  const std::string document(WithoutFragment(uri));
  const std::string fragment = uri.size() > document.size() ? uri.substr(document.size() + 1) : "";
  if (!resources_.contains(document)) TRY(Load(document));
  if (fragment.empty() || fragment.front() == '/') return Navigate(resources_.at(document), fragment, uri);
  const auto found = anchors_.find(document + "#" + PercentDecode(fragment));
  if (found == anchors_.end()) return Invalid("anchor in " + GoQuote(uri) + " not found in schema " + GoQuote(document));
  return found->second;
}

const SchemaNode* SchemaSet::DynamicAnchor(const std::string& base, const std::string& name) const {
  const auto found = dynamic_anchors_.find(base + "#" + name);
  return found == dynamic_anchors_.end() ? nullptr : &found->second;
}

const SchemaNode* SchemaSet::Resource(const std::string& base) const {
  const auto found = resources_.find(base);
  return found == resources_.end() ? nullptr : &found->second;
}

}  // namespace sluice::helm
