#include "cli/metrics_page.h"

#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <map>

#include "cli/version.h"

namespace sluice::cli {
namespace {

void Head(std::string& out, std::string_view name, std::string_view type, std::string_view help) {
  out += "# HELP " + std::string(name) + " " + std::string(help) + "\n# TYPE " + std::string(name) + " " + std::string(type) + "\n";
}

template <class Number>
void Line(std::string& out, std::string_view name, std::string_view labels, Number value) {
  out += std::string(name) + (labels.empty() ? "" : "{" + std::string(labels) + "}") + " " + std::to_string(value) + "\n";
}

void Process(std::string& out) {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const double cpu = static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                     static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
  Head(out, "process_cpu_seconds_total", "counter", "User and system time spent, in seconds.");
  Line(out, "process_cpu_seconds_total", "", cpu);
  std::ifstream statm("/proc/self/statm");
  unsigned long total = 0, resident = 0;
  statm >> total >> resident;
  const unsigned long bytes = resident * static_cast<unsigned long>(sysconf(_SC_PAGESIZE));
  Head(out, "process_resident_memory_bytes", "gauge", "Resident memory.");
  Line(out, "process_resident_memory_bytes", "", bytes);
  Head(out, "process_max_resident_memory_bytes", "gauge", "The most resident memory so far.");
  Line(out, "process_max_resident_memory_bytes", "", static_cast<unsigned long>(usage.ru_maxrss) * 1024UL);
  // Dashboards made for Flux count pods by go_info and plot go_memstats_alloc_bytes.
  Head(out, "go_info", "gauge", "Stands in for the Go controllers' metric of that name.");
  Line(out, "go_info", "version=\"" + VersionText() + "\"", 1);
  Head(out, "go_memstats_alloc_bytes", "gauge", "Stands in for the Go controllers' metric of that name: resident memory.");
  Line(out, "go_memstats_alloc_bytes", "", bytes);
}

void Requests(std::string& out, const kube::Transport& transport) {
  std::map<std::pair<int, std::string>, std::uint64_t> by_code;
  for (const kube::RequestCount& count : transport.counts()) by_code[{count.code, count.method}] += count.count;
  Head(out, "rest_client_requests_total", "counter", "Requests to the API server by status code and method.");
  for (const auto& [key, value] : by_code) {
    Line(out, "rest_client_requests_total",
         "code=\"" + (key.first == 0 ? "<error>" : std::to_string(key.first)) + "\",method=\"" + key.second + "\"", value);
  }
  Head(out, "sluice_api_requests_total", "counter", "Requests to the API server by verb and resource.");
  std::map<std::pair<std::string, std::string>, std::uint64_t> by_verb;
  for (const kube::RequestCount& count : transport.counts()) by_verb[{count.verb, count.resource}] += count.count;
  for (const auto& [key, value] : by_verb)
    Line(out, "sluice_api_requests_total", "verb=\"" + key.first + "\",resource=\"" + key.second + "\"", value);
}

void Queues(std::string& out, const std::vector<MetricsSources::Queue>& queues) {
  Head(out, "workqueue_depth", "gauge", "Objects that are ready and wait for a place.");
  for (const auto& queue : queues) Line(out, "workqueue_depth", "name=\"" + queue.controller + "\"", queue.queue->depth());
  Head(out, "workqueue_adds_total", "counter", "Requests for a run.");
  for (const auto& queue : queues) Line(out, "workqueue_adds_total", "name=\"" + queue.controller + "\"", queue.queue->adds());
  Head(out, "workqueue_retries_total", "counter", "Runs that failed and back off.");
  for (const auto& queue : queues) Line(out, "workqueue_retries_total", "name=\"" + queue.controller + "\"", queue.queue->retries());
  Head(out, "controller_runtime_active_workers", "gauge", "Runs under way.");
  for (const auto& queue : queues)
    Line(out, "controller_runtime_active_workers", "controller=\"" + queue.controller + "\"", queue.queue->running());
}

}  // namespace

std::string MetricsPage(const MetricsSources& sources) {
  std::string out;
  Process(out);
  Requests(out, *sources.transport);
  Queues(out, sources.queues);
  const kube::OwnedIndex::Stats stats = sources.index->stats();
  Head(out, "sluice_owned_objects", "gauge", "Objects in the owned-object index.");
  Line(out, "sluice_owned_objects", "", stats.objects);
  Head(out, "sluice_owned_kinds", "gauge", "Kinds that the owned-object index watches.");
  Line(out, "sluice_owned_kinds", "", stats.kinds);
  Head(out, "sluice_owned_bytes", "gauge", "Memory held by the owned-object index.");
  Line(out, "sluice_owned_bytes", "", stats.bytes);
  return out;
}

}  // namespace sluice::cli
