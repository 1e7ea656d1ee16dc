#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <map>
#include <set>

#include "cli/command_set.h"
#include "cli/session.h"
#include "cli/shown.h"
#include "cli/table.h"
#include "controller/conditions.h"

namespace sluice::cli {

using base::Result;
using document::Value;

Value Exported(const Value& object) {
  Value out = Value::Mapping();
  for (const std::string_view key : {"apiVersion", "kind"}) out.Set(key, object.StringAt({key}));
  Value& metadata = out["metadata"];
  for (const std::string_view key : {"name", "namespace", "labels", "annotations"}) {
    if (const Value* value = object.At({"metadata", key}); value != nullptr && !(value->IsMapping() && value->empty()))
      metadata.Set(key, *value);
  }
  if (const Value* spec = object.Find("spec")) out.Set("spec", *spec);
  return out;
}

namespace {

struct Count {
  int total = 0, failing = 0, suspended = 0;
  double bytes = 0;
};

Count CountOf(const FluxKind& kind, const std::vector<Value>& objects) {
  Count count;
  for (const Value& object : objects) {
    const document::GroupVersionKind gvk = document::GvkOf(object);
    if (gvk.group != kind.group || gvk.kind != kind.kind) continue;
    ++count.total;
    if (IsSuspended(object)) ++count.suspended;
    const Value* status = object.Find("status");
    if (status != nullptr && controller::Conditions::FromStatus(*status).IsFalse(kind.ReadyType())) ++count.failing;
    if (const Value* size = object.At({"status", "artifact", "size"})) count.bytes += size->AsDouble().value_or(0);
  }
  return count;
}

}  // namespace

std::vector<Row> StatsTable(std::span<const FluxKind> kinds, const std::vector<Value>& objects) {
  std::vector<Row> rows = {{"RECONCILERS", "RUNNING", "FAILING", "SUSPENDED", "STORAGE"}};
  for (const FluxKind& kind : kinds) {
    const Count count = CountOf(kind, objects);
    if (kind.is_older && count.total == 0) continue;
    rows.push_back({std::string(kind.kind) + (kind.is_older ? "." + std::string(kind.group) : ""),
                    std::to_string(count.total - count.suspended), std::to_string(count.failing), std::to_string(count.suspended),
                    count.bytes > 0 ? FormatBytes(count.bytes) : "-"});
  }
  return rows;
}

namespace {

constexpr std::string_view kSourceGroup = "source.toolkit.fluxcd.io";

struct ExportFlags : ClusterFlags {
  bool all = false, with_credentials = false;
};

Value ExportedSecret(const Value& secret) {
  Value out = Value::Mapping();
  out.Set("apiVersion", "v1");
  out.Set("kind", "Secret");
  out["metadata"].Set("name", document::NameOf(secret));
  out["metadata"].Set("namespace", document::NamespaceOf(secret));
  for (const std::string_view key : {"data", "type"}) {
    if (const Value* value = secret.Find(key)) out.Set(key, *value);
  }
  return out;
}

/// The objects as they are exported, each source followed by the Secret that it names if that is asked for.
Result<std::vector<Value>> WithSecrets(Session& session, const std::vector<Value>& objects, bool with_credentials) {
  std::vector<Value> out;
  std::set<document::NamespacedName> seen;
  for (const Value& object : objects) {
    out.push_back(Exported(object));
    const document::NamespacedName name{std::string(document::NamespaceOf(object)),
                                        std::string(object.StringAt({"spec", "secretRef", "name"}))};
    const bool wanted = with_credentials && document::GvkOf(object).group == kSourceGroup && !name.name.empty();
    if (!wanted || !seen.insert(name).second) continue;
    const Result<Value> secret = session.Get({{"", "v1", "Secret"}, name.ns, name.name});
    if (!secret) return secret.error().Wrap("failed to retrieve secret " + name.name);
    out.push_back(ExportedSecret(*secret));
  }
  return out;
}

int RunExport(const ExportFlags& flags) {
  const Result<Target> target = ParseTarget(flags.words);
  if (!target) return PrintError(target.error(), 1);
  if (target->name.empty() && !flags.all) return PrintError(base::Invalid("give a name, or --all"), 1);
  const bool sources = std::ranges::any_of(target->kinds, [](const FluxKind* kind) { return kind->group == kSourceGroup; });
  if (flags.with_credentials && !sources) return PrintError(base::Invalid("--with-credentials is for sources"), 1);
  auto session = Session::Open(flags);
  if (!session) return PrintError(session.error(), 1);
  const Result<std::vector<Value>> objects =
      (*session)->Fetch(target->kinds, {.ns = flags.all_namespaces ? "" : flags.ns, .name = target->name, .label_selector = {}});
  if (!objects) return PrintError(objects.error(), 1);
  if (objects->empty()) return PrintError(base::NotFound("no objects found in namespace " + flags.ns), 1);
  const Result<std::vector<Value>> out = WithSecrets(**session, *objects, flags.with_credentials);
  if (!out) return PrintError(out.error(), 1);
  if (flags.output == "yaml") std::cout << "---\n";
  PrintObjects(*out, flags.output, target->name.empty());
  return 0;
}

int RunStats(const ClusterFlags& flags) {
  auto session = Session::Open(flags);
  if (!session) return PrintError(session.error(), 1);
  std::vector<const FluxKind*> kinds;
  for (const FluxKind& kind : FluxKinds()) kinds.push_back(&kind);
  const Result<std::vector<Value>> objects =
      (*session)->Fetch(kinds, {.ns = flags.all_namespaces ? "" : flags.ns, .name = {}, .label_selector = {}});
  if (!objects) return PrintError(objects.error(), 1);
  const std::vector<Row> rows = StatsTable(FluxKinds(), *objects);
  if (flags.output == "table") {
    std::cout << FormatTable(rows) << std::flush;
    return 0;
  }
  Value list = Value::Sequence();
  for (std::size_t i = 1; i < rows.size(); ++i) {
    Value item = Value::Mapping();
    item.Set("kind", rows[i][0]);
    for (std::size_t column = 1; column <= 3; ++column) {
      std::string key = rows[0][column];
      for (char& c : key) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      item.Set(key, static_cast<std::int64_t>(std::stoll(rows[i][column])));
    }
    item.Set("storage", rows[i][4]);
    list.Append(std::move(item));
  }
  PrintObjects({list}, flags.output, false);
  return 0;
}

}  // namespace

void AddExport(CLI::App& app, CommandSet& commands) {
  auto flags = std::make_shared<ExportFlags>();
  CLI::App* command = app.add_subcommand("export", "Print objects as they would be put into Git");
  AddConnection(*command, *flags);
  AddAllNamespaces(*command, *flags);
  AddTarget(*command, *flags, true);
  flags->output = "yaml";
  command->add_option("-o,--output", flags->output, "yaml or json")->check(CLI::IsMember({"yaml", "json"}))->capture_default_str();
  command->add_flag("--all", flags->all, "All of this kind");
  command->add_flag("--with-credentials", flags->with_credentials, "Of sources: their Secrets too");
  commands.Add(command, [flags] { return RunExport(*flags); });
}

void AddStats(CLI::App& app, CommandSet& commands) {
  auto flags = std::make_shared<ClusterFlags>();
  CLI::App* command = app.add_subcommand("stats", "Count objects: running, failing, suspended, and the size of their artifacts");
  AddConnection(*command, *flags);
  AddAllNamespaces(*command, *flags);
  AddOutput(*command, *flags);
  commands.Add(command, [flags] { return RunStats(*flags); });
}

}  // namespace sluice::cli
