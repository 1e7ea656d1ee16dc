// releases/run.h: what the actions have in common: one record on its way. For this folder.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "helm/release/secret.h"
#include "releases/actions.h"
#include "releases/hook_runner.h"
#include "releases/writer.h"

namespace sluice::releases {

base::Error Canceled();
Outcome Failed(base::Error error);

class Run {
 public:
  Run(const Actions::Environment& env, const ActionOptions& options, helm::ReleaseRecord record)
      : env_(env), options_(options), record_(std::move(record)) {}

  /// How the objects of the record are written; then `change` it.
  WriterOptions Writing() const;
  /// The hooks of `event`, unless they are disabled. Errors are told from `what` on (unless it is "").
  net::Task<base::Result<void>> Hooks(std::string event, std::string what);
  /// Waits for `objects`, if the action waits.
  net::Task<base::Result<void>> Ready(const std::vector<document::Value>& objects);
  /// The last word: `status` and `description` (unless the options have one) go on record.
  net::Task<Outcome> Succeed(std::string description);
  /// The record becomes failed, with `description`; the outcome has `error`. Canceled leaves the record as it is.
  net::Task<Outcome> Fail(base::Error error, std::string description);

  helm::ReleaseRecord& record() { return record_; }
  std::string& logs() { return logs_; }
  std::function<bool(const helm::ReleaseHook&)> selected;  ///< of Hooks; may be empty

 private:
  const Actions::Environment& env_;
  const ActionOptions& options_;
  helm::ReleaseRecord record_;
  std::string logs_;
};

}  // namespace sluice::releases
