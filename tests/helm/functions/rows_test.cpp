// The rows of rows/*.rows: an expression, then `= "text"` or `! "error"`, as sprig v3.3.0, sigs.k8s.io/yaml v1.6.0 and BurntSushi/toml v1.6.0
// answered. refresh/main.go asks them again.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <vector>

#include "expression.h"
#include "helm/functions/functions.h"
#include "helm/template/print.h"
#include "helm/template/quote.h"

namespace sluice::helm {
namespace {

struct Row {
  std::string expression, want;
  bool fails = false;
};

std::vector<Row> ReadRows(const std::filesystem::path& path) {
  std::vector<Row> rows;
  std::ifstream in(path);
  std::string expression;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line[0] == '#') continue;
    if (line.starts_with("= ") || line.starts_with("! ")) {
      rows.push_back({expression, GoUnquote(std::string_view(line).substr(2)).value_or("?"), line[0] == '!'});
    } else {
      expression = line;
    }
  }
  return rows;
}

/// The two of text/template's own that rows use.
FunctionMap WithBuiltins(FunctionMap map) {
  map["len"] = {.parameters = {{}}, .call = [](std::span<const Value> a) -> base::Result<Value> {
                  return Value::Int(static_cast<std::int64_t>(a[0].IsList() ? a[0].list()->items.size() : a[0].AsString().size()));
                }};
  map["printf"] = {.parameters = {{}, {}}, .variadic = true, .call = [](std::span<const Value> a) -> base::Result<Value> {
                     return Value::String(Sprintf(a[0].AsString(), a.subspan(1)));
                   }};
  return map;
}

class FunctionRows : public testing::TestWithParam<std::string> {};

TEST_P(FunctionRows, AnswerAsUpstream) {
  const FunctionMap functions = WithBuiltins(Functions({.dialect = Dialect::Helm3, .zone = ReadSystemZone}));
  const auto rows = ReadRows(std::filesystem::path(SLUICE_SOURCE_DIR) / "tests/helm/functions/rows" / (GetParam() + ".rows"));
  EXPECT_GT(rows.size(), 20u);
  for (const Row& row : rows) {
    const auto value = Evaluate(row.expression, functions);
    // As a template prints it: nothing at all for a nil that a function returned.
    const std::string got = !value ? value.error().message : value->IsNil() ? "<no value>" : Sprint(*value);
    EXPECT_EQ(got, row.want) << row.expression;
    EXPECT_EQ(!value, row.fails) << row.expression;
  }
}

INSTANTIATE_TEST_SUITE_P(All, FunctionRows,
                         testing::Values("strings", "regex", "numbers", "lists", "dicts", "types", "encoding", "toml", "semver", "dates",
                                         "urls", "more"),
                         [](const auto& suite) { return suite.param; });

}  // namespace
}  // namespace sluice::helm
