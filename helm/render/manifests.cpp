#include "helm/render/manifests.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <span>

#include "document/value.h"
#include "helm/chart/yaml_values.h"
#include "helm/template/number.h"
#include "helm/template/quote.h"
#include "helm/template/unicode.h"

namespace sluice::helm {
namespace {

using base::Invalid;
using base::Result;
using Tree = document::Value;

constexpr std::array<std::string_view, 37> kInstallOrder = {"PriorityClass",
                                                            "Namespace",
                                                            "NetworkPolicy",
                                                            "ResourceQuota",
                                                            "LimitRange",
                                                            "PodSecurityPolicy",
                                                            "PodDisruptionBudget",
                                                            "ServiceAccount",
                                                            "Secret",
                                                            "SecretList",
                                                            "ConfigMap",
                                                            "StorageClass",
                                                            "PersistentVolume",
                                                            "PersistentVolumeClaim",
                                                            "CustomResourceDefinition",
                                                            "ClusterRole",
                                                            "ClusterRoleList",
                                                            "ClusterRoleBinding",
                                                            "ClusterRoleBindingList",
                                                            "Role",
                                                            "RoleList",
                                                            "RoleBinding",
                                                            "RoleBindingList",
                                                            "Service",
                                                            "DaemonSet",
                                                            "Pod",
                                                            "ReplicationController",
                                                            "ReplicaSet",
                                                            "Deployment",
                                                            "HorizontalPodAutoscaler",
                                                            "StatefulSet",
                                                            "Job",
                                                            "CronJob",
                                                            "IngressClass",
                                                            "Ingress",
                                                            "APIService",
                                                            "MutatingWebhookConfiguration"};

/// A known kind's place; unknown ones come after all of them.
std::size_t Place(std::string_view kind, Dialect dialect) {
  if (dialect == Dialect::Helm4 && kind == "ValidatingWebhookConfiguration") return kInstallOrder.size();
  const std::size_t known = dialect == Dialect::Helm4 ? kInstallOrder.size() : kInstallOrder.size() - 1;
  const auto end = kInstallOrder.begin() + static_cast<std::ptrdiff_t>(known);
  const auto found = std::find(kInstallOrder.begin(), end, kind);
  return found == end ? kInstallOrder.size() + 1 : static_cast<std::size_t>(found - kInstallOrder.begin());
}

template <class Item>
void SortByKind(std::vector<Item>& items, Dialect dialect) {
  std::stable_sort(items.begin(), items.end(), [&](const Item& left, const Item& right) {
    const std::size_t a = Place(left.kind, dialect), b = Place(right.kind, dialect);
    if (a != b) return a < b;
    return a > kInstallOrder.size() && left.kind < right.kind;
  });
}

bool IsRegexBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r'; }

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

/// At `(?:^|\s*\n)---\s*`. What a separator has swallowed cannot be part of the next one.
std::vector<std::string> Split3(std::string_view text) {
  text = TrimSpace(text);
  std::vector<std::string> documents;
  const auto add = [&](std::string_view document) {
    if (!document.empty()) documents.emplace_back(TrimSpace(document));
  };
  std::size_t begin = 0, from = 0;
  while (true) {
    std::size_t dashes = std::string_view::npos;
    if (from == 0 && text.starts_with("---")) {
      dashes = 0;
    } else if (const std::size_t found = text.find("\n---", from); found != std::string_view::npos) {
      dashes = found + 1;
    }
    if (dashes == std::string_view::npos) break;
    std::size_t end = dashes;
    while (end > begin && IsRegexBlank(text[end - 1])) --end;
    add(text.substr(begin, end - begin));
    begin = dashes + 3;
    while (begin < text.size() && IsRegexBlank(text[begin])) ++begin;
    from = begin;
    if (from >= text.size()) break;
  }
  add(text.substr(begin));
  return documents;
}

/// At `(?m)^---[ \t]*`.
std::vector<std::string> Split4(std::string_view text) {
  text = TrimSpaceLeft(text);
  std::vector<std::string> documents;
  const auto add = [&](std::string_view document) {
    if (!TrimSpace(document).empty()) documents.emplace_back(TrimSpaceLeft(document));
  };
  std::size_t begin = 0;
  for (std::size_t line = 0; line < text.size();) {
    if (text.substr(line).starts_with("---")) {
      add(text.substr(begin, line - begin));
      begin = line + 3;
      while (begin < text.size() && (text[begin] == ' ' || text[begin] == '\t')) ++begin;
      line = begin;
    }
    const std::size_t end = text.find('\n', line);
    if (end == std::string_view::npos) break;
    line = end + 1;
  }
  add(text.substr(begin));
  return documents;
}

std::string_view StructName(Dialect dialect) { return dialect == Dialect::Helm3 ? "releaseutil.SimpleHead" : "util.SimpleHead"; }

/// What Helm reads of a document.
struct Head {
  std::string api_version, kind, name;
  std::optional<std::map<std::string, std::string>> annotations;
};

bool AllFinite(const Tree& tree) {
  if (tree.kind() == document::Kind::Float) return std::isfinite(tree.AsDouble().value_or(0));
  if (tree.IsSequence()) return std::all_of(tree.items().begin(), tree.items().end(), AllFinite);
  const auto members = tree.members();
  return std::all_of(members.begin(), members.end(), [](const document::Member& member) { return AllFinite(member.value); });
}

/// Numbers that JSON does not know, in the order in which they would be written.
Result<void> CheckNumbers(const Tree& tree) {
  if (tree.kind() == document::Kind::Float) {
    const double number = tree.AsDouble().value_or(0);
    if (!std::isfinite(number)) return Invalid("error converting YAML to JSON: json: unsupported value: " + FormatFloat(number, 'g'));
  }
  if (tree.IsSequence())
    for (const Tree& item : tree.items()) TRY(CheckNumbers(item));
  if (tree.IsMapping())
    for (const document::Member& member : InJsonOrder(tree)) TRY(CheckNumbers(member.value));
  return {};
}

/// The same of a document, whose scalars become text where the head wants text.
Result<void> CheckHeadNumbers(const Tree& head) {
  const auto check = [](const Tree& value, bool is_text) { return is_text && value.IsScalar() ? Result<void>() : CheckNumbers(value); };
  for (const document::Member& member : InJsonOrder(head)) {
    const std::string key = Lower(member.key);
    if (key != "metadata" || !member.value.IsMapping()) {
      TRY(check(member.value, key == "apiversion" || key == "kind"));
      continue;
    }
    for (const document::Member& part : InJsonOrder(member.value)) {
      const std::string name = Lower(part.key);
      if (name != "annotations" || !part.value.IsMapping()) {
        TRY(check(part.value, name == "name"));
        continue;
      }
      for (const document::Member& annotation : InJsonOrder(part.value)) TRY(check(annotation.value, true));
    }
  }
  return {};
}

class HeadReader {
 public:
  Result<Head> Read(std::string_view text, Dialect dialect) {
    TRY(const Tree tree, ParseChartYaml(text));
    if (tree.IsNull()) return head_;
    if (!AllFinite(tree)) TRY(tree.IsMapping() ? CheckHeadNumbers(tree) : CheckNumbers(tree));
    if (!tree.IsMapping()) return Invalid(CannotUnmarshal(JsonTypeName(tree), std::string("value of type ").append(StructName(dialect))));
    for (const document::Member& member : InJsonOrder(tree)) {
      const std::string key = Lower(member.key);
      if (key == "apiversion") TRY(Text(member.value, "SimpleHead.apiVersion", head_.api_version));
      if (key == "kind") TRY(Text(member.value, "SimpleHead.kind", head_.kind));
      if (key == "metadata") TRY(Metadata(member.value));
    }
    return std::move(head_);
  }

