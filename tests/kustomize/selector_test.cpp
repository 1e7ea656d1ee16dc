#include "kustomize/selector.h"

#include <gtest/gtest.h>

#include "document/yaml.h"

namespace sluice::kustomize {
namespace {

struct LabelRow {
  std::string_view selector, matches;  ///< of the label sets below
};

constexpr std::string_view kSets[] = {"{}", "{app: web}", "{app: api, tier: front}", "{app: web, n: '5'}", "{a.b/c: x, app: ''}"};

// kubectl's selectors (apimachinery v0.34).
constexpr LabelRow kLabelRows[] = {
    {"", "01234"},
    {"app", "1234"},
    {"!app", "0"},
    {"app=web", "13"},
    {"app==web", "13"},
    {"app = web , tier", ""},
    {"app!=web", "024"},
    {"app in (web,api)", "123"},
    {"app notin (web)", "024"},
    {"app in (,web)", "134"},
    {"app=", "4"},
    {"app in ()", "4"},
    {"n>4", "3"},
    {"n<5", ""},
    {"n>4,app=web", "3"},
    {"a.b/c", "4"},
    {"a.b/c=x,!tier", "4"},
};

TEST(LabelSelector, Matches) {
  for (const LabelRow& row : kLabelRows) {
    const auto selector = LabelSelector::Parse(row.selector);
    ASSERT_TRUE(selector) << row.selector << ": " << selector.error().message;
    std::string matches;
    for (std::size_t i = 0; i < std::size(kSets); ++i) {
      const auto labels = document::ParseYaml(kSets[i]);
      if (selector->Matches(&*labels)) matches += std::to_string(i);
    }
    EXPECT_EQ(matches, row.matches) << row.selector;
    EXPECT_EQ(selector->Matches(nullptr), row.matches.find('0') != std::string_view::npos) << row.selector;
  }
}

struct BadRow {
  std::string_view text, want;
};

constexpr BadRow kBadSelectors[] = {
    {"a b", "found 'b', expected '=', '==', '!=', '<', '>', 'in' or 'notin'"},
    {"a in b", "found 'b', expected '('"},
    {"a in (b", "found '', expected ',' or ')'"},
    {"a,", "found '', expected a key after ','"},
    {"=a", "found '=', expected a key"},
    {"!", "found '', expected a key"},
    {"a=b=c", "found '=', expected ',' or the end"},
    {"a=(", "found '(', expected a value"},
    {"a>x", "'x' is no integer, as '>' needs one"},
    {"-a", "'-a' is no label key"},
    {"a/b/c", "'a/b/c' is no label key"},
    {"A/b", "'A/b' is no label key"},
    {"a=-b", "'-b' is no label value"},
};

TEST(LabelSelector, Refuses) {
  for (const BadRow& row : kBadSelectors) {
    const auto selector = LabelSelector::Parse(row.text);
    ASSERT_FALSE(selector) << row.text;
    EXPECT_EQ(selector.error().message, row.want) << row.text;
  }
}

TEST(AnchoredRegex, MatchesTheWholeText) {
  struct {
    std::string_view pattern, text;
    bool want;
  } const rows[] = {
      {"", "anything", true}, {"web", "web", true},   {"web", "web2", false}, {"a|web", "aweb", false},
      {"w.*", "web", true},   {"^web$", "web", true}, {".*", "", true},
  };
  for (const auto& row : rows) {
    const auto regex = AnchoredRegex::Compile(row.pattern);
    ASSERT_TRUE(regex) << row.pattern;
    EXPECT_EQ(regex->Matches(row.text), row.want) << row.pattern << " " << row.text;
  }
  const auto bad = AnchoredRegex::Compile("we(b");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().message, "'we(b' is no regular expression: missing ): ^(?:we(b)$");
}

TEST(CompiledSelector, NamesTheFieldThatIsWrong) {
  Selector selector;
  selector.kind = "(";
  EXPECT_EQ(CompiledSelector::Compile(selector).error().message, "kind: '(' is no regular expression: missing ): ^(?:()$");
  selector = {};
  selector.label_selector = "a=b=c";
  EXPECT_EQ(CompiledSelector::Compile(selector).error().message, "labelSelector: found '=', expected ',' or the end");
}

TEST(CompiledSelector, LooksAtEveryPart) {
  Selector selector{.group = "apps|batch",
                    .version = "v1",
                    .kind = "Deploy.*",
                    .name = "web-.*",
                    .ns = "shop",
                    .label_selector = "app",
                    .annotation_selector = "note=x"};
  const auto compiled = CompiledSelector::Compile(selector);
  ASSERT_TRUE(compiled);
  EXPECT_TRUE(compiled->MatchesGvk({"apps", "v1", "Deployment"}));
  EXPECT_FALSE(compiled->MatchesGvk({"", "v1", "Deployment"}));
  EXPECT_FALSE(compiled->MatchesGvk({"apps", "v1beta1", "Deployment"}));
  EXPECT_TRUE(compiled->MatchesName("web-a"));
  EXPECT_FALSE(compiled->MatchesName("web"));
  EXPECT_TRUE(compiled->MatchesNamespace("shop"));
  EXPECT_FALSE(compiled->MatchesNamespace("default"));
  EXPECT_TRUE(compiled->MatchesLabelsAndAnnotations(*document::ParseYaml("{metadata: {labels: {app: a}, annotations: {note: x}}}")));
  EXPECT_FALSE(compiled->MatchesLabelsAndAnnotations(*document::ParseYaml("{metadata: {labels: {app: a}}}")));
}

}  // namespace
}  // namespace sluice::kustomize
