#include <CLI/CLI.hpp>
#include <csignal>
#include <iostream>

#include "cli/command_set.h"
#include "cli/session.h"
#include "cli/shown.h"
#include "cli/table.h"
#include "kube/store.h"
#include "net/await.h"

namespace sluice::cli {

using base::Result;
using document::Value;

namespace {

struct GetFlags : ClusterFlags {
  std::string label_selector, status_selector;
  bool watch = false, no_header = false;
};

std::string Lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

/// The status that `object` has of a condition, in lower case; "" without one.
std::string StatusOf(const Value& object, std::string_view type) {
  if (type == "ready") return Lower(ReadinessOf(object).status);
  const Value* conditions = object.At({"status", "conditions"});
  if (conditions == nullptr) return "";
  for (const Value& condition : conditions->items()) {
    if (Lower(std::string(condition.StringAt({"type"}))) == type) return Lower(std::string(condition.StringAt({"status"})));
  }
  return "";
}

}  // namespace

Result<StatusSelector> ParseStatusSelector(const std::string& text) {
  if (text.empty()) return StatusSelector{};
  const std::size_t unequal = text.find("!="), type_end = unequal == std::string::npos ? text.find('=') : unequal;
  const std::size_t status_begin = type_end == std::string::npos ? text.size() : text.find('=', type_end) + 1;
  if (type_end == 0 || status_begin == text.size())
    return base::Invalid("--status-selector: \"" + text + "\" is not type=status or type!=status, such as ready=false");
  return StatusSelector{Lower(text.substr(0, type_end)), Lower(text.substr(status_begin)), unequal != std::string::npos};
}

bool Selects(const StatusSelector& selector, const Value& object) {
  return selector.type.empty() || (StatusOf(object, selector.type) == selector.status) != selector.negated;
}

namespace {

Row RowOf(const Value& object, bool with_namespace, bool with_kind) {
  const document::GroupVersionKind gvk = document::GvkOf(object);
  const FluxKind* kind = FindKind(gvk.group, gvk.kind);
  const Readiness ready = ReadinessOf(object);
  Row row;
  if (with_namespace) row.emplace_back(document::NamespaceOf(object));
  const std::string word = kind == nullptr ? Lower(gvk.kind) : kind->Word();
  row.push_back((with_kind ? word + "/" : "") + std::string(document::NameOf(object)));
  row.emplace_back(RevisionOf(object));
  row.emplace_back(IsSuspended(object) ? "True" : "False");
  row.push_back(ready.status);
  row.push_back(ready.message);
  return row;
}

Row Header(bool with_namespace) {
  Row row;
  if (with_namespace) row.emplace_back("NAMESPACE");
  for (const char* title : {"NAME", "REVISION", "SUSPENDED", "READY", "MESSAGE"}) row.emplace_back(title);
  return row;
}

/// Prints an object's row whenever it changes, until a signal.
class Follower final : public kube::StoreListener {
 public:
  Follower(const GetFlags& flags, const Target& target, StatusSelector selector)
      : flags_(flags), target_(target), selector_(std::move(selector)) {}
  void OnAdded(const kube::SharedObject& object) override { Print(*object); }
  void OnUpdated(const kube::SharedObject&, const kube::SharedObject& after) override { Print(*after); }
  void OnDeleted(const kube::SharedObject&) override {}

 private:
  /// Before the first row.
  void PrintTitles() {
    if (!flags_.no_header && !std::exchange(titled_, true)) std::cout << Line(Header(flags_.all_namespaces)) << "\n";
  }

  /// The rows that follow one another line up, as far as can be told in advance.
  std::string Line(const Row& row) const {
    std::string line;
    const std::size_t first = flags_.all_namespaces ? 0 : 1;
    constexpr std::size_t kWidths[] = {20, 28, 52, 9, 7, 0};
    for (std::size_t i = 0; i < row.size(); ++i)
      line.append(row[i]).append(std::max<std::size_t>(kWidths[i + first], row[i].size()) - row[i].size() + 2, ' ');
    line.erase(line.find_last_not_of(' ') + 1);
    return line;
  }

