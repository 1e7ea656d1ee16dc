// The bench's floor: server-side apply of N copies of podinfo's four objects by a bare HTTP/2 client, as fast as the API server takes them.
// What a controller needs beyond this is the controller's own.
//
//   apply_floor --kubeconfig F --namespace NS --count N [--streams 64] [--objects F] [--prefix app-] [--repeat]
//
// Prints {"objects":…,"seconds":…,"cpu_seconds":…,"per_second":…,…}. --repeat: the objects are there from an earlier run and stay as they are;
// it is an error if one had to be created.
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "bench/floor/kubeconfig.h"
#include "document/yaml.h"
#include "net/await.h"
#include "net/http.h"

namespace {

using namespace sluice;
using base::Result;

struct Flags {
  std::string kubeconfig, ns = "default", objects = SLUICE_FLOOR_OBJECTS, prefix = "app-";
  int count = 100, streams = 64;
  bool repeat = false;
};

/// One object of the template: where it goes, with ${name} still in it, and its text.
struct Template {
  std::string path, body;
};

struct Run {
  const Flags& flags;
  const bench::Access& access;
  const std::vector<Template>& templates;
  net::HttpClient& client;
  std::size_t next = 0;  ///< of the applies, in order
  std::size_t created = 0, done = 0, retries = 0;
  std::string failure;
};

constexpr int kTries = 6;

Result<Flags> ReadFlags(int argc, char** argv) {
  Flags flags;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--repeat") {
      flags.repeat = true;
      continue;
    }
    if (i + 1 >= argc) return base::Invalid(name + ": unknown, or without a value");
    const std::string value = argv[++i];
    if (name == "--kubeconfig")
      flags.kubeconfig = value;
    else if (name == "--namespace")
      flags.ns = value;
    else if (name == "--objects")
      flags.objects = value;
    else if (name == "--prefix")
      flags.prefix = value;
    else if (name == "--count")
      flags.count = std::atoi(value.c_str());
    else if (name == "--streams")
      flags.streams = std::atoi(value.c_str());
    else
      return base::Invalid(name + ": unknown");
  }
  if (flags.kubeconfig.empty() || flags.count < 1 || flags.streams < 1) {
    return base::Invalid(
        "usage: apply_floor --kubeconfig F --namespace NS --count N [--streams 64] [--objects F] [--prefix app-] [--repeat]");
  }
  return flags;
}

/// The collection's name in a URL, for the kinds of the built-in API.
std::string Plural(std::string_view kind) {
  std::string name(kind);
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return name + (name.ends_with('s') ? "es" : "s");
}

Result<std::vector<Template>> ReadTemplates(const Flags& flags) {
  TRY(const std::string text, bench::ReadAll(flags.objects));
  TRY(const std::vector<document::Value> documents, document::ParseYamlStream(text, {.file = flags.objects}));
  std::vector<Template> templates;
  for (const document::Value& object : documents) {
    const document::Value* version = object.Find("apiVersion");
    const document::Value* kind = object.Find("kind");
    if (version == nullptr || kind == nullptr) continue;
    const bool core = version->text().find('/') == std::string_view::npos;
    const std::string path = std::string(core ? "/api/" : "/apis/") + std::string(version->text()) + "/namespaces/" + flags.ns + "/" +
                             Plural(kind->text()) + "/${name}";
    templates.push_back({path, document::EmitYaml(object)});
  }
  if (templates.empty()) return base::Invalid(flags.objects + ": no objects");
  return templates;
}

std::string Fill(std::string text, const std::string& name) {
  constexpr std::string_view kHole = "${name}";
  for (std::size_t at = 0; (at = text.find(kHole, at)) != std::string::npos; at += name.size()) text.replace(at, kHole.size(), name);
  return text;
}

net::Request MakeRequest(const Run& run, std::size_t index) {
  const std::size_t kinds = run.templates.size();
  char number[16];
  std::snprintf(number, sizeof number, "%05zu", index / kinds);
  const std::string name = run.flags.prefix + number;
  const Template& object = run.templates[index % kinds];
  net::Request request{.method = "PATCH",
                       .url = run.access.server + Fill(object.path, name) + "?fieldManager=floor&force=true",
                       .headers = {{"Content-Type", "application/apply-patch+yaml"}, {"Accept", "application/json"}},
                       .body = Fill(object.body, name),
                       .timeout = std::chrono::seconds(60)};
  if (!run.access.bearer_token.empty()) request.headers.emplace_back("Authorization", "Bearer " + run.access.bearer_token);
  return request;
}

/// Applies until none is left. The server may say "not now" (429, a lost connection): an apply may be repeated.
net::Task<void> Apply(Run& run) {
  const std::size_t all = run.templates.size() * static_cast<std::size_t>(run.flags.count);
  while (run.next < all && run.failure.empty()) {
    const std::size_t index = run.next++;
    for (int tries = 1;; ++tries) {
      net::Request request = MakeRequest(run, index);
      const Result<net::Response> response = co_await run.client.Send(std::move(request));
      const bool busy =
          response ? response->status == 429 || response->status >= 500 : response.error().reason == base::Reason::Unavailable;
      if (busy && tries < kTries) {
        ++run.retries;
        (void)co_await net::SleepFor(std::chrono::milliseconds(100 << tries));
        continue;
      }
      if (!response)
        run.failure = response.error().message;
      else if (response->status != 200 && response->status != 201)
        run.failure = std::to_string(response->status) + ": " + response->body;
      else
        run.created += response->status == 201 ? 1 : 0;
      break;
    }
    ++run.done;
  }
}

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) { return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void Print(const Run& run, double seconds, double cpu_seconds) {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const net::HttpClient::Counters counters = run.client.counters();
  std::printf(
      "{\"objects\":%zu,\"seconds\":%.3f,\"cpu_seconds\":%.3f,\"per_second\":%.1f,\"created\":%zu,\"retries\":%zu,\"connections\":%llu,"
      "\"peak_rss_mib\":%.1f}\n",
      run.done, seconds, cpu_seconds, static_cast<double>(run.done) / seconds, run.created, run.retries,
      static_cast<unsigned long long>(counters.connections), static_cast<double>(usage.ru_maxrss) / 1024);
}

Result<void> Main(int argc, char** argv) {
  TRY(const Flags flags, ReadFlags(argc, argv));
  TRY(const bench::Access access, bench::ReadAccess(flags.kubeconfig));
  TRY(const std::vector<Template> templates, ReadTemplates(flags));
  net::Runtime runtime;
  net::HttpClient client(runtime.io(),
                         {.tls = access.tls, .user_agent = "sluice-floor", .max_streams = static_cast<std::size_t>(flags.streams)});
  net::Scope scope(runtime.io());
  Run run{.flags = flags, .access = access, .templates = templates, .client = client};
  const double cpu = CpuSeconds();
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < flags.streams; ++i) scope.Spawn(Apply(run));
  (void)runtime.BlockOn(scope.Drained());
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  if (!run.failure.empty()) return base::MakeError(base::Reason::Unavailable, run.failure);
  if (flags.repeat && run.created > 0) return base::Invalid("--repeat: " + std::to_string(run.created) + " objects were not there");
  Print(run, seconds, CpuSeconds() - cpu);
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  const Result<void> result = Main(argc, argv);
  if (result) return 0;
  std::fprintf(stderr, "apply_floor: %s\n", result.error().message.c_str());
  return 1;
}
