// Documents as k8s.io/apimachinery's YAMLOrJSONDecoder parts and reads them, and the rules for names of objects.
#include <re2/re2.h>

#include "document/value.h"
#include "helm/chart/yaml_documents.h"
#include "helm/chart/yaml_values.h"
#include "helm/functions/json.h"
#include "helm/lint/rules.h"
#include "helm/template/number.h"
#include "helm/template/quote.h"
#include "helm/template/unicode.h"

namespace sluice::helm {
namespace {

using base::Invalid;
using base::Result;
using Tree = document::Value;

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

class ObjectReader {
 public:
  explicit ObjectReader(Dialect dialect) : type_(dialect == Dialect::Helm3 ? "K8sYamlStruct" : "k8sYamlStruct") {}

  Result<std::optional<LintObject>> Read(std::string_view text) const {
    TRY(const Tree tree, ParseChartYaml(text));
    if (tree.IsNull()) return std::optional<LintObject>();
    if (!tree.IsMapping()) return Invalid(CannotUnmarshal(JsonTypeName(tree), "value of type rules." + type_));
    LintObject object;
    for (const document::Member& member : InJsonOrder(tree)) {
      const std::string key = Lower(member.key);
      if (key == "apiversion") TRY(Text(member.value, type_ + ".apiVersion", object.api_version));
      if (key == "kind") TRY(Text(member.value, type_ + ".Kind", object.kind));
      if (key == "metadata") TRY(Metadata(member.value, object));
    }
    return std::optional(std::move(object));
  }

 private:
  static base::Error Mismatch(const Tree& value, std::string_view field, std::string_view type) {
    return Invalid(CannotUnmarshal(JsonTypeName(value), std::string("struct field ").append(field).append(" of type ").append(type)));
  }

  static Result<void> Text(const Tree& value, const std::string& field, std::string& out) {
    if (value.IsNull()) return {};
    if (!value.IsScalar()) return Mismatch(value, field, "string");
    out = ScalarText(value);
    return {};
  }

  Result<void> Metadata(const Tree& value, LintObject& object) const {
    if (value.IsNull()) return {};
    if (!value.IsMapping()) return Mismatch(value, type_ + ".Metadata", "rules.k8sYamlMetadata");
    std::string ns;
    for (const document::Member& member : InJsonOrder(value)) {
      const std::string key = Lower(member.key);
      if (key == "name") TRY(Text(member.value, "k8sYamlMetadata.Metadata.Name", object.name));
      if (key == "namespace") TRY(Text(member.value, "k8sYamlMetadata.Metadata.Namespace", ns));
    }
    return {};
  }

  const std::string type_;
};

// ---- names

constexpr std::string_view kLabel = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
constexpr std::string_view kLabel1035 = "[a-z]([-a-z0-9]*[a-z0-9])?";

std::string Subdomain() { return std::string(kLabel) + "(\\." + std::string(kLabel) + ")*"; }

std::string Against(std::string_view rule, std::string_view examples, std::string_view regex) {
  return std::string(rule).append(" (e.g. ").append(examples).append(", regex used for validation is '").append(regex).append("')");
}

std::string TooLong(std::size_t most) { return "must be no more than " + std::to_string(most) + " characters"; }

std::vector<std::string> SubdomainProblems(const std::string& name) {
  std::vector<std::string> problems;
  if (name.size() > 253) problems.push_back(TooLong(253));
  if (!re2::RE2::FullMatch(name, Subdomain()))
    problems.push_back(Against(
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with "
        "an alphanumeric character",
        "'example.com'", Subdomain()));
  return problems;
}

std::vector<std::string> LabelProblems(const std::string& name) {
  std::vector<std::string> problems;
  if (name.size() > 63) problems.push_back(TooLong(63));
  if (re2::RE2::FullMatch(name, re2::RE2(kLabel))) return problems;
  if (re2::RE2::FullMatch(name, Subdomain())) {
    problems.emplace_back("must not contain dots");
  } else {
    problems.push_back(
        Against("a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an "
                "alphanumeric character",
                "'my-name',  or '123-abc'", kLabel));
  }
  return problems;
}

std::vector<std::string> ServiceProblems(const std::string& name) {
  std::vector<std::string> problems;
  if (name.size() > 63) problems.push_back(TooLong(63));
  if (!re2::RE2::FullMatch(name, re2::RE2(kLabel1035)))
    problems.push_back(
        Against("a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end "
                "with an alphanumeric character",
                "'my-name',  or 'abc-123'", kLabel1035));
  return problems;
}

std::vector<std::string> PathProblems(const std::string& name) {
  if (name == "." || name == "..") return {"may not be '" + name + "'"};
  std::vector<std::string> problems;
  for (const char* part : {"/", "%"})
    if (name.find(part) != std::string::npos) problems.push_back(std::string("may not contain '") + part + "'");
  return problems;
}

std::vector<std::string> Problems(std::string_view kind, const std::string& name) {
  const std::string lower = Lower(kind);
  if (lower == "service") return ServiceProblems(name);
  if (lower == "namespace") return LabelProblems(name);
  if (lower == "certificatesigningrequest") return {};
  if (lower == "role" || lower == "clusterrole" || lower == "rolebinding" || lower == "clusterrolebinding") return PathProblems(name);
  return SubdomainProblems(name);
}

}  // namespace

std::vector<std::optional<LintObject>> ReadLintObjects(std::string_view text, Dialect dialect, std::optional<base::Error>& error) {
  std::vector<std::optional<LintObject>> objects;
  const ObjectReader reader(dialect);
  for (YamlDocuments parts(text); true;) {
    const auto part = parts.Next();
    if (!part) {
      error = part.error();
      return objects;
    }
    if (!*part) return objects;
    auto object = reader.Read(**part);
    if (!object) {
      error = object.error();
      return objects;
    }
    objects.push_back(*std::move(object));
  }
}

std::string NameProblem(std::string_view kind, const std::string& name, Dialect) {
  const std::vector<std::string> problems = Problems(kind, name);
  if (problems.empty()) return "";
  std::string all;
  for (const std::string& problem : problems)
    all += (all.empty() ? "" : ", ") + ("metadata.name: Invalid value: " + GoQuote(name) + ": " + problem);
  if (problems.size() > 1) all = "[" + all + "]";
  return "object name does not conform to Kubernetes naming requirements: " + GoQuote(name) + ": " + all;
}

}  // namespace sluice::helm