 private:
  static base::Error Mismatch(const Tree& value, std::string_view field, std::string_view type) {
    return Invalid(CannotUnmarshal(JsonTypeName(value), std::string("struct field ").append(field).append(" of type ").append(type)));
  }

  static Result<void> Text(const Tree& value, std::string_view field, std::string& out) {
    if (value.IsNull()) return {};
    if (!value.IsScalar()) return Mismatch(value, field, "string");
    out = ScalarText(value);
    return {};
  }

  Result<void> Metadata(const Tree& value) {
    if (value.IsNull()) return {};
    if (!value.IsMapping())
      return Mismatch(value, "SimpleHead.metadata",
                      "struct { Name string \"json:\\\"name\\\"\"; Annotations map[string]string \"json:\\\"annotations\\\"\" }");
    for (const document::Member& member : InJsonOrder(value)) {
      const std::string key = Lower(member.key);
      if (key == "name") TRY(Text(member.value, ".metadata.name", head_.name));
      if (key == "annotations") TRY(Annotations(member.value));
    }
    return {};
  }

  Result<void> Annotations(const Tree& value) {
    if (value.IsNull()) return {};
    if (!value.IsMapping()) return Mismatch(value, ".metadata.annotations", "map[string]string");
    head_.annotations.emplace();
    for (const document::Member& member : InJsonOrder(value))
      TRY(Text(member.value, ".metadata.annotations", (*head_.annotations)[member.key]));
    return {};
  }

