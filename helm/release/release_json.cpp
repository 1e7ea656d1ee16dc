#include "helm/release/release_json.h"

#include "helm/release/json_text.h"

namespace sluice::helm {
namespace {

std::string RunJson(const HookRun& run) {
  JsonObject object;
  object.TextUnlessEmpty("started_at", run.started_at);
  object.TextUnlessEmpty("completed_at", run.completed_at);
  object.Text("phase", run.phase);
  return std::move(object).Take();
}

std::string HookJson(const ReleaseHook& hook) {
  JsonObject object;
  object.TextUnlessEmpty("name", hook.name);
  object.TextUnlessEmpty("kind", hook.kind);
  object.TextUnlessEmpty("path", hook.path);
  object.TextUnlessEmpty("manifest", hook.manifest);
  object.TextsUnlessEmpty("events", hook.events);
  object.Raw("last_run", RunJson(hook.last_run));
  object.NumberUnlessZero("weight", hook.weight);
  object.TextsUnlessEmpty("delete_policies", hook.delete_policies);
  object.TextsUnlessEmpty("output_log_policies", hook.output_log_policies);
  return std::move(object).Take();
}

}  // namespace

std::string InfoJson(const ReleaseInfo& info) {
  JsonObject object;
  object.TextUnlessEmpty("first_deployed", info.first_deployed);
  object.TextUnlessEmpty("last_deployed", info.last_deployed);
  object.TextUnlessEmpty("deleted", info.deleted);
  object.TextUnlessEmpty("description", info.description);
  object.Text("status", std::string(ToString(info.status)));
  object.NumberUnlessZero("rollback_revision", info.rollback_revision);
  object.TextUnlessEmpty("notes", info.notes);
  return std::move(object).Take();
}

std::string HooksJson(const std::vector<ReleaseHook>& hooks) {
  std::vector<std::string> items;
  items.reserve(hooks.size());
  for (const ReleaseHook& hook : hooks) items.push_back(HookJson(hook));
  return JsonList(items);
}

}  // namespace sluice::helm
