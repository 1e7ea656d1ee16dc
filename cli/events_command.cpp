#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <iostream>

#include "cli/command_set.h"
#include "cli/events.h"
#include "cli/session.h"
#include "kube/watch.h"
#include "net/await.h"

namespace sluice::cli {

using base::Result;
using document::Value;

namespace {

const document::GroupVersionKind kEvent{"", "v1", "Event"};

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

}  // namespace

bool Shown(const Value& event, const EventFilter& filter) {
  const std::string type = Lower(event.StringAt({"type"}));
  const bool right_type = filter.types.empty() ||
                          std::any_of(filter.types.begin(), filter.types.end(), [&](const std::string& one) { return Lower(one) == type; });
  if (!right_type) return false;
  const std::string_view kind = event.StringAt({"involvedObject", "kind"}), ns = event.StringAt({"involvedObject", "namespace"});
  const std::string_view name = event.StringAt({"involvedObject", "name"});
  if (filter.about.empty())
    return FindKind(document::SplitApiVersion(event.StringAt({"involvedObject", "apiVersion"})).first, kind) != nullptr;
  return std::any_of(filter.about.begin(), filter.about.end(), [&](const EventFilter::About& about) {
    return about.kind == kind && (about.ns.empty() || about.ns == ns) && (about.name.empty() || about.name == name);
  });
}

base::TimePoint LastSeen(const Value& event) {
  base::TimePoint newest{};
  for (const std::string_view field : {"lastTimestamp", "eventTime", "firstTimestamp"}) {
    if (const auto time = base::ParseRfc3339(event.StringAt({field}))) newest = std::max(newest, *time);
  }
  if (const auto time = base::ParseRfc3339(event.StringAt({"series", "lastObservedTime"}))) newest = std::max(newest, *time);
  return newest;
}

Row EventRow(const Value& event, bool with_namespace, base::TimePoint now) {
  const base::TimePoint seen = LastSeen(event);
  std::string age =
      seen == base::TimePoint() ? "<unknown>" : FormatAge(std::chrono::duration_cast<std::chrono::seconds>(now - seen).count());
  const Value* count = event.Find("count");
  const auto first = base::ParseRfc3339(event.StringAt({"firstTimestamp"}));
  if (count != nullptr && count->AsInt().value_or(1) > 1 && first)
    age += " (x" + std::to_string(*count->AsInt()) + " over " +
           FormatAge(std::chrono::duration_cast<std::chrono::seconds>(now - *first).count()) + ")";
  Row row;
  if (with_namespace) row.emplace_back(document::NamespaceOf(event));
  row.push_back(std::move(age));
  row.emplace_back(event.StringAt({"type"}));
  row.emplace_back(event.StringAt({"reason"}));
  row.push_back(std::string(event.StringAt({"involvedObject", "kind"})) + "/" + std::string(event.StringAt({"involvedObject", "name"})));
  std::string message(event.StringAt({"message"}));
  while (!message.empty() && (message.back() == '\n' || message.back() == ' ')) message.pop_back();
  std::replace(message.begin(), message.end(), '\n', ' ');
  row.push_back(std::move(message));
  return row;
}

namespace {

struct EventsFlags : ClusterFlags {
  std::string about;
  std::vector<std::string> types;
  bool watch = false;
};

/// What --for names, and the source that it refers to.
Result<EventFilter> FilterOf(Session& session, const EventsFlags& flags) {
  EventFilter filter;
  filter.types = flags.types;
  for (const std::string& type : flags.types) {
    if (Lower(type) != "normal" && Lower(type) != "warning")
      return base::Invalid("type '" + type + "' not supported. Supported types are Normal, Warning");
  }
  if (flags.about.empty()) return filter;
  const std::vector<std::string> words = {flags.about};
  TRY(const Target target, ParseTarget(words));
  if (!target.one_kind()) return base::Invalid("--for must be <kind>[/<name>]");
  const FluxKind& kind = *target.kinds.front();
  filter.about.push_back({std::string(kind.kind), flags.all_namespaces ? "" : flags.ns, target.name});
  if (target.name.empty() || flags.all_namespaces) return filter;
  TRY(const Value object, session.Get({kind.Gvk(), flags.ns, target.name}));
  const Value* source = object.At({"spec", "sourceRef"});
  for (const Value* other : {object.At({"spec", "chartRef"}), object.At({"spec", "chart", "spec", "sourceRef"}),
                             object.At({"spec", "imageRepositoryRef"}), object.At({"spec", "providerRef"})}) {
    if (source == nullptr) source = other;
  }
  if (source != nullptr) {
    const std::string_view named = source->StringAt({"kind"}), ns = source->StringAt({"namespace"});
    const std::string_view of = !named.empty() ? named : kind.kind == "Alert" ? "Provider" : "ImageRepository";
    filter.about.push_back({std::string(of), ns.empty() ? flags.ns : std::string(ns), std::string(source->StringAt({"name"}))});
  }
  if (kind.kind == "HelmRelease") filter.about.push_back({"HelmChart", "", flags.ns + "-" + target.name});
  return filter;
}

bool OtherNamespace(const EventsFlags& flags, const EventFilter& filter) {
  return flags.all_namespaces ||
         std::any_of(filter.about.begin(), filter.about.end(), [&](const EventFilter::About& about) { return about.ns != flags.ns; });
}

Row Titles(bool with_namespace) {
  Row row;
  if (with_namespace) row.emplace_back("NAMESPACE");
  for (const char* title : {"LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"}) row.emplace_back(title);
  return row;
}

class Printer final : public kube::WatchListener {
 public:
  Printer(const base::Clock& clock, const EventFilter& filter, bool with_namespace, std::string output)
      : clock_(clock), filter_(filter), with_namespace_(with_namespace), output_(std::move(output)) {}
  void OnListBegin() override {}
  void OnObject(Value event) override {
    if (!Shown(event, filter_)) return;
    if (output_ != "table") {
      PrintObjects({WithoutManagedFields(std::move(event))}, output_, false);
      std::cout << (output_ == "yaml" ? "---\n" : "") << std::flush;
      return;
    }
    std::vector<Row> rows;
    if (!std::exchange(titled_, true)) rows.push_back(Titles(with_namespace_));
    rows.push_back(EventRow(event, with_namespace_, clock_.Now()));
    std::cout << FormatTable(rows) << std::flush;
  }
  void OnDeleted(Value) override {}
  void OnListEnd(std::string_view) override {}

