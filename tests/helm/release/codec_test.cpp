// Records as Helm and Flux write them, read and written back (helm-contract 11 and 21, flux-contract 7.8).
#include "helm/release/codec.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "base/archive.h"
#include "base/digest.h"
#include "helm/release/digest.h"

namespace sluice::helm {
namespace {

// What helm 3.22 wrote of a small chart (section 21 of the contract).
constexpr std::string_view kHelm3 =
    R"({"name":"web","info":{"first_deployed":"2026-01-02T03:04:05.6789Z","last_deployed":"2026-01-02T03:04:05.6789Z","deleted":"","description":"Install complete","status":"deployed","notes":"hi"},"chart":{"metadata":{"name":"web","version":"1.2.3","apiVersion":"v2","appVersion":"9"},"lock":null,"templates":[{"name":"templates/cm.yaml","data":"a2luZDogQ29uZmlnTWFwCg=="}],"values":{"replicas":1},"schema":null,"files":null},"config":{"replicas":2},"manifest":"---\n# Source: web/templates/cm.yaml\nkind: ConfigMap\n","hooks":[{"name":"m","kind":"Job","path":"web/templates/job.yaml","manifest":"kind: Job","events":["pre-install"],"last_run":{"started_at":"","completed_at":"","phase":""},"weight":-5}],"version":1,"namespace":"prod"})";

std::string WithoutZeroTimes(std::string text) {
  for (const std::string_view zero : {R"("deleted":"",)", R"("started_at":"","completed_at":"",)"})
    text.erase(text.find(zero), zero.size());
  return text;
}

std::string FluxRecord() {
  std::ifstream file(SLUICE_SOURCE_DIR "/tests/helm/release/testdata/flux-2.9-podinfo.b64");
  std::stringstream text;
  text << file.rdbuf();
  std::string record = text.str();
  std::erase(record, '\n');
  return record;
}

TEST(Codec, ReadsWhatHelm3Wrote) {
  const auto release = DecodeReleaseJson(kHelm3, nullptr);
  ASSERT_TRUE(release) << release.error().message;
  EXPECT_EQ(release->name, "web");
  EXPECT_EQ(release->ns, "prod");
  EXPECT_EQ(release->version, 1);
  EXPECT_EQ(release->info.status, ReleaseStatus::Deployed);
  EXPECT_EQ(release->info.first_deployed, "2026-01-02T03:04:05.6789Z");
  EXPECT_EQ(release->info.deleted, "");
  EXPECT_EQ(release->info.notes, "hi");
  EXPECT_EQ(release->config, R"({"replicas":2})");
  EXPECT_EQ(release->chart->app_version, "9");
  ASSERT_EQ(release->hooks.size(), 1u);
  EXPECT_EQ(release->hooks[0].weight, -5);
  EXPECT_TRUE(release->hooks[0].IsFor("pre-install"));
  EXPECT_FALSE(release->ServerSide());
}

TEST(Codec, WritesHelm3sShapeWithoutZeroTimes) {
  const auto release = DecodeReleaseJson(kHelm3, nullptr);
  ASSERT_TRUE(release);
  EXPECT_EQ(EncodeReleaseJson(*release), WithoutZeroTimes(std::string(kHelm3)));
}

TEST(Codec, TheTextIsOneGzipStreamForEveryReader) {
  const auto release = DecodeReleaseJson(kHelm3, nullptr);
  ASSERT_TRUE(release);
  const std::string text = EncodeRelease(*release);
  const std::string packed = base::Base64Decode(text).value();
  EXPECT_EQ(base::Gunzip(base::SourceOf(packed)).value(), EncodeReleaseJson(*release));
  const auto again = DecodeRelease(text, nullptr);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(EncodeReleaseJson(*again), EncodeReleaseJson(*release));
}

TEST(Codec, ReadsTextThatIsNotPacked) {
  const auto release = DecodeRelease(base::Base64Encode(kHelm3), nullptr);
  ASSERT_TRUE(release) << release.error().message;
  EXPECT_EQ(release->name, "web");
}

TEST(Codec, ReleasesOfOneChartShareIt) {
  ChartPool pool;
  const auto first = DecodeReleaseJson(kHelm3, &pool);
  const auto second = DecodeRelease(EncodeRelease(*first), &pool);
  ASSERT_TRUE(second);
  EXPECT_EQ(first->chart, second->chart);
  EXPECT_EQ(pool.size(), 1u);
}

TEST(Codec, WhatFluxWroteIsRecognised) {
  const auto release = DecodeRelease(FluxRecord(), nullptr);
  ASSERT_TRUE(release) << release.error().message;
  EXPECT_EQ(release->apply_method, "ssa");
  // status.history[0] of the HelmRelease that helm-controller 1.6 made of this release.
  EXPECT_EQ(SnapshotDigest(*release, ""), "sha256:dcfb9d401687415abc22c0978be1407f0e13bf4cf3dea3e542a3eb72ffa83dde");
  EXPECT_EQ(ConfigDigest(release->config), "sha256:2290e39ed8278d1bb7fd674557a763ef6e4c6ddc1e756a8a433edfdf7f6aba4e");
  const auto again = DecodeRelease(EncodeRelease(*release), nullptr);
  ASSERT_TRUE(again);
  EXPECT_EQ(SnapshotDigest(*again, ""), SnapshotDigest(*release, ""));
  EXPECT_NE(SnapshotDigest(*release, "sha256:1"), SnapshotDigest(*release, ""));
}

TEST(Codec, ConfigIsAsGoMarshalsIt) {
  struct Row {
    std::string_view json, want;
  };
  constexpr Row kRows[] = {
      {"{}", ""},
      {"null", ""},
      {R"({"b":1,"a":{"z":1.0,"c":[true,null]}})", R"({"a":{"c":[true,null],"z":1},"b":1})"},
      {R"({"a":12345678901234567890})", R"({"a":12345678901234567000})"},
      {R"({"a":1e21,"b":0.0000001})", R"({"a":1e+21,"b":1e-7})"},
      {R"({"a":"<x> & é"})", R"({"a":"\u003cx\u003e \u0026 é"})"},
  };
  for (const Row& row : kRows) EXPECT_EQ(CanonicalConfig(row.json).value(), row.want) << row.json;
  EXPECT_EQ(ConfigDigest(""), "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Codec, TimesAreAsGoWritesThem) {
  struct Row {
    std::string_view text, want;
  };
  constexpr Row kRows[] = {
      {"2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"},      {"2026-01-02T03:04:05.120Z", "2026-01-02T03:04:05.12Z"},
      {"2026-01-02T03:04:05.000Z", "2026-01-02T03:04:05Z"},  {"2026-01-02T03:04:05.5+02:00", "2026-01-02T03:04:05.5+02:00"},
      {"2026-01-02T03:04:05+00:00", "2026-01-02T03:04:05Z"}, {"0001-01-01T00:00:00Z", ""},
  };
  for (const Row& row : kRows) {
    const auto release = DecodeReleaseJson(R"({"info":{"last_deployed":")" + std::string(row.text) + "\"}}", nullptr);
    ASSERT_TRUE(release) << row.text << release.error().message;
    EXPECT_EQ(release->info.last_deployed, row.want) << row.text;
  }
  EXPECT_EQ(ReleaseTimeOf(base::TimePoint() + std::chrono::nanoseconds(1'000'000'120)), "1970-01-01T00:00:01.00000012Z");
}

TEST(Codec, WhatIsNoReleaseIsRefused) {
  constexpr std::string_view kBad[] = {"",
                                       "[]",
                                       "{",
                                       R"({"name":1})",
                                       R"({"info":[]})",
                                       R"({"info":{"last_deployed":"yesterday"}})",
                                       R"({"hooks":{}})",
                                       R"({"hooks":[1]})",
                                       R"({"version":"1"})",
                                       R"({"version":99999999999})",
                                       R"({"chart":[1,]})",
                                       R"({"chart":{"metadata":{"name":"x"}})",
                                       R"({"config":[]})",
                                       R"({"name":"a"} x)"};
  for (const std::string_view json : kBad) EXPECT_FALSE(DecodeReleaseJson(json, nullptr)) << json;
  EXPECT_FALSE(DecodeRelease("!!!", nullptr));
  const std::string deep = "{\"config\":" + std::string(1000, '[') + std::string(1000, ']') + "}";
  EXPECT_EQ(DecodeReleaseJson(deep, nullptr).error().reason, base::Reason::TooLarge);
  const std::string packed = base::Base64Encode(base::Gzip(kHelm3));
  EXPECT_EQ(DecodeRelease(packed, nullptr, {.max_json = 100}).error().reason, base::Reason::TooLarge);
  EXPECT_EQ(DecodeRelease(packed, nullptr, {.max_text = 10}).error().reason, base::Reason::TooLarge);
  EXPECT_FALSE(DecodeRelease(base::Base64Encode(base::Gzip(kHelm3).substr(0, 100)), nullptr));
}

}  // namespace
}  // namespace sluice::helm
