#include "base/digest.h"

#include <gtest/gtest.h>

namespace sluice::base {
namespace {

TEST(Digest, KnownAnswers) {
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha1Hex("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(Sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  Sha256 digest;
  digest.Update("a");
  digest.Update("");
  digest.Update("bc");
  EXPECT_EQ(digest.Hex(), Sha256Hex("abc"));
  EXPECT_EQ(HexEncode(std::string_view("\x00\xff\x1a", 3)), "00ff1a");
}

TEST(Digest, ShortTextsAreDigestedAsOpenSslDoes) {
  std::string text;
  for (std::size_t size = 0; size < 260; ++size, text += static_cast<char>(7 * size))
    EXPECT_EQ(Sha256Hex(text), NamedDigestHex("sha256", text)) << size;
  for (const std::size_t size : {64u << 10, (64u << 10) + 1}) {  // both sides of the bound
    text.assign(size, 'x');
    EXPECT_EQ(Sha256Hex(text), NamedDigestHex("sha256", text)) << size;
  }
}

TEST(Digest, ByName) {
  EXPECT_EQ(NamedDigestHex("sha1", "abc"), Sha1Hex("abc"));
  EXPECT_EQ(NamedDigestHex("sha256", "abc"), Sha256Hex("abc"));
  EXPECT_EQ(NamedDigestHex("sha384", "abc"),
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7");
  EXPECT_EQ(
      NamedDigestHex("sha512", "abc"),
      "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
  EXPECT_EQ(NamedDigestHex("blake3", "abc"), "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85");
  for (const std::string_view unknown : {"", "md5", "SHA256", "blake2"}) EXPECT_FALSE(NamedDigestHex(unknown, "abc")) << unknown;
}

TEST(Digest, Base64BothWays) {
  struct Row {
    std::string_view plain, coded;
  };
  constexpr Row kRows[] = {{"", ""},
                           {"f", "Zg=="},
                           {"fo", "Zm8="},
                           {"foo", "Zm9v"},
                           {"foob", "Zm9vYg=="},
                           {"fooba", "Zm9vYmE="},
                           {"foobar", "Zm9vYmFy"},
                           {"\xff\xfe\xfd", "//79"},
                           {"\xfb", "+w=="}};
  for (const Row& row : kRows) {
    EXPECT_EQ(Base64Encode(row.plain), row.coded);
    EXPECT_EQ(Base64Decode(row.coded).value(), row.plain);
  }
  EXPECT_EQ(Base64Decode("Zm9v\nYmFy\r\n").value(), "foobar");
  EXPECT_EQ(Base64Decode("Zg=\n=\n").value(), "f");
}

TEST(Digest, Base64RefusesAsGo) {
  struct Row {
    std::string_view text;
    std::string_view message;
  };
  constexpr Row kRows[] = {{"Zg", "illegal base64 data at input byte 2"},       {"Zg=", "illegal base64 data at input byte 3"},
                           {"Z", "illegal base64 data at input byte 1"},        {"=", "illegal base64 data at input byte 0"},
                           {"Zm9v!", "illegal base64 data at input byte 4"},    {"Zg==x", "illegal base64 data at input byte 4"},
                           {"Zm8=Zm8=", "illegal base64 data at input byte 4"}, {"Zm9-", "illegal base64 data at input byte 3"}};
  for (const Row& row : kRows) {
    const auto decoded = Base64Decode(row.text);
    ASSERT_FALSE(decoded) << row.text;
    EXPECT_EQ(decoded.error().message, row.message);
  }
}

}  // namespace
}  // namespace sluice::base
