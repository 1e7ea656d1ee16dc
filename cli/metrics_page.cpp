#include "cli/metrics_page.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "base/prometheus.h"
#include "cli/version.h"
#include "controller/queue_meter.h"
#include "controller/resource_info.h"

namespace sluice::cli {
namespace {

using Page = base::PrometheusPage;
using controller::QueueMeter;

struct Memory {
  std::uint64_t total = 0, resident = 0;  // bytes
};

Memory MemoryNow() {
  std::ifstream statm("/proc/self/statm");
  Memory pages;
  statm >> pages.total >> pages.resident;
  const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  return {pages.total * page, pages.resident * page};
}

/// Seconds since 1970 at which this process began; 0 if /proc does not say.
double StartTime() {
  std::ifstream stat("/proc/self/stat"), uptime("/proc/stat");
  std::string line, word;
  std::getline(stat, line);
  std::istringstream fields(line.substr(std::min(line.size(), line.rfind(')') + 1)));
  double ticks = 0, boot = 0;
  for (int field = 3; field < 22 && fields >> word; ++field) continue;
  fields >> ticks;
  while (std::getline(uptime, line)) {
    if (line.starts_with("btime ")) boot = std::stod(line.substr(6));
  }
  return boot == 0 ? 0 : boot + ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

std::uint64_t OpenFiles() {
  std::error_code error;
  std::uint64_t count = 0;
  for (auto it = std::filesystem::directory_iterator("/proc/self/fd", error); !error && it != std::filesystem::directory_iterator();
       it.increment(error))
    ++count;
  return count;
}

void Process(Page& page) {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  const double cpu = static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                     static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
  const Memory memory = MemoryNow();
  const auto gauge = [&page](std::string_view name, std::string_view help, auto value) {
    page.Begin(name, "gauge", help);
    page.Add({}, value);
  };
  page.Begin("process_cpu_seconds_total", "counter", "User and system time spent, in seconds.");
  page.Add({}, cpu);
  gauge("process_resident_memory_bytes", "Resident memory.", memory.resident);
  gauge("process_virtual_memory_bytes", "Virtual memory.", memory.total);
  gauge("process_max_resident_memory_bytes", "The most resident memory so far.", static_cast<std::uint64_t>(usage.ru_maxrss) * 1024U);
  gauge("process_open_fds", "Open file descriptors.", OpenFiles());
  gauge("process_max_fds", "How many file descriptors may be open.", static_cast<std::uint64_t>(files.rlim_cur));
  gauge("process_start_time_seconds", "When the process began, in seconds since 1970.", StartTime());
  // Dashboards made for Flux count pods by go_info and plot go_memstats_alloc_bytes.
  page.Begin("go_info", "gauge", "Stands in for the Go controllers' metric of that name.");
  page.Add({{"version", VersionText()}}, std::uint64_t{1});
  gauge("go_memstats_alloc_bytes", "Stands in for the Go controllers' metric of that name: resident memory.", memory.resident);
}

/// "host:port" of "https://host:port/path".
std::string HostOf(std::string_view server) {
  const std::size_t scheme = server.find("://");
  if (scheme != std::string_view::npos) server.remove_prefix(scheme + 3);
  return std::string(server.substr(0, server.find('/')));
}

void Requests(Page& page, const kube::Transport& transport) {
  std::map<std::pair<int, std::string>, std::uint64_t> by_code;
  std::map<std::pair<std::string, std::string>, std::uint64_t> by_verb;
  for (const kube::RequestCount& count : transport.counts()) {
    by_code[{count.code, count.method}] += count.count;
    by_verb[{count.verb, count.resource}] += count.count;
  }
  const std::string host = HostOf(transport.config().server);
  page.Begin("rest_client_requests_total", "counter", "Requests to the API server by status code, method and host.");
  for (const auto& [key, value] : by_code)
    page.Add({{"code", key.first == 0 ? "<error>" : std::to_string(key.first)}, {"host", host}, {"method", key.second}}, value);
  page.Begin("sluice_api_requests_total", "counter", "Requests to the API server by verb and resource.");
  for (const auto& [key, value] : by_verb) page.Add({{"verb", key.first}, {"resource", key.second}}, value);
}

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

using Queues = std::vector<MetricsSources::Queue>;

/// `value(queue)` of every queue that has a meter, labelled as client-go's work queues are.
template <class Value>
void OfQueues(Page& page, const Queues& queues, std::string_view name, std::string_view type, std::string_view help, Value value) {
  page.Begin(name, type, help);
  for (const auto& queue : queues) {
    const std::string word = Lower(queue.kind);
    page.Add({{"controller", word}, {"name", word}}, value(*queue.queue, *queue.queue->meter()));
  }
}

void WorkQueues(Page& page, const Queues& queues) {
  using Q = controller::WorkQueue;
  const auto of = [&](auto... rest) { OfQueues(page, queues, rest...); };
  of("workqueue_depth", "gauge", "Objects that are ready and wait for a place.",
     [](const Q& q, const QueueMeter&) { return static_cast<std::uint64_t>(q.depth()); });
  of("workqueue_adds_total", "counter", "Requests for a run.", [](const Q& q, const QueueMeter&) { return q.adds(); });
  of("workqueue_retries_total", "counter", "Runs that failed and back off.", [](const Q& q, const QueueMeter&) { return q.retries(); });
  of("workqueue_queue_duration_seconds", "histogram", "How long an object waited for its run.",
     [](const Q&, const QueueMeter& m) -> const base::Histogram& { return m.waited(); });
  of("workqueue_work_duration_seconds", "histogram", "How long a run took.",
     [](const Q&, const QueueMeter& m) -> const base::Histogram& { return m.worked(); });
  of("workqueue_unfinished_work_seconds", "gauge", "How long the runs under way have taken, added up.",
     [](const Q&, const QueueMeter& m) { return m.Unfinished(); });
  of("workqueue_longest_running_processor_seconds", "gauge", "How long the longest run under way has taken.",
     [](const Q&, const QueueMeter& m) { return m.Longest(); });
}

void ControllerRuntime(Page& page, const Queues& queues) {
  page.Begin("controller_runtime_reconcile_total", "counter", "Runs by how they ended.");
  for (const auto& queue : queues) {
    for (const controller::RunResult result : controller::kRunResults)
      page.Add({{"controller", Lower(queue.kind)}, {"result", std::string(controller::ToString(result))}},
               queue.queue->meter()->results(result));
  }
  const auto each = [&](std::string_view name, std::string_view type, std::string_view help, auto value) {
    page.Begin(name, type, help);
    for (const auto& queue : queues) page.Add({{"controller", Lower(queue.kind)}}, value(*queue.queue));
  };
  using Q = controller::WorkQueue;
  each("controller_runtime_reconcile_errors_total", "counter", "Runs that failed.",
       [](const Q& q) { return q.meter()->results(controller::RunResult::Error); });
  each("controller_runtime_reconcile_panics_total", "counter", "Runs that ended in an exception.",
       [](const Q& q) { return q.meter()->exceptions(); });
  each("controller_runtime_reconcile_time_seconds", "histogram", "How long a run took.",
       [](const Q& q) -> const base::Histogram& { return q.meter()->ran(); });
  each("controller_runtime_active_workers", "gauge", "Runs under way.", [](const Q& q) { return static_cast<std::uint64_t>(q.running()); });
  each("controller_runtime_max_concurrent_reconciles", "gauge", "How many runs may be under way.",
       [](const Q& q) { return static_cast<std::uint64_t>(q.concurrent()); });
}

void Gotk(Page& page, const Queues& queues) {
  page.Begin("gotk_reconcile_duration_seconds", "histogram", "How long the runs of an object took.");
  for (const auto& queue : queues) {
    for (const auto& [key, histogram] : queue.queue->meter()->durations())
      page.Add({{"kind", queue.kind}, {"name", key.name}, {"namespace", key.ns}}, histogram);
  }
  page.Begin("gotk_resource_info", "gauge", "The state of an object; what is known of it is in the labels.");
  for (const auto& queue : queues) {
    for (const kube::SharedObject& object : queue.store->List()) page.Add(controller::ResourceInfo(*object), std::uint64_t{1});
  }
}

constexpr std::string_view kCacheEventsHelp = "Total number of cache retrieval events for a Gitops Toolkit resource reconciliation.";

/// `more` stands beside the name of each object.
void CacheEvents(Page& page, std::string_view name, const controller::CacheMeter& meter, const Page::Labels& kind,
                 const Page::Labels& more) {
  page.Begin(name, "counter", kCacheEventsHelp);
  for (const auto& [key, events] : meter.events()) {
    const auto add = [&](std::string_view type, std::uint64_t count) {
      if (count == 0) return;
      Page::Labels labels{{"event_type", std::string(type)}};
      labels.insert(labels.end(), kind.begin(), kind.end());
      labels.insert(labels.end(), {{"name", key.name}, {"namespace", key.ns}});
      labels.insert(labels.end(), more.begin(), more.end());
      page.Add(labels, count);
    };
    add("cache_hit", events.hits);
    add("cache_miss", events.misses);
  }
}

/// What source-controller counts of its indexes of Helm repositories, and every controller of its tokens: here those of GitHub Apps.
void Caches(Page& page, const MetricsSources& sources) {
  CacheEvents(page, "gotk_cache_events_total", sources.helm_indexes->meter(), {}, {});
  controller::git_repository::GithubTokens& tokens = *sources.tokens;
  CacheEvents(page, "gotk_token_cache_events_total", tokens.meter(), {{"kind", "GitRepository"}}, {{"operation", "reconcile"}});
  page.Begin("gotk_token_cached_items", "gauge", "Total number of items in the cache.");
  page.Add({}, static_cast<std::uint64_t>(tokens.size()));
  page.Begin("gotk_token_cache_requests_total", "counter", "Total number of cache requests partioned by success or failure.");
  if (tokens.stats().failed != 0) page.Add({{"status", "failure"}}, tokens.stats().failed);
  if (tokens.stats().succeeded != 0) page.Add({{"status", "success"}}, tokens.stats().succeeded);
  page.Begin("gotk_token_cache_evictions_total", "counter", "Total number of cache evictions.");
  page.Add({}, tokens.stats().evicted);
}

void Index(Page& page, const kube::OwnedIndex& index) {
  const kube::OwnedIndex::Stats stats = index.stats();
  const auto gauge = [&page](std::string_view name, std::string_view help, std::size_t value) {
    page.Begin(name, "gauge", help);
    page.Add({}, static_cast<std::uint64_t>(value));
  };
  gauge("sluice_owned_objects", "Objects in the owned-object index.", stats.objects);
  gauge("sluice_owned_kinds", "Kinds that the owned-object index watches.", stats.kinds);
  gauge("sluice_owned_bytes", "Memory held by the owned-object index.", stats.bytes);
}

}  // namespace

std::string MetricsPage(const MetricsSources& sources) {
  Page page;
  Process(page);
  Requests(page, *sources.transport);
  WorkQueues(page, sources.queues);
  ControllerRuntime(page, sources.queues);
  Gotk(page, sources.queues);
  Caches(page, sources);
  Index(page, *sources.index);
  return page.Take();
}

}  // namespace sluice::cli
