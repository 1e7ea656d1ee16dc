#include "base/result.h"

#include <gtest/gtest.h>

namespace sluice::base {
namespace {

Result<int> Parse(bool good) {
  if (good) return 7;
  return Invalid("not a number");
}

Result<std::string> Twice(bool good) {
  TRY(const int number, Parse(good));
  TRY(Parse(good));
  return std::to_string(number * 2);
}

TEST(Result, TryHandsOnValuesAndErrors) {
  EXPECT_EQ(Twice(true).value(), "14");
  const auto failed = Twice(false);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().reason, Reason::Invalid);
  EXPECT_EQ(failed.error().message, "not a number");
}

TEST(Result, WrapNamesTheOuterStepFirst) {
  const Error inner = NotFound("web.yaml: no such file");
  EXPECT_EQ(inner.Wrap("building ./apps").message, "building ./apps: web.yaml: no such file");
  EXPECT_EQ(inner.Wrap("x").reason, Reason::NotFound);
}

TEST(Result, ReasonsHaveKubernetesWords) {
  struct Row {
    Reason reason;
    std::string_view want;
  };
  constexpr Row kRows[] = {{Reason::Invalid, "Invalid"},
                           {Reason::NotFound, "NotFound"},
                           {Reason::AlreadyExists, "AlreadyExists"},
                           {Reason::Conflict, "Conflict"},
                           {Reason::Forbidden, "Forbidden"},
                           {Reason::Unauthorized, "Unauthorized"},
                           {Reason::Gone, "Gone"},
                           {Reason::TooLarge, "TooLarge"},
                           {Reason::Timeout, "Timeout"},
                           {Reason::Unavailable, "Unavailable"},
                           {Reason::Canceled, "Canceled"},
                           {Reason::Unsupported, "Unsupported"},
                           {Reason::Internal, "Internal"}};
  for (const Row& row : kRows) EXPECT_EQ(ToString(row.reason), row.want);
}

}  // namespace
}  // namespace sluice::base
