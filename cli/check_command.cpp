// Is this cluster fit for Sluice, and is the installation whole?
#include <CLI/CLI.hpp>
#include <charconv>
#include <iostream>

#include "cli/command_set.h"
#include "cli/embedded.h"
#include "cli/session.h"
#include "cli/version.h"
#include "net/await.h"
#include "rollout/status.h"

namespace sluice::cli {
namespace {

using base::Result;
using document::Value;

struct CheckFlags : ClusterFlags {
  bool pre = false;
};

class Report {
 public:
  void Good(std::string_view what) { std::cout << "✔ " << what << std::endl; }
  void Bad(std::string_view what) {
    std::cout << "✗ " << what << std::endl;
    failed_ = true;
  }
  void Begin(std::string_view what) { std::cout << "► " << what << std::endl; }
  bool failed() const { return failed_; }

 private:
  bool failed_ = false;
};

constexpr int kMinMinor = 33;  // of Kubernetes 1, as Flux 2.9 asks for

int Number(std::string_view text) {
  int out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);  // "33+" is 33
  return out;
}

void CheckServer(Session& session, Report& report) {
  const Result<kube::ServerVersion> version = session.Wait(session.client->Version());
  if (!version) return report.Bad("the API server does not answer: " + version.error().message);
  const int major = Number(version->major), minor = Number(version->minor);
  const std::string want = " >=1." + std::to_string(kMinMinor) + ".0-0";
  if (major > 1 || minor >= kMinMinor) return report.Good("Kubernetes " + version->git_version + want);
  report.Bad("Kubernetes version " + version->git_version + " does not match" + want);
}

void CheckDeployments(Session& session, const std::string& ns, Report& report) {
  const document::GroupVersionKind gvk{"apps", "v1", "Deployment"};
  const Result<std::vector<Value>> found =
      session.Wait(session.client->ListAll(gvk, {.ns = ns, .label_selector = "app.kubernetes.io/part-of=flux"}));
  if (!found) return report.Bad("deployments cannot be listed: " + found.error().message);
  if (found->empty())
    report.Bad("no controllers found in the '" + ns + "' namespace with the label selector 'app.kubernetes.io/part-of=flux'");
  for (const Value& deployment : *found) {
    const rollout::Status status = rollout::ComputeStatus(deployment, session.clock.Now());
    const std::string name(document::NameOf(deployment));
    if (status.phase == rollout::Phase::Current) {
      report.Good(name + ": deployment ready");
    } else {
      report.Bad(name + ": deployment not ready: " + status.message);
    }
    if (const Value* containers = deployment.At({"spec", "template", "spec", "containers"})) {
      for (const Value& container : containers->items()) report.Begin(container.StringAt({"image"}));
    }
  }
}

/// Every definition that this binary installs must be there, and all that are part of Flux must have been stored.
void CheckCrds(Session& session, Report& report) {
  const document::GroupVersionKind gvk{"apiextensions.k8s.io", "v1", "CustomResourceDefinition"};
  const Result<std::vector<Value>> found = session.Wait(session.client->ListAll(gvk, {.label_selector = "app.kubernetes.io/part-of=flux"}));
  if (!found) return report.Bad("custom resource definitions cannot be listed: " + found.error().message);
  std::map<std::string, const Value*> there, ours;
  for (const Value& crd : *found) there[std::string(document::NameOf(crd))] = &crd;
  const Result<std::vector<Value>> objects = InstallObjects({});
  if (!objects) return report.Bad("the manifests of this binary: " + objects.error().message);
  for (const Value& object : *objects) {
    if (document::GvkOf(object).kind != gvk.kind) continue;
    ours[std::string(document::NameOf(object))] = &object;
    there.try_emplace(std::string(document::NameOf(object)), nullptr);
  }
  for (const auto& [name, crd] : there) {
    if (crd == nullptr) {
      report.Bad(name + " is missing");
      continue;
    }
    const Value* versions = crd->At({"status", "storedVersions"});
    const auto own = ours.find(name);
    const std::vector<std::string> lost = own == ours.end() ? std::vector<std::string>() : LostVersions(*crd, *own->second);
    if (versions == nullptr || versions->empty()) {
      report.Bad("no stored versions for " + name);
    } else if (!lost.empty()) {
      report.Bad(name + ": objects may be stored as " + lost.front() +
                 ", which `sluice install` takes away: " + std::string(kMigrateFirst));
    } else {
      report.Good(name + "/" + std::string(versions->items().back().text()));
    }
  }
}

int RunCheck(const CheckFlags& flags) {
  auto session = Session::Open(flags);
  if (!session) return PrintError(session.error(), 1);
  Report report;
  report.Begin("checking prerequisites");
  report.Good(VersionText());
  CheckServer(**session, report);
  if (!flags.pre) {
    report.Begin("checking controllers");
    CheckDeployments(**session, flags.ns, report);
    report.Begin("checking crds");
    CheckCrds(**session, report);
  }
  if (report.failed()) {
    report.Bad("check failed");
    return 1;
  }
  report.Good(flags.pre ? "prerequisites checks passed" : "all checks passed");
  return 0;
}

}  // namespace

void AddCheck(CLI::App& app, CommandSet& commands) {
  auto flags = std::make_shared<CheckFlags>();
  CLI::App* command = app.add_subcommand("check", "Check the cluster and the installation");
  AddConnection(*command, *flags);
  command->add_flag("--pre", flags->pre, "Only what an installation needs");
  commands.Add(command, [flags] { return RunCheck(*flags); });
}

}  // namespace sluice::cli
