// Wanted texts: what kustomize v5.8.2 makes of such YAML when a replacement writes into it.
#include "kustomize/node_text.h"

#include <gtest/gtest.h>

#include <string>

#include "document/yaml.h"

namespace sluice::kustomize {
namespace {

struct Row {
  std::string_view rule, text, want;  ///< "" where the text comes out as it went in
};

constexpr Row kRows[] = {
    {"comments above and behind", "# one\n# two\nh: old # line\nb: 1 # l2", ""},
    {"a comment of the document", "# head\n\nh: old", ""},
    {"paragraphs", "# a\n# b\n\n# c\n\n# d\nh: old", ""},
    {"blank lines go", "a: 1\n\n\nh: old\n\n\nb: 2", "a: 1\nh: old\nb: 2"},
    {"below a key and above a blank line", "h: old\n# foot\n\nb: 1", ""},
    {"between blank lines", "h: old\n\n# between\n\nb: 1", "h: old\n# between\nb: 1"},
    {"at the end", "h: old\nb: 1\n# end", ""},
    {"at the end behind a blank line", "h: old\nb: 1\n\n# end", ""},
    {"inside a mapping", "h: old\nm:\n  # in m\n  x: 1\n  # end of m\nb: 1", ""},
    {"of the outer mapping", "h: old\nm:\n  x: 1\n# before b\nb: 1", ""},
    {"between the items of a list", "l:\n# c1\n- a # la\n# c2\n- b\n# c3\nb: 1", ""},
    {"an indented list moves left", "l:\n  - a\n  # inner\n  - b", "l:\n- a\n# inner\n- b"},
    {"behind keys of collections", "l: # on l\n- a\nm: # on m\n  x: 1", ""},
    {"behind a lone dash", "l:\n- # dash\n  x: 1\n- y: 2 # yy\n  # before z\n  z: 3", ""},
    {"a block scalar keeps what looks like a comment", "t: | # lit\n  text\n  # not a comment\nb: 1", ""},
    {"quotes hide what looks like a comment", "v: 'a # b' # real\nw: a#b # c\nu: http://x#y", ""},
    {"four columns become two", "f:\n    four: 1 # c\n    # d\n    deep:\n        x: 1", "f:\n  four: 1 # c\n  # d\n  deep:\n    x: 1"},
    {"flow collections stay", "f: {a: 1, b: [x, \"y\"]} # flow\ne: {}\nl: []", ""},
    {"scalars keep their quotes", "e: ''\ng: \"dq\"\ns: 'it''s'\nn: null\nt: ~\nz:\nx: 0x1F\nd: 2001-01-01", ""},
    {"folded text is unfolded, with an empty line too many", "fold: >\n  a b\n  c\n\n  d\nq: 1", "fold: >\n  a b c\n\n  d\n\nq: 1"},
    {"literal text", "lit: |-\n  a\n\n  b\nlit2: |+\n  z\n\nq: 1", ""},
    {"plain text over lines is joined", "ml: word\n  next", "ml: word next"},
    {"keys keep their quotes", "\"q k\": 1\n'k2': 2\n5: five", ""},
    {"lists of lists", "list:\n- - a\n  - b\n- k: v\n  l:\n  - 1", ""},
};

TEST(NodeText, KeepsStylesAndComments) {
  for (const Row& row : kRows) {
    const auto tree = document::ParseYaml(row.text);
    ASSERT_TRUE(tree) << row.rule;
    EXPECT_EQ(NodeText(*tree, FindComments(row.text, *tree)), row.want.empty() ? row.text : row.want) << row.rule;
  }
}

TEST(NodeText, SaysTheKindOfWhatDoesNotLookLikeIt) {
  using document::Kind;
  using document::Value;
  EXPECT_EQ(NodeText(Value::Scalar(Kind::Int, "abc")), "!!int abc");
  EXPECT_EQ(NodeText(Value::Scalar(Kind::String, "5")), "\"5\"");
  EXPECT_EQ(NodeText(Value::Scalar(Kind::Int, "5")), "5");
  EXPECT_EQ(NodeText(Value("a\nb")), "|-\n  a\n  b");
  EXPECT_EQ(NodeText(Value(" a")), "' a'");
}

}  // namespace
}  // namespace sluice::kustomize
