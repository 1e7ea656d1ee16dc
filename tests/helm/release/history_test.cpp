// What revisions say together, and whose the objects of a manifest are (helm-contract 11 to 13).
#include "helm/release/history.h"

#include <gtest/gtest.h>

#include <sstream>

#include "helm/release/objects.h"

namespace sluice::helm {
namespace {

/// "1:superseded 2:deployed"
History Of(const std::string& text) {
  History history;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    ReleaseRecord record;
    record.release.version = std::stoi(word);
    record.release.info.status = ParseReleaseStatus(word.substr(word.find(':') + 1));
    history.push_back(record);
  }
  return history;
}

TEST(History, WhatIsPruned) {
  struct Row {
    std::string history;
    int max;
    std::vector<int> want;
  };
  const Row kRows[] = {
      {"1:superseded 2:superseded 3:deployed", 0, {}},
      {"1:superseded 2:superseded 3:deployed", 3, {1}},
      {"1:superseded 2:superseded 3:deployed", 2, {1, 2}},
      {"1:superseded 2:superseded 3:deployed", 1, {1, 2}},
      {"1:deployed 2:failed 3:failed", 2, {2, 3}},
      {"1:failed 2:failed", 1, {1, 2}},
      {"1:deployed", 5, {}},
      {"", 1, {}},
  };
  for (const Row& row : kRows) EXPECT_EQ(VersionsToPrune(Of(row.history), row.max), row.want) << row.history << " max " << row.max;
}

TEST(History, WhatAnUpgradeComparesWith) {
  struct Row {
    std::string history, want;
  };
  const Row kRows[] = {
      {"", "\"web\" has no deployed releases"},
      {"1:deployed", "1"},
      {"1:superseded 2:deployed 3:failed", "2"},
      {"1:failed", "1"},
      {"1:superseded", "1"},
      {"1:uninstalled", "\"web\" has no deployed releases"},
      {"1:deployed 2:pending-upgrade", "another operation (install/upgrade/rollback) is in progress"},
      {"1:pending-install", "another operation (install/upgrade/rollback) is in progress"},
  };
  for (const Row& row : kRows) {
    const History history = Of(row.history);
    const auto current = CurrentOf(history, "web");
    EXPECT_EQ(current ? std::to_string((*current)->release.version) : current.error().message, row.want) << row.history;
  }
  EXPECT_EQ(NextRevision(Of("")), 1);
  EXPECT_EQ(NextRevision(Of("1:deployed 4:failed")), 5);
}

TEST(History, WhichNameIsFree) {
  EXPECT_TRUE(CheckNameIsFree(Of(""), false));
  EXPECT_TRUE(CheckNameIsFree(Of("1:uninstalled"), true));
  EXPECT_TRUE(CheckNameIsFree(Of("1:failed"), true));
  EXPECT_EQ(CheckNameIsFree(Of("1:failed"), false).error().message, "cannot reuse a name that is still in use");
  EXPECT_FALSE(CheckNameIsFree(Of("1:deployed"), true));
}

TEST(History, Names) {
  EXPECT_TRUE(ValidateReleaseName("a.b-c1"));
  EXPECT_FALSE(ValidateReleaseName("A"));
  EXPECT_FALSE(ValidateReleaseName("a-"));
  EXPECT_FALSE(ValidateReleaseName("a..b"));
  EXPECT_FALSE(ValidateReleaseName(std::string(54, 'a')));
  EXPECT_EQ(ValidateReleaseName("").error().message, "no name provided");
}

constexpr std::string_view kManifest = R"(---
# Source: c/templates/a.yaml
apiVersion: v1
kind: Service
metadata: {name: s}
---
# Source: c/templates/empty.yaml
# nothing
---
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {y: n}}
- {apiVersion: v1, kind: Namespace, metadata: {name: ns}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, annotations: {helm.sh/resource-policy: " Keep"}}
---
apiVersion: v1
kind: Secret
metadata: {name: odd, annotations: {helm.sh/resource-policy: maybe}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: d}
)";

std::string Names(const std::vector<document::Value>& objects) {
  std::string names;
  for (const document::Value& object : objects) names += std::string(document::NameOf(object)) + " ";
  return names;
}

TEST(Objects, OfAManifest) {
  const auto objects = ParseManifest(kManifest);
  ASSERT_TRUE(objects) << objects.error().message;
  EXPECT_EQ(Names(*objects), "s c ns data odd d ");
  EXPECT_EQ((*objects)[1].At({"data", "true"})->AsBool(), false);
  EXPECT_EQ(ParseManifest("a: b").error().message, "unable to decode \"\": Object 'Kind' is missing in the manifest");
  EXPECT_EQ(ParseManifest("a: [").error().message.substr(0, 61), "error parsing : error converting YAML to JSON: yaml: line 1: ");
}

TEST(Objects, WhatUninstallDeletes) {
  const auto objects = ObjectsToUninstall(kManifest);
  ASSERT_TRUE(objects) << objects.error().message;
  EXPECT_EQ(Names(objects->remove), "s d c ns ");
  EXPECT_EQ(objects->kept, std::vector<std::string>{"[PersistentVolumeClaim] data"});
  EXPECT_TRUE(UninstalledBefore("Zebra", "Zoo"));
  EXPECT_TRUE(UninstalledBefore("PriorityClass", "Apple"));
}

TEST(Objects, WhoseTheyAre) {
  document::Value object = ParseManifest("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: prod}\n")->front();
  EXPECT_EQ(CheckOwnership(object, "web", "prod").error().message,
            "invalid ownership metadata; label validation error: missing key \"app.kubernetes.io/managed-by\": must be set to \"Helm\"; "
            "annotation validation error: missing key \"meta.helm.sh/release-name\": must be set to \"web\"; annotation validation error: "
            "missing key \"meta.helm.sh/release-namespace\": must be set to \"prod\"");
  SetOwnership(object, "web", "prod");
  EXPECT_TRUE(CheckOwnership(object, "web", "prod"));
  EXPECT_EQ(
      CheckOwnership(object, "api", "prod").error().message,
      "invalid ownership metadata; annotation validation error: key \"meta.helm.sh/release-name\" must equal \"api\": current value is "
      "\"web\"");
  EXPECT_EQ(ResourceString(object), "ConfigMap \"c\" in namespace \"prod\"");
  EXPECT_EQ(GvkString({"apps", "v1", "Deployment"}), "apps/v1, Kind=Deployment");
}

TEST(Objects, TheOrderOfHooks) {
  std::vector<ReleaseHook> hooks(4);
  hooks[0] = {.name = "b", .events = {"pre-install"}, .weight = 1};
  hooks[1] = {.name = "z", .events = {"pre-install", "pre-upgrade"}, .weight = -1};
  hooks[2] = {.name = "a", .events = {"pre-install"}, .weight = 1};
  hooks[3] = {.name = "a", .events = {"post-install"}};
  EXPECT_EQ(HooksFor(hooks, "pre-install"), (std::vector<std::size_t>{1, 2, 0}));
  EXPECT_EQ(HooksFor(hooks, "pre-upgrade"), (std::vector<std::size_t>{1}));
  EXPECT_TRUE(HooksFor(hooks, "test").empty());
}

}  // namespace
}  // namespace sluice::helm
