#include "helm/functions/base64.h"

#include <gtest/gtest.h>

namespace sluice::helm {
namespace {

struct Row {
  std::string_view text, want;
};

TEST(Base64, DecodesAndNamesThePlace) {
  constexpr Row kRows[] = {
      {"aGk=", "hi"},
      {"aG\r\nk=\n", "hi"},
      {"", ""},
      {"aGk", "illegal base64 data at input byte 0"},
      {"!!", "illegal base64 data at input byte 0"},
      {"aGk=x", "illegal base64 data at input byte 4"},
      {"aG=", "illegal base64 data at input byte 3"},
      {"aGVsbG8gd29ybGQ=", "hello world"},
  };
  for (const auto& [text, want] : kRows) {
    const auto got = Base64Decode(text);
    EXPECT_EQ(got ? *got : got.error().message, want) << text;
  }
}

TEST(Base64, Base32) {
  EXPECT_EQ(Base32Encode("hi"), "NBUQ====");
  EXPECT_EQ(*Base32Decode("NBUQ===="), "hi");
  EXPECT_EQ(Base32Decode("!").error().message, "illegal base32 data at input byte 0");
  EXPECT_EQ(Base64Encode(std::string("\xFF\x00\x61", 3)), "/wBh");
}

}  // namespace
}  // namespace sluice::helm
