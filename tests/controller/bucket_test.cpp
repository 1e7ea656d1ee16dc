#include <gtest/gtest.h>

#include "controller/bucket/spec.h"
#include "controller/bucket/status.h"
#include "document/yaml.h"

namespace sluice::controller::bucket {
namespace {

document::Value Parse(std::string_view yaml) {
  auto parsed = document::ParseYaml(yaml);
  EXPECT_TRUE(parsed) << parsed.error().message;
  return *parsed;
}

TEST(BucketStatus, TheRevisionCoversKeysAndTagsInOrder) {
  // echo -n "" | sha256sum, and printf 'a 1\nb 2\n' | sha256sum
  EXPECT_EQ(RevisionOf({}), "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(RevisionOf({{"b", "2"}, {"a", "1"}}), "sha256:2951835de33689a441bfa61bc7af99b1f0305ca8ec0ab4dd508f14f57b27ca23");
}

TEST(BucketSpec, WhatIsNotActedUponIsRefused) {
  struct Row {
    std::string_view spec, want;
  };
  constexpr Row kRows[] = {
      {"{bucketName: b, endpoint: e, interval: 1m, provider: azure}", "spec.provider \"azure\""},
      {"{bucketName: b, endpoint: e, interval: 1m, provider: gcp}", "spec.provider \"gcp\""},
      {"{bucketName: b, endpoint: e, interval: 1m, provider: aws}", "spec.provider \"aws\" without secretRef (cloud identities)"},
      {"{bucketName: b, endpoint: e, interval: 1m, sts: {provider: ldap, endpoint: x}}", "spec.sts"},
      {"{bucketName: b, endpoint: e, interval: 1m, serviceAccountName: x}", "spec.serviceAccountName"},
      {"{endpoint: e, interval: 1m}", "spec.bucketName: required"},
  };
  for (const Row& row : kRows) {
    const auto spec = ParseSpec(Parse("spec: " + std::string(row.spec)));
    ASSERT_FALSE(spec) << row.spec;
    EXPECT_TRUE(spec.error().message.starts_with(row.want)) << spec.error().message;
  }
  const auto spec =
      ParseSpec(Parse("spec: {bucketName: b, endpoint: 'e:9', interval: 1m, provider: aws, secretRef: {name: s}, ignore: ''}"));
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(spec->provider, "aws");
  EXPECT_EQ(spec->ignore, "");
  EXPECT_EQ(spec->timeout, std::chrono::seconds(60));
}

}  // namespace
}  // namespace sluice::controller::bucket
