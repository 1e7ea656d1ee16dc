#include "controller/object_events.h"

#include "controller/services.h"

namespace sluice::controller {

Key KeyOf(const document::Value& object) { return {std::string(document::NamespaceOf(object)), std::string(document::NameOf(object))}; }

Triggers TriggersOf(const document::Value& before, const document::Value& after) {
  Triggers out = 0;
  if (before.StringAt({"metadata", "uid"}) != after.StringAt({"metadata", "uid"}) || GenerationOf(before) != GenerationOf(after))
    out |= trigger::kSpec;
  const std::string_view requested = document::AnnotationOf(after, kRequestedAt);
  if (!requested.empty() && requested != document::AnnotationOf(before, kRequestedAt)) out |= trigger::kRequested;
  // A word to the prune guard (rollout/prune_guard.h) is an answer that somebody waits for.
  if (document::AnnotationOf(after, "sluice.dev/allow-prune") != document::AnnotationOf(before, "sluice.dev/allow-prune"))
    out |= trigger::kRequested;
  if (IsDeleting(after) && !IsDeleting(before)) out |= trigger::kDeleted;
  return out;
}

void QueueFeeder::OnAdded(const kube::SharedObject& object) {
  if (changed_) changed_(nullptr, object);
  queue_.Add(KeyOf(*object), IsDeleting(*object) ? trigger::kDeleted : trigger::kSpec);
}

void QueueFeeder::OnUpdated(const kube::SharedObject& before, const kube::SharedObject& after) {
  if (changed_) changed_(before, after);
  if (const Triggers why = TriggersOf(*before, *after); why != 0) queue_.Add(KeyOf(*after), why);
}

void QueueFeeder::OnDeleted(const kube::SharedObject& last) {
  if (changed_) changed_(last, nullptr);
  queue_.Add(KeyOf(*last), trigger::kDeleted);
}

}  // namespace sluice::controller
