// Expectations from Masterminds/semver 3.4: its documentation and the behaviour of its Check.
#include "base/version.h"

#include <gtest/gtest.h>

namespace sluice::base {
namespace {

TEST(Version, Parses) {
  struct Row {
    std::string_view text, want;
  };
  constexpr Row kRows[] = {{"1.2.3", "1.2.3"},
                           {"v1.2.3", "1.2.3"},
                           {"1", "1.0.0"},
                           {"1.2", "1.2.0"},
                           {"1.2-5", "1.2.0-5"},
                           {"v1.2.3-rc.1+build.5", "1.2.3-rc.1+build.5"},
                           {"01.002.3", "1.2.3"},
                           {"1.2.3+meta-5", "1.2.3+meta-5"},
                           {"1.2.3-alpha-1.x", "1.2.3-alpha-1.x"},
                           {"18446744073709551615.0.0", "18446744073709551615.0.0"}};
  for (const Row& row : kRows) {
    const auto version = Version::Parse(row.text);
    ASSERT_TRUE(version) << row.text;
    EXPECT_EQ(version->ToString(), row.want);
  }
  constexpr std::string_view kBad[] = {"",       "v",     "V1.2.3", "1.2.3.4", "1.2.3-", "1.2.3-a..b", "1.2.3-01",
                                       "1.2.3+", "a.b.c", " 1.2.3", "1.2.3 ",  "-1.2.3", "1..3",       "18446744073709551616.0.0"};
  for (const auto text : kBad) {
    const auto version = Version::Parse(text);
    ASSERT_FALSE(version) << text;
    EXPECT_EQ(version.error().message, "invalid semantic version \"" + std::string(text) + "\"");
  }
}

TEST(Version, StrictWantsAllOfIt) {
  EXPECT_EQ(Version::ParseStrict("1.2.3-rc.1+5").value().ToString(), "1.2.3-rc.1+5");
  for (const auto text : {"1", "1.2", "v1.2.3", "01.2.3", "1.02.3", "1.2.03", "1.2.3-01"}) EXPECT_FALSE(Version::ParseStrict(text)) << text;
}

TEST(Version, Precedence) {
  constexpr std::string_view kAscending[] = {
      "0.0.1",        "1.0.0-1",       "1.0.0-2",    "1.0.0-11", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta",
      "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0",    "1.0.1",       "1.2.0",         "1.10.0",           "2.0.0"};
  for (std::size_t i = 0; i < std::size(kAscending); ++i) {
    for (std::size_t k = 0; k < std::size(kAscending); ++k) {
      const Version left = Version::Parse(kAscending[i]).value(), right = Version::Parse(kAscending[k]).value();
      EXPECT_EQ(left < right, i < k) << kAscending[i] << " < " << kAscending[k];
      EXPECT_EQ(left == right, i == k);
    }
  }
  EXPECT_EQ(Version::Parse("1.0.0+a").value(), Version::Parse("1.0.0+b").value());
}

TEST(VersionRange, Contains) {
  struct Row {
    std::string_view rule, range, in, out;
  };
  constexpr Row kRows[] = {
      {"exact", "1.2.3", "1.2.3", "1.2.4"},
      {"exact with =", "= 1.2.3", "1.2.3", "1.2.2"},
      {"v prefix", "=v1.2.3", "1.2.3", "1.2.4"},
      {"short is open", "1.2", "1.2.0 1.2.9", "1.3.0 1.1.9"},
      {"one number is open", "1", "1.0.0 1.9.9", "2.0.0 0.9.0"},
      {"x", "1.x", "1.0.0 1.2.3", "2.0.0"},
      {"x in the middle", "1.x.5", "1.0.0 1.2.3", "2.0.0"},
      {"star", "*", "0.0.0 3.2.1", "1.0.0-rc.1"},
      {"star with pre-release", "*-0", "3.2.1 1.0.0-rc.1", ""},
      {"not", "!=1.2.3", "1.2.4", "1.2.3"},
      {"not open minor", "!=1.x", "2.0.0", "1.4.0"},
      {"not open patch", "!=1.2.x", "1.3.0", "1.2.7"},
      {"greater", ">1.2.3", "1.2.4 2.0.0", "1.2.3 1.2.2"},
      {"greater than a major", ">11", "12.0.0", "11.1.0 10.0.0"},
      {"greater than a minor", ">11.1", "11.2.1", "11.1.1"},
      {"less", "<2", "1.9.9", "2.0.0"},
      {"less or equal", "<=1.2.3", "1.2.3 1.0.0", "1.2.4"},
      {"less or equal open", "<=1.2", "1.2.9 1.0.0", "1.3.0"},
      {"less or equal open major", "=<1", "1.9.9", "2.0.0"},
      {"greater or equal", "=>1.2", "1.2.0 3.0.0", "1.1.9"},
      {"and by space", ">=1.0.0 <2.0.0", "1.0.0 1.9.9", "0.9.9 2.0.0"},
      {"and by comma", ">=1.0.0, <2.0.0,!=1.5.0", "1.0.0 1.9.9", "1.5.0"},
      {"spaces behind operators", ">= 1.0.0 , < 2.0.0", "1.5.0", "2.0.0"},
      {"or", "<1.0.0 || >=2.0.0", "0.9.0 2.1.0", "1.5.0"},
      {"or without spaces", "1.0.0||2.0.0", "1.0.0 2.0.0", "1.5.0"},
      {"span", "1.2 - 2.3", "1.2.0 2.3.9", "1.1.0 2.4.0"},
      {"span of full versions", "1.2.0 - 2.3.4", "2.3.4", "2.3.5"},
      {"span and term", "1.2 - 2.3 !=1.5.0", "1.6.0", "1.5.0"},
      {"span after comma", ">1.3.0, 1.2 - 2.3", "1.4.0", "1.2.5"},
      {"tilde", "~1.2.3", "1.2.3 1.2.9", "1.3.0 1.2.2"},
      {"tilde minor", "~1.2", "1.2.0", "1.3.0"},
      {"tilde major", "~1", "1.9.0", "2.0.0"},
      {"tilde arrow", "~>2.0", "2.0.5", "2.1.0"},
      {"tilde zero", "~0.0.0", "0.0.0 5.0.0", ""},
      {"caret", "^1.2.3", "1.2.3 1.9.0", "2.0.0 1.2.2"},
      {"caret zero", "^0.2.3", "0.2.3 0.2.9", "0.3.0 1.0.0"},
      {"caret zero zero", "^0.0.3", "0.0.3", "0.0.4"},
      {"caret open patch", "^0.0", "0.0.9", "0.1.0"},
      {"caret open minor", "^0", "0.9.0", "1.0.0"},
      {"pre-release only if asked", ">=1.2.0", "1.2.0", "1.3.0-rc.1 1.2.0-rc.1"},
      {"pre-release asked", ">=1.2.0-0", "1.2.0 1.3.0-rc.1 1.2.0-rc.1", "1.1.0"},
      {"pre-release asked once in the group", ">=1.0.0-0 <2.0.0", "1.5.0-rc.1 2.0.0-rc.1", "2.0.0"},
      {"pre-release asked in the other group", ">=1.0.0 <1.1.0 || >=2.0.0-0", "2.0.0-rc.1", "1.0.5-rc.1"},
      {"pre-release in a span's beginning", "1.0.0-rc.1 - 2", "1.0.0-rc.2 1.5.0-a", "1.0.0-rc.0"},
  };
  const auto each = [](std::string_view list, const auto& check) {
    while (!list.empty()) {
      const std::size_t end = std::min(list.find(' '), list.size());
      check(list.substr(0, end));
      list.remove_prefix(std::min(end + 1, list.size()));
    }
  };
  for (const Row& row : kRows) {
    const auto range = VersionRange::Parse(row.range);
    ASSERT_TRUE(range) << row.rule;
    each(row.in, [&](std::string_view v) { EXPECT_TRUE(range->Contains(Version::Parse(v).value())) << row.rule << ": " << v; });
    each(row.out, [&](std::string_view v) { EXPECT_FALSE(range->Contains(Version::Parse(v).value())) << row.rule << ": " << v; });
  }
}

TEST(VersionRange, Refuses) {
  struct Row {
    std::string_view text, part;
  };
  constexpr Row kRows[] = {{"", ""},         {"foo", "foo"},           {">=1.0.0<2.0.0", ">=1.0.0<2.0.0"},
                           {">>1", ">>1"},   {"1.2.3 - ", "1.2.3 - "}, {">1 - 2", ">1 - 2"},
                           {"1.0.0 ||", ""}, {"1.2.3.4", "1.2.3.4"},   {"1xx", "1xx"},
                           {"1,,2", "1,,2"}, {"<2 1 - 2", "<2 1 - 2"}, {"1.0 || a", " a"}};
  for (const Row& row : kRows) {
    const auto range = VersionRange::Parse(row.text);
    ASSERT_FALSE(range) << row.text;
    EXPECT_EQ(range.error().message, "improper constraint: \"" + std::string(row.part) + "\"");
  }
}

}  // namespace
}  // namespace sluice::base
