#include "cli/session.h"

#include <algorithm>
#include <cctype>
#include <iostream>

#include "cli/environment.h"

namespace sluice::cli {

Session::Session() : random(base::SystemSeed()) {}

base::Result<std::unique_ptr<Session>> Session::Open(const ClusterFlags& flags) {
  TRY(kube::ClusterConfig config, LoadClusterConfig(flags.kubeconfig, flags.context));
  std::unique_ptr<Session> session(new Session());
  const kube::Environment environment{session->runtime.io(), session->clock, session->random, base::Logger::Null()};
  session->client = std::make_unique<kube::Client>(environment, std::move(config));
  return session;
}

int PrintError(const base::Error& error, int code) {
  std::cerr << "Error: " << error.message << "\n";
  return code;
}

base::Result<document::GroupVersionKind> KindNamed(std::string_view word) {
  std::string lower(word);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const std::string_view name : {"kustomization", "kustomizations", "ks"}) {
    if (lower == name) return kKustomizationKind;
  }
  for (const std::string_view name : {"gitrepository", "gitrepositories", "gitrepo", "git"}) {
    if (lower == name) return kGitRepositoryKind;
  }
  return base::Invalid("no kind \"" + std::string(word) + "\": want kustomization (ks) or gitrepository (gitrepo)");
}

}  // namespace sluice::cli
