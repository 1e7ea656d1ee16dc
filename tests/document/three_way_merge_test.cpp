// A client-side apply: what was applied, what is to be applied, and what is there (kubectl's three-way merge).
#include "document/three_way_merge.h"

#include <gtest/gtest.h>

#include "document/json.h"
#include "document/object.h"

namespace sluice::document {
namespace {

struct Row {
  std::string_view rule, original, target, live, want;
};

Value Json(std::string_view text) { return ParseJson(text).value(); }

std::string Merged(const Row& row, const std::optional<MergeRules>& rules) {
  return EmitJson(ThreeWayMerge(Json(row.original), Json(row.target), Json(row.live), rules));
}

TEST(ThreeWayMerge, Deployments) {
  const auto rules = MergeRules::Of({"apps", "v1", "Deployment"});
  const Row kRows[] = {
      {"what nobody names stays", R"({"spec":{"replicas":1}})", R"({"spec":{"replicas":2}})",
       R"({"spec":{"replicas":1,"paused":true},"status":{"a":1}})", R"({"spec":{"replicas":2,"paused":true},"status":{"a":1}})"},
      {"what was set and is no more goes", R"({"spec":{"replicas":1,"paused":true}})", R"({"spec":{"replicas":1}})",
       R"({"spec":{"replicas":1,"paused":true}})", R"({"spec":{"replicas":1}})"},
      {"what others changed is restored", R"({"spec":{"replicas":1}})", R"({"spec":{"replicas":1}})", R"({"spec":{"replicas":5}})",
       R"({"spec":{"replicas":1}})"},
      {"containers by name: theirs stay", R"({"spec":{"template":{"spec":{"containers":[{"name":"a","image":"a:1"}]}}}})",
       R"({"spec":{"template":{"spec":{"containers":[{"name":"a","image":"a:2"}]}}}})",
       R"({"spec":{"template":{"spec":{"containers":[{"name":"sidecar"},{"name":"a","image":"a:1","tty":true}]}}}})",
       R"({"spec":{"template":{"spec":{"containers":[{"name":"sidecar"},{"name":"a","image":"a:2","tty":true}]}}}})"},
      {"ours go, new ones come", R"({"spec":{"template":{"spec":{"containers":[{"name":"a"},{"name":"b"}]}}}})",
       R"({"spec":{"template":{"spec":{"containers":[{"name":"c"},{"name":"a"}]}}}})",
       R"({"spec":{"template":{"spec":{"containers":[{"name":"a"},{"name":"b"},{"name":"x"}]}}}})",
       R"({"spec":{"template":{"spec":{"containers":[{"name":"a"},{"name":"x"},{"name":"c"}]}}}})"},
      {"another order is ours", R"({"spec":{"template":{"spec":{"containers":[{"name":"a"},{"name":"b"}]}}}})",
       R"({"spec":{"template":{"spec":{"containers":[{"name":"b"},{"name":"a"}]}}}})",
       R"({"spec":{"template":{"spec":{"containers":[{"name":"a"},{"name":"b"}]}}}})",
       R"({"spec":{"template":{"spec":{"containers":[{"name":"b"},{"name":"a"}]}}}})"},
      {"sets of words", R"({"metadata":{"finalizers":["a","b"]}})", R"({"metadata":{"finalizers":["b","c"]}})",
       R"({"metadata":{"finalizers":["a","x","b"]}})", R"({"metadata":{"finalizers":["x","b","c"]}})"},
      {"lists without a key are replaced", R"({"spec":{"template":{"spec":{"containers":[{"name":"a","args":["1"]}]}}}})",
       R"({"spec":{"template":{"spec":{"containers":[{"name":"a","args":["2"]}]}}}})",
       R"({"spec":{"template":{"spec":{"containers":[{"name":"a","args":["1","x"]}]}}}})",
       R"({"spec":{"template":{"spec":{"containers":[{"name":"a","args":["2"]}]}}}})"},
      {"another strategy takes the parameters of the one before it", R"({})", R"({"spec":{"strategy":{"type":"Recreate"}}})",
       R"({"spec":{"strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":1}}}})", R"({"spec":{"strategy":{"type":"Recreate"}}})"},
      {"null takes away", R"({})", R"({"spec":{"paused":null}})", R"({"spec":{"paused":true}})", R"({"spec":{}})"},
  };
  ASSERT_TRUE(rules);
  for (const Row& row : kRows) EXPECT_EQ(Merged(row, rules), row.want) << row.rule;
}

TEST(ThreeWayMerge, WithoutRulesListsReplace) {
  const Row row{"", R"({"spec":{"l":[{"name":"a"}],"gone":1}})", R"({"spec":{"l":[{"name":"b"}]}})",
                R"({"spec":{"l":[{"name":"x"}],"gone":1,"o":2}})", R"({"spec":{"l":[{"name":"b"}],"o":2}})"};
  EXPECT_EQ(Merged(row, std::nullopt), row.want);
}

}  // namespace
}  // namespace sluice::document
