// Chart.yaml is decoded member by member as encoding/json decodes a struct: the field is found by its name without case, and a scalar becomes
// text where the field is text, in the forms that sigs.k8s.io/yaml gives it (a float in its shortest float32 form, so 1.10 is "1.1").
#include "helm/chart/metadata.h"

#include <functional>
#include <set>

#include "document/yaml.h"
#include "helm/chart/yaml_values.h"
#include "helm/functions/semver.h"
#include "helm/functions/yaml.h"
#include "helm/template/print.h"
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

/// Reads a struct called `type` ("Metadata") out of a mapping.
class Fields {
 public:
  using Reader = std::function<Result<void>(const Tree& value)>;
  explicit Fields(std::string_view type, std::string_view path = "") : type_(type), path_(path) {}

  void Add(std::string_view name, Reader reader) { readers_.emplace(Lower(name), std::pair(std::string(name), std::move(reader))); }
  void Text(std::string_view name, std::string& out) {
    Add(name, [this, name, &out](const Tree& value) -> Result<void> {
      TRY(out, ReadText(value, name, "string"));
      return {};
    });
  }
  void Texts(std::string_view name, std::vector<std::string>& out) {
    Add(name, [this, name, &out](const Tree& value) -> Result<void> {
      if (!value.IsSequence()) return Mismatch(value, name, "[]string");
      out.clear();
      for (const Tree& item : value.items()) {
        if (item.IsNull()) {
          out.emplace_back();
          continue;
        }
        TRY(std::string text, ReadText(item, name, "string"));
        out.push_back(std::move(text));
      }
      return {};
    });
  }
  void Bool(std::string_view name, bool& out) {
    Add(name, [this, name, &out](const Tree& value) -> Result<void> {
      if (!value.IsBool()) return Mismatch(value, name, "bool");
      out = value.AsBool().value_or(false);
      return {};
    });
  }
  void Map(std::string_view name, std::map<std::string, std::string>& out) {
    Add(name, [this, name, &out](const Tree& value) -> Result<void> {
      if (!value.IsMapping()) return Mismatch(value, name, "map[string]string");
      for (const document::Member& member : value.members()) {
        TRY(out[member.key], ReadText(member.value, name, "string"));
      }
      return {};
    });
  }
  base::Error Mismatch(const Tree& value, std::string_view name, std::string_view want) const {
    return Invalid(
        CannotUnmarshal(JsonTypeName(value), "struct field " + type_ + "." + path_ + std::string(name) + " of type " + std::string(want)));
  }

  Result<void> Read(const Tree& mapping) const {
    for (const document::Member& member : InJsonOrder(mapping)) {
      const auto found = readers_.find(Lower(member.key));
      if (found == readers_.end() || member.value.IsNull()) continue;
      TRY(found->second.second(member.value));
    }
    return {};
  }

 private:
  Result<std::string> ReadText(const Tree& value, std::string_view name, std::string_view want) const {
    if (value.IsNull()) return std::string();
    if (!value.IsScalar()) return Mismatch(value, name, want);
    return ScalarText(value);
  }
  std::string type_, path_;  // of the struct, and the fields that lead to it
  std::map<std::string, std::pair<std::string, Reader>> readers_;
};

Result<void> ReadImports(const Tree& value, std::vector<Value>& out) {
  for (const Tree& item : value.items()) {
    TRY(Value import, FromDocument(item));
    out.push_back(std::move(import));
  }
  return {};
}

Result<Dependency> ReadDependency(const Tree& value, const std::string& package) {
  Dependency dependency;
  Fields fields("Dependency", "dependencies.");
  if (!value.IsMapping()) return Fields("Metadata").Mismatch(value, "dependencies", package + "Dependency");
  fields.Text("name", dependency.name);
  fields.Text("version", dependency.version);
  fields.Text("repository", dependency.repository);
  fields.Text("condition", dependency.condition);
  fields.Texts("tags", dependency.tags);
  fields.Bool("enabled", dependency.enabled);
  fields.Text("alias", dependency.alias);
  fields.Add("import-values", [&](const Tree& list) -> Result<void> {
    if (!list.IsSequence()) return fields.Mismatch(list, "import-values", "[]interface {}");
    return ReadImports(list, dependency.import_values);
  });
  TRY(fields.Read(value));
  return dependency;
}

Result<std::vector<Dependency>> ReadDependencies(const Tree& value, bool& has_null, const std::string& package) {
  std::vector<Dependency> dependencies;
  for (const Tree& item : value.items()) {
    if (item.IsNull()) {
      has_null = true;
      dependencies.emplace_back();
      continue;
    }
    TRY(Dependency dependency, ReadDependency(item, package));
    dependencies.push_back(std::move(dependency));
  }
  return dependencies;
}

