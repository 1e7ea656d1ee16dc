// The Secret of a release, and records that are too large for one.
#include "helm/release/secret.h"

#include <gtest/gtest.h>

#include "base/digest.h"
#include "base/random.h"
#include "document/object.h"

namespace sluice::helm {
namespace {

const base::TimePoint kNow = base::TimePoint() + std::chrono::seconds(1'800'000'000);

ReleaseRecord Small() {
  ReleaseRecord record;
  Release& release = record.release;
  release.name = "web";
  release.ns = "prod";
  release.version = 3;
  release.info.status = ReleaseStatus::PendingUpgrade;
  release.manifest = std::make_shared<const std::string>("kind: ConfigMap\n");
  release.labels = {{"team", "shop"}};
  return record;
}

/// Text that does not get smaller when it is packed.
std::string Noise(std::size_t bytes, std::uint64_t seed) {
  base::SeededRandom random(seed);
  std::string noise;
  while (noise.size() < bytes) {
    const std::uint64_t number = random.Next();
    for (int i = 0; i < 8; ++i) noise += static_cast<char>(number >> (8 * i));
  }
  return base::Base64Encode(noise);
}

Chart Large(std::size_t files, std::size_t templates) {
  Chart chart;
  chart.metadata.name = "web";
  chart.metadata.version = "1.0.0";
  chart.values = Value::NewMap();
  chart.values.map()->entries["a"] = Value::String("kept");
  chart.files.push_back({"README.md", std::make_shared<const std::string>(Noise(files, 1))});
  chart.templates.push_back({"templates/a.yaml", std::make_shared<const std::string>(Noise(templates, 2))});
  return chart;
}

std::string ChartOf(const ReleaseSecrets& secrets) {
  const auto read = ReadReleaseSecret(secrets.record, secrets.parts, nullptr);
  return read ? ChartJson(*read->release.chart) : read.error().message;
}

TEST(Secret, IsAsHelmHasIt) {
  ReleaseRecord record = Small();
  const ReleaseSecrets secrets = MakeReleaseSecrets(record, "flux", kNow);
  const document::Value& secret = secrets.record;
  EXPECT_TRUE(secrets.parts.empty());
  EXPECT_EQ(document::NameOf(secret), "sh.helm.release.v1.web.v3");
  EXPECT_EQ(document::NamespaceOf(secret), "flux");
  EXPECT_EQ(secret.StringAt({"type"}), "helm.sh/release.v1");
  EXPECT_EQ(document::LabelOf(secret, "name"), "web");
  EXPECT_EQ(document::LabelOf(secret, "owner"), "helm");
  EXPECT_EQ(document::LabelOf(secret, "status"), "pending-upgrade");
  EXPECT_EQ(document::LabelOf(secret, "version"), "3");
  EXPECT_EQ(document::LabelOf(secret, "team"), "shop");
  EXPECT_EQ(document::LabelOf(secret, "createdAt"), "1800000000");
  EXPECT_EQ(document::LabelOf(secret, "modifiedAt"), "");
  EXPECT_EQ(secret.At({"metadata", "annotations"}), nullptr);
}

TEST(Secret, AnUpdateNamesTheVersionItChanges) {
  ReleaseRecord record = Small();
  record.resource_version = "77";
  const ReleaseSecrets secrets = MakeReleaseSecrets(record, "flux", kNow);
  EXPECT_EQ(secrets.record.StringAt({"metadata", "resourceVersion"}), "77");
  EXPECT_EQ(document::LabelOf(secrets.record, "modifiedAt"), "1800000000");
  EXPECT_EQ(document::LabelOf(secrets.record, "createdAt"), "");
}

TEST(Secret, ProgressAndLabelsComeBack) {
  ReleaseRecord record = Small();
  record.progress = {.owner = "prod/web", .event = "pre-upgrade", .since = "2026-01-02T03:04:05Z"};
  const ReleaseSecrets secrets = MakeReleaseSecrets(record, "flux", kNow);
  const auto read = ReadReleaseSecret(secrets.record, {}, nullptr);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->progress, record.progress);
  EXPECT_EQ(read->release.labels, record.release.labels);
}

TEST(Secret, ALargeChartLeavesItsFilesOut) {
  ReleaseRecord record = Small();
  record.release.chart = StoreChart(Large(2'000'000, 1000));
  const ReleaseSecrets secrets = MakeReleaseSecrets(record, "flux", kNow);
  EXPECT_TRUE(secrets.parts.empty());
  const std::string chart = ChartOf(secrets);
  EXPECT_NE(chart.find(R"("files":null)"), std::string::npos);
  EXPECT_NE(chart.find("templates/a.yaml"), std::string::npos);
}

TEST(Secret, ThenItsTemplates) {
  ReleaseRecord record = Small();
  record.release.chart = StoreChart(Large(1000, 2'000'000));
  const ReleaseSecrets secrets = MakeReleaseSecrets(record, "flux", kNow);
  EXPECT_TRUE(secrets.parts.empty());
  const std::string chart = ChartOf(secrets);
  EXPECT_NE(chart.find(R"("templates":null,"values":{"a":"kept"})"), std::string::npos);
}

TEST(Secret, ThenItIsCut) {
  ReleaseRecord record = Small();
  record.release.chart = StoreChart(Large(1000, 1000));
  record.release.manifest = std::make_shared<const std::string>(Noise(2'000'000, 3));
  const ReleaseSecrets secrets = MakeReleaseSecrets(record, "flux", kNow);
  ASSERT_EQ(secrets.parts.size(), 2u);
  EXPECT_EQ(secrets.parts[0].StringAt({"type"}), kReleasePartType);
  EXPECT_EQ(document::LabelOf(secrets.parts[0], "owner"), "");
  const ReleaseProgress progress = ProgressOf(secrets.record);
  EXPECT_EQ(progress.parts, 3);
  const auto names = PartNames("web", 3, progress);
  ASSERT_EQ(names.size(), 2u);
  EXPECT_EQ(names[0], document::NameOf(secrets.parts[0]));
  const auto read = ReadReleaseSecret(secrets.record, secrets.parts, nullptr);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->release.manifest_text(), record.release.manifest_text());
  // To Helm the record by itself is not readable.
  EXPECT_FALSE(ReadReleaseSecret(secrets.record, {}, nullptr));
}

TEST(Secret, UserLabelsAreNoneOfHelms) {
  EXPECT_TRUE(CheckUserLabels({{"team", "x"}}));
  EXPECT_EQ(CheckUserLabels({{"owner", "x"}}).error().message,
            "user supplied labels contains system reserved label name. System labels: [name owner status version createdAt modifiedAt]");
}

}  // namespace
}  // namespace sluice::helm
