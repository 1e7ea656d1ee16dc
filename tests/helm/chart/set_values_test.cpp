// --set and its kin, a row a rule (helm-contract 3.3).
#include "helm/chart/set_values.h"

#include <gtest/gtest.h>

#include "helm/template/print.h"

namespace sluice::helm {
namespace {

struct Row {
  std::string_view rule;
  SetKind kind;
  std::string_view text, want;
};

// What is set, as Go prints it; or the error.
std::string Plain(const Row& row) {
  const Value values = Value::NewMap();
  const auto done =
      SetValues(row.text, row.kind, *values.map(), [](const std::string& path) -> base::Result<std::string> { return "<" + path + ">"; });
  return done ? Sprint(values) : "error: " + done.error().message;
}

constexpr Row kRows[] = {
    {"a number", SetKind::Typed, "a=1,b=-5,c=0", "map[a:1 b:-5 c:0]"},
    {"text that looks like a number", SetKind::Typed, "a=01,b=1.5,c=1e3", "map[a:01 b:1.5 c:1e3]"},
    {"words", SetKind::Typed, "a=TRUE,b=Null", "map[a:true b:<nil>]"},
    {"a list", SetKind::Typed, "a={1,b,true},b=2", "map[a:[1 b true] b:2]"},
    {"an empty list", SetKind::Typed, "a={}", "map[a:[]]"},
    {"an empty value", SetKind::Typed, "a=", "map[a:]"},
    {"a second equals sign", SetKind::Typed, "a=b=c", "map[a:b=c]"},
    {"indices", SetKind::Typed, "a[0].b=1,a[2]=y", "map[a:[map[b:1] <nil> y]]"},
    {"a list in a list", SetKind::Typed, "a[0][1]=x", "map[a:[[<nil> x]]]"},
    {"escapes", SetKind::Typed, "a\\.b=c,d=x\\,y", "map[a.b:c d:x,y]"},
    {"nesting", SetKind::Typed, "a.b.c=1,a.b.d=2", "map[a:map[b:map[c:1 d:2]]]"},
    {"no value", SetKind::Typed, "a", "error: key \"a\" has no value"},
    {"no value before a comma", SetKind::Typed, "a,", "error: key \"a\" has no value (cannot end with ,)"},
    {"a map over a number", SetKind::Typed, "a=1,a.b=2",
     "error: unable to parse key: interface conversion: interface {} is int64, not map[string]interface {}"},
    {"a list without end", SetKind::Typed, "a={1", "error: list must terminate with '}'"},
    {"a bad index", SetKind::Typed, "a[x]=1", "error: error parsing index: strconv.Atoi: parsing \"x\": invalid syntax"},
    {"a huge index", SetKind::Typed, "a[99999999]=1", "error: index of 99999999 is greater than maximum supported index of 65536"},
    {"text only", SetKind::String, "a=1,b=true", "map[a:1 b:true]"},
    {"files", SetKind::File, "a=x.txt", "map[a:<x.txt>]"},
    {"json", SetKind::Json, "a={\"b\":[1,2]},c=null ,d=\"x,y\"", "map[a:map[b:[1 2]] c:<nil> d:x,y]"},
    {"literal", SetKind::Literal, "a.b=x,y\\=z", "map[a:map[b:x,y\\=z]]"},
};

TEST(SetValues, Rules) {
  for (const Row& row : kRows) EXPECT_EQ(Plain(row), row.want) << row.rule;
}

}  // namespace
}  // namespace sluice::helm