Result<Maintainer> ReadMaintainer(const Tree& value, const std::string& package) {
  Maintainer maintainer;
  Fields fields("Maintainer", "maintainers.");
  if (!value.IsMapping()) return Fields("Metadata").Mismatch(value, "maintainers", package + "Maintainer");
  fields.Text("name", maintainer.name);
  fields.Text("email", maintainer.email);
  fields.Text("url", maintainer.url);
  TRY(fields.Read(value));
  return maintainer;
}

/// Blanks of every kind become plain ones, what cannot be printed goes.
void Sanitize(std::string& text) {
  std::string clean;
  std::string_view rest = text;
  for (Rune rune = DecodeRune(rest); rune.size > 0; rune = DecodeRune(rest)) {
    if (IsSpace(rune.value)) {
      clean += ' ';
    } else if (IsPrint(rune.value)) {
      AppendRune(clean, rune.value);
    }
    rest.remove_prefix(rune.size);
  }
  text = std::move(clean);
}

void Sanitize(Dependency& dependency) {
  for (std::string* text : {&dependency.name, &dependency.version, &dependency.repository, &dependency.condition}) Sanitize(*text);
  for (std::string& tag : dependency.tags) Sanitize(tag);
}

void Sanitize(Metadata& metadata) {
  for (std::string* text : {&metadata.name, &metadata.description, &metadata.home, &metadata.icon, &metadata.condition, &metadata.tags,
                            &metadata.app_version, &metadata.kube_version})
    Sanitize(*text);
  for (std::string& source : metadata.sources) Sanitize(source);
  for (std::string& keyword : metadata.keywords) Sanitize(keyword);
}

bool IsAlias(std::string_view alias) {
  for (const char c : alias)
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-')) return false;
  return true;
}

Result<void> ValidateDependencies(Metadata& metadata) {
  std::set<std::string> names;
  if (metadata.null_dependency) return Invalid("validation: dependencies must not contain empty or null nodes");
  for (Dependency& dependency : *metadata.dependencies) {
    Sanitize(dependency);
    if (!IsAlias(dependency.alias))
      return Invalid("validation: dependency " + GoQuote(dependency.name) + " has disallowed characters in the alias");
    const std::string& key = dependency.alias.empty() ? dependency.name : dependency.alias;
    if (!names.insert(key).second) return Invalid("validation: more than one dependency with name or alias " + GoQuote(key));
  }
  return {};
}

using Names = std::set<std::string, std::less<>>;
const Names kMetadataNames = {"name",        "home",        "sources",     "version",      "description", "keywords",
                              "maintainers", "icon",        "apiversion",  "condition",    "tags",        "appversion",
                              "deprecated",  "annotations", "kubeversion", "dependencies", "type"};
const Names kMaintainerNames = {"name", "email", "url"};
const Names kDependencyNames = {"name", "version", "repository", "condition", "tags", "enabled", "import-values", "alias"};

/// The first field of `mapping` that is not among `names`, by its key; then of what is in it.
Result<void> RefuseUnknown(const Tree& mapping, const Names& names) {
  if (!mapping.IsMapping()) return {};
  std::map<std::string_view, const Tree*> sorted;
  for (const document::Member& member : mapping.members()) sorted.emplace(member.key, &member.value);
  for (const auto& [key, value] : sorted) {
    const std::string name = Lower(key);
    if (!names.contains(name)) return Invalid("error unmarshaling JSON: while decoding JSON: json: unknown field " + GoQuote(key));
    const bool top = &names == &kMetadataNames;
    if (!top || !value->IsSequence() || (name != "maintainers" && name != "dependencies")) continue;
    for (const Tree& item : value->items()) TRY(RefuseUnknown(item, name == "maintainers" ? kMaintainerNames : kDependencyNames));
  }
  return {};
}

/// "x:5:1: mapping key "a" already defined at line 2" as go-yaml's strict reader says it.
std::string RepeatedKey(std::string_view message) {
  constexpr std::string_view kKey = "mapping key ", kFirst = " already defined";
  const std::size_t key = message.find(kKey), end = message.find(kFirst);
  if (key == std::string_view::npos || end == std::string_view::npos) return GoYamlMessage(message);
  std::string_view place = message.substr(0, message.find(": "));
  place = place.substr(0, place.rfind(':'));
  const std::string line(place.substr(place.rfind(':') + 1));
  return "yaml: unmarshal errors:\n  line " + line + ": key " + std::string(message.substr(key + kKey.size(), end - key - kKey.size())) +
         " already set in map";
}

}  // namespace

