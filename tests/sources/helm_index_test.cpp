// Indexes of chart repositories: what is read and what is not, which version is meant, and where its archive is.
#include <gtest/gtest.h>

#include "base/digest.h"
#include "document/json.h"
#include "sources/helm/http_repository.h"
#include "sources/helm/index.h"
#include "sources/helm/oci_charts.h"

namespace sluice::sources::helm_repository {
namespace {

template <class T>
std::string Message(const base::Result<T>& result) {
  return result ? "" : result.error().message;
}

constexpr std::string_view kIndex = R"(apiVersion: v1
generated: "2026-01-02T03:04:05.6Z"
entries:
  web:
  - apiVersion: v2
    name: web
    version: 1.0.0
    appVersion: 1.10
    created: "2026-01-01T00:00:00Z"
    digest: aa
    urls: [charts/web-1.0.0.tgz, https://mirror.example/web-1.0.0.tgz]
    dependencies:
    - {name: db, version: 1.x, repository: "https://charts.example"}
  - {name: web, version: 1.10.0, urls: [web-1.10.0.tgz]}
  - {name: web, version: 1.9.0, urls: []}
  - {name: web, version: 2.0.0-rc.1, urls: [web-2.tgz]}
  - {name: web, version: "1.0.0+b", created: "2026-02-01T00:00:00Z", urls: [b.tgz]}
  none: []
)";

Index Read(std::string_view text) {
  auto read = ReadIndex(text, {});
  EXPECT_TRUE(read) << Message(read);
  return read ? std::move(read->index) : Index();
}

TEST(HelmIndex, ReadsVersionsNewestFirst) {
  const Index index = Read(kIndex);
  std::string order;
  for (const ChartVersion& one : index.charts.at("web")) order += one.version + " ";
  EXPECT_EQ(order, "2.0.0-rc.1 1.10.0 1.9.0 1.0.0 1.0.0+b ");
  EXPECT_EQ(index.charts.at("web")[3].url, "charts/web-1.0.0.tgz");
  EXPECT_EQ(index.charts.at("web")[3].digest, "aa");
  EXPECT_EQ(index.charts.at("web")[2].url, "");
  EXPECT_TRUE(index.charts.at("none").empty());
  EXPECT_EQ(index.skipped, 0u);
}

TEST(HelmIndex, FindsTheVersionThatIsMeant) {
  const Index index = Read(kIndex);
  struct Row {
    std::string rule, name, wanted, want;
  };
  const Row rows[] = {
      {"the newest that is no pre-release", "web", "", "1.10.0"},
      {"likewise", "web", "*", "1.10.0"},
      {"that very text", "web", "2.0.0-rc.1", "2.0.0-rc.1"},
      {"with its metadata", "web", "1.0.0+b", "1.0.0+b"},
      {"a range", "web", "<1.10", "1.9.0"},
      {"pre-releases only if asked", "web", ">=1.0.0-0", "2.0.0-rc.1"},
      {"of equal ones the younger", "web", "~1.0.0", "1.0.0+b"},
      {"none fits", "web", "^3", "no 'web' chart with version matching '^3' found"},
      {"no range", "web", "one", "improper constraint: \"one\""},
      {"no such chart", "db", "", "no chart name found"},
      {"no version of it", "none", "", "no chart version found"},
  };
  for (const Row& row : rows) {
    const auto found = FindVersion(index, row.name, row.wanted);
    EXPECT_EQ(found ? found->version : found.error().message, row.want) << row.rule;
  }
}

TEST(HelmIndex, FindsAmongTags) {
  const std::vector<std::string> versions = {"1.0.0", "1.2.0", "2.0.0-rc.1", "1.2.0+b"};
  EXPECT_EQ(*FindVersion(versions, "*"), "1.2.0");
  EXPECT_EQ(*FindVersion(versions, "1.2.0+b"), "1.2.0+b");
  EXPECT_EQ(*FindVersion(versions, "2.0.0-rc.1"), "2.0.0-rc.1");
  EXPECT_EQ(Message(FindVersion(versions, "^3")), "could not locate a version matching provided version string ^3");
  EXPECT_EQ(TagOf("1.0.0+b.1"), "1.0.0_b.1");
  EXPECT_EQ(VersionOf("1.0.0_b.1"), "1.0.0+b.1");
  EXPECT_TRUE(IsVersion("v1.2.3-rc.1"));
  EXPECT_FALSE(IsVersion("1.2"));
  EXPECT_FALSE(IsVersion("*"));
}

// What the entries hold is not looked at by what they are called; each row is one entry beside a good one.
TEST(HelmIndex, T20LeavesOutWhatIsNoChart) {
  for (const std::string entry : {"null", "{name: web, version: latest}", "{name: ../web, version: 1.0.0}", "{name: '.', version: 1.0.0}",
                                  "{version: 1.0.0}", "{name: web, version: \"\\e[31m1.0.0\"}", "{name: web, version: 1.0.0, type: script}",
                                  "{}", "{name: web, version: 1.0.0, dependencies: [{name: x, alias: ../../y}]}"}) {
    const Index index = Read("apiVersion: v1\nentries:\n  web:\n  - " + entry + "\n  - {name: web, version: 0.1.0}\n");
    ASSERT_EQ(index.charts.at("web").size(), 1u) << entry;
    EXPECT_EQ(index.charts.at("web")[0].version, "0.1.0");
    EXPECT_EQ(index.skipped, 1u) << entry;
  }
  const Index twice = Read("apiVersion: v1\nentries: {web: [{name: web, version: 1.0.0, dependencies: [{name: a}, {name: a}]}]}");
  EXPECT_EQ(twice.charts.at("web").size(), 1u) << "repositories lose the aliases of dependencies";
}

TEST(HelmIndex, RefusesTheWhole) {
  struct Row {
    std::string text, want;
  };
  const Row rows[] = {
      {"", "empty index.yaml file"},
      {"\n", "no API version specified"},
      {"entries: {}", "no API version specified"},
      {"[]", "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go value of type repo.IndexFile"},
      {"apiVersion: v1\nthing: 1\n", "error unmarshaling JSON: while decoding JSON: json: unknown field \"thing\""},
      {"apiVersion: v1\nentries: {web: [{name: web, version: 1.0.0, thing: 1}]}",
       "2:17: error unmarshaling JSON: while decoding JSON: json: unknown field \"thing\""},
      {"apiVersion: v1\nentries: {web: [{name: web, version: 1.0.0, maintainers: [{nick: x}]}]}",
       "2:17: error unmarshaling JSON: while decoding JSON: json: unknown field \"nick\""},
      {"apiVersion: v1\nentries: {web: [{name: [web], version: 1.0.0}]}",
       "2:17: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go struct field Metadata.name of type "
       "string"},
      {"apiVersion: v1\nentries: {web: [{name: web, version: 1.0.0, created: yesterday}]}",
       "2:17: error unmarshaling JSON: while decoding JSON: parsing time \"yesterday\""},
      {"apiVersion: v1\nentries: {web: {name: web}}",
       "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal object into Go struct field IndexFile.entries of type "
       "repo.ChartVersions"},
      {"<html><body>Sign in</body></html>",
       "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal string into Go value of type repo.IndexFile"},
  };
  for (const Row& row : rows) EXPECT_EQ(Message(ReadIndex(row.text, {})), row.want) << row.text;
  EXPECT_NE(Message(ReadIndex("apiVersion: v1\napiVersion: v1\n", {})), "") << "a key that is there twice";
  EXPECT_NE(Message(ReadIndex("apiVersion: v1\nentries: {web: [{name: web, version: 1.0.0", {})), "") << "cut off";
  EXPECT_EQ(Message(ReadIndex(kIndex, {.max_bytes = 100})), "index exceeds the maximum index file size of 100 bytes");
  EXPECT_NE(Message(ReadIndex(kIndex, {.max_versions = 2})), "");
}

TEST(HelmIndex, JsonIsLessStrict) {
  const Index index =
      Read(R"({"apiVersion":"v1","thing":1,"entries":{"web":[{"name":"web","version":"1.0.0","urls":["a.tgz"],"thing":[1]}]}})");
  EXPECT_EQ(index.charts.at("web")[0].url, "a.tgz");
  EXPECT_EQ(Read("{apiVersion: v1, entries: {web: [{name: web, version: 1.0.0}]}}").charts.at("web").size(), 1u)
      << "YAML that begins as JSON does";
}

TEST(HelmIndex, AliasesAndAnchors) {
  const Index index = Read("apiVersion: v1\nentries:\n  web:\n  - &one {name: web, version: 1.0.0}\n  - *one\n  db: [*one]\n");
  EXPECT_EQ(index.charts.at("web").size(), 2u);
  EXPECT_EQ(index.charts.at("db").size(), 1u);
}

// What Helm's own encoder makes of the same index (helm 4.3.1, IndexFile of one chart, json.MarshalIndent).
TEST(HelmIndex, WritesTheJsonThatFluxKeeps) {
  const auto read = ReadIndex(R"(apiVersion: v1
generated: "2026-01-02T03:04:05Z"
entries:
  b: []
  a:
  - name: a
    version: 1.0.0
    description: "<b>"
    created: "2026-01-01T00:00:00Z"
    urls: [a-1.0.0.tgz]
    digest: aa
  - {name: a, version: 1.1.0, urls: [x], created: "2026-01-01T00:00:00Z"}
)",
                              {.with_json = true});
  ASSERT_TRUE(read) << Message(read);
  EXPECT_EQ(read->json, R"({
  "apiVersion": "v1",
  "generated": "2026-01-02T03:04:05Z",
  "entries": {
    "a": [
      {
        "name": "a",
        "version": "1.1.0",
        "apiVersion": "v1",
        "urls": [
          "x"
        ],
        "created": "2026-01-01T00:00:00Z"
      },
      {
        "name": "a",
        "version": "1.0.0",
        "description": "\u003cb\u003e",
        "apiVersion": "v1",
        "urls": [
          "a-1.0.0.tgz"
        ],
        "created": "2026-01-01T00:00:00Z",
        "digest": "aa"
      }
    ],
    "b": []
  }
})");
  const auto again = ReadIndex(read->json, {.with_json = true});
  ASSERT_TRUE(again) << Message(again);
  EXPECT_EQ(again->json, read->json) << "what is kept reads as what it was made of";
}

