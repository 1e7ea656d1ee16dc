#include "base/blake3.h"

#include <gtest/gtest.h>

#include "base/digest.h"

namespace sluice::base {
namespace {

struct Row {
  std::size_t size;
  std::string_view want;
};
// Of the bytes 0, 1, … 250, 0, …, as b3sum 1.3.3 prints them.
constexpr Row kRows[] = {
    {0, "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"},
    {1, "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213"},
    {64, "4eed7141ea4a5cd4b788606bd23f46e212af9cacebacdc7d1f4c6dc7f2511b98"},
    {1023, "10108970eeda3eb932baac1428c7a2163b0e924c9a9e25b35bba72b28f70bd11"},
    {1024, "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7"},
    {1025, "d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444"},
    {2048, "e776b6028c7cd22a4d0ba182a8bf62205d2ef576467e838ed6f2529b85fba24a"},
    {2049, "5f4d72f40d7a5f82b15ca2b2e44b1de3c2ef86c426c95c1af0b6879522563030"},
    {3072, "b98cb0ff3623be03326b373de6b9095218513e64f1ee2edd2525c7ad1e5cffd2"},
    {5000, "ee78d92070de3df1c57c37002abf0a6b1a6589acdeef4d8ffac7cf3d9e8f2836"},
    {31744, "62b6960e1a44bcc1eb1a611a8d6235b6b4b78f32e7abc4fb4c6cdcce94895c47"},
    {102400, "bc3e3d41a1146b069abffad3c0d44860cf664390afce4d9661f7902e7943e085"},
};

std::string Input(std::size_t size) {
  std::string out;
  for (std::size_t i = 0; i < size; ++i) out += static_cast<char>(i % 251);
  return out;
}

TEST(Blake3, EqualsTheReferenceWhateverThePieces) {
  for (const Row& row : kRows) {
    const std::string input = Input(row.size);
    for (const std::size_t piece : {std::size_t{1}, std::size_t{63}, std::size_t{1024}, std::size_t{5000}, row.size + 1}) {
      Blake3 hash;
      for (std::size_t at = 0; at < input.size(); at += piece) hash.Update(std::string_view(input).substr(at, piece));
      EXPECT_EQ(hash.Hex(), row.want) << row.size << " bytes in pieces of " << piece;
    }
  }
}

TEST(Hasher, KnowsFluxsDigests) {
  for (const char* name : {"sha1", "sha256", "sha384", "sha512", "blake3"}) {
    const auto hasher = Hasher::Make(name);
    ASSERT_TRUE(hasher) << name;
    hasher->Update("a");
    hasher->Update("bc");
    EXPECT_EQ(hasher->Hex(), NamedDigestHex(name, "abc")) << name;
  }
  EXPECT_EQ(NamedDigestHex("blake3", "abc"), "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85");
  EXPECT_FALSE(Hasher::Make("md5"));
}

}  // namespace
}  // namespace sluice::base