  Head head_;
};

std::vector<std::string> Words(const std::map<std::string, std::string>& annotations, const std::string& key) {
  std::vector<std::string> words;
  const auto found = annotations.find(key);
  if (found == annotations.end()) return words;
  std::string_view rest = found->second;
  while (true) {
    const std::size_t comma = rest.find(',');
    words.push_back(Lower(TrimSpace(rest.substr(0, comma))));
    if (comma == std::string_view::npos) return words;
    rest.remove_prefix(comma + 1);
  }
}

/// False for a word that is no event.
bool ReadEvents(std::vector<std::string> words, std::vector<std::string>& events) {
  constexpr std::array<std::string_view, 9> kEvents = {"pre-install",  "post-install", "pre-delete",    "post-delete", "pre-upgrade",
                                                       "post-upgrade", "pre-rollback", "post-rollback", "test"};
  for (std::string& word : words) {
    if (word == "test-success") word = "test";
    if (std::find(kEvents.begin(), kEvents.end(), word) == kEvents.end()) return false;
    events.push_back(std::move(word));
  }
  return true;
}

/// The lines of a document around the one that `message` of the YAML reader names, numbered; "" if it is not about YAML.
std::string OffendingLines(const std::string& path, std::string_view content, std::string_view message) {
  constexpr std::string_view kYaml = "yaml: ", kLine = "line ";
  constexpr std::size_t kAround = 2, kWidth = 160;
  const std::size_t yaml = message.find(kYaml);
  if (yaml == std::string_view::npos) return "";
  message.remove_prefix(yaml + kYaml.size());
  std::size_t wanted = 1;
  if (message.starts_with(kLine)) {
    message.remove_prefix(kLine.size());
    wanted = static_cast<std::size_t>(ParseInt(message.substr(0, message.find(':')), 10).value_or(1));
  }
  std::string lines = "\n\nrendered " + path + ":";
  for (std::size_t number = 1; !content.empty(); ++number) {
    const std::size_t end = content.find('\n');
    if (number + kAround >= wanted && number <= wanted + kAround)
      lines.append("\n  ").append(std::to_string(number)).append(" | ").append(content.substr(0, std::min(end, kWidth)));
    if (end == std::string_view::npos) break;
    content.remove_prefix(end + 1);
  }
  return lines;
}

void SayUnknown(const std::string& events, const SortOptions& options) {
  if (options.notify == nullptr || !*options.notify) return;
  (*options.notify)({.text = "info: skipping unknown hook: " + GoQuote(events),
                     .level = "INFO",
                     .message = "skipping unknown hooks",
                     .fields = {{"hookTypes", events}}});
}

Result<void> Add(const std::string& path, std::string content, const SortOptions& options, SortedManifests& out) {
  auto read = HeadReader().Read(content, options.dialect);
  if (!read) {
    base::Error error = read.error().Wrap("YAML parse error on " + path);
    if (options.show_lines) error.message += OffendingLines(path, content, read.error().message);
    return error;
  }
  Head head = *std::move(read);
  if (!head.annotations || !head.annotations->contains("helm.sh/hook")) {
    out.manifests.push_back(
        {.path = path, .content = std::move(content), .api_version = head.api_version, .kind = head.kind, .name = head.name});
    return {};
  }
  Hook hook{.path = path, .content = std::move(content), .kind = head.kind, .name = head.name};
  if (!ReadEvents(Words(*head.annotations, "helm.sh/hook"), hook.events))
    return SayUnknown(head.annotations->at("helm.sh/hook"), options), Result<void>();
  const auto weight = head.annotations->find("helm.sh/hook-weight");
  if (weight != head.annotations->end()) hook.weight = static_cast<int>(ParseInt(weight->second, 10).value_or(0));
  hook.delete_policies = Words(*head.annotations, "helm.sh/hook-delete-policy");
  hook.output_log_policies = Words(*head.annotations, "helm.sh/hook-output-log-policy");
  out.hooks.push_back(std::move(hook));
  return {};
}

}  // namespace

bool Hook::IsTest() const { return std::find(events.begin(), events.end(), "test") != events.end(); }

std::vector<std::string> SplitManifests(std::string_view text, Dialect dialect) {
  return dialect == Dialect::Helm3 ? Split3(text) : Split4(text);
}

Result<SortedManifests> SortManifests(const std::map<std::string, std::string>& files, const SortOptions& options) {
  SortedManifests sorted;
  for (const auto& [path, text] : files) {
    if (path.substr(path.rfind('/') + 1).starts_with('_') || TrimSpace(text).empty()) continue;
    for (std::string& document : SplitManifests(text, options.dialect)) TRY(Add(path, std::move(document), options, sorted));
  }
  SortByKind(sorted.manifests, options.dialect);
  SortByKind(sorted.hooks, options.dialect);
  return sorted;
}

std::string Print(const std::vector<Manifest>& manifests) {
  constexpr std::string_view kHead = "---\n# Source: ";
  std::size_t size = 1;  // for a last newline
  for (const Manifest& manifest : manifests) size += kHead.size() + manifest.path.size() + manifest.content.size() + 2;
  std::string out;
  out.reserve(size);
  for (const Manifest& manifest : manifests) out.append(kHead).append(manifest.path).append("\n").append(manifest.content).append("\n");
  return out;
}

}  // namespace sluice::helm