// 60,000 versions, 9 MB: they leave the tree as they come, or the limit of nodes at a time would be passed.
TEST(HelmIndex, ReadsBigOnesAsAStream) {
  std::string text = "apiVersion: v1\nentries:\n  web:\n";
  for (int i = 0; i < 60'000; ++i)
    text += "  - {name: web, version: 1.0." + std::to_string(i) +
            ", apiVersion: v2, home: h, icon: i, keywords: [a, b, c, d], sources: [s, t], maintainers: [{name: n}], urls: [web-" +
            std::to_string(i) + ".tgz]}\n";
  const auto read = ReadIndex(text, {});
  ASSERT_TRUE(read) << Message(read);
  EXPECT_EQ(FindVersion(read->index, "web", "*")->version, "1.0.59999");
  EXPECT_LT(read->index.bytes(), text.size() * 2);
  std::string outside = "apiVersion: v1\nserverInfo: {a: [" + std::string(2'200'000, ',');
  for (std::size_t at = 33; at < outside.size(); at += 2) outside[at] = '1';
  EXPECT_NE(Message(ReadIndex(outside + "1]}\n", {})), "") << "a million values that are no versions";
}

TEST(HelmIndex, AliasBombsEnd) {
  std::string text = "apiVersion: v1\nserverInfo:\n  a: &a [x,x,x,x,x,x,x,x,x,x]\n";
  for (char c = 'b'; c < 'j'; ++c) {
    text += std::string("  ") + c + ": &" + c + " [";
    for (int i = 0; i < 10; ++i) text += std::string(i ? ",*" : "*") + static_cast<char>(c - 1);
    text += "]\n";
  }
  const auto read = ReadIndex(text, {});
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().reason, base::Reason::TooLarge);
}

