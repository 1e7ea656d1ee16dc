#include "kustomize/schema_comments.h"

#include <algorithm>
#include <string>
#include <utility>

#include "document/json.h"
#include "kustomize/yaml_comments.h"

namespace sluice::kustomize {

using document::Member;
using document::Value;

namespace {

constexpr std::string_view kTag = "!schema:";
const document::GroupVersionKind kHolder{"", "", "Holder"};
constexpr std::string_view kField = "field";

/// "# {...}" -> "{...}", if that is JSON.
std::string JsonOf(std::string_view comment) {
  comment.remove_prefix(std::min(comment.find_first_not_of('#'), comment.size()));
  const auto json = document::ParseJson(comment);
  return json && json->IsMapping() ? std::string(comment) : std::string();
}

/// The comment on the line above `line`, if it is the only line of it.
std::string_view Above(const YamlComments& comments, std::uint32_t line) {
  const auto at = std::lower_bound(comments.own.begin(), comments.own.end(), line,
                                   [](const OwnLineComment& one, std::uint32_t wanted) { return one.line + 1 < wanted; });
  if (at == comments.own.end() || at->line + 1 != line) return {};
  return at != comments.own.begin() && (at - 1)->line + 1 == at->line ? std::string_view() : std::string_view(at->text);
}

void Keep(Value& node, const YamlComments& comments) {
  if (node.IsSequence()) {
    for (Value& item : node.mutable_items()) Keep(item, comments);
  } else if (node.IsMapping()) {
    for (Member& member : node.mutable_members()) {
      Keep(member.value, comments);
      if (!member.value.IsSequence()) continue;
      const auto behind = comments.trailing.find(member.key_mark.line);
      std::string json = behind == comments.trailing.end() ? std::string() : JsonOf(behind->second);
      if (json.empty()) json = JsonOf(Above(comments, member.key_mark.line));
      if (!json.empty()) member.value.set_tag(std::string(kTag) + json);
    }
  }
}

}  // namespace

void KeepSchemas(std::string_view text, Value& tree) {
  if (text.find("# {") == std::string_view::npos && text.find("#{") == std::string_view::npos) return;
  Keep(tree, FindComments(text, tree));
}

std::optional<Schema> SchemaInComment(const Value& list) {
  if (!list.tag().starts_with(kTag)) return std::nullopt;
  auto json = document::ParseJson(list.tag().substr(kTag.size()));
  if (!json) return std::nullopt;
  Value kind = Value::Mapping();
  kind.Set("group", kHolder.group);
  kind.Set("version", kHolder.version);
  kind.Set("kind", kHolder.kind);
  Value holder = Value::Mapping();
  holder.Set("x-kubernetes-group-version-kind", Value::Sequence({std::move(kind)}));
  holder.Set("properties", Value::Mapping()).Set(kField, std::move(*json));
  Value openapi = Value::Mapping();
  openapi.Set("definitions", Value::Mapping()).Set(kHolder.kind, std::move(holder));
  auto schema = Schema::FromOpenApi(openapi, true);
  if (!schema) return std::nullopt;
  return std::move(*schema);
}

SchemaNode RootOfComment(const Schema& schema) { return schema.Root(kHolder).Field(kField); }

}  // namespace sluice::kustomize
