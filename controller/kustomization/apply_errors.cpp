#include "controller/kustomization/apply_errors.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace sluice::controller::kustomization {
namespace {

using base::Error;
using base::Reason;

/// metav1.StatusReason as the server had it: our Reason is coarser, so its messages help.
std::string_view WordOf(const Error& error) {
  const auto says = [&](std::string_view words) { return error.message.find(words) != std::string::npos; };
  switch (error.reason) {
    case Reason::Invalid:
      if (says("denied the request")) return "";  // an admission webhook: it gives no reason
      return says(" is invalid") ? "Invalid" : "BadRequest";
    case Reason::Conflict: return "Conflict";
    case Reason::Forbidden: return "Forbidden";
    case Reason::Unauthorized: return "Unauthorized";
    case Reason::AlreadyExists: return "AlreadyExists";
    case Reason::TooLarge: return "RequestEntityTooLarge";
    case Reason::Timeout: return "Timeout";
    case Reason::Unavailable: return says("Internal error occurred") ? "InternalError" : "";
    default: return "";
  }
}

}  // namespace

Error DryRunError(const kube::ObjectRef& ref, Error error) {
  const std::string name = ref.Id().ToString();
  const bool unknown_kind = error.message.starts_with("no matches for kind");
  if (error.reason == Reason::NotFound && !unknown_kind)
    return std::move(error).Wrap(name + (ref.ns.empty() ? " namespace not specified, error" : " not found"));
  const std::string_view word = WordOf(error);
  return std::move(error).Wrap(name + " dry-run failed" + (word.empty() ? "" : " (" + std::string(word) + ")"));
}

bool IsRefusal(const Error& error) {
  switch (error.reason) {
    case Reason::Timeout:
    case Reason::Canceled:
    case Reason::Internal: return false;
    case Reason::Unavailable:
      // A webhook that is away; what does not fit the kind's schema, for which the server has no better code than 500.
      return error.message.find("Internal error occurred") != std::string::npos ||
             error.message.find("failed to create typed patch object") != std::string::npos;
    default: return true;
  }
}

bool IsImmutable(const Error& error) {
  constexpr std::string_view kWords[] = {"is immutable", "immutable field", "updates to statefulset spec for fields other than",
                                         "cannot change roleRef"};
  return std::any_of(std::begin(kWords), std::end(kWords),
                     [&](std::string_view words) { return error.message.find(words) != std::string::npos; });
}

}  // namespace sluice::controller::kustomization
