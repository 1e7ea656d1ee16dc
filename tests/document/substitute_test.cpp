// Expectations by flux-contract 6.5 and the behaviour of fluxcd/pkg/envsubst.
#include "document/substitute.h"

#include <gtest/gtest.h>

#include <map>

#include "document/letter_case.h"
#include "document/prefix_pattern.h"

namespace sluice::document {
namespace {

const std::map<std::string, std::string, std::less<>> kVariables = {
    {"v", "abcdEFGH28ij"},    {"low", "straße"}, {"name", "world"},        {"empty", ""}, {"path", "/path/to/file.tar.gz"}, {"n", "3"},
    {"z", "abcABC123ABCabc"}, {"p", "a*"},       {"slash", "foo/bar/baz"}, {"_x1", "u"}};

std::optional<std::string> Lookup(std::string_view name) {
  const auto found = kVariables.find(name);
  return found == kVariables.end() ? std::nullopt : std::optional(found->second);
}

std::string Expand(std::string_view text, SubstituteOptions options = {}) {
  const auto result = Substitute(text, &Lookup, options);
  return result ? *result : "error: " + result.error().message;
}

TEST(Substitute, Functions) {
  struct Row {
    std::string_view rule, text, want;
  };
  constexpr Row kRows[] = {
      {"nothing to do", "a b c $ } { \\ $x $(x) $1", "a b c $ } { \\ $x $(x) $1"},
      {"a variable", "hello ${name}!", "hello world!"},
      {"side by side", "${n}${name}", "3world"},
      {"not looked at again", "${p}", "a*"},
      {"underscores", "${_x1}", "u"},
      {"escape", "$${name}", "${name}"},
      {"escape anywhere", "cost $$5", "cost $5"},
      {"escape and variable", "$$${name}", "$world"},
      {"escaped opening, inner variable", "$${a=${name}}", "${a=world}"},
      {"mixed", "t ${v}$${var$${v}$v${v}", "t abcdEFGH28ij${var${v}$vabcdEFGH28ij"},
      {"default", "${missing:-x}", "x"},
      {"default with :=", "${missing:=x}", "x"},
      {"default with =", "${missing=x}", "x"},
      {"default with :?", "${missing:?x}", "x"},
      {"default with :+", "${missing:+x}", "x"},
      {"default unused", "${name:-x}", "world"},
      {":+ does not replace", "${name:+x}", "world"},
      {"default of an empty one", "${empty:-x}", "x"},
      {"empty default", "${missing:-}", ""},
      {"default with spaces and specials", "${missing:-a b: \"c\" $d $$ \\}", "a b: \"c\" $d $$ \\"},
      {"nested default", "${missing:-${name}}", "world"},
      {"nested twice", "${missing:-${gone:-${name}}}", "world"},
      {"nested among text", "${missing:=pre-${name}-post}", "pre-world-post"},
      {"nested function", "${missing=${v^^}}", "ABCDEFGH28IJ"},
      {"default ends at the first brace", "${missing:-{a}}", "{a}"},
      {"length", "${#v}", "12"},
      {"length in bytes", "${#low}", "7"},
      {"upper first", "${v^}", "AbcdEFGH28ij"},
      {"upper", "${v^^}", "ABCDEFGH28IJ"},
      {"upper, beyond ASCII", "${low^^}", "STRAßE"},
      {"lower first", "${z,}", "abcABC123ABCabc"},
      {"lower", "${v,,}", "abcdefgh28ij"},
      {"mixed case does nothing", "${v,^}", "abcdEFGH28ij"},
      {"case of nothing", "${empty^}", ""},
      {"substring", "${v:8}", "28ij"},
      {"substring with length", "${v:8:2}", "28"},
      {"a colon and minus is a default", "${v:-}", "abcdEFGH28ij"},
      {"substring, a space is no number", "${v: -2}", "abcdEFGH28ij"},
      {"substring beyond", "${v:99}", ""},
      {"substring beyond with length", "${v:99:1}", ""},
      {"substring to the end", "${v:10:99}", "ij"},
      {"substring, no number", "${v:x}", "abcdEFGH28ij"},
      {"substring, length no number", "${v:1:x}", "abcdEFGH28ij"},
      {"substring, repeated colon", "${v:1::2}", "bc"},
      {"substring, length from the end", "${v:2:-3}", "cdEFGH2"},
      {"substring, length from the end, both", "${v:8:-4}", ""},
      {"substring, length before the position", "${v:8:-5}", ""},
      {"substring, length before the value", "${v:0:-99}", ""},
      {"substring beyond, length from the end", "${v:99:-1}", ""},
      {"substring, nested", "${v:${n}:${n}}", "dEF"},
      {"substring, plus", "${v:8:+2}", "28"},
      {"shortest prefix", "${path#*/}", "path/to/file.tar.gz"},
      {"longest prefix", "${path##*/}", "file.tar.gz"},
      {"shortest suffix", "${path%.*}", "/path/to/file.tar"},
      {"longest suffix", "${path%%.*}", "/path/to/file"},
      {"prefix that is not there", "${path#x}", "/path/to/file.tar.gz"},
      {"question mark", "${v#??}", "cdEFGH28ij"},
      {"class", "${v##[a-c]*[0-9]}", "ij"},
      {"class in a suffix is read backwards", "${v%[ij]}", "abcdEFGH28ij"},
      {"bad pattern", "${v#[}", "abcdEFGH28ij"},
      {"all of it", "${v##*}", ""},
      {"third # is pattern", "${v###a}", "abcdEFGH28ij"},
      {"pattern from a variable", "${v#${p}}", "bcdEFGH28ij"},
      {"replace first", "${z/abc/xyz}", "xyzABC123ABCabc"},
      {"replace all", "${z//abc/xyz}", "xyzABC123ABCxyz"},
      {"replace prefix", "${z/#abc/XYZ}", "XYZABC123ABCabc"},
      {"replace prefix, not there", "${z/#ABC/x}", "abcABC123ABCabc"},
      {"replace suffix", "${z/%abc/XYZ}", "abcABC123ABCXYZ"},
      {"replace with nothing", "${z//abc/}", "ABC123ABC"},
      {"replace prefix with nothing does nothing", "${z/#abc/}", "abcABC123ABCabc"},
      {"replace, quoted slash", "${slash//\\//-}", "foo-bar-baz"},
      {"replace, quoted backslash", "${slash/o\\\\/-}", "foo/bar/baz"},
      {"replace, quoted dollar", "${name/w/$$}", "$orld"},
      {"replace, repeated delimiter", "${name/w//x}", "xorld"},
      {"replace, brace in the pattern", "${name/w}/x}", "world"},
      {"replace is literal", "${v/*/x}", "abcdEFGH28ij"},
      {"replace, empty pattern", "${name//${empty}/-}", "-w-o-r-l-d-"},
      {"replace, empty pattern, once", "${name/${empty}/-}", "-world"},
      {"replace with a variable", "${name/world/${n}}", "3"},
  };
  for (const Row& row : kRows) EXPECT_EQ(Expand(row.text), row.want) << row.rule << ": " << row.text;
}

/// What fluxcd/pkg/envsubst v1.7.0 makes of them. A beginning may end amid a character, whose bytes are characters of their own then.
TEST(Substitute, CharactersOfSeveralBytes) {
  struct Row {
    std::string_view rule, value, text, want;
  };
  constexpr Row kRows[] = {
      {"a character, shortest", "ßz", "${v#?}", "\x9fz"},
      {"a character, longest", "ßz", "${v##?}", "z"},
      {"two characters are three bytes", "ßz", "${v#??}", ""},
      {"a star takes a byte at least", "ßz", "${v#*}", "\x9fz"},
      {"a star, longest", "ßz", "${v##*}", ""},
      {"a literal", "ßz", "${v#ß}", "z"},
      {"a quoted literal", "ßz", "${v#\\ß}", "z"},
      {"a class", "ßz", "${v#[ß]}", "z"},
      {"a range", "ßz", "${v#[à-ÿ]}", "ßz"},
      {"not in a class, shortest", "ßz", "${v#[^x]}", "\x9fz"},
      {"not in a class, longest", "ßz", "${v##[^x]}", "z"},
      {"up to a character", "über/ß/x", "${v#*ß}", "/x"},
      {"up to the last slash", "über/ß/x", "${v##*/}", "x"},
      {"a character at the end", "aß", "${v%?}", "a\uFFFD"},
      {"a character at the end, longest", "aß", "${v%%?}", "a"},
      {"a literal at the end", "aß", "${v%ß}", "a"},
      {"of three bytes", "a€", "${v%?}", "a\uFFFD\uFFFD"},
      {"of four bytes", "😀z", "${v#?}", "\x9f\x98\x80z"},
      {"a star at the end", "aß", "${v%*}", "a\uFFFD"},
      {"from a character on", "x/ß/über", "${v%ß*}", "x/"},
      {"from the first on", "ß-ß-ß", "${v%%-*}", "ß"},
      {"nothing at the end matches", "aß", "${v%x}", "aß"},
      {"first place of a star", "€", "${v##*?*?}", "\xac"},
      {"a torso in a class", "€z", "${v#[\uFFFD]}", "\x82\xacz"},
      {"length", "ß€😀", "${#v}", "9"},
      {"substring", "ßz", "${v:1}", "\x9fz"},
      {"substring with length", "aßb", "${v:1:2}", "ß"},
      {"amid a character", "aß", "${v:0:2}", "a\xc3"},
      {"upper first", "ßz", "${v^}", "ßz"},
      {"upper first, é", "éa", "${v^}", "Éa"},
      {"lower first", "ÉA", "${v,}", "éA"},
      {"upper", "éß€", "${v^^}", "Éß€"},
      {"lower", "ÉẞЖ", "${v,,}", "éßж"},
      {"dotless", "ıi", "${v^^}", "II"},
      {"replace", "aßbß", "${v/ß/€}", "a€bß"},
      {"replace all", "aßbß", "${v//ß/€}", "a€b€"},
      {"replace the beginning", "ßz", "${v/#ß/€}", "€z"},
      {"replace the end", "aß", "${v/%ß/€}", "a€"},
      {"replace nothing", "ß€", "${v//${w}/-}", "-ß-€-"},
      {"default", "", "${v:-ß€}", "ß€"},
      {"a letter in a name", "x", "${ß:-ü}", "ü"},
      {"a digit in a name", "x", "${٣:-ü}", "ü"},
      {"a name with a digit", "x", "${v٣:-ü}", "ü"},
  };
  for (const Row& row : kRows) {
    const auto lookup = [&row](std::string_view name) -> std::optional<std::string> {
      if (name == "v") return std::string(row.value);
      if (name == "w") return "";
      return std::nullopt;
    };
    const auto result = Substitute(row.text, lookup);
    EXPECT_EQ(result ? *result : "error: " + result.error().message, row.want) << row.rule << ": " << row.text << " of " << row.value;
  }
}

TEST(Substitute, BytesThatAreNoText) {
  const auto lookup = [](std::string_view) -> std::optional<std::string> { return "a\xffz"; };
  EXPECT_EQ(Substitute("${v#a}", lookup).value(), "\xffz");
  EXPECT_EQ(Substitute("${v##a?}", lookup).value(), "z");
  EXPECT_EQ(Substitute("${v#a[\xff]}", lookup).value(), "a\xffz") << "no pattern";
  EXPECT_EQ(Substitute("${v%x}", lookup).value(), "a\uFFFDz");
  EXPECT_EQ(Substitute("${v^^}", lookup).value(), "A\uFFFDZ");
}

TEST(Substitute, APatternCostsWhatItsTextIsLong) {
  std::string value;
  for (int i = 0; i < 100000; ++i) value += "€";
  const auto lookup = [&value](std::string_view) -> std::optional<std::string> { return value; };
  EXPECT_EQ(Substitute("${v##*x*x*x*x}", lookup).value(), value);
  EXPECT_EQ(Substitute("${v##*}", lookup).value(), "");
  // More characters than there are, as many as there are bytes: each beginning has to be looked at once more.
  const auto pattern = PrefixPattern::Parse("*?*?*?*?*?*?*?*?*?");
  EXPECT_EQ(pattern->Find("€€€€€", true).value(), std::nullopt);
  const auto costly = pattern->Find("€€€€€", true, 20);
  ASSERT_FALSE(costly);
  EXPECT_EQ(costly.error().message, "the pattern of a variable is too costly for a value of 15 bytes; use fewer `*` in it");
}

TEST(Substitute, Errors) {
  struct Row {
    std::string_view text, want;
  };
  constexpr Row kRows[] = {
      {"${missing}", "variable not set (strict mode): \"missing\""},
      {"${#missing}", "variable not set (strict mode): \"missing\""},
      {"${missing^^}", "variable not set (strict mode): \"missing\""},
      {"${missing,}", "variable not set (strict mode): \"missing\""},
      {"${missing:0:10}", "variable not set (strict mode): \"missing\""},
      {"${missing/a/b}", "variable not set (strict mode): \"missing\""},
      {"${missing#p}", "variable not set (strict mode): \"missing\""},
      {"${name:-${missing}}", "variable not set (strict mode): \"missing\""},
      {"${v-x}", "missing closing brace"},
      {"${v+x}", "missing closing brace"},
      {"${v?x}", "missing closing brace"},
      {"${a.b}", "missing closing brace"},
      {"${a b}", "missing closing brace"},
      {"${v", "missing closing brace"},
      {"${missing} ${a.b}", "missing closing brace"},
      {"${ a }", "unable to parse variable name"},
      {"${}", "unable to parse variable name"},
      {"${", "unable to parse variable name"},
      {"${!v}", "unable to parse variable name"},
      {"${#}", "bad substitution"},
      {"${#v-}", "bad substitution"},
      {"${v,,x}", "bad substitution"},
      {"${v:", "bad substitution"},
      {"${v:ß}", "bad substitution"},
      {"${v:1", "bad substitution"},
      {"${v:}", "unable to parse substitution within function"},
      {"${v:1:}", "unable to parse substitution within function"},
      {"${v:-x", "unable to parse substitution within function"},
      {"${v#}", "unable to parse substitution within function"},
      {"${v#a${n}}", "bad substitution"},
      {"${v/a}", "bad substitution"},
      {"${v///x}", "unable to parse substitution within function"},
      {"${v/a/b", "bad substitution"},
  };
  for (const Row& row : kRows) EXPECT_EQ(Expand(row.text), "error: " + std::string(row.want)) << row.text;
}

TEST(Substitute, LenientGivesEmptyTexts) {
  SubstituteOptions options;
  options.strict = false;
  EXPECT_EQ(Expand("[${missing}${missing^^}${#missing}${missing:-d}]", options), "[0d]");
  EXPECT_EQ(Expand("${a.b}", options), "error: missing closing brace");
}

TEST(Substitute, KeepsItsLimits) {
  SubstituteOptions options;
  options.max_bytes = 100;
  EXPECT_EQ(Expand("${v}${v}${v}${v}${v}${v}${v}${v}${v}", options), "error: substituted text is larger than 100 bytes");
  EXPECT_EQ(Expand("${v//${empty}/0123456789}", options), "error: substituted text is larger than 100 bytes");
  std::string deep;
  for (int i = 0; i < 65; ++i) deep += "${missing:-";
  EXPECT_EQ(Expand(deep), "error: variables are nested too deeply");
}

TEST(Substitute, VariableNames) {
  for (const auto name : {"a", "_", "A9", "_a_1"}) EXPECT_TRUE(IsVariableName(name)) << name;
  for (const auto name : {"", "9a", "a-b", "a.b", "a b", "ä"}) EXPECT_FALSE(IsVariableName(name)) << name;
}

TEST(LetterCase, IsUnicodes) {
  struct Row {
    std::string_view lower, upper;
  };
  constexpr Row kBoth[] = {{"abcxyz09_", "ABCXYZ09_"}, {"äöüéà", "ÄÖÜÉÀ"}, {"λόγος", "ΛΌΓΟΣ"},
                           {"привет", "ПРИВЕТ"},       {"ǆ", "Ǆ"},         {"𐐨", "𐐀"}};
  for (const Row& row : kBoth) EXPECT_EQ(ToUpper(row.lower), row.upper);
  EXPECT_EQ(ToLower("ÄÖÜÉÀ ПРИВЕТ İ"), "äöüéà привет i");
  EXPECT_EQ(ToUpper("ß ﬁ ÿ ᾳ"), "ß ﬁ Ÿ ᾼ");
  EXPECT_EQ(ToUpper("\xff"), "\xef\xbf\xbd");
}

}  // namespace
}  // namespace sluice::document
