#include "sops/metadata.h"

#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <span>
#include <utility>

#include "base/parser_limits.h"
#include "crypto/ciphers.h"
#include "crypto/openpgp.h"
#include "sops/shamir.h"

namespace sluice::sops {
namespace {

using base::Error;
using base::Invalid;
using base::MakeError;
using base::Reason;
using base::Result;
using document::Value;

/// A scalar as text; "" where there is none.
std::string TextAt(const Value& mapping, std::string_view key) {
  const Value* value = mapping.Find(key);
  return value != nullptr && value->IsScalar() ? std::string(value->text()) : "";
}

struct Service {
  std::string_view field, title, name;  ///< the field of `sops`, what it is, the field that names the key
};
constexpr Service kServices[] = {
    {"kms", "AWS KMS key", "arn"},
    {"gcp_kms", "Google Cloud KMS key", "resource_id"},
    {"hckms", "Huawei Cloud KMS key", "key_id"},
    {"azure_kv", "Azure Key Vault key", "name"},
    {"hc_vault", "Vault key", "key_name"},
};

/// The entries of a list; a mapping by itself is a list of one.
Result<std::span<const Value>> Entries(const Value& from, std::string_view field) {
  const Value* list = from.Find(field);
  if (list == nullptr || list->IsNull()) return std::span<const Value>();
  std::span<const Value> entries = list->IsMapping() ? std::span(list, 1) : list->items();
  if (!list->IsMapping() && !list->IsSequence()) return Invalid("sops." + std::string(field) + " is no list");
  for (const Value& entry : entries) {
    if (!entry.IsMapping()) return Invalid("sops." + std::string(field) + " holds something that is no mapping");
  }
  return entries;
}

/// In the order in which SOPS tries them: age, then OpenPGP, then the services.
Result<std::vector<MasterKey>> ReadGroup(const Value& from) {
  std::vector<MasterKey> keys;
  TRY(const std::span<const Value> age, Entries(from, "age"));
  for (const Value& entry : age) keys.push_back({MasterKey::Kind::Age, TextAt(entry, "recipient"), TextAt(entry, "enc")});
  TRY(const std::span<const Value> pgp, Entries(from, "pgp"));
  for (const Value& entry : pgp) keys.push_back({MasterKey::Kind::Pgp, TextAt(entry, "fp"), TextAt(entry, "enc")});
  for (const Service& service : kServices) {
    TRY(const std::span<const Value> entries, Entries(from, service.field));
    for (const Value& entry : entries) {
      keys.push_back({MasterKey::Kind::Other, std::string(service.title) + " " + TextAt(entry, service.name), ""});
    }
  }
  return keys;
}

Result<void> CheckSize(const std::vector<std::vector<MasterKey>>& groups, const Limits& limits) {
  std::size_t all = 0, pgp = 0;
  for (const auto& group : groups) {
    all += group.size();
    pgp += static_cast<std::size_t>(std::ranges::count(group, MasterKey::Kind::Pgp, &MasterKey::kind));
  }
  if (all > limits.max_master_keys) return MakeError(Reason::TooLarge, "more than " + std::to_string(limits.max_master_keys) + " keys");
  if (pgp > limits.max_pgp_keys) return MakeError(Reason::TooLarge, "more than " + std::to_string(limits.max_pgp_keys) + " OpenPGP keys");
  return {};
}

Result<std::shared_ptr<const re2::RE2>> ReadRegex(const Value& sops, std::string_view field) {
  const base::ParserLimits& limits = base::Parsers();
  const std::string pattern = TextAt(sops, field);
  if (pattern.empty()) return std::shared_ptr<const re2::RE2>();
  if (pattern.size() > limits.max_pattern_bytes) {
    return MakeError(Reason::TooLarge, std::string(field) + " is longer than " + std::to_string(limits.max_pattern_bytes) +
                                           " bytes (--regex-max-pattern-bytes)");
  }
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(limits.max_program_bytes);
  auto regex = std::make_shared<const re2::RE2>(pattern, options);
  if (!regex->ok()) return Invalid(std::string(field) + " is no regular expression: " + regex->error());
  return regex;
}

Result<Rules> ReadRules(const Value& sops) {
  Rules rules;
  rules.unencrypted_suffix = TextAt(sops, "unencrypted_suffix");
  rules.encrypted_suffix = TextAt(sops, "encrypted_suffix");
  TRY(rules.unencrypted_regex, ReadRegex(sops, "unencrypted_regex"));
  TRY(rules.encrypted_regex, ReadRegex(sops, "encrypted_regex"));
  const bool unencrypted_comments = !TextAt(sops, "unencrypted_comment_regex").empty();
  const bool encrypted_comments = !TextAt(sops, "encrypted_comment_regex").empty();
  rules.by_comments = unencrypted_comments || encrypted_comments;
  const int count = int{!rules.unencrypted_suffix.empty()} + int{!rules.encrypted_suffix.empty()} +
                    int{rules.unencrypted_regex != nullptr} + int{rules.encrypted_regex != nullptr} + int{unencrypted_comments} +
                    int{encrypted_comments};
  if (count > 1) {
    return Invalid(
        "Cannot use more than one of encrypted_suffix, unencrypted_suffix, encrypted_regex, unencrypted_regex, encrypted_comment_regex, or "
        "unencrypted_comment_regex in the same file");
  }
  if (count == 0) rules.unencrypted_suffix = "_unencrypted";
  return rules;
}

// ---- The data key ----------------------------------------------------------------------------------------------------------------------

struct Part {
  std::optional<std::string> secret;
  std::string why_not;        ///< one reason a key, joined
  bool only_services = true;  ///< no age and no OpenPGP key was there to be tried
};

Result<std::string> OpenWith(const MasterKey& key, const Keys& keys, base::TimePoint now) {
  switch (key.kind) {
    case MasterKey::Kind::Age: return OpenMasterKey(MasterKind::Age, key.encrypted, keys, now);
    case MasterKey::Kind::Pgp: return OpenMasterKey(MasterKind::Pgp, key.encrypted, keys, now);
    case MasterKey::Kind::Other: break;
  }
  return MakeError(Reason::Unsupported, "key services are not served, only age and OpenPGP");
}

Part OpenGroup(const std::vector<MasterKey>& group, const Keys& keys, base::TimePoint now) {
  constexpr std::size_t kMaxReasons = 10;
  Part part;
  std::size_t reasons = 0;
  for (const MasterKey& key : group) {
    part.only_services &= key.kind == MasterKey::Kind::Other;
    Result<std::string> secret = OpenWith(key, keys, now);
    if (secret) {
      part.secret = std::move(*secret);
      return part;
    }
    if (++reasons <= kMaxReasons) part.why_not += (reasons > 1 ? "; " : "") + key.name + ": " + secret.error().message;
  }
  if (reasons > kMaxReasons) part.why_not += "; and " + std::to_string(reasons - kMaxReasons) + " more";
  if (group.empty()) part.why_not = "it holds no key";
  return part;
}

// ---- Flat keys -------------------------------------------------------------------------------------------------------------------------

constexpr std::string_view kMap = "__map_", kList = "__list_";

struct Step {
  std::string key;
  bool in_list = false;
};

/// `a__list_0__map_b` -> a, [0], b.
std::vector<Step> StepsOf(std::string_view path) {
  std::vector<Step> steps;
  bool in_list = false;
  while (true) {
    const std::size_t map = path.find(kMap), list = path.find(kList);
    const std::size_t end = std::min(map, list);
    steps.push_back({std::string(path.substr(0, end)), in_list});
    if (end == std::string_view::npos) return steps;
    in_list = list < map;
    path.remove_prefix(end + (in_list ? kList.size() : kMap.size()));
  }
}

/// A node while it is built: places of a list are keys "0", "1" until all are there.
struct Node {
  std::optional<std::string> text;
  std::map<std::string, Node> keys;
  std::map<std::size_t, Node> places;
};

Result<void> Place(Node& root, std::string_view path, const std::string& text) {
  constexpr std::size_t kMaxSteps = 16;
  Node* at = &root;
  const std::vector<Step> steps = StepsOf(path);
  if (steps.size() > kMaxSteps) return Invalid("\"" + std::string(path) + "\" is too deep");
  for (const Step& step : steps) {
    if (!step.in_list) {
      at = &at->keys[step.key];
      continue;
    }
    std::size_t place = 0;
    const auto [end, error] = std::from_chars(step.key.data(), step.key.data() + step.key.size(), place);
    if (error != std::errc() || end != step.key.data() + step.key.size())
      return Invalid("\"" + std::string(path) + "\" names no place of a list");
    at = &at->places[place];
  }
  if (at->text) return Invalid("\"" + std::string(path) + "\" stands there twice");
  at->text = text;
  return {};
}

Result<Value> Build(const Node& node) {
  if (int{node.text.has_value()} + int{!node.keys.empty()} + int{!node.places.empty()} > 1)
    return Invalid("a flat key is both a value and a list or mapping");
  if (node.text) return Value(*node.text);
  if (!node.places.empty()) {
    if (node.places.rbegin()->first + 1 != node.places.size()) return Invalid("a list of flat keys has gaps");
    std::vector<Value> items;
    for (const auto& [place, item] : node.places) {
      TRY(Value value, Build(item));
      items.push_back(std::move(value));
    }
    return Value::Sequence(std::move(items));
  }
  Value mapping = Value::Mapping();
  for (const auto& [key, member] : node.keys) {
    TRY(Value value, Build(member));
    mapping.Set(key, std::move(value));
  }
  return mapping;
}

}  // namespace

Rules::Matched Rules::Below(Matched above, std::string_view key) const {
  const std::string& suffix = unencrypted_suffix.empty() ? encrypted_suffix : unencrypted_suffix;
  const re2::RE2* regex = unencrypted_regex ? unencrypted_regex.get() : encrypted_regex.get();
  if (!suffix.empty() && key.ends_with(suffix)) above.suffix = true;
  if (regex != nullptr && !above.regex) above.regex = re2::RE2::PartialMatch(re2::StringPiece(key.data(), key.size()), *regex);
  return above;
}

bool Rules::Encrypted(Matched matched) const {
  if (!unencrypted_suffix.empty()) return !matched.suffix;
  if (!encrypted_suffix.empty()) return matched.suffix;
  if (unencrypted_regex) return !matched.regex;
  if (encrypted_regex) return matched.regex;
  return true;
}

Result<Metadata> ParseMetadata(const Value& sops, const Limits& limits) {
  if (!sops.IsMapping()) return Invalid("Found sops entry that is not a mapping");
  Metadata out;
  TRY(std::vector<MasterKey> own, ReadGroup(sops));
  if (!own.empty()) {
    out.groups.push_back(std::move(own));
  } else {
    TRY(const std::span<const Value> groups, Entries(sops, "key_groups"));
    for (const Value& group : groups) {
      TRY(std::vector<MasterKey> keys, ReadGroup(group));
      out.groups.push_back(std::move(keys));
    }
  }
  if (out.groups.empty()) return Invalid("No keys found in file");
  TRY(CheckSize(out.groups, limits));
  const std::string threshold = TextAt(sops, "shamir_threshold");
  if (!threshold.empty()) {
    const auto [end, error] = std::from_chars(threshold.data(), threshold.data() + threshold.size(), out.shamir_threshold);
    if (error != std::errc() || end != threshold.data() + threshold.size()) return Invalid("sops.shamir_threshold is no number");
  }
  TRY(out.rules, ReadRules(sops));
  return out;
}

Result<Value> Unflatten(const std::vector<std::pair<std::string, std::string>>& entries) {
  Node root;
  for (const auto& [path, text] : entries) TRY(Place(root, path, text));
  return Build(root);
}

Result<std::string> OpenMasterKey(MasterKind kind, std::string_view encrypted, const Keys& keys, base::TimePoint now) {
  if (keys.elsewhere != nullptr) return keys.elsewhere->Open(kind, encrypted);
  if (kind == MasterKind::Age) {
    if (keys.age.empty()) return base::NotFound("no age identity is configured");
    return DecryptAge(encrypted, keys.age);
  }
  if (keys.pgp.empty()) return base::NotFound("no OpenPGP key is configured");
  const std::vector<std::string_view> rings(keys.pgp.begin(), keys.pgp.end());
  return crypto::Decrypt(encrypted, rings, now, {.max_message_bytes = 1u << 20, .max_plain_bytes = 4096});
}

Result<std::string> FindDataKey(const Metadata& metadata, const Keys& keys, base::TimePoint now) {
  std::vector<std::string> parts;
  std::string why_not;
  bool only_services = true;
  for (std::size_t i = 0; i < metadata.groups.size(); ++i) {
    Part part = OpenGroup(metadata.groups[i], keys, now);
    only_services &= part.only_services;
    if (part.secret) {
      parts.push_back(std::move(*part.secret));
    } else if (i < 10) {
      why_not += (why_not.empty() ? "" : ", ") +
                 (metadata.groups.size() > 1 ? "group " + std::to_string(i) + " (" + part.why_not + ")" : part.why_not);
    }
  }
  const bool split = metadata.groups.size() > 1;
  const std::size_t needed = split ? static_cast<std::size_t>(std::max<std::int64_t>(metadata.shamir_threshold, 0)) : 1;
  if (parts.size() < needed || parts.empty()) {
    const std::string how_many = split ? std::to_string(needed) + " of " + std::to_string(metadata.groups.size()) +
                                             " groups must succeed, " + std::to_string(parts.size()) + " did: "
                                       : "";
    return MakeError(only_services ? Reason::Unsupported : Reason::NotFound, how_many + why_not);
  }
  Result<std::string> key = split ? CombineShares(parts) : Result<std::string>(parts[0]);
  for (std::string& part : parts) crypto::Wipe(part);
  if (!key) return std::move(key).error().Wrap("could not get data key from shamir parts");
  return key;
}

}  // namespace sluice::sops
