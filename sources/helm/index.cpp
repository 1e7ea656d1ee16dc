// The index is taken apart while it is read: each item of `entries.<name>` becomes a record (the words that a search needs and, if it is asked for, its
// JSON text) and leaves the tree. What remains is small, and is checked at the end.
#include "sources/helm/index.h"

#include <algorithm>
#include <optional>
#include <span>

#include "document/json.h"
#include "document/taker.h"
#include "document/yaml.h"
#include "helm/chart/metadata.h"
#include "helm/chart/yaml_values.h"
#include "helm/functions/semver.h"
#include "helm/functions/yaml.h"
#include "helm/template/quote.h"

namespace sluice::sources::helm_repository {
namespace {

using base::Error;
using base::Invalid;
using base::MakeError;
using base::Reason;
using base::Result;
using document::Value;

constexpr std::size_t kMaxShown = 200;
constexpr std::size_t kMaxNodes = 1'000'000;  // at a time: of one version, and of what is beside `entries`
constexpr std::string_view kRootFields[] = {"serverInfo", "apiVersion", "generated", "entries", "publicKeys", "annotations"};
constexpr std::string_view kVersionFields[] = {
    "name",      "home",    "sources",    "version",    "description", "keywords",      "maintainers",  "icon", "apiVersion",
    "condition", "tags",    "appVersion", "deprecated", "annotations", "kubeVersion",   "dependencies", "type", "urls",
    "created",   "removed", "digest",     "checksum",   "engine",      "tillerVersion", "url"};
constexpr std::string_view kMaintainerFields[] = {"name", "email", "url"};
constexpr std::string_view kDependencyFields[] = {"name", "version", "repository",    "condition",
                                                  "tags", "enabled", "import-values", "alias"};

bool SameWord(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

/// The field of that name, without case, as encoding/json finds it; null counts as absent.
const Value* Field(const Value& of, std::string_view name) {
  for (const document::Member& member : of.members())
    if (SameWord(member.key, name) && !member.value.IsNull()) return &member.value;
  return nullptr;
}

Result<void> CheckKnown(const Value& mapping, std::span<const std::string_view> names) {
  for (const document::Member& member : mapping.members()) {
    const bool known = std::any_of(names.begin(), names.end(), [&](std::string_view name) { return SameWord(name, member.key); });
    if (!known)
      return Invalid("error unmarshaling JSON: while decoding JSON: json: unknown field " + helm::GoQuote(member.key.substr(0, kMaxShown)));
  }
  return {};
}

Result<void> CheckKnownItems(const Value& entry, std::string_view field, std::span<const std::string_view> names) {
  const Value* list = Field(entry, field);
  if (list == nullptr) return {};
  for (const Value& item : list->items()) TRY(CheckKnown(item, names));
  return {};
}

Error Mismatch(const Value& value, std::string_view field, std::string_view want) {
  return Invalid(helm::CannotUnmarshal(helm::JsonTypeName(value),
                                       "struct field ChartVersion." + std::string(field) + " of type " + std::string(want)));
}

Result<std::string> TextOf(const Value& entry, std::string_view field) {
  const Value* found = Field(entry, field);
  if (found == nullptr) return std::string();
  if (!found->IsScalar()) return Mismatch(*found, field, "string");
  return std::string(found->text());
}

Result<std::vector<std::string>> UrlsOf(const Value& entry) {
  std::vector<std::string> urls;
  const Value* list = Field(entry, "urls");
  if (list == nullptr) return urls;
  if (!list->IsSequence()) return Mismatch(*list, "urls", "[]string");
  for (const Value& item : list->items()) {
    if (!item.IsScalar()) return Mismatch(item, "urls", "string");
    urls.emplace_back(item.text());
  }
  return urls;
}

Result<base::TimePoint> CreatedOf(const Value& entry) {
  const Value* found = Field(entry, "created");
  if (found == nullptr) return base::TimePoint();
  if (found->kind() == document::Kind::Timestamp) {
    const std::string day = found->text().size() == 10 ? std::string(found->text()) + "T00:00:00Z" : std::string(found->text());
    return base::ParseRfc3339(day).value_or(base::TimePoint());
  }
  const auto time = found->AsString() ? base::ParseRfc3339(*found->AsString()) : std::nullopt;
  if (!time)
    return Invalid("error unmarshaling JSON: while decoding JSON: parsing time " + helm::GoQuote(found->text().substr(0, kMaxShown)));
  return *time;
}

struct Record {
  base::Version parsed;
  ChartVersion version;
  std::string json;
};

/// What Helm's struct of a version marshals to.
std::string JsonOf(const helm::Metadata& metadata, const Value& entry, const std::vector<std::string>& urls, const ChartVersion& version) {
  Value out = helm::ToDocument(metadata);
  Value list;
  for (const std::string& url : urls) list.Append(url);
  out.Set("urls", std::move(list));
  const Value* created = Field(entry, "created");
  out.Set("created", created == nullptr ? std::string("0001-01-01T00:00:00Z") : base::FormatRfc3339(version.created));
  if (const Value* removed = Field(entry, "removed"); removed != nullptr && removed->AsBool().value_or(false)) out.Set("removed", true);
  for (const std::string_view field : {"digest", "checksum", "engine", "tillerVersion", "url"}) {
    if (const Value* text = Field(entry, field); text != nullptr && !text->text().empty()) out.Set(field, text->text());
  }
  return document::EmitJson(out, {.escape_html = true, .indent = 2});
}

class IndexReader {
 public:
  explicit IndexReader(const IndexOptions& options) : options_(options) {
    taker_.depth = 3;
    taker_.take = [this](const std::vector<std::string_view>& path, Value& item) { return Take(path, item); };
    taker_.restart = [this] { Restart(); };
  }

  Result<Value> Read(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    if (first != std::string_view::npos && text[first] == '{') {
      strict_ = false;
      auto root = document::ParseJsonTaking(text, {.max_bytes = options_.max_bytes}, taker_, kMaxNodes);
      if (root) return root;
      const bool entry_is_bad = take_failed_;  // it is JSON, but no index
      if (entry_is_bad || root.error().reason == Reason::TooLarge) return root;
      Restart();
    }
    strict_ = true;
    const document::YamlOptions yaml{.resolver = document::Resolver::Yaml11, .max_bytes = options_.max_bytes, .max_nodes = kMaxNodes};
    auto root = document::ParseYamlTaking(text, yaml, taker_);
    if (root || take_failed_ || root.error().reason == Reason::TooLarge) return root;
    return Invalid("error converting YAML to JSON: " + helm::GoYamlMessage(root.error().message));
  }

  bool strict() const { return strict_; }
  std::map<std::string, std::vector<Record>, std::less<>>& records() { return records_; }
  std::size_t skipped() const { return skipped_; }

 private:
  void Restart() {
    records_.clear();
    skipped_ = count_ = 0;
  }

  Result<bool> Take(const std::vector<std::string_view>& path, Value& item) {
    if (path.size() != 2 || !SameWord(path[0], "entries")) return false;
    auto record = ReadRecord(item);
    if (!record) {
      take_failed_ = true;
      return std::move(record).error();
    }
    if (++count_ > options_.max_versions) {
      take_failed_ = true;
      return MakeError(Reason::TooLarge, "more than " + std::to_string(options_.max_versions) + " versions of charts");
    }
    if (*record) {
      const auto at = records_.find(path[1]);
      (at == records_.end() ? records_[std::string(path[1])] : at->second).push_back(**std::move(record));
    } else {
      ++skipped_;
    }
    item = Value();
    return true;
  }

  /// nullopt: it is no chart.
  Result<std::optional<Record>> ReadRecord(const Value& entry) const {
    if (entry.IsNull()) return std::optional<Record>();
    if (!entry.IsMapping()) return Invalid(helm::CannotUnmarshal(helm::JsonTypeName(entry), "value of type repo.ChartVersion"));
    if (strict_) {
      TRY(CheckKnown(entry, kVersionFields));
      TRY(CheckKnownItems(entry, "maintainers", kMaintainerFields));
      TRY(CheckKnownItems(entry, "dependencies", kDependencyFields));
    }
    helm::Metadata metadata;
    TRY(helm::ReadMetadataTree(entry, metadata));
    TRY(const std::vector<std::string> urls, UrlsOf(entry));
    ChartVersion version;
    TRY(version.digest, TextOf(entry, "digest"));
    TRY(version.created, CreatedOf(entry));
    if (metadata.api_version.empty()) metadata.api_version = "v1";
    if (const auto valid = helm::Validate(metadata);
        !valid && !valid.error().message.starts_with("validation: more than one dependency with name or alias"))
      return std::optional<Record>();
    version.name = metadata.name;
    version.version = metadata.version;
    if (!urls.empty()) version.url = urls[0];
    Record record{.parsed = *helm::ParseSemver(metadata.version)};
    if (options_.with_json) record.json = JsonOf(metadata, entry, urls, version);
    record.version = std::move(version);
    return std::optional(std::move(record));
  }

  const IndexOptions& options_;
  document::Taker taker_;
  bool strict_ = true, take_failed_ = false;
  std::map<std::string, std::vector<Record>, std::less<>> records_;
  std::size_t count_ = 0, skipped_ = 0;
};

/// Checks what is left of the index, and notes the charts without versions.
Result<void> CheckRoot(const Value& root, bool strict, std::map<std::string, std::vector<Record>, std::less<>>& records) {
  if (!root.IsNull() && !root.IsMapping()) return Invalid(helm::CannotUnmarshal(helm::JsonTypeName(root), "value of type repo.IndexFile"));
  if (strict) TRY(CheckKnown(root, kRootFields));
  const Value* version = Field(root, "apiVersion");
  if (version == nullptr || !version->IsScalar() || version->text().empty()) return Invalid("no API version specified");
  const Value* entries = Field(root, "entries");
  if (entries == nullptr) return {};
  if (!entries->IsMapping())
    return Invalid(
        helm::CannotUnmarshal(helm::JsonTypeName(*entries), "struct field IndexFile.entries of type map[string]repo.ChartVersions"));
  for (const document::Member& member : entries->members()) {
    if (!member.value.IsNull() && !member.value.IsSequence())
      return Invalid(helm::CannotUnmarshal(helm::JsonTypeName(member.value), "struct field IndexFile.entries of type repo.ChartVersions"));
    records[member.key];
  }
  return {};
}

/// `field` of the root as JSON, in its place between others.
void AddField(const Value& root, std::string_view field, bool always, std::string& out) {
  const Value* found = Field(root, field);
  if (found == nullptr && !always) return;
  std::string text = found == nullptr ? "null" : document::EmitJson(*found, {.sort_keys = true, .escape_html = true, .indent = 2});
  for (std::size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 3)) text.insert(at + 1, "  ");
  out.append(out.size() > 1 ? ",\n  \"" : "\n  \"").append(field).append("\": ").append(text);
}

void AddIndented(std::string_view json, std::string& out) {
  for (const char c : json) {
    out += c;
    if (c == '\n') out += "      ";
  }
}

std::string JsonOf(const Value& root, std::map<std::string, std::vector<Record>, std::less<>>& records) {
  std::string out = "{";
  AddField(root, "serverInfo", false, out);
  AddField(root, "apiVersion", true, out);
  if (Field(root, "generated") != nullptr) {
    AddField(root, "generated", true, out);
  } else {
    out += ",\n  \"generated\": \"0001-01-01T00:00:00Z\"";
  }
  out += ",\n  \"entries\": {";
  bool first_chart = true;
  for (auto& [name, versions] : records) {
    out.append(first_chart ? "\n    " : ",\n    ").append(document::EmitJson(Value(name), {.escape_html = true})).append(": [");
    first_chart = false;
    bool first = true;
    for (Record& record : versions) {
      out += first ? "\n      " : ",\n      ";
      first = false;
      AddIndented(record.json, out);
      record.json = std::string();
    }
    out += first ? "]" : "\n    ]";
  }
  out += first_chart ? "}" : "\n  }";
  AddField(root, "publicKeys", false, out);
  AddField(root, "annotations", false, out);
  return out + "\n}";
}

/// Versions that count in a search: all of major.minor.patch, with or without a v.
std::optional<base::Version> SearchVersion(std::string_view text) {
  auto parsed = helm::ParseStrictSemver(text.starts_with('v') ? text.substr(1) : text);
  return parsed ? std::optional(*std::move(parsed)) : std::nullopt;
}

Result<base::VersionRange> RangeOf(std::string_view wanted) { return helm::ParseConstraint(wanted.empty() ? "*" : wanted); }

}  // namespace

std::size_t Index::bytes() const {
  std::size_t total = 0;
  for (const auto& [name, versions] : charts) {
    total += name.size() + 64;
    for (const ChartVersion& one : versions)
      total += sizeof one + one.name.size() + one.version.size() + one.url.size() + one.digest.size();
  }
  return total;
}

Result<ReadIndexResult> ReadIndex(std::string_view text, const IndexOptions& options) {
  if (text.size() > options.max_bytes)
    return MakeError(Reason::TooLarge, "index exceeds the maximum index file size of " + std::to_string(options.max_bytes) + " bytes");
  if (text.empty()) return Invalid("empty index.yaml file");
  IndexReader reader(options);
  TRY(const Value root, reader.Read(text));
  auto& records = reader.records();
  TRY(CheckRoot(root, reader.strict(), records));
  ReadIndexResult out;
  out.index.skipped = reader.skipped();
  for (auto& [name, versions] : records)
    std::stable_sort(versions.begin(), versions.end(), [](const Record& a, const Record& b) { return b.parsed < a.parsed; });
  if (options.with_json) out.json = JsonOf(root, records);
  for (auto& [name, versions] : records) {
    std::vector<ChartVersion>& list = out.index.charts[name];
    list.reserve(versions.size());
    for (Record& record : versions) list.push_back(std::move(record.version));
    versions = {};
  }
  return out;
}

Result<ChartVersion> FindVersion(const Index& index, std::string_view name, std::string_view wanted) {
  const auto chart = index.charts.find(name);
  if (chart == index.charts.end()) return base::NotFound("no chart name found");
  if (chart->second.empty()) return base::NotFound("no chart version found");
  for (const ChartVersion& one : chart->second)
    if (!wanted.empty() && one.version == wanted) return one;
  TRY(const base::VersionRange range, RangeOf(wanted));
  const ChartVersion* best = nullptr;
  base::Version best_version;
  for (const ChartVersion& one : chart->second) {
    const std::optional<base::Version> version = SearchVersion(one.version);
    if (!version || !range.Contains(*version)) continue;
    if (best != nullptr && (*version < best_version || (*version == best_version && one.created <= best->created))) continue;
    best = &one;
    best_version = *version;
  }
  if (best == nullptr)
    return base::NotFound("no '" + std::string(name) + "' chart with version matching '" + std::string(wanted) + "' found");
  return *best;
}

Result<std::string> FindVersion(const std::vector<std::string>& versions, std::string_view wanted) {
  for (const std::string& one : versions)
    if (!wanted.empty() && one == wanted) return one;
  TRY(const base::VersionRange range, RangeOf(wanted));
  const std::string* best = nullptr;
  base::Version best_version;
  for (const std::string& one : versions) {
    const std::optional<base::Version> version = SearchVersion(one);
    if (!version || !range.Contains(*version) || (best != nullptr && *version <= best_version)) continue;
    best = &one;
    best_version = *version;
  }
  if (best == nullptr) return base::NotFound("could not locate a version matching provided version string " + std::string(wanted));
  return *best;
}

}  // namespace sluice::sources::helm_repository
