#include <algorithm>
#include <iostream>
#include <vector>

#include "cli/session.h"
#include "controller/conditions.h"
#include "document/json.h"
#include "document/yaml.h"
#include "net/await.h"

namespace sluice::cli {
namespace {

using base::Result;
using document::Value;

struct Row {
  std::vector<std::string> cells;
};

std::string ReadyOf(const Value& object, std::string& message) {
  const Value* status = object.Find("status");
  const controller::Conditions conditions = status == nullptr ? controller::Conditions() : controller::Conditions::FromStatus(*status);
  const controller::Condition* ready = conditions.Find(controller::condition::kReady);
  if (ready == nullptr) {
    message = "waiting to be reconciled";
    return "False";
  }
  message = ready->message.substr(0, ready->message.find('\n'));
  // While a rollout is followed, what it lacks is said by Reconciling.
  const controller::Condition* reconciling = conditions.Find(controller::condition::kReconciling);
  if (ready->status == controller::ConditionStatus::Unknown && reconciling != nullptr)
    message = reconciling->message.substr(0, reconciling->message.find('\n'));
  return std::string(controller::ToString(ready->status));
}

Row RowOf(const Value& object, bool with_namespace, bool with_kind) {
  const bool source = document::GvkOf(object).kind == "GitRepository";
  std::string message;
  const std::string ready = ReadyOf(object, message);
  const std::string_view revision =
      source ? object.StringAt({"status", "artifact", "revision"}) : object.StringAt({"status", "lastAppliedRevision"});
  const Value* suspend = object.At({"spec", "suspend"});
  Row row;
  if (with_namespace) row.cells.emplace_back(document::NamespaceOf(object));
  row.cells.push_back((with_kind ? (source ? "gitrepository/" : "kustomization/") : "") + std::string(document::NameOf(object)));
  row.cells.emplace_back(revision);
  row.cells.emplace_back(suspend != nullptr && suspend->AsBool().value_or(false) ? "True" : "False");
  row.cells.push_back(ready);
  row.cells.push_back(message);
  return row;
}

void PrintTable(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.cells.size()));
    for (std::size_t i = 0; i < row.cells.size(); ++i) widths[i] = std::max(widths[i], row.cells[i].size());
  }
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.cells.size(); ++i) {
      line += row.cells[i];
      if (i + 1 < row.cells.size()) line.append(widths[i] - row.cells[i].size() + 2, ' ');
    }
    std::cout << line << "\n";
  }
}

void Print(const ClusterFlags& flags, const std::vector<Value>& objects, bool with_kind) {
  if (flags.output == "table") {
    std::vector<Row> rows(1);
    if (flags.all_namespaces) rows[0].cells.emplace_back("NAMESPACE");
    for (const char* title : {"NAME", "REVISION", "SUSPENDED", "READY", "MESSAGE"}) rows[0].cells.emplace_back(title);
    for (const Value& object : objects) rows.push_back(RowOf(object, flags.all_namespaces, with_kind));
    PrintTable(rows);
    return;
  }
  bool first = true;
  for (const Value& object : objects) {
    if (flags.output == "yaml") {
      std::cout << (first ? "" : "---\n") << document::EmitYaml(object);
    } else {
      std::cout << document::EmitJson(object, {.sort_keys = true, .indent = 2}) << "\n";
    }
    first = false;
  }
}

net::Task<Result<std::vector<Value>>> Fetch(kube::Client& client, document::GroupVersionKind kind, const ClusterFlags& flags) {
  if (!flags.name.empty()) {
    const kube::ObjectRef ref{.gvk = kind, .ns = flags.ns, .name = flags.name};
    net::Task<Result<Value>> call = client.Get(ref);
    CO_TRY(Value object, co_await std::move(call));
    std::vector<Value> out;
    out.push_back(std::move(object));
    co_return out;
  }
  const kube::ListOptions options{.ns = flags.all_namespaces ? "" : flags.ns};
  net::Task<Result<std::vector<Value>>> call = client.ListAll(kind, options);
  co_return co_await std::move(call);
}

}  // namespace

int RunGet(const ClusterFlags& flags) {
  std::vector<document::GroupVersionKind> kinds = {kGitRepositoryKind, kKustomizationKind};
  const bool all = flags.kind.empty() || flags.kind == "all";
  if (!all) {
    const auto kind = KindNamed(flags.kind);
    if (!kind) return PrintError(kind.error(), 1);
    kinds = {*kind};
  }
  auto session = Session::Open(flags);
  if (!session) return PrintError(session.error(), 1);
  std::vector<Value> objects;
  for (const document::GroupVersionKind& kind : kinds) {
    Result<std::vector<Value>> found = (*session)->runtime.BlockOn(Fetch(*(*session)->client, kind, flags));
    if (!found) return PrintError(found.error(), 1);
    for (Value& object : *found) {
      if (Value* metadata = object.Find("metadata")) metadata->Erase("managedFields");
      objects.push_back(std::move(object));
    }
  }
  Print(flags, objects, all);
  return 0;
}

}  // namespace sluice::cli