  void Print(const Value& object) {
    if ((!target_.name.empty() && document::NameOf(object) != target_.name) || !Selects(selector_, object)) return;
    if (flags_.output != "table") {
      PrintObjects({WithoutManagedFields(object)}, flags_.output, false);
      std::cout << (flags_.output == "yaml" ? "---\n" : "") << std::flush;
      return;
    }
    PrintTitles();
    std::cout << Line(RowOf(object, flags_.all_namespaces, !target_.one_kind())) << std::endl;
  }

  const GetFlags& flags_;
  const Target& target_;
  StatusSelector selector_;
  bool titled_ = false;
};

int Follow(Session& session, const GetFlags& flags, const Target& target, const StatusSelector& selector) {
  // A watch goes on whatever comes, also before there is a server or a kind, so what cannot be listed is told first.
  const Result<std::vector<Value>> first =
      session.Fetch(target.kinds, {.ns = flags.all_namespaces ? "" : flags.ns, .name = {}, .label_selector = flags.label_selector});
  if (!first) return PrintError(first.error(), 1);
  Follower follower(flags, target, selector);
  std::vector<std::unique_ptr<kube::ObjectStore>> stores;
  for (const FluxKind* kind : target.kinds) {
    const kube::ReflectorOptions options{.ns = flags.all_namespaces ? "" : flags.ns, .label_selector = flags.label_selector};
    stores.push_back(std::make_unique<kube::ObjectStore>(*session.client, kind->Gvk(), options));
    stores.back()->AddListener(follower);
    stores.back()->Start();
  }
  const Result<int> signal = session.Wait(net::WaitForSignal({SIGINT, SIGTERM}));
  (void)signal;
  for (auto& store : stores) session.Wait(store->Close());
  return 0;
}

int RunGet(const GetFlags& flags) {
  const Result<Target> target = ParseTarget(flags.words);
  if (!target) return PrintError(target.error(), 1);
  const Result<StatusSelector> selector = ParseStatusSelector(flags.status_selector);
  if (!selector) return PrintError(selector.error(), 1);
  const Result<base::Duration> timeout = ParseDurationFlag("--timeout", flags.timeout);
  if (!timeout) return PrintError(timeout.error(), 1);
  auto session = Session::Open(flags, *timeout);
  if (!session) return PrintError(session.error(), 1);
  if (flags.watch) return Follow(**session, flags, *target, *selector);
  const std::string ns = flags.all_namespaces ? "" : flags.ns;
  Result<std::vector<Value>> objects =
      (*session)->Fetch(target->kinds, {.ns = ns, .name = target->name, .label_selector = flags.label_selector});
  if (!objects) return PrintError(objects.error(), 1);
  const bool none = objects->empty();
  std::erase_if(*objects, [&](const Value& object) { return !Selects(*selector, object); });
  if (flags.output != "table") {
    PrintObjects(*objects, flags.output, target->name.empty());
    return 0;
  }
  std::vector<Row> rows;
  if (!flags.no_header) rows.push_back(Header(flags.all_namespaces));
  for (const Value& object : *objects) rows.push_back(RowOf(object, flags.all_namespaces, !target->one_kind()));
  if (none) {
    const std::string kind = target->one_kind() ? std::string(target->kinds.front()->kind) + " " : "";
    std::cerr << "✗ no " << kind << "objects found in " << (ns.empty() ? "any" : '"' + ns + '"') << " namespace\n";
    return target->one_kind() ? 1 : 0;
  }
  std::cout << FormatTable(rows) << std::flush;  // as the flux CLI: titles alone, where a selector leaves out all that was found
  return 0;
}

}  // namespace

void AddGet(CLI::App& app, CommandSet& commands) {
  auto flags = std::make_shared<GetFlags>();
  CLI::App* get = app.add_subcommand("get", "List Flux's objects with their state");
  AddConnection(*get, *flags);
  AddAllNamespaces(*get, *flags);
  AddTarget(*get, *flags, false);
  AddOutput(*get, *flags);
  get->add_option("-l,--label-selector", flags->label_selector, "Only objects with these labels");
  get->add_option("--status-selector", flags->status_selector, "Only objects with this condition, such as ready=false, or ready!=true");
  flags->timeout = "1m";
  get->add_option("--timeout", flags->timeout, "How long to try")->capture_default_str();
  get->add_flag("--no-header", flags->no_header, "Without the row of titles");
  get->add_flag("-w,--watch", flags->watch, "Print what changes, until interrupted");
  commands.Add(get, [flags] { return RunGet(*flags); });
}

}  // namespace sluice::cli
