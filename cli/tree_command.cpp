// What a Kustomization owns, and what that owns in turn. And the artifacts of an ArtifactGenerator.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <set>

#include "base/archive.h"
#include "base/digest.h"
#include "cli/command_set.h"
#include "cli/session.h"
#include "cli/tree.h"
#include "document/json.h"
#include "document/yaml.h"
#include "net/await.h"
#include "rollout/inventory.h"

namespace sluice::cli {

using base::Result;
using document::Value;

namespace {

constexpr std::string_view kHelm = "helm.toolkit.fluxcd.io";

void PrintChildren(const Tree& tree, const std::string& indent, std::string& out) {
  for (std::size_t i = 0; i < tree.children.size(); ++i) {
    const bool last = i + 1 == tree.children.size();
    out += indent + (last ? "└── " : "├── ") + tree.children[i].id.ToString() + "\n";
    PrintChildren(tree.children[i], indent + (last ? "    " : "│   "), out);
  }
}

class Grower {
 public:
  Grower(Session& session, bool compact) : session_(session), compact_(compact) {}

  Result<Tree> Of(const Value& kustomization) {
    Tree tree{.id = document::IdOf(kustomization), .children = {}};
    TRY(GrowKustomization(tree, kustomization));
    return tree;
  }

 private:
  Result<void> GrowKustomization(Tree& tree, const Value& object) {
    if (!seen_.insert(tree.id).second) return {};  // two that apply each other
    const Value* recorded = object.At({"status", "inventory"});
    const rollout::Inventory inventory = rollout::Inventory::FromValue(recorded == nullptr ? Value() : *recorded);
    const Value* remote = object.At({"spec", "kubeConfig"});
    for (const rollout::InventoryEntry& entry : inventory.entries()) {
      if (entry.id == tree.id || (compact_ && entry.id.group.find("toolkit.fluxcd.io") == std::string::npos)) continue;
      Tree child{.id = entry.id, .children = {}};
      if (remote == nullptr || remote->IsNull()) TRY(Grow(child, entry));
      tree.children.push_back(std::move(child));
    }
    return {};
  }

  Result<void> Grow(Tree& child, const rollout::InventoryEntry& entry) {
    const bool kustomization = entry.id.group == kKustomizationKind.group && entry.id.kind == "Kustomization";
    const bool release = entry.id.group == kHelm && entry.id.kind == "HelmRelease";
    if (!kustomization && !release) return {};
    const Result<Value> object = session_.Get({entry.Gvk(), entry.id.ns, entry.id.name});
    if (!object && object.error().reason == base::Reason::NotFound) return {};
    if (!object) return object.error();
    return kustomization ? GrowKustomization(child, *object) : GrowRelease(child, *object);
  }

  /// What Helm has recorded of a release's newest version, and the definitions that came with its chart; nothing where it has not.
  Result<void> GrowRelease(Tree& tree, const Value& object) {
    const std::string ns(object.StringAt({"status", "storageNamespace"}));
    const std::string name(TextAt(object, "status.history.0.name")), version(TextAt(object, "status.history.0.version"));
    if (ns.empty() || name.empty() || object.At({"spec", "kubeConfig"}) != nullptr) return {};
    const Result<Value> secret = session_.Get({{"", "v1", "Secret"}, ns, "sh.helm.release.v1." + name + ".v" + version});
    if (!secret) return secret.error().reason == base::Reason::NotFound ? Result<void>() : Result<void>(secret.error());
    TRY(const std::string once, base::Base64Decode(secret->StringAt({"data", "release"})));
    TRY(std::string text, base::Base64Decode(once));
    if (text.starts_with("\x1f\x8b")) {
      const std::string packed = std::move(text);
      TRY(text, base::Gunzip(base::SourceOf(packed)));
    }
    TRY(const Value release, document::ParseJson(text));
    TRY(const std::vector<Value> documents, document::ParseYamlStream(release.StringAt({"manifest"})));
    for (const Value& one : documents) {
      if (!one.IsMapping()) continue;
      document::ObjectId id = document::IdOf(one);
      if (compact_ && id.group.find("toolkit.fluxcd.io") == std::string::npos) continue;
      if (id.ns.empty()) {
        const Result<kube::ResourcePtr> resource = session_.Wait(session_.client->mapper().Find(document::GvkOf(one)));
        if (resource && (*resource)->namespaced) id.ns = TextAt(object, "status.history.0.namespace");
      }
      tree.children.push_back({.id = std::move(id), .children = {}});
    }
    if (!compact_) GrowDefinitions(tree);
    return {};
  }

