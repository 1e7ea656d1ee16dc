// .Files: a map from names to bytes, with methods.
#include "base/digest.h"
#include "base/files.h"
#include "helm/functions/yaml.h"
#include "helm/render/gobwas.h"
#include "helm/render/scope.h"

namespace sluice::helm {
namespace {

using base::Result;

const Signature kNoParameters{};
const Signature kOneText{.parameters = {{.type = ParameterType::String}}};

class FilesObject final : public Object {
 public:
  std::map<std::string, std::shared_ptr<const std::string>, std::less<>> files;

  std::string TypeName() const override { return "engine.files"; }
  std::string KindName() const override { return "map"; }
  std::optional<Value> Field(std::string_view name) const override {
    const auto found = files.find(name);
    if (found == files.end()) return std::nullopt;
    return Value::Bytes(*found->second);
  }
  const Signature* Method(std::string_view name) const override {
    if (name == "Get" || name == "GetBytes" || name == "Glob" || name == "Lines") return &kOneText;
    return name == "AsConfig" || name == "AsSecrets" ? &kNoParameters : nullptr;
  }
  Result<Value> Call(std::string_view name, std::span<const Value> arguments) override {
    if (name == "AsConfig" || name == "AsSecrets") return Flat(name == "AsSecrets");
    const std::string& argument = arguments[0].AsString();
    if (name == "Glob") return Glob(argument);
    const auto found = files.find(argument);
    const std::string bytes = found == files.end() ? "" : *found->second;
    if (name == "Get") return Value::String(bytes);
    return name == "GetBytes" ? Value::Bytes(bytes) : Lines(bytes);
  }
  std::vector<std::pair<std::string, Value>> Fields() const override {
    std::vector<std::pair<std::string, Value>> fields;
    for (const auto& [name, data] : files) fields.emplace_back(name, Value::Bytes(*data));
    return fields;
  }
  bool Truth() const override { return !files.empty(); }

 private:
  Value Glob(const std::string& pattern) const {
    const GobwasGlob glob(pattern);
    const auto chosen = MakeRef<FilesObject>();
    for (const auto& [name, data] : files)
      if (glob.Matches(name)) chosen->files.emplace(name, data);
    return Value::Of(Ref<Object>(chosen));
  }

  /// Base name to content, as YAML.
  Value Flat(bool encoded) const {
    const Value flat = Value::NewMap();
    for (const auto& [name, data] : files)
      flat.map()->entries[std::string(base::BaseName(name))] = Value::String(encoded ? base::Base64Encode(*data) : *data);
    return Value::String(ToYaml(flat));
  }

  static Value Lines(std::string_view text) {
    if (text.empty()) return Value::Strings({});
    if (text.ends_with('\n')) text.remove_suffix(1);
    std::vector<std::string> lines;
    while (true) {
      const std::size_t end = text.find('\n');
      lines.emplace_back(text.substr(0, end));
      if (end == std::string_view::npos) return Value::Strings(std::move(lines));
      text.remove_prefix(end + 1);
    }
  }
};

}  // namespace

Value FilesValue(const std::vector<ChartFile>& files) {
  const auto object = MakeRef<FilesObject>();
  for (const ChartFile& file : files) object->files[file.name] = file.data;
  return Value::Of(Ref<Object>(object));
}

}  // namespace sluice::helm
