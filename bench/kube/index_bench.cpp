// What the owned-object index costs for each object (counter bytes_per_object: heap really taken, as the allocator counts it), what a look-up costs, and how
// fast a list is cut into its items. The objects are named as fleets name theirs: a fifth are rolling out and say so.
#include <benchmark/benchmark.h>
#include <malloc.h>

#include <memory>
#include <string>

#include "kube/json_frames.h"
#include "kube/owned_table.h"

namespace {

using namespace sluice;

std::string Uuid(std::uint64_t number) {
  std::string text = "5e1f3c7a-9b2d-4c6e-8f10-000000000000";
  for (std::size_t i = text.size(); number != 0; number /= 16) text[--i] = "0123456789abcdef"[number % 16];
  return text;
}

/// `count` objects: four kinds under each of count / 4 names, in 50 namespaces, each name with an owner of its own.
std::unique_ptr<kube::OwnedTable> Fleet(int count) {
  auto table = std::make_unique<kube::OwnedTable>();
  for (int i = 0; i < count; ++i) {
    const std::string name = "team-payments-service-" + std::to_string(i / 4);
    const kube::RowId id = table->Insert(static_cast<kube::KindId>(i % 4), "team-payments-" + std::to_string(i / 4 % 50), name);
    table->SetUid(id, Uuid(static_cast<std::uint64_t>(i) + 1));
    table->SetOwner(id, "flux-system", name);
    rollout::Status status{.phase = rollout::Phase::Current, .reason = {}, .message = {}};
    if (i % 5 == 0)
      status = {.phase = rollout::Phase::InProgress,
                .reason = "LessAvailable",
                .message = std::to_string(i % 3) + " of 3 updated replicas available"};
    table->SetStatus(id, status);
    table->At(id).version = 1'000'000 + static_cast<std::uint64_t>(i);
    table->At(id).fingerprint = 0x9e3779b97f4a7c15 * static_cast<std::uint64_t>(i);
  }
  return table;
}

std::size_t HeapInUse() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

void IndexObjects(benchmark::State& state) {
  const int count = static_cast<int>(state.range(0));
  std::size_t taken = 0;
  for (auto _ : state) {
    const std::size_t before = HeapInUse();
    const std::unique_ptr<kube::OwnedTable> table = Fleet(count);
    taken = HeapInUse() - before;
    benchmark::DoNotOptimize(table->size());
  }
  state.counters["bytes_per_object"] = static_cast<double>(taken) / count;
  state.SetItemsProcessed(state.iterations() * count);
}
BENCHMARK(IndexObjects)->Arg(1'000)->Arg(10'000)->Arg(100'000)->Unit(benchmark::kMillisecond);

void Lookup(benchmark::State& state) {
  const std::unique_ptr<kube::OwnedTable> table = Fleet(10'000);
  int i = 0;
  for (auto _ : state) {
    const std::string number = std::to_string(i / 4);
    benchmark::DoNotOptimize(
        table->Find(static_cast<kube::KindId>(i % 4), "team-payments-" + std::to_string(i / 4 % 50), "team-payments-service-" + number));
    i = (i + 7) % 10'000;
  }
}
BENCHMARK(Lookup);

void CutList(benchmark::State& state) {
  std::string list = R"({"kind":"List","metadata":{"resourceVersion":"1"},"items":[)";
  for (int i = 0; i < 500; ++i) {
    list += i == 0 ? "" : ",";
    list += R"({"metadata":{"name":"a","annotations":{"x":")" + std::string(2'500, 'y') + R"("}},"spec":{"a":[1,2,{"b":"\"c\""}]}})";
  }
  list += "]}";
  for (auto _ : state) {
    std::size_t items = 0;
    const kube::FrameSink sink = [&items](std::string_view) {
      ++items;
      return base::Result<void>();
    };
    kube::ListFrames frames(1u << 20, sink);
    for (std::size_t at = 0; at < list.size(); at += 16'384)
      benchmark::DoNotOptimize(frames.Feed(std::string_view(list).substr(at, 16'384)));
    if (items != 500) state.SkipWithError("items are missing");
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * list.size()));
}
BENCHMARK(CutList);

}  // namespace
