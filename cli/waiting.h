// cli/waiting.h: waiting for an object to be as it is asked to be, with kstatus's eyes, as the flux CLI does.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "cli/session.h"

namespace sluice::cli {

/// What came of it, once it is done: the message of Ready, or an Error with it; nullopt while it is under way.
using Verdict = std::optional<base::Result<std::string>>;

/// Of a controller that was asked with the annotation requestedAt=`requested`. Pure.
Verdict VerdictOfRequest(const document::Value& object, std::string_view requested);
/// Of the generation that there is: observed, not Reconciling, and Ready is about it. Pure.
Verdict VerdictOfGeneration(const document::Value& object);

/// Watches `ref` until `judge` has a verdict. Timeout names the object and what was last seen.
base::Result<std::string> Await(Session& session, const kube::ObjectRef& ref, base::Duration timeout,
                                const std::function<Verdict(const document::Value&)>& judge);

/// Sets `reconcile.fluxcd.io/requestedAt`, and the `more` annotations of that family, to now, and waits for the answer. Prints what it does.
/// An object that nobody reconciles is used as it is: nothing is asked. Invalid: one that is suspended.
base::Result<void> ReconcileNow(Session& session, const kube::ObjectRef& ref, base::Duration timeout,
                                const std::vector<std::string>& more = {});

}  // namespace sluice::cli
