#include "controller/lanes.h"

#include <gtest/gtest.h>

#include "document/json.h"

namespace sluice::controller {
namespace {

struct Case {
  std::string (*lane_of)(const document::Value&);
  const char* spec;
  const char* lane;
};

TEST(LanesTest, WhomARunWaitsFor) {
  const Case cases[] = {
      {LaneOfSource, R"({"url": "oci://Ghcr.io/acme/app"})", "ghcr.io:443"},
      {LaneOfSource, R"({"url": "oci://registry:5000/app"})", "registry:5000"},
      {LaneOfSource, R"({"url": "http://charts.example.com/stable"})", "charts.example.com:80"},
      {LaneOfSource, R"({"endpoint": "minio.example.com:9000"})", "minio.example.com:9000"},
      {LaneOfSource, R"({"url": "://x"})", ""},
      {LaneOfSource, R"({"url": 5})", ""},
      {LaneOfSource, R"("none")", ""},
      {LaneOfSource, R"({"url": "http://charts.example.com/stable", "suspend": true})", ""},
      {LaneOfChart, R"({"sourceRef": {"kind": "HelmRepository", "name": "stable"}})", "HelmRepository team/stable"},
      {LaneOfChart, R"({})", ""},
      {LaneOfApplied, R"({"sourceRef": {"kind": "GitRepository", "name": "fleet"}})", ""},
      {LaneOfApplied, R"({"sourceRef": {"kind": "ExternalArtifact", "name": "x", "namespace": "other"}})", "ExternalArtifact other/x"},
      {LaneOfApplied, R"({"chartRef": {"kind": "ExternalArtifact", "name": "x"}})", "ExternalArtifact team/x"},
      {LaneOfApplied, R"({"kubeConfig": {"secretRef": {"name": "far"}}})", "secretRef team/far"},
      {LaneOfApplied, R"({"kubeConfig": {"configMapRef": {"name": "far"}}})", "configMapRef team/far"},
      {LaneOfApplied, R"({"kubeConfig": {"configMapRef": {"name": "far"}}, "suspend": true})", ""},
      {LaneOfApplied, R"({"kubeConfig": [], "sourceRef": "x"})", ""},
      {LaneOfGenerator, R"({"sources": [{"kind": "GitRepository", "name": "a"}, {"kind": "ExternalArtifact", "name": "b"}]})",
       "ExternalArtifact team/b"},
      {LaneOfGenerator, R"({"sources": 1})", ""},
      {LaneOfOperatorRelease, R"({"chart": {"repository": "https://charts.example.com/", "name": "web"}})", "charts.example.com:443"},
      {LaneOfOperatorRelease, R"({"chart": {"git": "https://git.example.com/x"}})", ""},
  };
  for (const Case& test : cases) {
    const auto object =
        document::ParseJson(std::string(R"({"metadata": {"name": "app", "namespace": "team"}, "spec": )") + test.spec + "}");
    ASSERT_TRUE(object) << test.spec;
    EXPECT_EQ(test.lane_of(*object), test.lane) << test.spec;
  }
}

TEST(LanesTest, WhoIsDeleted) {
  const auto object = document::ParseJson(
      R"({"metadata": {"name": "app", "namespace": "team", "deletionTimestamp": "2026-01-01T00:00:00Z"},
          "spec": {"url": "http://charts.example.com/", "kubeConfig": {"secretRef": {"name": "far"}}, "sourceRef": {"kind": "HelmRepository", "name": "x"}}})");
  ASSERT_TRUE(object);
  EXPECT_EQ(LaneOfSource(*object), "");
  EXPECT_EQ(LaneOfChart(*object), "");
  EXPECT_EQ(LaneOfApplied(*object), "secretRef team/far") << "where its objects are to go";
}

}  // namespace
}  // namespace sluice::controller
