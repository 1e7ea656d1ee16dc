#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <iostream>

#include "cli/command_set.h"
#include "cli/logs.h"
#include "cli/session.h"
#include "document/json.h"
#include "net/await.h"

namespace sluice::cli {

using base::Result;
using document::Value;

namespace {

bool SameWord(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

bool Wanted(const std::string& asked, std::string_view is) { return asked.empty() || SameWord(asked, is); }

}  // namespace

std::optional<std::string> FormatLogLine(std::string_view line, const LogFilter& filter) {
  if (!line.starts_with("{")) return std::nullopt;
  const Result<Value> parsed = document::ParseJson(line);
  if (!parsed) return std::nullopt;
  std::string_view kind = parsed->StringAt({"reconciler kind"});
  if (kind.empty()) kind = parsed->StringAt({"controllerKind"});
  const std::string_view name = parsed->StringAt({"name"}), ns = parsed->StringAt({"namespace"}), level = parsed->StringAt({"level"});
  if (!Wanted(filter.level, level) || !Wanted(filter.kind, kind) || !Wanted(filter.name, name) || !Wanted(filter.ns, ns))
    return std::nullopt;
  std::string out = std::string(parsed->StringAt({"ts"})) + " " + std::string(level) + " " + std::string(kind);
  if (!name.empty()) out += "/" + std::string(name) + "." + std::string(ns);
  out += " - " + std::string(parsed->StringAt({"msg"}));
  if (const std::string_view error = parsed->StringAt({"error"}); !error.empty()) out += " " + std::string(error);
  return out;
}

std::string ConsoleLine(std::string_view line) {
  Result<Value> parsed = document::ParseJson(line);
  if (!parsed || !parsed->IsMapping()) return std::string(line);
  std::string out;
  for (const std::string_view key : {"ts", "level", "msg"}) {
    out += (out.empty() ? "" : "\t") + std::string(parsed->StringAt({key}));
    parsed->Erase(key);
  }
  if (!parsed->empty()) out += "\t" + document::EmitJson(*parsed);
  return out + "\n";
}

namespace {

struct LogsFlags : ClusterFlags {
  std::string level, kind, name, flux_ns, since, since_time;
  std::int64_t tail = -1;
  bool follow = false;
};

/// The pods of every Deployment that is part of Flux, a running one of each.
Result<std::vector<Value>> FindPods(Session& session, const std::string& ns) {
  TRY(const std::vector<Value> deployments,
      session.Wait(session.client->ListAll({"apps", "v1", "Deployment"}, {.ns = ns, .label_selector = "app.kubernetes.io/part-of=flux"})));
  std::vector<Value> out;
  for (const Value& deployment : deployments) {
    std::string selector;
    if (const Value* labels = deployment.At({"spec", "selector", "matchLabels"})) {
      for (const document::Member& label : labels->members())
        selector += (selector.empty() ? "" : ",") + label.key + "=" + std::string(label.value.text());
    }
    TRY(std::vector<Value> pods, session.Wait(session.client->ListAll({"", "v1", "Pod"}, {.ns = ns, .label_selector = selector})));
    std::stable_partition(pods.begin(), pods.end(), [](const Value& pod) { return pod.StringAt({"status", "phase"}) == "Running"; });
    if (!pods.empty()) out.push_back(std::move(pods.front()));
  }
  if (out.empty()) return base::NotFound("no pods of a controller found in namespace " + ns);
  return out;
}

/// Cuts a stream into lines.
class Lines {
 public:
  explicit Lines(LogFilter filter) : filter_(std::move(filter)) {}
  bool Take(std::string_view bytes) {
    rest_ += bytes;
    std::size_t begin = 0;
    for (std::size_t end = rest_.find('\n'); end != std::string::npos; end = rest_.find('\n', begin)) {
      if (const auto line = FormatLogLine(std::string_view(rest_).substr(begin, end - begin), filter_)) std::cout << *line << "\n";
      begin = end + 1;
    }
    rest_.erase(0, begin);
    std::cout << std::flush;
    return rest_.size() < (16U << 20);  // no log line is so long
  }

