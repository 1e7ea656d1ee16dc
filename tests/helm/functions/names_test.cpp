// The complete list of helm-contract section 7, per dialect.
#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "helm/functions/functions.h"

namespace sluice::helm {
namespace {

constexpr std::string_view kHelm3 =
    "abbrev abbrevboth add add1 add1f addf adler32sum ago all any append atoi b32dec b32enc b64dec b64enc base bcrypt biggest "
    "buildCustomCert "
    "camelcase cat ceil chunk clean coalesce compact concat contains date dateInZone dateModify date_in_zone date_modify decryptAES "
    "deepCopy "
    "deepEqual default derivePassword dict dig dir div divf duration durationRound empty encryptAES ext fail first float64 floor fromJson "
    "fromJsonArray fromToml fromYaml fromYamlArray genCA genCAWithKey genPrivateKey genSelfSignedCert genSelfSignedCertWithKey "
    "genSignedCert "
    "genSignedCertWithKey get has hasKey hasPrefix hasSuffix hello htmlDate htmlDateInZone htpasswd indent initial initials "
    "int int64 isAbs join kebabcase keys kindIs kindOf last list lower max maxf merge mergeOverwrite min minf mod mul mulf mustAppend "
    "mustChunk mustCompact mustDateModify mustDeepCopy mustFirst mustFromJson mustHas mustInitial mustLast mustMerge mustMergeOverwrite "
    "mustPrepend mustPush mustRegexFind mustRegexFindAll mustRegexMatch mustRegexReplaceAll mustRegexReplaceAllLiteral mustRegexSplit "
    "mustRest "
    "mustReverse mustSlice mustToDate mustToJson mustToPrettyJson mustToRawJson mustUniq mustWithout must_date_modify nindent nospace now "
    "omit "
    "osBase osClean osDir osExt osIsAbs pick pluck plural prepend push quote randAlpha randAlphaNum randAscii randBytes randInt "
    "randNumeric "
    "regexFind regexFindAll regexMatch regexQuoteMeta regexReplaceAll regexReplaceAllLiteral regexSplit repeat replace rest reverse "
    "round semver semverCompare seq set sha1sum sha256sum sha512sum shuffle slice snakecase sortAlpha split splitList splitn squote sub "
    "subf "
    "substr swapcase ternary title toDate toDecimal toJson toPrettyJson toRawJson toString toStrings toToml toYaml toYamlPretty trim "
    "trimAll trimPrefix trimSuffix trimall trunc tuple typeIs typeIsLike typeOf uniq unixEpoch unset until untilStep untitle upper urlJoin "
    "urlParse uuidv4 values without wrap wrapWith";
constexpr std::string_view kHelm4 =
    "mustToYaml mustToToml mustToDuration durationSeconds durationMilliseconds durationMicroseconds durationNanoseconds durationMinutes "
    "durationHours durationDays durationWeeks durationRoundTo durationTruncateTo";

std::set<std::string> Words(std::string_view text) {
  std::istringstream in{std::string(text)};
  std::set<std::string> words;
  for (std::string word; in >> word;) words.insert(word);
  return words;
}

std::set<std::string> Names(Dialect dialect) {
  std::set<std::string> names;
  for (const auto& entry : Functions({.dialect = dialect})) names.insert(entry.first);
  return names;
}

TEST(FunctionNames, Helm3) {
  EXPECT_EQ(Names(Dialect::Helm3), Words(kHelm3));
  EXPECT_EQ(Words(kHelm3).size(), 220u - 5);  // include, tpl, required, lookup and getHostByName need a chart
}

TEST(FunctionNames, Helm4AddsThirteen) {
  auto want = Words(kHelm3);
  want.merge(Words(kHelm4));
  EXPECT_EQ(Names(Dialect::Helm4), want);
}

}  // namespace
}  // namespace sluice::helm
