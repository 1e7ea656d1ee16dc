#include "controller/kustomization/builder.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "controller/kustomization/build_protocol.h"
#include "controller/worker_talk.h"
#include "crypto/ciphers.h"

namespace sluice::controller::kustomization {
namespace {

using base::Result;
using isolation::Channel;
using isolation::Frame;

}  // namespace

Builder::Builder(isolation::PoolOptions workers, base::Logger log)
    : pool_(std::make_unique<isolation::Pool>(std::move(workers), std::move(log))) {}

std::string SharedBy(const BuildInput& input) {
  const Spec& spec = input.spec;
  const bool secrets = !input.mask_encrypted && spec.decryption;
  const bool secret_variables = spec.post_build && std::ranges::any_of(spec.post_build->from, &Substitute::From::secret);
  if (secrets || secret_variables) return "";
  const std::string cluster = spec.kube_config ? "a cluster of " + input.ns + "/" + input.name : "";
  return input.ns + "\n" + spec.source.ToString() + "\n" + spec.service_account_name + "\n" + cluster;
}

Result<BuildOutput> Builder::Build(const BuildInput& input, std::stop_token stop) {
  if (!pool_) return kustomization::Build(input);
  const base::RecordingFiles files(input.files);
  BuildHost host(input, files);
  const auto talk = [&](Channel& child) {
    const Frame job{.type = static_cast<std::uint8_t>(BuildFrame::Job), .bytes = PackJob(input)};
    return TalkToJob(child, job, static_cast<std::uint8_t>(BuildFrame::Answer), [&](const Frame& frame) { return host.Hear(frame); });
  };
  const auto where = [&] { return "building " + (input.spec.path.empty() ? "." : input.spec.path); };
  if (Result<void> done = pool_->Run(SharedBy(input), talk, std::move(stop)); !done) return std::move(done).error().Wrap(where());
  Result<BuildOutput> built = *std::move(host.outcome());
  if (!built) return built.error().reason == base::Reason::Internal ? std::move(built).error().Wrap(where()) : std::move(built).error();
  built->reads = files.Take();
  return built;
}

void WarmBuilds() {
  crypto::OpenAesGcm(std::string(32, '\0'), std::string(12, '\0'), "x", std::string(16, '\0'), "");
  const auto files = base::MemoryFiles({
      {"kustomization.yaml",
       "namePrefix: a-\nlabels: [{pairs: {a: b}, includeSelectors: true}]\nresources: [object.yaml]\n"
       "images: [{name: a, newTag: b}]\nconfigMapGenerator: [{name: a, literals: [a=b]}]\n"
       "patches: [{target: {kind: Deployment}, patch: '[{op: remove, path: /spec/replicas}]'}]\n"},
      {"object.yaml",
       "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n  replicas: 1\n  selector: {matchLabels: {a: b}}\n"
       "  template:\n    metadata: {labels: {a: b}}\n    spec: {containers: [{name: a, image: 'a:${b}', ports: [{containerPort: 1}]}]}\n"},
  });
  Spec spec;
  spec.post_build.emplace();
  const BuildInput input{.files = *files, .spec = spec, .name = "warm", .ns = "up", .variables = {{"b", "c"}}};
  if (!Build(input)) return;
}

}  // namespace sluice::controller::kustomization