TEST(HelmUrls, OfTheIndexAndTheCharts) {
  struct Row {
    std::string repository, reference, want;
  };
  const Row rows[] = {
      {"https://charts.example/stable", "web-1.0.0.tgz", "https://charts.example/stable/web-1.0.0.tgz"},
      {"https://charts.example/stable/", "charts/web-1.0.0.tgz", "https://charts.example/stable/charts/web-1.0.0.tgz"},
      {"https://charts.example/stable?token=1", "web.tgz", "https://charts.example/stable/web.tgz?token=1"},
      {"https://charts.example/stable", "/web.tgz", "https://charts.example/web.tgz"},
      {"https://charts.example/stable", "../web.tgz", "https://charts.example/web.tgz"},
      {"https://charts.example/stable", "https://other.example/web.tgz", "https://other.example/web.tgz"},
      {"https://charts.example/stable", "file:///etc/passwd", "unsupported protocol scheme \"file\""},
      {"https://charts.example/stable", "oci://charts.example/web:1", "unsupported protocol scheme \"oci\""},
  };
  for (const Row& row : rows) {
    const auto url = ChartUrl(row.repository, row.reference);
    EXPECT_EQ(url ? *url : url.error().message, row.want) << row.repository << " " << row.reference;
  }
  EXPECT_EQ(*IndexUrl("https://charts.example/stable/?x=1"), "https://charts.example/stable/index.yaml?x=1");
  EXPECT_EQ(*IndexUrl("https://charts.example"), "https://charts.example/index.yaml");
  EXPECT_EQ(*NormalizeUrl("https://charts.example/a//"), "https://charts.example/a/");
  EXPECT_EQ(*NormalizeUrl("oci://ghcr.io/a/"), "oci://ghcr.io/a");
  EXPECT_EQ(*NormalizeUrl(""), "");
}

}  // namespace
}  // namespace sluice::sources::helm_repository
