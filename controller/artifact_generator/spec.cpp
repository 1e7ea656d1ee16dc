#include "controller/artifact_generator/spec.h"

#include <algorithm>
#include <set>

#include "controller/spec_reader.h"
#include "document/object.h"

namespace sluice::controller::artifact_generator {
namespace {

using base::Invalid;
using base::Result;

constexpr std::size_t kMaxName = 253;

Result<CopyOperation> ReadCopy(const SpecReader& item) {
  CopyOperation out;
  TRY(out.from, item.RequiredString("from"));
  TRY(out.to, item.RequiredString("to"));
  TRY(out.exclude, item.Strings("exclude"));
  TRY(const std::string strategy, item.String("strategy"));
  if (strategy == "Merge") {
    out.strategy = Strategy::Merge;
  } else if (strategy == "Extract") {
    out.strategy = Strategy::Extract;
  } else if (!strategy.empty() && strategy != "Overwrite") {
    return Invalid(item.PathOf("strategy") + ": \"" + strategy + "\" is none of Overwrite, Merge, Extract");
  }
  return out;
}

Result<OutputArtifact> ReadArtifact(const SpecReader& item) {
  OutputArtifact out;
  TRY(out.name, item.RequiredString("name"));
  TRY(out.revision, item.String("revision"));
  TRY(out.origin_revision, item.String("originRevision"));
  for (const SpecReader& copy : item.Items("copy")) {
    TRY(CopyOperation operation, ReadCopy(copy));
    out.copy.push_back(std::move(operation));
  }
  return out;
}

std::string_view AliasOf(std::string_view reference) {
  if (reference.starts_with('@')) reference.remove_prefix(1);
  return reference;
}

bool IsLowerAlnum(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool IsSubdomain(std::string_view name) {
  bool begins = true;  // a label
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (c == '.' && (begins || !IsLowerAlnum(name[i - 1]))) return false;
    if (c == '-' && begins) return false;
    if (c != '.' && c != '-' && !IsLowerAlnum(c)) return false;
    begins = c == '.';
  }
  return !name.empty() && IsLowerAlnum(name.back());
}

}  // namespace

Result<Spec> ParseSpec(const document::Value& object) {
  const std::string own(document::NamespaceOf(object));
  const SpecReader spec(object.Find("spec"), "spec");
  Spec out;
  for (const SpecReader& item : spec.Items("sources")) {
    NamedSource source;
    TRY(source.alias, item.RequiredString("alias"));
    TRY(source.key.kind, item.RequiredString("kind"));
    TRY(source.key.name, item.RequiredString("name"));
    TRY(source.key.ns, item.String("namespace"));
    if (source.key.ns.empty()) source.key.ns = own;
    out.sources.push_back(std::move(source));
  }
  for (const SpecReader& item : spec.Items("artifacts")) {
    TRY(OutputArtifact artifact, ReadArtifact(item));
    out.artifacts.push_back(std::move(artifact));
  }
  TRY(out.path_pattern, spec.String("pathPattern"));
  const SpecReader metadata = spec.Child("commonMetadata");
  TRY(out.labels, metadata.StringMap("labels"));
  TRY(out.annotations, metadata.StringMap("annotations"));
  return out;
}

std::optional<Refusal> Refused(const Spec& spec, std::string_view own_namespace, bool no_cross_namespace_refs) {
  std::set<std::string_view> aliases, names;
  for (const NamedSource& source : spec.sources) {
    if (!aliases.insert(source.alias).second) return Refusal{"ValidationFailed", "duplicate source alias '" + source.alias + "' found"};
    if (no_cross_namespace_refs && source.key.ns != own_namespace) {
      return Refusal{"AccessDenied", "cross-namespace reference to source " + source.key.kind + "/" + source.key.ns + "/" +
                                         source.key.name + " is not allowed"};
    }
  }
  for (const OutputArtifact& artifact : spec.artifacts) {
    if (!names.insert(artifact.name).second) return Refusal{"ValidationFailed", "duplicate artifact name '" + artifact.name + "' found"};
    const std::string problem = spec.path_pattern.empty() ? NameProblem(artifact.name) : "";
    if (!problem.empty())
      return Refusal{"ValidationFailed", "artifact name \"" + artifact.name + "\" is not a valid Kubernetes object name: " + problem};
    if (!artifact.revision.empty() && !aliases.contains(AliasOf(artifact.revision))) {
      return Refusal{"ValidationFailed",
                     "artifact " + artifact.name + " revision source alias '" + std::string(AliasOf(artifact.revision)) + "' not found"};
    }
  }
  return std::nullopt;
}

bool IsDisabled(const document::Value& object) {
  constexpr std::string_view kDisabled = "disabled";
  const std::string_view value = document::AnnotationOf(object, kReconcileAnnotation);
  return std::equal(value.begin(), value.end(), kDisabled.begin(), kDisabled.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + ('a' - 'A')) : a) == b; });
}

std::string NameProblem(std::string_view name) {
  std::string out;
  if (name.size() > kMaxName) out = "must be no more than 253 characters";
  if (IsSubdomain(name)) return out;
  return out + (out.empty() ? "" : "; ") +
         "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an "
         "alphanumeric character (e.g. 'example.com', regex used for validation is "
         "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
}

}  // namespace sluice::controller::artifact_generator