 private:
  const base::Clock& clock_;
  const EventFilter& filter_;
  bool with_namespace_;
  std::string output_;
  bool titled_ = false;
};

Result<void> Events(const EventsFlags& flags) {
  TRY(const std::unique_ptr<Session> session, Session::Open(flags));
  TRY(const EventFilter filter, FilterOf(*session, flags));
  const bool with_namespace = OtherNamespace(flags, filter);
  const std::string ns = with_namespace ? "" : flags.ns;
  if (flags.watch) {
    // A watch goes on whatever comes, so what cannot be listed is told first.
    TRY(session->Wait(session->client->ListAll(kEvent, {.ns = ns, .metadata_only = true})));
    Printer printer(session->clock, filter, with_namespace, flags.output);
    kube::Reflector reflector(*session->client, kEvent, {.ns = ns}, printer);
    reflector.Start();
    const Result<int> signal = session->Wait(net::WaitForSignal({SIGINT, SIGTERM}));
    (void)signal;
    session->Wait(reflector.Close());
    return {};
  }
  TRY(std::vector<Value> events, session->Wait(session->client->ListAll(kEvent, {.ns = ns})));
  std::erase_if(events, [&](const Value& event) { return !Shown(event, filter); });
  std::stable_sort(events.begin(), events.end(), [](const Value& a, const Value& b) { return LastSeen(a) < LastSeen(b); });
  if (flags.output != "table") {
    for (Value& event : events) event = WithoutManagedFields(std::move(event));
    PrintObjects(events, flags.output, true);
    return {};
  }
  if (events.empty()) {
    std::cerr << "✗ No events found" << (flags.all_namespaces ? "" : " in " + flags.ns + " namespace") << ".\n";
    return {};
  }
  std::vector<Row> rows = {Titles(with_namespace)};
  for (const Value& event : events) rows.push_back(EventRow(event, with_namespace, session->clock.Now()));
  std::cout << FormatTable(rows) << std::flush;
  return {};
}

}  // namespace

void AddEvents(CLI::App& app, CommandSet& commands) {
  auto flags = std::make_shared<EventsFlags>();
  CLI::App* command = app.add_subcommand("events", "Print the events of Flux's objects");
  AddConnection(*command, *flags);
  AddAllNamespaces(*command, *flags);
  AddOutput(*command, *flags);
  command->add_option("--for", flags->about, "Of this object and its source: <kind>[/<name>]");
  command->add_option("--types", flags->types, "Normal, Warning")->delimiter(',');
  command->add_flag("-w,--watch", flags->watch, "Print what comes, until interrupted");
  commands.Add(command, [flags] {
    const Result<void> done = Events(*flags);
    return done ? 0 : PrintError(done.error(), 1);
  });
}

}  // namespace sluice::cli
