#include "helm/render/engine.h"

#include <algorithm>
#include <memory>

#include "helm/template/quote.h"

namespace sluice::helm {
namespace {

using base::Invalid;
using base::Result;

/// More slashes first, then the larger name: so that of two defines the one nearer to the root, and of equally near ones the smaller, wins.
bool ParsesBefore(const Renderable& left, const Renderable& right) {
  const auto left_depth = std::count(left.name.begin(), left.name.end(), '/'),
             right_depth = std::count(right.name.begin(), right.name.end(), '/');
  return left_depth != right_depth ? left_depth > right_depth : left.name > right.name;
}

std::string WithoutNoValue(std::string text) {
  constexpr std::string_view kNoValue = "<no value>";
  std::size_t found = text.find(kNoValue);
  if (found == std::string::npos) return text;
  std::string out;
  std::size_t at = 0;
  for (; found != std::string::npos; found = text.find(kNoValue, at)) {
    out.append(text, at, found - at);
    at = found + kNoValue.size();
  }
  return out.append(text, at);
}

base::Error Warn(const std::string& message) { return Invalid("HELM_ERR_START" + message + "HELM_ERR_END"); }

/// A nil handed to a template is no value at all there, which a field of it is neither: no error.
Value Dot(const Value& data) { return data.IsNil() ? Value() : data; }

/// The functions that reach back into the set of templates.
class Engine {
 public:
  explicit Engine(const EngineOptions& options) : options_(options), functions_(Functions(options.functions)), methods_(ValuesMethods()) {
    AddFunctions();
    root_ = std::make_unique<TemplateSet>(
        "gotpl", functions_, methods_,
        TemplateOptions{.dialect = options.functions.dialect, .limits = options.limits, .interrupt = options.interrupt});
    current_ = root_.get();
  }

  Result<std::map<std::string, std::string>> Render(const std::vector<Renderable>& templates) {
    for (const Renderable& file : templates) {
      auto parsed = root_->Parse(file.name, file.text);
      if (!parsed) return Invalid(LayOutParseError(file.name, parsed.error().message));
    }
    std::map<std::string, std::string> rendered;
    for (const Renderable& file : templates) {
      if (file.name.substr(file.name.rfind('/') + 1).starts_with('_')) continue;
      auto text = Execute(file);
      if (!text) return std::move(text).error();
      rendered[file.name] = WithoutNoValue(*std::move(text));
    }
    return rendered;
  }

 private:
  Result<std::string> Execute(const Renderable& file) {
    const Value self = Value::Values(MakeRef<Map>());
    self.map()->entries["Name"] = Value::String(file.name);
    self.map()->entries["BasePath"] = Value::String(file.base_path);
    file.scope->entries["Template"] = self;
    auto text = root_->Execute(file.name, Value::Values(file.scope));
    if (text) return text;
    base::Error error = std::move(text).error();
    error.message = LayOutExecError(error.message, options_.functions.dialect);
    return error;
  }

  void AddFunctions() {
    const Parameter any{}, text{.type = ParameterType::String};
    functions_["include"] = {.parameters = {text, any},
                             .call = [this](std::span<const Value> a) { return Include(a[0].AsString(), a[1]); }};
    functions_["tpl"] = {.parameters = {text, any}, .call = [this](std::span<const Value> a) { return Tpl(a[0].AsString(), a[1]); }};
    functions_["required"] = {.parameters = {text, any}, .call = [this](std::span<const Value> a) -> Result<Value> {
                                const bool missing = a[1].IsNil() || (a[1].IsString() && a[1].AsString().empty());
                                if (!missing) return a[1];
                                if (options_.lint)
                                  return Pass("[INFO] Missing required value: ", "WARN",
                                              a[1].IsNil() ? "missing required value" : "missing required values", a[0]);
                                return Warn(a[0].AsString());
                              }};
    functions_["fail"] = {.parameters = {text}, .call = [this](std::span<const Value> a) -> Result<Value> {
                            if (options_.lint) return Pass("[INFO] Fail: ", "INFO", "funcMap fail", a[0]);
                            return Warn(a[0].AsString());
                          }};
    functions_["lookup"] = {.parameters = {text, text, text, text}, .call = [this](std::span<const Value> a) -> Result<Value> {
                              if (!options_.lookup || options_.lint) return Value::NewMap();
                              return options_.lookup(a[0].AsString(), a[1].AsString(), a[2].AsString(), a[3].AsString());
                            }};
    functions_["getHostByName"] = {.parameters = {text}, .call = [this](std::span<const Value> a) -> Result<Value> {
                                     if (!options_.host_by_name || options_.lint) return Value::String("");
                                     TRY(std::string address, options_.host_by_name(a[0].AsString()));
                                     return Value::String(std::move(address));
                                   }};
  }

  /// What lint makes of a chart that gives up: a notice and an empty string.
  Value Pass(const std::string& text, const char* level, const char* message, const Value& why) const {
    if (options_.notify)
      options_.notify({.text = text + why.AsString(), .level = level, .message = message, .fields = {{"message", why.AsString()}}});
    return Value::String("");
  }

  Result<Value> Include(const std::string& name, const Value& data) {
    int& live = includes_[name];
    if (live > options_.limits.max_same_include)
      return Invalid("rendering template has a nested reference name: " + name + ": unable to execute template");
    ++live;
    auto text = current_->Execute(name, Dot(data));
    --live;
    if (!text) return std::move(text).error();
    return Value::String(*std::move(text));
  }

  Result<Value> Tpl(const std::string& text, const Value& data) {
    const TemplateSet* outer = current_;
    TemplateSet set(outer);
    const auto parsed = set.Parse("gotpl", text);
    if (!parsed) return parsed.error().Wrap("cannot parse template " + GoQuote(text));
    current_ = &set;
    auto out = set.Execute(**parsed, Dot(data));
    current_ = outer;
    if (!out) return std::move(out).error().Wrap("error during tpl function execution for " + GoQuote(text));
    return Value::String(WithoutNoValue(*std::move(out)));
  }

  const EngineOptions& options_;
  FunctionMap functions_;
  const FunctionMap methods_;
  std::unique_ptr<TemplateSet> root_;
  const TemplateSet* current_ = nullptr;
  std::map<std::string, int, std::less<>> includes_;  // running now, by name
};

}  // namespace

Result<std::map<std::string, std::string>> RenderTemplates(std::vector<Renderable> templates, const EngineOptions& options) {
  std::sort(templates.begin(), templates.end(), ParsesBefore);
  Engine engine(options);
  auto rendered = engine.Render(templates);
  for (const Renderable& file : templates) file.scope->entries.clear();  // a template may have put the scope into itself
  return rendered;
}

}  // namespace sluice::helm
