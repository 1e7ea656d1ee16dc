// Where does this object come from? Its owner by labels, and the source of that.
#include <CLI/CLI.hpp>
#include <iostream>

#include "cli/command_set.h"
#include "cli/session.h"
#include "cli/trace.h"
#include "controller/conditions.h"
#include "net/await.h"

namespace sluice::cli {

using base::Result;
using document::Value;

namespace {

constexpr std::string_view kKustomize = "kustomize.toolkit.fluxcd.io", kHelm = "helm.toolkit.fluxcd.io";
constexpr int kMaxOwners = 16;  // a chain of ownerReferences that is longer goes in a circle

/// `Title:           value`, with the values of all lines below each other.
void Put(std::string& out, std::string_view title, std::string_view value) {
  std::string head(title);
  head += ':';
  head.resize(std::max<std::size_t>(17, head.size() + 1), ' ');
  out += head + std::string(value) + "\n";
}

void Line(std::string& out, std::string_view title, std::string_view value) {
  if (!value.empty()) Put(out, title, value);
}

/// `Status` and `Message` of Ready.
void ReadyLines(std::string& out, const Value& object) {
  const Value* status = object.Find("status");
  const controller::Conditions conditions = status == nullptr ? controller::Conditions() : controller::Conditions::FromStatus(*status);
  const controller::Condition* ready = conditions.Find(controller::condition::kReady);
  if (ready == nullptr) return Line(out, "Status", "Unknown");
  const bool failed = ready->status == controller::ConditionStatus::False;
  Line(out, "Status", std::string(failed ? "Last reconciliation failed at " : "Last reconciled at ") + ready->last_transition_time);
  Line(out, "Message", ready->message);
}

void SourceLines(std::string& out, const Value& source) {
  const std::string kind = document::GvkOf(source).kind;
  Line(out, kind, document::NameOf(source));
  Line(out, "Namespace", document::NamespaceOf(source));
  if (kind == "HelmChart") {
    Line(out, "Chart", source.StringAt({"spec", "chart"}));
    Line(out, "Version", source.StringAt({"spec", "version"}));
  }
  Line(out, "URL", source.StringAt({"spec", "url"}));
  Line(out, "Endpoint", source.StringAt({"spec", "endpoint"}));
  Line(out, "Bucket", source.StringAt({"spec", "bucketName"}));
  const std::string_view tag = source.StringAt({"spec", "ref", "tag"}), semver = source.StringAt({"spec", "ref", "semver"});
  if (!tag.empty() || !semver.empty()) {
    Line(out, "Tag", tag.empty() ? semver : tag);
  } else {
    Line(out, "Branch", source.StringAt({"spec", "ref", "branch"}));
  }
  Line(out, "Digest", source.StringAt({"spec", "ref", "digest"}));
  Line(out, "Revision", source.StringAt({"status", "artifact", "revision"}));
  Line(out, "Origin Revision", source.StringAt({"status", "artifact", "metadata", "org.opencontainers.image.revision"}));
  Line(out, "Origin Source", source.StringAt({"status", "artifact", "metadata", "org.opencontainers.image.source"}));
  ReadyLines(out, source);
}

struct Owner {
  std::string group;  ///< of the labels
  document::NamespacedName name;
};

Result<Owner> FindOwner(Session& session, Value object) {
  for (int step = 0; step < kMaxOwners; ++step) {
    for (const std::string_view group : {kKustomize, kHelm}) {
      const std::string_view name = document::LabelOf(object, std::string(group) + "/name");
      const std::string_view ns = document::LabelOf(object, std::string(group) + "/namespace");
      if (!name.empty() && !ns.empty()) return Owner{std::string(group), {std::string(ns), std::string(name)}};
    }
    const Value* owners = object.At({"metadata", "ownerReferences"});
    if (owners == nullptr || owners->empty()) break;
    const Value& owner = owners->items().front();
    const auto [group, version] = document::SplitApiVersion(owner.StringAt({"apiVersion"}));
    const kube::ObjectRef ref{.gvk = {group, version, std::string(owner.StringAt({"kind"}))},
                              .ns = std::string(document::NamespaceOf(object)),
                              .name = std::string(owner.StringAt({"name"}))};
    TRY(object, session.Get(ref));
  }
  return base::NotFound("object not managed by Flux");
}

Result<Value> ReadSource(Session& session, const Value& reference, std::string_view ns) {
  const std::string kind(reference.StringAt({"kind"}));
  for (const FluxKind& one : FluxKinds()) {
    if (one.kind != kind) continue;
    const std::string_view other = reference.StringAt({"namespace"});
    return session.Get({one.Gvk(), std::string(other.empty() ? ns : other), std::string(reference.StringAt({"name"}))});
  }
  return base::Invalid("its source is of an unknown kind \"" + kind + "\"");
}

/// The chain of a release: its chart, and the repository of that.
Result<std::vector<Value>> SourcesOf(Session& session, const Value& owner) {
  std::vector<Value> out;
  const std::string_view ns = document::NamespaceOf(owner);
  const bool release = document::GvkOf(owner).kind == "HelmRelease";
  const Value* reference = release ? owner.At({"spec", "chartRef"}) : owner.At({"spec", "sourceRef"});
  if (reference != nullptr) {
    TRY(Value source, ReadSource(session, *reference, ns));
    out.push_back(std::move(source));
  } else if (release) {
    const std::string_view chart = owner.StringAt({"status", "helmChart"});
    const std::size_t slash = chart.find('/');
    if (slash == std::string_view::npos) return base::NotFound("the HelmRelease has no chart yet (status.helmChart)");
    TRY(Value found, session.Get({FindKind("source.toolkit.fluxcd.io", "HelmChart")->Gvk(), std::string(chart.substr(0, slash)),
                                  std::string(chart.substr(slash + 1))}));
    out.push_back(std::move(found));
  }
  if (!out.empty() && document::GvkOf(out.back()).kind == "HelmChart") {
    if (const Value* above = out.back().At({"spec", "sourceRef"})) {
      TRY(Value source, ReadSource(session, *above, document::NamespaceOf(out.back())));
      out.push_back(std::move(source));
    }
  }
  return out;
}

struct TraceFlags : ClusterFlags {
  std::string kind, api_version;
};

/// What is to be traced: `KIND/NAME KIND/NAME …`, or `KIND NAME NAME …`, or names with --kind.
Result<std::vector<kube::ObjectRef>> FindRefs(Session& session, const TraceFlags& flags) {
  std::vector<kube::ObjectRef> out;
  if (!flags.kind.empty()) {
    const auto [group, version] = document::SplitApiVersion(flags.api_version);
    document::GroupVersionKind gvk{group, version, flags.kind};
    if (flags.api_version.empty()) {
      TRY(gvk, session.KindOnServer(flags.kind));
    }
    for (const std::string& name : flags.words) out.push_back({gvk, flags.ns, name});
    return out;
  }
  const std::vector<std::string>& words = flags.words;
  const auto pairs = std::count_if(words.begin(), words.end(), [](const std::string& word) { return word.find('/') != std::string::npos; });
  if (pairs == 0 && words.size() >= 2) {
    TRY(const document::GroupVersionKind gvk, session.KindOnServer(words[0]));
    for (std::size_t i = 1; i < words.size(); ++i) out.push_back({gvk, flags.ns, words[i]});
    return out;
  }
  if (static_cast<std::size_t>(pairs) != words.size())
    return base::Invalid("either `<resource>/<name>` or `<resource> <name>` is required");
  for (const std::string& word : words) {
    const std::size_t slash = word.find('/');
    TRY(const document::GroupVersionKind gvk, session.KindOnServer(word.substr(0, slash)));
    out.push_back({gvk, flags.ns, word.substr(slash + 1)});
  }
  return out;
}

Result<std::string> TraceOne(Session& session, const kube::ObjectRef& ref) {
  TRY(const Value object, session.Get(ref));
  TRY(const Owner owner, FindOwner(session, object));
  const document::GroupVersionKind gvk =
      owner.group == kHelm ? document::GroupVersionKind{std::string(kHelm), "v2", "HelmRelease"} : kKustomizationKind;
  TRY(const Value applier, session.Get({gvk, owner.name.ns, owner.name.name}));
  TRY(const std::vector<Value> sources, SourcesOf(session, applier));
  return TraceText(object, applier, sources);
}

/// Of several each is traced, whatever became of the others, with a line `---` between them.
int RunTrace(const TraceFlags& flags) {
  const Result<std::unique_ptr<Session>> session = Session::Open(flags);
  if (!session) return PrintError(session.error(), 1);
  const Result<std::vector<kube::ObjectRef>> refs = FindRefs(**session, flags);
  if (!refs) return PrintError(refs.error(), 1);
  int code = 0;
  for (std::size_t i = 0; i < refs->size(); ++i) {
    const kube::ObjectRef& ref = (*refs)[i];
    const Result<std::string> text = TraceOne(**session, ref);
    if (i > 0) std::cout << "---\n";
    if (text) {
      std::cout << *text << std::flush;
    } else {
      code = PrintError(refs->size() == 1 ? text.error() : text.error().Wrap("tracing " + ref.Id().ToString()), 1);
    }
  }
  return code;
}

}  // namespace

std::string TraceText(const Value& object, const Value& applier, const std::vector<Value>& sources) {
  std::string out = "\n";
  const document::GroupVersionKind gvk = document::GvkOf(applier);
  Line(out, "Object", document::GvkOf(object).kind + "/" + std::string(document::NameOf(object)));
  Line(out, "Namespace", document::NamespaceOf(object));
  Line(out, "Status", "Managed by Flux");
  out += "---\n";
  Line(out, gvk.kind, document::NameOf(applier));
  Line(out, "Namespace", document::NamespaceOf(applier));
  Line(out, "Target", applier.StringAt({"spec", "targetNamespace"}));
  if (gvk.kind == "Kustomization") {
    Put(out, "Path", applier.StringAt({"spec", "path"}));
    Put(out, "Revision", applier.StringAt({"status", "lastAppliedRevision"}));
  } else {
    Line(out, "Revision", TextAt(applier, "status.history.0.chartVersion"));
  }
  ReadyLines(out, applier);
  for (const Value& source : sources) {
    out += "---\n";
    SourceLines(out, source);
  }
  return out;
}

void AddTrace(CLI::App& app, CommandSet& commands) {
  auto flags = std::make_shared<TraceFlags>();
  CLI::App* command = app.add_subcommand("trace", "Say where an object in the cluster comes from: its Kustomization, source and revision");
  AddConnection(*command, *flags);
  command->add_option("object", flags->words, "KIND/NAME…, or KIND NAME…, or NAME… with --kind")->required();
  command->add_option("--kind", flags->kind, "Kind of the object");
  command->add_option("--api-version", flags->api_version, "API version of the object, such as apps/v1");
  commands.Add(command, [flags] { return RunTrace(*flags); });
}

}  // namespace sluice::cli
