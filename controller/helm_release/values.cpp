#include "controller/helm_release/values.h"

#include <map>

#include "base/digest.h"
#include "controller/helm_release/conceal.h"
#include "helm/chart/set_values.h"
#include "helm/chart/yaml_values.h"
#include "helm/functions/yaml.h"
#include "helm/release/codec.h"
#include "net/await.h"

namespace sluice::controller::helm_release {
namespace {

using base::Result;
using document::Value;

std::string Trouble(const std::string& ns, const ValuesReference& reference, std::string_view reason) {
  return "could not resolve" + std::string(reference.optional ? " optional" : "") + (reference.secret ? " Secret" : " ConfigMap") +
         " chart values reference '" + ns + "/" + reference.name + "' with key '" + reference.key + "': " + std::string(reason);
}

/// The entry `key` of a Secret (decoded) or ConfigMap; nullopt if it has none.
std::optional<std::string> EntryOf(const Value& object, const ValuesReference& reference) {
  const Value* data = object.Find("data");
  const Value* entry = data == nullptr ? nullptr : data->Find(reference.key);
  const auto text = entry == nullptr ? std::nullopt : entry->AsString();
  if (!text) return std::nullopt;
  if (!reference.secret) return std::string(*text);
  auto decoded = base::Base64Decode(*text);
  return decoded ? std::optional(*std::move(decoded)) : std::nullopt;
}

/// Maps are references, here as in Go: what `upper` alone has is put into the result itself, what both have is made anew. So a later change of the result may
/// be one of `upper`.
helm::Value Merge(const helm::Value& lower, const helm::Value& upper) {
  helm::Value out = helm::Value::NewMap();
  auto& entries = out.map()->entries;
  entries = lower.map()->entries;
  for (const auto& [key, value] : upper.map()->entries) {
    const auto there = entries.find(key);
    const bool both = there != entries.end() && there->second.IsMap() && value.IsMap();
    helm::Value merged = both ? Merge(there->second, value) : value;
    entries.insert_or_assign(key, std::move(merged));
  }
  return out;
}

bool Quoted(std::string_view text, char quote) { return !text.empty() && text.front() == quote && text.back() == quote; }

std::string_view Trim(std::string_view text, std::string_view letters) {
  const std::size_t begin = text.find_first_not_of(letters);
  if (begin == std::string_view::npos) return "";
  return text.substr(begin, text.find_last_not_of(letters) - begin + 1);
}

/// What --set would have to be given to mean just this text.
std::string Escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("\\,[]{}").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

Result<void> SetPath(helm::Map& values, const ValuesReference& reference, std::string_view text) {
  const std::string path = reference.target_path + "=";
  if (reference.literal) return helm::SetValues(path + Escaped(text), helm::SetKind::String, values);
  if (Quoted(text, '\'') || Quoted(text, '"')) {
    return helm::SetValues(path + std::string(Trim(text, "'\"")), helm::SetKind::String, values);
  }
  return helm::SetValues(path + std::string(text), helm::SetKind::Typed, values);
}

}  // namespace

net::Task<Result<std::vector<ReadReference>>> ReadReferences(kube::Client& client, std::string ns,
                                                             std::vector<ValuesReference> references) {
  std::vector<ReadReference> out;
  std::map<std::pair<bool, std::string>, std::optional<Value>> read;
  for (ValuesReference& reference : references) {
    const std::pair<bool, std::string> which(reference.secret, reference.name);
    const bool known = read.contains(which);
    std::optional<Value>& object = read[which];
    std::string reason = "resource not found";
    if (!known) {
      const kube::ObjectRef ref{.gvk = {"", "v1", reference.secret ? "Secret" : "ConfigMap"}, .ns = ns, .name = reference.name};
      net::Task<Result<Value>> reading = client.Get(ref);
      Result<Value> got = co_await std::move(reading);
      if (!got && got.error().reason != base::Reason::NotFound) co_return got.error();
      if (got) {
        object = *std::move(got);
      } else {
        reason = got.error().message;
      }
    }
    if (!object) {
      if (reference.optional) continue;
      co_return base::NotFound(Trouble(ns, reference, reason));
    }
    std::optional<std::string> text = EntryOf(*object, reference);
    if (!text && reference.optional) continue;
    if (!text) co_return base::NotFound(Trouble(ns, reference, "key not found"));
    out.push_back({std::move(reference), *std::move(text)});
  }
  co_return out;
}

Result<Composed> Compose(const std::string& ns, const std::vector<ReadReference>& references, const Value& inline_values) {
  Composed out;
  for (const auto& [reference, text] : references)
    if (reference.secret) NoteSecrets(text, !reference.target_path.empty(), out.secrets);
  const auto refused = [&](const ValuesReference& reference, const std::string& why) {
    return base::Invalid(Concealed(Trouble(ns, reference, why), out.secrets));
  };
  helm::Value own = helm::Value::NewMap();
  if (inline_values.IsMapping()) {
    TRY(own, helm::FromDocument(inline_values));
  }
  helm::Value result = helm::Value::NewMap();
  for (const auto& [reference, text] : references) {
    if (!reference.target_path.empty()) {
      result = Merge(result, own);
      if (auto set = SetPath(*result.map(), reference, text); !set) return refused(reference, set.error().message);
      continue;
    }
    auto read = helm::ParseValues(text, helm::Dialect::Helm3);  // the first document alone, as ReadValues of both
    if (!read) return refused(reference, read.error().message);
    result = Merge(result, *read);
  }
  out.values = helm::DeepCopy(Merge(result, own));
  TRY(out.config, helm::ConfigOf(out.values));
  out.digest = helm::ConfigDigest(out.config);
  return out;
}

}  // namespace sluice::controller::helm_release