Result<void> CheckMetadataStrictly(std::string_view text) {
  const auto tree = document::ParseYaml(text, {.resolver = document::Resolver::Yaml11, .duplicate_keys = document::DuplicateKeys::Refuse});
  if (!tree) return Invalid("error converting YAML to JSON: " + RepeatedKey(tree.error().message));
  return RefuseUnknown(*tree, kMetadataNames);
}

Result<void> ReadMetadata(std::string_view text, Metadata& metadata, Dialect dialect) {
  TRY(const Tree tree, ParseChartYaml(text));
  return ReadMetadataTree(tree, metadata, dialect);
}

Result<void> ReadMetadataTree(const Tree& tree, Metadata& metadata, Dialect dialect) {
  const std::string package = dialect == Dialect::Helm3 ? "chart." : "v2.";
  if (tree.IsNull()) return {};
  if (!tree.IsMapping()) return Invalid(CannotUnmarshal(JsonTypeName(tree), "value of type " + package + "Metadata"));
  Fields fields("Metadata");
  fields.Text("name", metadata.name);
  fields.Text("home", metadata.home);
  fields.Texts("sources", metadata.sources);
  fields.Text("version", metadata.version);
  fields.Text("description", metadata.description);
  fields.Texts("keywords", metadata.keywords);
  fields.Text("icon", metadata.icon);
  fields.Text("apiVersion", metadata.api_version);
  fields.Text("condition", metadata.condition);
  fields.Text("tags", metadata.tags);
  fields.Text("appVersion", metadata.app_version);
  fields.Bool("deprecated", metadata.deprecated);
  fields.Map("annotations", metadata.annotations);
  fields.Text("kubeVersion", metadata.kube_version);
  fields.Text("type", metadata.type);
  fields.Add("maintainers", [&](const Tree& list) -> Result<void> {
    if (!list.IsSequence()) return fields.Mismatch(list, "maintainers", "[]*" + package + "Maintainer");
    metadata.maintainers.clear();
    for (const Tree& item : list.items()) {
      metadata.null_maintainer = metadata.null_maintainer || item.IsNull();
      if (item.IsNull()) continue;
      TRY(Maintainer maintainer, ReadMaintainer(item, package));
      metadata.maintainers.push_back(std::move(maintainer));
    }
    return {};
  });
  fields.Add("dependencies", [&](const Tree& list) -> Result<void> {
    if (!list.IsSequence()) return fields.Mismatch(list, "dependencies", "[]*" + package + "Dependency");
    TRY(metadata.dependencies, ReadDependencies(list, metadata.null_dependency, package));
    return {};
  });
  return fields.Read(tree);
}

Result<Lock> ReadLock(std::string_view text) {
  TRY(const Tree tree, ParseChartYaml(text));
  Lock lock;
  Fields fields("Lock");
  fields.Text("generated", lock.generated);
  fields.Text("digest", lock.digest);
  fields.Add("dependencies", [&](const Tree& list) -> Result<void> {
    if (!list.IsSequence()) return fields.Mismatch(list, "dependencies", "[]*chart.Dependency");
    bool has_null = false;
    TRY(lock.dependencies, ReadDependencies(list, has_null, "chart."));
    return {};
  });
  TRY(fields.Read(tree));
  return lock;
}

Result<void> Validate(Metadata& metadata) {
  Sanitize(metadata);
  if (metadata.api_version.empty()) return Invalid("validation: chart.metadata.apiVersion is required");
  if (metadata.name.empty()) return Invalid("validation: chart.metadata.name is required");
  if (metadata.name == "." || metadata.name == "..")
    return Invalid("validation: chart.metadata.name " + GoQuote(metadata.name) + " is not allowed");
  if (metadata.name.find('/') != std::string::npos)
    return Invalid("validation: chart.metadata.name " + GoQuote(metadata.name) + " is invalid");
  if (metadata.version.empty()) return Invalid("validation: chart.metadata.version is required");
  if (!ParseSemver(metadata.version)) return Invalid("validation: chart.metadata.version " + GoQuote(metadata.version) + " is invalid");
  if (!metadata.type.empty() && metadata.type != "application" && metadata.type != "library")
    return Invalid("validation: chart.metadata.type must be application or library");
  if (metadata.null_maintainer) return Invalid("validation: maintainers must not contain empty or null nodes");
  for (Maintainer& maintainer : metadata.maintainers)
    for (std::string* text : {&maintainer.name, &maintainer.email, &maintainer.url}) Sanitize(*text);
  if (metadata.dependencies) return ValidateDependencies(metadata);
  return {};
}

bool IsCompatibleRange(std::string_view constraint, std::string_view version) {
  const auto parsed = ParseSemver(version);
  const auto range = ParseConstraint(constraint);
  return parsed && range && range->Contains(*parsed);
}

}  // namespace sluice::helm
