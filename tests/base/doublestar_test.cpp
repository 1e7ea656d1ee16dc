#include "base/doublestar.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::base {
namespace {

std::string Answer(std::string_view pattern, std::string_view path) {
  const auto parsed = Doublestar::Parse(pattern);
  return !parsed ? "bad" : parsed->Matches(path) ? "yes" : "no";
}

struct Row {
  std::string_view pattern, path, want;
};

// The answers are those of doublestar 4.10's own tests (doublestar_test.go).
constexpr Row kRows[] = {
    {"", "", "yes"},
    {"*", "", "yes"},
    {"*", "/", "no"},
    {"/*", "/", "yes"},
    {"/*", "/debug/", "no"},
    {"/*", "//", "no"},
    {"abc", "abc", "yes"},
    {"*", "abc", "yes"},
    {"*c", "abc", "yes"},
    {"*/", "a/", "yes"},
    {"a*", "a", "yes"},
    {"a*", "abc", "yes"},
    {"a*", "ab/c", "no"},
    {"a*/b", "abc/b", "yes"},
    {"a*/b", "a/c/b", "no"},
    {"a*/c/", "a/b", "no"},
    {"a*b*c*d*e*", "axbxcxdxe", "yes"},
    {"a*b*c*d*e*/f", "axbxcxdxe/f", "yes"},
    {"a*b*c*d*e*/f", "axbxcxdxexxx/f", "yes"},
    {"a*b*c*d*e*/f", "axbxcxdxe/xxx/f", "no"},
    {"a*b*c*d*e*/f", "axbxcxdxexxx/fff", "no"},
    {"a*b?c*x", "abxbbxdbxebxczzx", "yes"},
    {"a*b?c*x", "abxbbxdbxebxczzy", "no"},
    {"ab[c]", "abc", "yes"},
    {"ab[b-d]", "abc", "yes"},
    {"ab[e-g]", "abc", "no"},
    {"ab[^c]", "abc", "no"},
    {"ab[^b-d]", "abc", "no"},
    {"ab[^e-g]", "abc", "yes"},
    {"a\\*b", "ab", "no"},
    {"a?b", "a☺b", "yes"},
    {"a[^a]b", "a☺b", "yes"},
    {"a[!a]b", "a☺b", "yes"},
    {"a???b", "a☺b", "no"},
    {"a[^a][^a][^a]b", "a☺b", "no"},
    {"[a-ζ]*", "α", "yes"},
    {"*[a-ζ]", "A", "no"},
    {"a?b", "a/b", "no"},
    {"a*b", "a/b", "no"},
    {"[\\]a]", "]", "yes"},
    {"[\\-]", "-", "yes"},
    {"[x\\-]", "x", "yes"},
    {"[x\\-]", "-", "yes"},
    {"[x\\-]", "z", "no"},
    {"[\\-x]", "x", "yes"},
    {"[\\-x]", "-", "yes"},
    {"[\\-x]", "a", "no"},
    {"[]a]", "]", "bad"},
    {"[-]", "-", "yes"},
    {"[x-]", "x", "yes"},
    {"[x-]", "-", "yes"},
    {"[x-]", "z", "no"},
    {"[-x]", "x", "yes"},
    {"[-x]", "-", "yes"},
    {"[-x]", "a", "no"},
    {"[a-b-d]", "a", "yes"},
    {"[a-b-d]", "b", "yes"},
    {"[a-b-d]", "-", "yes"},
    {"[a-b-d]", "c", "no"},
    {"[a-b-x]", "x", "yes"},
    {"\\", "a", "bad"},
    {"[", "a", "bad"},
    {"[^", "a", "bad"},
    {"[^bc", "a", "bad"},
    {"a[", "a", "bad"},
    {"a[", "ab", "bad"},
    {"ad[", "ab", "bad"},
    {"*x", "xxx", "yes"},
    {"[abc]", "b", "yes"},
    {"[abc123]", "1", "yes"},
    {"[a-z0-9]", "1", "yes"},
    {"**", "", "yes"},
    {"a/**", "a", "yes"},
    {"a/**/", "a", "yes"},
    {"a/**", "a/", "yes"},
    {"a/**/", "a/", "yes"},
    {"a/**", "a/b", "yes"},
    {"a/**", "a/b/c", "yes"},
    {"**/c", "c", "yes"},
    {"**/c", "b/c", "yes"},
    {"**/c", "a/b/c", "yes"},
    {"**/c", "a/b", "no"},
    {"**/c", "abcd", "no"},
    {"**/c", "a/abc", "no"},
    {"a/**/b", "a/b", "yes"},
    {"a/**/c", "a/b/c", "yes"},
    {"a/**/d", "a/b/c/d", "yes"},
    {"a/\\**", "a/b/c", "no"},
    {"a/\\[*\\]", "a/bc", "no"},
    {"a/b/c", "a/b//c", "no"},
    {"a/", "a", "no"},
    {"ab{c,d}", "abc", "yes"},
    {"ab{c,d,*}", "abcde", "yes"},
    {"ab{c,d}[", "abcd", "bad"},
    {"a{,bc}", "a", "yes"},
    {"a{,bc}", "abc", "yes"},
    {"a/{b/c,c/b}", "a/b/c", "yes"},
    {"a/{b/c,c/b}", "a/c/b", "yes"},
    {"a/a*{b,c}", "a/abc", "yes"},
    {"{a/{b,c},abc}", "a/b", "yes"},
    {"{a/{b,c},abc}", "a/c", "yes"},
    {"{a/{b,c},abc}", "abc", "yes"},
    {"{a/{b,c},abc}", "a/b/c", "no"},
    {"{a/ab*}", "a/abc", "yes"},
    {"{a/*}", "a/b", "yes"},
    {"{a/abc}", "a/abc", "yes"},
    {"{a/b,a/c}", "a/c", "yes"},
    {"abc/**", "abc/b", "yes"},
    {"**/abc", "abc", "yes"},
    {"abc**", "abc/b", "no"},
    {"**/*.txt", "abc/【test】.txt", "yes"},
    {"**/【*", "abc/【test】.txt", "yes"},
    {"**/{a,b}", "a/b", "yes"},
    {"a/*/*/d", "a/b/c/d", "yes"},
    {"b/**/f", "b/symlink-dir/f", "yes"},
    {"*/symlink-dir/*", "b/symlink-dir/f", "yes"},
    {"e/\\[x\\]/*", "e/[x]/[y]", "yes"},
    {"e/\\[x\\]/*/z", "e/[x]/[y]/z", "yes"},
    {"e/**", "e/**", "yes"},
    {"e/**", "e/*", "yes"},
    {"e/**", "e/?", "yes"},
    {"e/**", "e/[", "yes"},
    {"e/**", "e/]", "yes"},
    {"e/**", "e/[]", "yes"},
    {"e/**", "e/{", "yes"},
    {"e/**", "e/}", "yes"},
    {"e/**", "e/\\", "yes"},
    {"e/*", "e/*", "yes"},
    {"e/?", "e/?", "yes"},
    {"e/?", "e/*", "yes"},
    {"e/?", "e/[", "yes"},
    {"e/?", "e/]", "yes"},
    {"e/?", "e/{", "yes"},
    {"e/?", "e/}", "yes"},
    {"e/\\[", "e/[", "yes"},
    {"e/[", "e/[", "bad"},
    {"e/]", "e/]", "yes"},
    {"e/\\]", "e/]", "yes"},
    {"e/\\{", "e/{", "yes"},
    {"e/\\}", "e/}", "yes"},
    {"e/[\\*\\?]", "e/*", "yes"},
    {"e/[\\*\\?]", "e/?", "yes"},
    {"e/[\\*\\?]", "e/**", "no"},
    {"e/[\\*\\?]?", "e/**", "yes"},
    {"e/{\\*,\\?}", "e/*", "yes"},
    {"e/{\\*,\\?}", "e/?", "yes"},
    {"e/\\*", "e/*", "yes"},
    {"e/\\?", "e/?", "yes"},
    {"e/\\?", "e/**", "no"},
    {"*\\}", "}", "yes"},
};

TEST(Doublestar, AnswersAsTheOriginal) {
  for (const Row& row : kRows) EXPECT_EQ(Answer(row.pattern, row.path), row.want) << row.pattern << " on " << row.path;
}

TEST(Doublestar, LimitsArePartOfTheGrammar) {
  EXPECT_EQ(Answer(std::string(Doublestar::kMaxBytes, 'a'), "a"), "no");
  EXPECT_EQ(Answer(std::string(Doublestar::kMaxBytes + 1, 'a'), "a"), "bad");
  EXPECT_EQ(Answer("{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}", "abababab"), "yes");
  EXPECT_EQ(Answer("{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}", "ababababa"), "bad") << "2^9 alternatives";
  std::string nested;
  for (int i = 0; i < 500; ++i) nested += "{a,";
  EXPECT_EQ(Answer(nested + std::string(500, '}'), "a"), "bad");
}

TEST(Doublestar, ManyStarsAreNoWork) {
  std::string stars, path;
  for (int i = 0; i < 500; ++i) stars += "**/*a*/", path += "aaaaaaaa/";
  EXPECT_EQ(Answer(stars + "b", path + "c"), "no") << "by trying one way after the other this would not end";
}

}  // namespace
}  // namespace sluice::base
