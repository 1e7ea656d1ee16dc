#include "controller/kustomization/masking.h"

#include <cmath>

#include "base/digest.h"
#include "document/json.h"
#include "document/object.h"
#include "document/yaml.h"
#include "document/yaml_scalar.h"

namespace sluice::controller::kustomization {
namespace {

using base::Result;
using document::Kind;
using document::Member;
using document::Value;

constexpr std::string_view kMask = "**SOPS**", kDockerMask = R"({"mask":"**SOPS**"})";

bool IsSecret(const Value& object) { return object.StringAt({"kind"}) == "Secret"; }

/// What stands in the YAML of `value`.
std::string SourceOf(const Value& value) {
  if (!value.IsScalar() || value.IsNull()) return "";
  return value.tag() == "!!binary" ? base::Base64Encode(value.text()) : std::string(value.text());
}

bool IsEncrypted(const Value& secret) {
  const std::string text = document::EmitYaml(secret);
  return text.find("sops:") != std::string::npos && text.find("mac: ENC[") != std::string::npos;
}

bool HoldsEncrypted(std::string_view text) { return text.find("sops") != text.npos && text.find("ENC[") != text.npos; }

std::span<Member> MembersOf(Value& object, std::string_view field) {
  Value* map = object.Find(field);
  if (map == nullptr || !map->IsMapping()) return {};
  return map->mutable_members();
}

/// A value of `stringData` without the quotes it had. Within braces some may not go without.
Result<Value> Unquoted(const Value& value, bool in_braces) {
  const std::string text = SourceOf(value);
  const Kind kind = document::ResolvePlain(text, document::Resolver::GoYaml3);
  const bool quoted = !document::AnalyzeText(text).plain || (in_braces && (text.empty() || text.find(':') != std::string::npos));
  if (kind == Kind::String || quoted) return Value(text);
  if (kind == Kind::Null) return Value();
  const Value plain = Value::Scalar(kind, text);
  if (kind == Kind::Float && !std::isfinite(plain.AsDouble().value_or(0)))
    return base::Invalid(std::string(text) + " is no number of JSON");
  return document::ParseJson(document::EmitJson(plain));
}

Result<void> Print(Value& secret, const std::string& name) {
  for (Member& member : MembersOf(secret, "data")) {
    member.value = Value(SourceOf(member.value));
    const auto bytes = base::Base64Decode(member.value.text());
    if (!bytes) return base::Error(bytes.error()).Wrap("failed to mask secret " + name + " sops data: data." + member.key);
  }
  if (MembersOf(secret, "data").empty()) secret.Erase("data");
  for (const std::string_view field : {"data", "stringData"}) {
    for (const Member& member : MembersOf(secret, field)) {
      if (!member.key.empty() && document::ResolvePlain(member.key, document::Resolver::GoYaml3) != Kind::String)
        return base::Invalid("Secret " + name + ": the key " + member.key + " of " + std::string(field) +
                             " would be no text without quotes");
    }
  }
  const Value* strings = secret.Find("stringData");
  const bool in_braces = strings != nullptr && strings->style() == document::Style::Flow;
  for (Member& member : MembersOf(secret, "stringData")) {
    auto value = Unquoted(member.value, in_braces);
    if (!value) return std::move(value).error().Wrap("Secret " + name + ": stringData." + member.key);
    member.value = *std::move(value);
  }
  return {};
}

}  // namespace

void MaskSecret(Value& object) {
  if (!IsSecret(object)) return;
  if (IsEncrypted(object)) {
    const std::string_view mask = object.StringAt({"type"}) == "kubernetes.io/dockerconfigjson" ? kDockerMask : kMask;
    object.Erase("sops");
    for (Member& member : MembersOf(object, "data")) member.value = Value(base::Base64Encode(mask));
    for (Member& member : MembersOf(object, "stringData")) member.value = Value(mask);
    return;
  }
  for (Member& member : MembersOf(object, "data")) {
    const auto bytes = base::Base64Decode(SourceOf(member.value));
    if (bytes && HoldsEncrypted(*bytes)) member.value = Value(base::Base64Encode(kMask));
  }
  for (Member& member : MembersOf(object, "stringData")) {
    if (HoldsEncrypted(SourceOf(member.value))) member.value = Value(base::Base64Encode(kMask));  // so it is, also here
  }
}

Result<void> MaskSecretForPrinting(Value& object) {
  if (!IsSecret(object)) return {};
  MaskSecret(object);
  return Print(object, std::string(document::NameOf(object)));
}

}  // namespace sluice::controller::kustomization
