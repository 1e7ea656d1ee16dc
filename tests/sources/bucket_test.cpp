#include <gtest/gtest.h>

#include "sources/bucket/answers.h"
#include "sources/bucket/client.h"
#include "sources/bucket/signature.h"

namespace sluice::sources::bucket {
namespace {

/// The examples of the S3 documentation ("Signature Calculations for the Authorization Header"), without the Range header of the first.
const Credentials kExample{.access_key = "AKIAIOSFODNN7EXAMPLE", .secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"};
const base::TimePoint kExampleTime = *base::ParseRfc3339("2013-05-24T00:00:00Z");

std::string AuthorizationOf(std::string url, net::Headers headers = {}) {
  net::Request request{.method = "GET", .url = std::move(url), .headers = std::move(headers)};
  const auto done = Sign(request, kExample, "us-east-1", kExampleTime);
  EXPECT_TRUE(done) << done.error().message;
  return std::string(net::FindHeader(request.headers, "Authorization"));
}

TEST(BucketSignature, AsInTheDocumentation) {
  EXPECT_EQ(AuthorizationOf("https://examplebucket.s3.amazonaws.com/test.txt", {{"Range", "bytes=0-9"}}),
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
            "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
            "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
  EXPECT_EQ(AuthorizationOf("https://examplebucket.s3.amazonaws.com/?lifecycle"),
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
            "SignedHeaders=host;x-amz-content-sha256;x-amz-date,"
            "Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
  EXPECT_EQ(AuthorizationOf("https://examplebucket.s3.amazonaws.com/?prefix=J&max-keys=2"),
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
            "SignedHeaders=host;x-amz-content-sha256;x-amz-date,"
            "Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST(BucketSignature, KeysAreEscapedByItsRule) {
  EXPECT_EQ(EscapeKey("a/b c+d~(e)", true), "a/b%20c%2Bd~%28e%29");
  EXPECT_EQ(EscapeKey("a/\xC3\xA4", false), "a%2F%C3%A4");
}

TEST(BucketAnswers, AListing) {
  const auto page = ParseListing(
      "<?xml version=\"1.0\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><EncodingType>url</EncodingType>"
      "<Contents><Key>apps/a+b%2Bc.yaml</Key><LastModified>x</LastModified><ETag>&quot;d41d&quot;</ETag><Size>12</Size></Contents>"
      "<Contents><Key>z/</Key><ETag>e</ETag><Size>0</Size></Contents>"
      "<IsTruncated>true</IsTruncated><NextContinuationToken>1/2=</NextContinuationToken></ListBucketResult>");
  ASSERT_TRUE(page) << page.error().message;
  ASSERT_EQ(page->items.size(), 2U);
  EXPECT_EQ(page->items[0].key, "apps/a b+c.yaml");
  EXPECT_EQ(page->items[0].etag, "d41d");
  EXPECT_EQ(page->items[0].size, 12U);
  EXPECT_EQ(page->items[1].key, "z/");
  EXPECT_TRUE(page->truncated);
  EXPECT_EQ(page->continuation, "1/2=");
}

TEST(BucketAnswers, ErrorsAreNamed) {
  struct Row {
    std::string_view xml, want;
  };
  std::string deep = "<ListBucketResult>";
  for (int i = 0; i < 16; ++i) deep += "<a>";
  const std::string long_text = "<ListBucketResult><Contents><Key>" + std::string(70'000, 'k');
  const Row rows[] = {
      {"", "line 1: no element found"},
      {"<html></html>", "it is no ListBucketResult"},
      {"<ListBucketResult><Contents></ListBucketResult>", "line 1: mismatched tag"},
      {"<ListBucketResult><Contents><ETag>e</ETag></Contents></ListBucketResult>", "an object has no key"},
      {"<ListBucketResult><Contents><Key>k</Key><Size>much</Size></Contents></ListBucketResult>", "the size \"much\" is no number"},
      {"<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>", "there are more objects, but no NextContinuationToken"},
      {"<!DOCTYPE x [<!ENTITY a \"aaaa\">]><ListBucketResult>&a;</ListBucketResult>", "it has a document type"},
      {deep, "elements are nested deeper than 16 levels"},
      {long_text, "a text is longer than 64 KiB"},
  };
  for (const Row& row : rows) {
    const auto page = ParseListing(row.xml);
    ASSERT_FALSE(page) << row.xml.substr(0, 100);
    EXPECT_EQ(page.error().message, row.want);
  }
}

TEST(BucketAnswers, RegionsAndRefusals) {
  EXPECT_EQ(*ParseLocation("<LocationConstraint/>"), "us-east-1");
  EXPECT_EQ(*ParseLocation("<LocationConstraint>EU</LocationConstraint>"), "eu-west-1");
  EXPECT_EQ(*ParseLocation("<LocationConstraint>ap-south-1</LocationConstraint>"), "ap-south-1");
  EXPECT_FALSE(ParseLocation("<Error/>"));
  const ServiceError said =
      ParseServiceError("<Error><Code>AccessDenied</Code><Message>Access Denied.</Message><Region>r</Region></Error>");
  EXPECT_EQ(said.code, "AccessDenied");
  EXPECT_EQ(said.message, "Access Denied.");
  EXPECT_EQ(said.region, "r");
  EXPECT_EQ(ParseServiceError("no xml").message, "");
}

TEST(BucketUrl, ByPathOrByHost) {
  struct Row {
    std::string_view endpoint, bucket;
    bool insecure;
    std::string_view want;
  };
  constexpr Row kRows[] = {
      {"minio.example:9000", "fleet", true, "http://minio.example:9000/fleet"},
      {"minio.example", "fleet", false, "https://minio.example/fleet"},
      {"s3.eu-west-1.amazonaws.com", "fleet", false, "https://fleet.s3.eu-west-1.amazonaws.com"},
      {"s3.amazonaws.com", "my.fleet", false, "https://s3.amazonaws.com/my.fleet"},
      {"https://minio.example", "fleet", false, ""},
      {"minio.example/path", "fleet", false, ""},
      {"user:pw@minio.example", "fleet", false, ""},
      {"minio.example", "a/b", false, ""},
      {"minio.example", "..", false, ""},
      {"minio.example", "", false, ""},
  };
  for (const Row& row : kRows) {
    const auto url = BucketUrl(row.endpoint, row.bucket, row.insecure);
    EXPECT_EQ(url ? *url : "", row.want) << row.endpoint << " " << row.bucket;
  }
}

}  // namespace
}  // namespace sluice::sources::bucket
