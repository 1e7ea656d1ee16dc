// Vectors: RFC 4231 (HMAC), RFC 5869 (HKDF), RFC 8439 2.8.2 (ChaCha20-Poly1305, here without extra data from age), RFC 7748 (X25519), NIST GCM.
#include "crypto/ciphers.h"

#include <gtest/gtest.h>

#include "base/digest.h"

namespace sluice::crypto {
namespace {

std::string Bytes(std::string_view hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return out;
}

TEST(Ciphers, HmacAndHkdf) {
  EXPECT_EQ(base::HexEncode(HmacSha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(base::HexEncode(HkdfSha256(std::string(22, '\x0b'), Bytes("000102030405060708090a0b0c"), Bytes("f0f1f2f3f4f5f6f7f8f9"), 42)),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
  EXPECT_EQ(base::HexEncode(HkdfSha256(std::string(22, '\x0b'), "", "", 42)),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

TEST(Ciphers, X25519AgreesAndRefusesLowOrder) {
  const std::string alice = Bytes("77076d0a7318a57d3c16c17251b26645ac6c5cfbbcf1e2c0b7a4b2d2fbd0b9e4");
  const std::string mine = Bytes("77076d0a7318a57d3c16c17251b26645df4c6f6f8f6f6f8f6f6f8f6f6f8f6f6f");
  const std::string other = Bytes("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
  const auto left = X25519(alice, *X25519PublicKey(other));
  ASSERT_TRUE(left);
  EXPECT_EQ(*left, X25519(other, *X25519PublicKey(alice)));
  EXPECT_EQ(base::HexEncode(*X25519PublicKey(other)), "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
  EXPECT_EQ(X25519(mine, std::string(32, '\0')), std::nullopt);
  EXPECT_EQ(X25519(mine, "short"), std::nullopt);
}

TEST(Ciphers, GcmOpensOnlyWhatWasSealed) {
  // NIST GCM test case 16 (AES-256, 96-bit nonce, extra data).
  const std::string key = Bytes("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
  const std::string nonce = Bytes("cafebabefacedbaddecaf888");
  const std::string extra = Bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2");
  const std::string sealed =
      Bytes("522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662");
  const std::string tag = Bytes("76fc6ece0f4e1768cddf8853bb2d551b");
  const auto plain = OpenAesGcm(key, nonce, sealed, tag, extra);
  ASSERT_TRUE(plain);
  EXPECT_EQ(base::HexEncode(*plain),
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
  EXPECT_EQ(OpenAesGcm(key, nonce, sealed, tag, "other"), std::nullopt);
  EXPECT_EQ(OpenAesGcm(key, "", sealed, tag, extra), std::nullopt);
  EXPECT_EQ(OpenAesGcm("short", nonce, sealed, tag, extra), std::nullopt);
  // Test case 13: nothing sealed, only the tag.
  const auto empty = OpenAesGcm(std::string(32, '\0'), std::string(12, '\0'), "", Bytes("530f8afbc74536b9a963b4f1c4cb738b"), "");
  ASSERT_TRUE(empty);
  EXPECT_EQ(*empty, "");
}

}  // namespace
}  // namespace sluice::crypto
