#include <unistd.h>

#include <filesystem>
#include <iostream>

#include "cli/session.h"
#include "controller/kustomization/apply.h"
#include "controller/kustomization/build.h"
#include "controller/kustomization/variables.h"
#include "kustomize/build.h"
#include "net/await.h"
#include "rollout/diff.h"
#include "rollout/inventory.h"
#include "rollout/normalize.h"

namespace sluice::cli {
namespace {

namespace fs = std::filesystem;
using base::Result;
using document::Value;

struct Wanted {
  std::vector<Value> objects;
  kube::Impersonate as;
  std::vector<rollout::InventoryEntry> pruned;  ///< would be deleted
  std::string default_namespace;                ///< of objects that name none, as kubectl has it
};

class Printer {
 public:
  explicit Printer(bool color) : color_(color) {}
  void Title(std::string_view what) { std::cout << (color_ ? "\033[1m" : "") << "► " << what << (color_ ? "\033[0m" : "") << "\n"; }
  void Lines(const std::vector<rollout::DiffLine>& lines) {
    for (const rollout::DiffLine& line : lines) {
      const char* on = !color_ ? "" : line.sign == '+' ? "\033[32m" : line.sign == '-' ? "\033[31m" : "";
      std::cout << on << line.sign << " " << line.text << (color_ && *on != '\0' ? "\033[0m" : "") << "\n";
    }
  }

 private:
  bool color_;
};

/// What applying `object` would change; whether it is anything.
net::Task<Result<bool>> DiffOne(kube::Client& client, const Value& object, const Wanted& wanted, Printer& printer) {
  const kube::ObjectRef ref = kube::ObjectRef::Of(object);
  const kube::ReadOptions look{.as = wanted.as};
  net::Task<Result<Value>> reading = client.Get(ref, look);
  const Result<Value> live = co_await std::move(reading);
  if (!live && live.error().reason != base::Reason::NotFound) co_return live.error().Wrap(ref.Id().ToString());
  const kube::ApplyOptions options{
      .manager = std::string(controller::kustomization::kFieldManager), .force = true, .dry_run = true, .as = wanted.as};
  net::Task<Result<Value>> trying = client.Apply(object, options);
  const Result<Value> would_be = co_await std::move(trying);
  // In a namespace that is yet to be made nothing can be tried; what would be created is what is written.
  const bool no_namespace = !would_be && would_be.error().reason == base::Reason::NotFound && !live;
  if (!would_be && !no_namespace) co_return would_be.error().Wrap(ref.Id().ToString() + " dry-run failed");
  const std::vector<rollout::DiffLine> lines = rollout::DiffObjects(live ? &*live : nullptr, would_be ? &*would_be : &object);
  if (lines.empty()) co_return false;
  printer.Title(ref.Id().ToString() + (live ? " drifted" : " created"));
  printer.Lines(lines);
  co_return true;
}

net::Task<Result<bool>> DiffAll(kube::Client& client, Wanted wanted, Printer& printer) {
  bool any = false;
  for (Value& object : wanted.objects) {
    net::Task<Result<kube::ResourcePtr>> finding = client.mapper().Find(document::GvkOf(object));
    const Result<kube::ResourcePtr> resource = co_await std::move(finding);
    if (resource && (*resource)->namespaced && document::NamespaceOf(object).empty())
      object["metadata"].Set("namespace", wanted.default_namespace);
    net::Task<Result<bool>> one = DiffOne(client, object, wanted, printer);
    CO_TRY(const bool differs, co_await std::move(one));
    any = any || differs;
  }
  for (const rollout::InventoryEntry& entry : wanted.pruned) {
    printer.Title(entry.id.ToString() + " deleted");
    any = true;
  }
  co_return any;
}

Result<Wanted> FromDirectory(const std::string& path) {
  const fs::path absolute = fs::absolute(path).lexically_normal();
  const auto files = base::OpenDirectory("/");
  std::string relative = absolute.string().substr(1);
  while (relative.ends_with("/")) relative.pop_back();
  kustomize::BuildOptions options;
  options.absolute_root = "/";
  TRY(kustomize::BuildResult built, kustomize::Build(*files, relative.empty() ? "." : relative, options));
  Wanted wanted;
  TRY(wanted.objects, rollout::NormalizeDesired(std::move(built.documents), {}));
  return wanted;
}

net::Task<Result<Wanted>> FromKustomization(kube::Client& client, const ClusterFlags& flags) {
  using namespace controller::kustomization;
  const kube::ObjectRef ref{.gvk = kKustomizationKind, .ns = flags.ns, .name = flags.path};
  net::Task<Result<Value>> reading = client.Get(ref);
  CO_TRY(const Value object, co_await std::move(reading));
  CO_TRY(Spec spec, ParseSpec(object));
  net::Task<Result<Variables>> asking = ReadVariables(client, flags.ns, spec);
  CO_TRY(Variables variables, co_await std::move(asking));
  const fs::path wanted_path = fs::absolute(flags.local_path).lexically_normal();
  // What spec.path names stands at --path, so the artifact's root is as many directories further up.
  fs::path root = wanted_path;
  const auto below = base::NormalizePath(spec.path.starts_with("/") ? spec.path.substr(1) : spec.path);
  if (below && wanted_path.string().ends_with("/" + *below))
    root = wanted_path.string().substr(0, wanted_path.string().size() - below->size() - 1);
  spec.path = wanted_path.lexically_relative(root).string();
  const auto files = base::OpenDirectory(root.string());
  const BuildInput input{.files = *files, .spec = spec, .name = flags.path, .ns = flags.ns, .variables = variables};
  CO_TRY(BuildOutput built, Build(input));
  Wanted out;
  out.objects = std::move(built.objects);
  if (!spec.service_account_name.empty()) out.as = kube::Impersonate::ServiceAccount(flags.ns, spec.service_account_name);
  const Value* recorded = object.At({"status", "inventory"});
  CO_TRY(const rollout::Inventory inventory, rollout::Inventory::FromValue(recorded == nullptr ? Value() : *recorded));
  std::vector<rollout::InventoryEntry> entries;
  for (const Value& one : out.objects) entries.push_back(rollout::EntryOf(one));
  if (spec.prune) out.pruned = inventory.Without(rollout::Inventory(std::move(entries)));
  co_return out;
}

}  // namespace

int RunDiff(const ClusterFlags& flags) {
  auto session = Session::Open(flags);
  if (!session) return PrintError(session.error(), 2);
  kube::Client& client = *(*session)->client;
  Result<Wanted> wanted =
      flags.local_path.empty() ? FromDirectory(flags.path) : (*session)->runtime.BlockOn(FromKustomization(client, flags));
  if (!wanted) return PrintError(wanted.error(), 2);
  wanted->default_namespace = flags.ns;
  rollout::SortForApply(wanted->objects);
  Printer printer(!flags.no_color && isatty(STDOUT_FILENO) == 1);
  const Result<bool> differs = (*session)->runtime.BlockOn(DiffAll(client, std::move(*wanted), printer));
  std::cout << std::flush;
  if (!differs) return PrintError(differs.error(), 2);
  return *differs ? 1 : 0;
}

}  // namespace sluice::cli
