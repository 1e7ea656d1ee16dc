// The commands as they are declared, and what is installed.
#include "cli/application.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <sstream>

#include "cli/completion.h"
#include "cli/embedded.h"
#include "cli/kinds.h"
#include "document/object.h"
#include "document/yaml.h"

namespace sluice::cli {
namespace {

std::vector<std::string> Split(std::string_view line) {
  std::vector<std::string> words;
  std::istringstream in{std::string(line)};
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

std::string Joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

std::string Completed(std::string_view line) {
  const Application application;
  std::vector<std::string> words = Split(line);
  if (line.empty() || line.back() == ' ') words.emplace_back();
  const Completion completion = Complete(application.app(), words);
  return Joined(completion.words) + (completion.files ? "(files)" : "");
}

/// What only a cluster knows of the end of the line: `what kind namespace context before: given`.
std::string AskedOf(std::string_view line) {
  const Application application;
  std::vector<std::string> words = Split(line);
  if (line.back() == ' ') words.emplace_back();
  const Completion completion = Complete(application.app(), words);
  EXPECT_FALSE(completion.files) << line;
  switch (completion.asked) {
    case Completion::Asked::Nothing: return "nothing";
    case Completion::Asked::Contexts: return "contexts " + completion.kubeconfig + completion.before;
    case Completion::Asked::Namespaces: return "namespaces " + completion.context + completion.before;
    case Completion::Asked::Names: break;
  }
  return (completion.kind != nullptr ? std::string(completion.kind->kind) : completion.resource) + " in " + completion.ns + " " +
         completion.context + completion.before + (completion.given.empty() ? "" : " not " + Joined(completion.given));
}

TEST(Application, OneCommandIsDeclaredAsAmongAll) {
  const Application all;
  for (const CLI::App* command : all.app().get_subcommands({})) {
    const Application one(command->get_name());
    const auto found = one.app().get_subcommands([&](const CLI::App* other) { return other->get_name() == command->get_name(); });
    ASSERT_EQ(found.size(), 1U) << command->get_name();
    EXPECT_EQ(found[0]->help(), command->help());
    EXPECT_LT(one.app().get_subcommands({}).size(), 5U) << command->get_name();
  }
  EXPECT_TRUE(Application("no-such-command").app().get_subcommands({}).empty());
}

TEST(Application, FlagsOfAConnectionMayStandFirst) {
  struct Row {
    std::string_view line, want;
  };
  constexpr Row kRows[] = {
      {"-n apps get ks app", "get -n apps ks app"},
      {"-napps get ks", "get -napps ks"},
      {"--namespace=apps --kubeconfig F get ks", "get --namespace=apps --kubeconfig F ks"},
      {"--context c --timeout 1m reconcile ks app", "reconcile --context c --timeout 1m ks app"},
      {"-n apps build ks app --path .", "build ks -n apps app --path ."},
      {"-n apps build .", "build -n apps ."},
      {"-n apps foo", "foo -n apps"},
      {"get -n apps ks", "get -n apps ks"},
      {"--help -n apps", "--help -n apps"},
      {"-n apps", "-n apps"},
      {"-n", "-n"},
      {"", ""},
  };
  for (const Row& row : kRows) EXPECT_EQ(Joined(FlagsBehindCommand(Split(row.line))), row.want) << row.line;
}

TEST(Completion, Words) {
  struct Row {
    std::string_view line, want;
  };
  constexpr Row kRows[] = {
      {"re", "reconcile resume"},
      {"un", "uninstall"},
      {"__", ""},
      {"get k", "ks kustomization"},
      {"get -A k", "ks kustomization"},
      {"get -n flux so", "source sources"},
      {"get source ", "all bucket chart external git helm oci"},
      {"get image p", "policy"},
      {"get -o ", "json table yaml"},
      {"get ks app ", ""},
      {"get --output=j", "--output=json"},
      {"get --kubeconfig ", "(files)"},
      {"build ", "kustomization"},
      {"build -o ", "(files)"},
      {"build ./", "(files)"},
      {"events --for He", "HelmChart/ HelmRelease/ HelmRepository/"},
      {"build kustomization app --kus", "--kustomization-file"},
      {"reconcile ks app --with", "--with-source"},
      {"install --git-p", "--git-path --git-poll-interval"},
      {"completion ", "(files)"},
      {"-n flux ge", "get"},
      {"-n flux get k", "ks kustomization"},
      {"-n flux build ", "kustomization"},
      {"--con", "--context"},
  };
  for (const Row& row : kRows) EXPECT_EQ(Completed(row.line), row.want) << row.line;
}

TEST(Completion, WhatAClusterKnows) {
  struct Row {
    std::string_view line, want;
  };
  constexpr Row kRows[] = {
      {"get ks ", "Kustomization in flux "},
      {"get -A ks a", "Kustomization in  "},
      {"get ks app ", "nothing"},
      {"get all ", "nothing"},
      {"get nonsense ", "nothing"},
      {"get kustomization/a", "Kustomization in flux kustomization/"},
      {"-n apps --context c get hr ", "HelmRelease in apps c"},
      {"get -napps source git ", "GitRepository in apps "},
      {"export --namespace=apps source git f", "GitRepository in apps "},
      {"suspend ks a b ", "Kustomization in flux  not a b"},
      {"resume image policy ", "ImagePolicy in flux "},
      {"reconcile ks ", "Kustomization in flux "},
      {"reconcile ks app ", "nothing"},
      {"tree ks -n apps ", "Kustomization in apps "},
      {"debug hr ", "HelmRelease in flux "},
      {"build kustomization ", "Kustomization in flux-system "},
      {"build ks --context c -n apps ", "Kustomization in apps c"},
      {"-n apps diff kustomization a", "Kustomization in apps "},
      {"trace deployment a", "deployment in flux "},
      {"trace deploy/a ds/", "ds in flux ds/ not deploy/a"},
      {"trace --kind Pod ", "Pod in flux "},
      {"events --for HelmRelease/", "HelmRelease in flux HelmRelease/"},
      {"events --for=hr/w", "HelmRelease in flux --for=hr/"},
      {"get ks -n ", "namespaces "},
      {"-n ", "namespaces "},
      {"get ks --context c --namespace=a", "namespaces c--namespace="},
      {"logs --flux-namespace ", "namespaces "},
      {"get ks --kubeconfig F --context ", "contexts F"},
      {"--context=", "contexts --context="},
  };
  for (const Row& row : kRows) EXPECT_EQ(AskedOf(row.line), row.want) << row.line;
}

TEST(Completion, Scripts) {
  for (const char* shell : {"bash", "zsh", "fish"}) EXPECT_NE(CompletionScript(shell)->find("__complete"), std::string::npos);
  EXPECT_EQ(CompletionScript("tcsh").error().message, "no completion for \"tcsh\": want bash, zsh or fish");
}

using document::Value;

const Value* Object(const std::vector<Value>& objects, std::string_view kind, std::string_view name) {
  for (const Value& object : objects) {
    if (document::GvkOf(object).kind == kind && document::NameOf(object) == name) return &object;
  }
  return nullptr;
}

TEST(Install, IntoANamespace) {
  const auto objects = InstallObjects({.ns = "gitops", .image = "registry:5000/x/sluice:9"});
  ASSERT_TRUE(objects) << objects.error().message;
  ASSERT_NE(Object(*objects, "Namespace", "gitops"), nullptr);
  const Value* deployment = Object(*objects, "Deployment", "sluice");
  ASSERT_NE(deployment, nullptr);
  EXPECT_EQ(document::NamespaceOf(*deployment), "gitops");
  EXPECT_EQ(deployment->At({"spec", "template", "spec", "containers"})->items()[0].StringAt({"image"}), "registry:5000/x/sluice:9");
  const Value* binding = Object(*objects, "ClusterRoleBinding", "sluice-controller");
  ASSERT_NE(binding, nullptr);
  EXPECT_EQ(binding->Find("subjects")->items()[0].StringAt({"namespace"}), "gitops");
  for (const Value& object : *objects) {
    EXPECT_EQ(document::LabelOf(object, "app.kubernetes.io/part-of"), "flux") << document::IdOf(object).ToString();
    EXPECT_EQ(document::LabelOf(object, "app.kubernetes.io/instance"), "gitops") << document::IdOf(object).ToString();
    EXPECT_EQ(document::LabelOf(object, "app.kubernetes.io/version"), "v2.9.4") << document::IdOf(object).ToString();
  }
  EXPECT_EQ(InstallObjects({.ns = "x", .image = "sluice"}).error().message,
            "--image: \"sluice\" is not an image with a tag or a digest, such as registry.example.com/sluice:0.1.0");
}

/// The overlay keeps Flux's names, so that identities, bindings and selectors go on meaning what they meant.
TEST(Install, InPlaceOfFlux) {
  const auto objects = InstallObjects({.ns = "flux-system"});
  ASSERT_TRUE(objects) << objects.error().message;
  std::string ids;
  for (const Value& object : *objects) {
    if (document::GvkOf(object).kind != "CustomResourceDefinition") ids += document::IdOf(object).ToString() + "\n";
  }
  EXPECT_EQ(
      ids,
      "Namespace/flux-system\n"
      "ServiceAccount/flux-system/helm-controller\nServiceAccount/flux-system/kustomize-controller\nServiceAccount/flux-system/"
      "source-controller\n"
      "Role/flux-system/sluice-controller\nClusterRole/sluice-controller\nRoleBinding/flux-system/sluice-controller\n"
      "ClusterRoleBinding/cluster-reconciler-flux-system\nClusterRoleBinding/sluice-controller\n"
      "Service/flux-system/source-controller\n"
      "Deployment/flux-system/helm-controller\nDeployment/flux-system/kustomize-controller\nDeployment/flux-system/source-controller\n"
      "NetworkPolicy/flux-system/sluice\n");
  const Value* deployment = Object(*objects, "Deployment", "kustomize-controller");
  EXPECT_EQ(document::EmitYaml(*deployment->At({"spec", "selector"})), "matchLabels:\n  app: kustomize-controller\n");
  EXPECT_EQ(deployment->StringAt({"spec", "template", "spec", "serviceAccountName"}), "kustomize-controller");
  EXPECT_EQ(Object(*objects, "Service", "source-controller")->StringAt({"spec", "selector", "app"}), "kustomize-controller");
  EXPECT_EQ(Object(*objects, "Deployment", "source-controller")->At({"spec", "replicas"})->AsInt(), 0);
  EXPECT_EQ(Object(*objects, "Deployment", "helm-controller")->At({"spec", "replicas"})->AsInt(), 0);
  EXPECT_EQ(document::EmitYaml(*Object(*objects, "ClusterRoleBinding", "sluice-controller")->Find("subjects")),
            "- kind: ServiceAccount\n  name: kustomize-controller\n  namespace: flux-system\n");
  EXPECT_EQ(document::EmitYaml(*Object(*objects, "RoleBinding", "sluice-controller")->Find("subjects")),
            "- kind: ServiceAccount\n  name: kustomize-controller\n  namespace: flux-system\n");
  EXPECT_EQ(document::EmitYaml(*Object(*objects, "ClusterRoleBinding", "cluster-reconciler-flux-system")->Find("subjects")),
            "- kind: ServiceAccount\n  name: kustomize-controller\n  namespace: flux-system\n"
            "- kind: ServiceAccount\n  name: helm-controller\n  namespace: flux-system\n");
}

TEST(Install, StoredVersionsThatOursLacks) {
  struct Row {
    std::string_view stored, want;
  };
  constexpr Row kRows[] = {{"[v1]", ""}, {"[v1beta1, v1]", "v1beta1"}, {"[v1beta1, v1beta2]", "v1beta1 v1beta2"}, {"[]", ""}};
  const Value ours = *document::ParseYaml("{spec: {versions: [{name: v1}, {name: v2}]}}");
  for (const Row& row : kRows) {
    const Value live = *document::ParseYaml("{status: {storedVersions: " + std::string(row.stored) + "}}");
    EXPECT_EQ(Joined(LostVersions(live, ours)), row.want) << row.stored;
  }
  EXPECT_EQ(Joined(LostVersions(Value::Mapping(), ours)), "");
}

TEST(Install, TheOneLineStart) {
  const std::vector<Value> objects = SyncObjects({.name = "flux",
                                                  .ns = "flux",
                                                  .url = "https://git.example.com/fleet",
                                                  .branch = "prod",
                                                  .path = "/clusters/a",
                                                  .poll_interval = "30s",
                                                  .secret = "key"});
  ASSERT_EQ(objects.size(), 2U);
  EXPECT_EQ(document::EmitYaml(*objects[0].Find("spec")),
            "interval: 30s\nref:\n  branch: prod\nsecretRef:\n  name: key\nurl: https://git.example.com/fleet\n");
  EXPECT_EQ(document::EmitYaml(*objects[1].Find("spec")),
            "interval: 10m\npath: ./clusters/a\nprune: true\nsourceRef:\n  kind: GitRepository\n  name: flux\n");
}

}  // namespace
}  // namespace sluice::cli
