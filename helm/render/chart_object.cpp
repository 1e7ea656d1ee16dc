// .Chart: in Helm 3 the struct of Chart.yaml, in Helm 4 a map with the names of its fields.
#include "helm/render/scope.h"

namespace sluice::helm {
namespace {

/// A member of a Go struct: its name in Go and in JSON, and the value. Most are left out of JSON when empty.
struct Member {
  std::string_view name, json;
  Value value;
  bool always = false;
};

class StructObject : public Object {
 public:
  StructObject(std::string type, std::vector<Member> members) : type_(std::move(type)), members_(std::move(members)) {}
  std::string TypeName() const override { return type_; }
  std::string KindName() const override { return type_.starts_with('*') ? "ptr" : "struct"; }
  std::optional<Value> Field(std::string_view name) const override {
    for (const Member& member : members_)
      if (member.name == name) return member.value;
    return std::nullopt;
  }
  std::vector<std::pair<std::string, Value>> Fields() const override {
    std::vector<std::pair<std::string, Value>> fields;
    for (const Member& member : members_)
      fields.emplace_back(member.always || IsTrue(member.value) ? std::string(member.json) : std::string(), member.value);
    return fields;
  }
  std::vector<std::pair<std::string, Value>> PrintedFields() const override {
    std::vector<std::pair<std::string, Value>> fields;
    for (const Member& member : members_) fields.emplace_back(member.name, member.value);
    return fields;
  }

 private:
  const std::string type_;
  const std::vector<Member> members_;
};

/// struct { chart.Metadata; IsRoot bool }: its fields are those of the metadata too.
class ChartObject final : public StructObject {
 public:
  ChartObject(const std::vector<Member>& metadata, Member is_root)
      : StructObject("struct { chart.Metadata; IsRoot bool }", With(metadata, is_root)),
        metadata_(Value::Of(Ref<Object>(MakeRef<StructObject>("chart.Metadata", metadata)))),
        is_root_(is_root.value) {}
  std::vector<std::pair<std::string, Value>> PrintedFields() const override { return {{"Metadata", metadata_}, {"IsRoot", is_root_}}; }

 private:
  static std::vector<Member> With(std::vector<Member> members, Member last) {
    members.push_back(std::move(last));
    return members;
  }

  const Value metadata_, is_root_;
};

Value Text(const std::string& text) { return Value::String(text); }

/// Builds structs in one dialect and maps in the other.
class Builder {
 public:
  explicit Builder(Dialect dialect) : dialect_(dialect) {}

  Value Struct(const std::string& type, std::vector<Member> members) const {
    if (dialect_ == Dialect::Helm3) return Value::Of(Ref<Object>(MakeRef<StructObject>(type, std::move(members))));
    Value map = Value::NewMap();
    for (Member& member : members) map.map()->entries.emplace(member.name, std::move(member.value));
    return map;
  }

  Value Texts(const std::vector<std::string>& texts) const {
    std::vector<Value> items;
    for (const std::string& text : texts) items.push_back(Value::String(text));
    return List(std::move(items), ListType::String);
  }

  /// Of `type` where there are structs.
  Value List(std::vector<Value> items, ListType type = ListType::Any) const {
    if (dialect_ == Dialect::Helm4) return Value::NewList(std::move(items));
    return items.empty() ? Value::NilList(type) : Value::NewList(std::move(items), type);
  }

 private:
  const Dialect dialect_;
};

Value Annotations(const std::map<std::string, std::string>& annotations) {
  Value map = Value::NewMap(MapType::String);
  map.map()->is_nil = annotations.empty();
  for (const auto& [key, value] : annotations) map.map()->entries.emplace(key, Value::String(value));
  return map;
}

Value DependencyValue(const Dependency& dependency, const Builder& builder) {
  return builder.Struct("*chart.Dependency", {{"Name", "name", Text(dependency.name), true},
                                              {"Version", "version", Text(dependency.version)},
                                              {"Repository", "repository", Text(dependency.repository), true},
                                              {"Condition", "condition", Text(dependency.condition)},
                                              {"Tags", "tags", builder.Texts(dependency.tags)},
                                              {"Enabled", "enabled", Value::Bool(dependency.enabled)},
                                              {"ImportValues", "import-values", builder.List(dependency.import_values)},
                                              {"Alias", "alias", Text(dependency.alias)}});
}

}  // namespace

Value ChartValue(const Metadata& metadata, bool is_root, Dialect dialect) {
  const Builder builder(dialect);
  std::vector<Value> maintainers, dependencies;
  for (const Maintainer& maintainer : metadata.maintainers)
    maintainers.push_back(builder.Struct(
        "*chart.Maintainer",
        {{"Name", "name", Text(maintainer.name)}, {"Email", "email", Text(maintainer.email)}, {"URL", "url", Text(maintainer.url)}}));
  if (metadata.dependencies)
    for (const Dependency& dependency : *metadata.dependencies) dependencies.push_back(DependencyValue(dependency, builder));
  std::vector<Member> members = {{"Name", "name", Text(metadata.name)},
                                 {"Home", "home", Text(metadata.home)},
                                 {"Sources", "sources", builder.Texts(metadata.sources)},
                                 {"Version", "version", Text(metadata.version)},
                                 {"Description", "description", Text(metadata.description)},
                                 {"Keywords", "keywords", builder.Texts(metadata.keywords)},
                                 {"Maintainers", "maintainers", builder.List(std::move(maintainers), ListType::Maintainer)},
                                 {"Icon", "icon", Text(metadata.icon)},
                                 {"APIVersion", "apiVersion", Text(metadata.api_version)},
                                 {"Condition", "condition", Text(metadata.condition)},
                                 {"Tags", "tags", Text(metadata.tags)},
                                 {"AppVersion", "appVersion", Text(metadata.app_version)},
                                 {"Deprecated", "deprecated", Value::Bool(metadata.deprecated)},
                                 {"Annotations", "annotations", Annotations(metadata.annotations)},
                                 {"KubeVersion", "kubeVersion", Text(metadata.kube_version)},
                                 {"Dependencies", "dependencies", builder.List(std::move(dependencies), ListType::Dependency)},
                                 {"Type", "type", Text(metadata.type)}};
  Member root{"IsRoot", "IsRoot", Value::Bool(is_root), true};
  if (dialect == Dialect::Helm3) return Value::Of(Ref<Object>(MakeRef<ChartObject>(members, std::move(root))));
  members.push_back(std::move(root));
  return builder.Struct("", std::move(members));
}

}  // namespace sluice::helm
