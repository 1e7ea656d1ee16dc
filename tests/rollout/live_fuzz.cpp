// Whatever an API server or a fleet sends, judging it ends without harm.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "document/json.h"
#include "rollout/diagnose.h"
#include "rollout/diff.h"
#include "rollout/fingerprint.h"
#include "rollout/inventory.h"
#include "rollout/normalize.h"
#include "rollout/status.h"
#include "rollout/takeover.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto id = rollout::DecodeInventoryId(text);
      id && id->name.find("__") == std::string::npos && id->name.find(':') == std::string::npos) {
    if (rollout::EncodeInventoryId(*id) != text) std::abort();
  }
  auto parsed = document::ParseJson(text);
  if (!parsed) return 0;
  const document::Value value = *std::move(parsed);
  const base::TimePoint now{std::chrono::hours(500'000)};
  rollout::FingerprintLive(value, "m");
  if (rollout::FingerprintDesired(value) == 0) std::abort();
  const rollout::TakeoverRules rules{.manager = "m", .overridden = {"o"}};
  if (rollout::HasLeftovers(value, rules) != rollout::TakeoverPatch(value, rules).has_value()) std::abort();
  rollout::MigrationPatch(value, "v2");
  rollout::ComputeStatus(value, now);
  rollout::PodSelector(value);
  rollout::DiagnosePod(value, value.items(), now);
  rollout::NewestPods(value, value.items(), value.items());
  if (!rollout::DiffObjects(&value, &value).empty()) std::abort();
  const document::Value empty = document::Value::Mapping();
  rollout::RenderDiff(rollout::DiffObjects(&value, &empty));
  const auto objects = rollout::NormalizeDesired(
      {value}, {.owner = {"ns", "name"}, .label_group = "g", .common_labels = {{"a", "b"}}, .common_annotations = {}});
  return objects && objects->size() > size ? std::abort(), 1 : 0;
}