 private:
  LogFilter filter_;
  std::string rest_;
};

std::string PathOf(const Value& pod, const LogsFlags& flags, double seconds) {
  std::string path =
      "/api/v1/namespaces/" + std::string(document::NamespaceOf(pod)) + "/pods/" + std::string(document::NameOf(pod)) + "/log?";
  const Value* containers = pod.At({"spec", "containers"});
  if (containers != nullptr && containers->size() > 1) path += "container=manager&";
  if (flags.tail >= 0) path += "tailLines=" + std::to_string(flags.tail) + "&";
  if (!flags.since_time.empty()) path += "sinceTime=" + base::FormatRfc3339(*base::ParseRfc3339(flags.since_time)) + "&";
  if (seconds > 0) path += "sinceSeconds=" + std::to_string(static_cast<long long>(std::ceil(seconds))) + "&";
  if (flags.follow) path += "follow=true&";
  path.pop_back();
  return path;
}

net::Task<void> Stream(Session& session, std::string path, LogFilter filter, bool follow, Result<void>* done) {
  Lines lines(std::move(filter));
  kube::ApiRequest request;
  request.path = std::move(path);
  request.accept = "*/*";
  request.verb = "logs";
  request.resource = "pods";
  const net::BodySink sink = [&lines](std::string_view bytes) { return lines.Take(bytes); };
  const std::chrono::milliseconds idle{0};  // a quiet controller may say nothing for long
  net::Task<Result<net::Response>> streaming =
      follow ? session.client->transport().OpenStream(request, sink, idle) : session.client->transport().SendStreamed(request, sink);
  const Result<net::Response> answer = co_await std::move(streaming);
  if (!answer) *done = answer.error();
  lines.Take("\n");
}

/// The flux CLI's words.
Result<void> CheckFlags(const LogsFlags& flags) {
  if (!flags.level.empty() && flags.level != "debug" && flags.level != "info" && flags.level != "error")
    return base::Invalid("unsupported log level '" + flags.level + "', must be one of: debug, info, error");
  if (!flags.since.empty() && !flags.since_time.empty()) return base::Invalid("at most one of --since-time and --since may be given");
  if (!flags.since_time.empty() && !base::ParseRfc3339(flags.since_time))
    return base::Invalid("--since-time: \"" + flags.since_time + "\" is not a time (RFC 3339) such as 2026-01-31T12:00:00Z");
  return {};
}

Result<void> Logs(const LogsFlags& flags) {
  TRY(CheckFlags(flags));
  double seconds = 0;
  if (!flags.since.empty()) {
    TRY(const base::Duration since, ParseDurationFlag("--since", flags.since));
    seconds = std::chrono::duration<double>(since).count();
  }
  TRY(const std::unique_ptr<Session> session, Session::Open(flags));
  TRY(const std::vector<Value> pods, FindPods(*session, flags.flux_ns));
  const LogFilter filter{.level = flags.level, .kind = flags.kind, .name = flags.name, .ns = flags.all_namespaces ? "" : flags.ns};
  std::vector<Result<void>> done(pods.size());
  net::Scope scope(session->runtime.io());
  for (std::size_t i = 0; i < pods.size(); ++i)
    scope.Spawn(Stream(*session, PathOf(pods[i], flags, seconds), filter, flags.follow, &done[i]));
  const Result<void> drained = session->Wait(scope.Drained());
  session->Wait(scope.Close());
  if (!drained) return drained.error();
  for (std::size_t i = 0; i < pods.size(); ++i) {
    if (!done[i]) return done[i].error().Wrap("logs of pod " + std::string(document::NameOf(pods[i])));
  }
  return {};
}

}  // namespace

void AddLogs(CLI::App& app, CommandSet& commands) {
  auto flags = std::make_shared<LogsFlags>();
  CLI::App* command = app.add_subcommand("logs", "Print what the controllers logged about an object, a kind, or all");
  AddConnection(*command, *flags);
  AddAllNamespaces(*command, *flags);
  flags->flux_ns = flags->ns;
  command->add_option("--flux-namespace", flags->flux_ns, "Namespace of the controllers")->capture_default_str();
  command->add_option("--level", flags->level, "debug, info or error");
  command->add_option("--kind", flags->kind, "Only lines about this kind, such as GitRepository");
  command->add_option("--name", flags->name, "Only lines about the object of this name");
  command->add_option("--since", flags->since, "Only what is newer than, say, 2m");
  command->add_option("--since-time", flags->since_time, "Only what is newer than this time, such as 2026-01-31T12:00:00Z");
  command->add_option("--tail", flags->tail, "Only so many of the newest lines of each pod");
  command->add_flag("-f,--follow", flags->follow, "Print what comes, until interrupted");
  commands.Add(command, [flags] {
    const Result<void> done = Logs(*flags);
    return done ? 0 : PrintError(done.error(), 1);
  });
}

}  // namespace sluice::cli
