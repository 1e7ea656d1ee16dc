// What Go 1.26 makes of some three thousand templates: go.rows, and refresh/main.go which printed it.
#include <gtest/gtest.h>

#include <fstream>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "helm/template/print.h"
#include "helm/template/template.h"

namespace sluice::helm {
namespace {

using Arguments = std::span<const Value>;

Value MapOf(std::initializer_list<std::pair<const char*, Value>> entries) {
  Value map = Value::NewMap();
  for (const auto& [key, value] : entries) map.map()->entries[key] = value;
  return map;
}

Value Text(std::string_view text) { return Value::String(std::string(text)); }

// The data of refresh/main.go, as encoding/json reads it.
Value Data() {
  const auto number = Value::Float64;
  return MapOf({{"s", Text("hello")},
                {"n", number(3)},
                {"big", number(1000000)},
                {"z", number(0)},
                {"e", Text("")},
                {"t", Value::Bool(true)},
                {"f", Value::Bool(false)},
                {"nul", Value::Nil()},
                {"l", Value::NewList({Text("a"), Text("b"), Text("c")})},
                {"le", Value::NewList()},
                {"me", Value::NewMap()},
                {"m", MapOf({{"a", number(1)}, {"b", MapOf({{"c", Text("x")}})}, {"nul", Value::Nil()}})},
                {"lm", Value::NewList({MapOf({{"n", Text("x")}}), MapOf({{"n", Value::Nil()}}), Value::NewMap()})},
                {"lx", Value::NewList({number(1), Text("a"), Value::Nil(), Value::NewList({number(2)}), MapOf({{"k", Text("v")}})})},
                {"fl", number(1.5)},
                {"uni", Text(std::string_view("\xC3\xA9\xF0\x9F\x98\x80\0\x1F\xE2\x80\x8B", 11))}});
}

base::Result<Value> Same(Arguments arguments) { return arguments[0]; }

base::Result<Value> SplitAtCommas(Arguments arguments) {
  std::vector<std::string> parts(1);
  for (const char c : arguments[0].AsString()) {
    if (c == ',') {
      parts.emplace_back();
    } else {
      parts.back().push_back(c);
    }
  }
  return Value::Strings(std::move(parts));
}

// The functions of refresh/main.go.
FunctionMap Functions() {
  FunctionMap map;
  const auto same = [&](const char* name, ParameterType type) { map[name] = {{{type}}, false, Same}; };
  same("any", ParameterType::Any);
  same("int1", ParameterType::Int);
  same("i64", ParameterType::Int64);
  same("f64", ParameterType::Float64);
  same("bool1", ParameterType::Bool);
  same("dict1", ParameterType::Dict);
  same("list1", ParameterType::List);
  same("u32", ParameterType::Uint32);
  const Parameter string{ParameterType::String};
  map["str"] = {{string}, false, [](Arguments a) -> base::Result<Value> { return Text("s:" + a[0].AsString()); }};
  map["list"] = {{{ParameterType::Any}}, true, [](Arguments a) -> base::Result<Value> { return Value::NewList({a.begin(), a.end()}); }};
  map["fail"] = {{string}, false, [](Arguments a) -> base::Result<Value> { return base::Invalid(a[0].AsString()); }};
  map["strs"] = {{string}, false, SplitAtCommas};
  map["two"] = {{string, {ParameterType::Int}}, true, [](Arguments a) -> base::Result<Value> {
                  const std::vector<Value> both = {a[0], Value::NewList({a.begin() + 1, a.end()}, ListType::Int)};
                  return Value::String(Sprint(both));
                }};
  map["none"] = {{}, false, [](Arguments) -> base::Result<Value> { return Text("none"); }};
  map["smap"] = {{}, false, [](Arguments) -> base::Result<Value> {
                   Value result = Value::NewMap(MapType::String);
                   result.map()->entries["a"] = Text("1");
                   return result;
                 }};
  return map;
}

std::string Unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out.push_back(text[i]);
      continue;
    }
    const char c = text[++i];
    out.push_back(c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c == '0' ? '\0' : c);
  }
  return out;
}

std::string Render(const FunctionMap& functions, std::string_view text) {
  const FunctionMap no_methods;
  TemplateSet set("t", functions, no_methods);
  const auto parsed = set.Parse("t", text);
  if (!parsed) return "ERR " + parsed.error().message;
  const auto out = set.Execute(**parsed, Data());
  return out ? *out : "ERR " + out.error().message;
}

TEST(GoRows, AreWhatWeWrite) {
  const FunctionMap functions = Functions();
  std::ifstream file(SLUICE_SOURCE_DIR "/tests/helm/template/go.rows");
  ASSERT_TRUE(file);
  int rows = 0;
  for (std::string line; std::getline(file, line);) {
    const std::size_t tab = line.find('\t');
    if (line.starts_with('#') || tab == std::string::npos) continue;
    ++rows;
    EXPECT_EQ(Render(functions, Unescape(line.substr(0, tab))), Unescape(line.substr(tab + 1))) << line.substr(0, tab);
  }
  EXPECT_GT(rows, 3000);
}

}  // namespace
}  // namespace sluice::helm