  /// Helm records no CustomResourceDefinitions of a chart's crds/; the labels of their owner tell. Whoever may not list them does without.
  void GrowDefinitions(Tree& tree) {
    const document::GroupVersionKind gvk{"apiextensions.k8s.io", "v1", "CustomResourceDefinition"};
    const std::string selector = std::string(kHelm) + "/name=" + tree.id.name + "," + std::string(kHelm) + "/namespace=" + tree.id.ns;
    const Result<std::vector<Value>> all = session_.Wait(session_.client->ListAll(gvk, {.label_selector = selector}));
    for (const Value& one : all ? *all : std::vector<Value>()) {
      const document::ObjectId id = document::IdOf(one);
      const bool known = std::any_of(tree.children.begin(), tree.children.end(), [&](const Tree& child) { return child.id == id; });
      if (!known) tree.children.push_back({.id = id, .children = {}});
    }
  }

  Session& session_;
  bool compact_;
  std::set<document::ObjectId> seen_;
};

Tree GeneratedTree(const Value& generator) {
  Tree tree{.id = document::IdOf(generator), .children = {}};
  const Value* inventory = generator.At({"status", "inventory"});
  for (const Value& one : inventory == nullptr ? std::span<const Value>() : inventory->items()) {
    const std::string ns(one.StringAt({"namespace"})), name(one.StringAt({"name"}));
    tree.children.push_back({.id = {"source.toolkit.fluxcd.io", "ExternalArtifact", ns, name}, .children = {}});
  }
  return tree;
}

struct TreeFlags : ClusterFlags {
  bool compact = false;
};

int RunTree(const TreeFlags& flags) {
  std::vector<std::string> words = flags.words;
  if (words.size() == 1 && words[0].find('/') == std::string::npos) words.insert(words.begin(), "ks");
  const Result<Target> target = ParseTarget(words);
  if (!target) return PrintError(target.error(), 1);
  const std::string_view kind = target->kinds.front()->kind;
  if (!target->one_kind() || (kind != "Kustomization" && kind != "ArtifactGenerator") || target->name.empty())
    return PrintError(base::Invalid("tree is of a Kustomization (sluice tree ks NAME) or an ArtifactGenerator (sluice tree ag NAME)"), 1);
  auto session = Session::Open(flags);
  if (!session) return PrintError(session.error(), 1);
  const Result<Value> object = (*session)->Get({target->kinds.front()->Gvk(), flags.ns, target->name});
  if (!object) return PrintError(object.error(), 1);
  const Result<Tree> tree = kind == "Kustomization" ? Grower(**session, flags.compact).Of(*object) : GeneratedTree(*object);
  if (!tree) return PrintError(tree.error(), 1);
  if (flags.output == "table") {
    std::cout << PrintTree(*tree) << std::flush;
  } else {
    PrintObjects({TreeValue(*tree)}, flags.output, false);
  }
  return 0;
}

}  // namespace

std::string PrintTree(const Tree& tree) {
  std::string out = tree.id.ToString() + "\n";
  PrintChildren(tree, "", out);
  return out;
}

Value TreeValue(const Tree& tree) {
  Value out = Value::Mapping();
  Value& resource = out["resource"];
  resource.Set("Namespace", tree.id.ns);
  resource.Set("Name", tree.id.name);
  resource["GroupKind"].Set("Group", tree.id.group);
  resource["GroupKind"].Set("Kind", tree.id.kind);
  for (const Tree& child : tree.children) out["resources"].Append(TreeValue(child));
  return out;
}

void AddTree(CLI::App& app, CommandSet& commands) {
  auto flags = std::make_shared<TreeFlags>();
  CLI::App* command =
      app.add_subcommand("tree", "Print what a Kustomization owns, and what that owns in turn; the artifacts of an ArtifactGenerator");
  AddConnection(*command, *flags);
  AddTarget(*command, *flags, true);
  AddOutput(*command, *flags);
  command->add_flag("--compact", flags->compact, "Flux's own objects only");
  commands.Add(command, [flags] { return RunTree(*flags); });
}

}  // namespace sluice::cli
