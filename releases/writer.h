// releases/writer.h: the objects of a release reach the cluster: by server-side apply, or by three-way merges as Helm 3 (helm-contract 14). For this folder.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "document/object.h"
#include "document/value.h"
#include "kube/client.h"
#include "net/task.h"
#include "releases/follower.h"

namespace sluice::releases {

struct WriterOptions {
  std::string manager = "helm";
  kube::Impersonate as;
  bool server_side = true;
  bool force_conflicts = false;
  bool force = false;                 ///< client-side: PUT
  bool strict = true;                 ///< unknown and repeated fields are errors
  bool three_way_for_custom = false;  ///< client-side: custom resources, too, are restored from what is live
  bool upgrade_managers = false;      ///< server-side: what the manager owns by Update becomes its by Apply first
  bool look_first = false;            ///< learn which objects are new, for Written::created
  std::size_t concurrent = 8;
};

struct WriteResult {
  std::vector<kube::ObjectRef> created;  ///< that were not there before (with look_first; else nobody asked)
  std::optional<base::Error> error;
};

class Writer {
 public:
  /// `client` and `follower` outlive it.
  Writer(kube::Client& client, Follower& follower, WriterOptions options)
      : client_(client), follower_(follower), options_(std::move(options)) {}

  /// Of an install: runs of one kind side by side, kinds in order; a failure does not stop later ones, and errors are joined by line breaks.
  net::Task<WriteResult> CreateAll(std::vector<document::Value> targets);
  /// Of an upgrade or a rollback, in order: then deletes what `originals` have beyond `targets`, unless its live object says `keep`.
  /// Errors of what was there already are joined by " && ", one of a creation stops.
  net::Task<WriteResult> Update(std::vector<document::Value> originals, std::vector<document::Value> targets);
  /// `created` of a write that failed (cleanup-on-fail).
  net::Task<base::Result<void>> Cleanup(std::vector<kube::ObjectRef> created);

  /// One object, as Helm's Create does. `stored` (may be null) becomes what the server keeps.
  net::Task<base::Result<void>> Create(const document::Value& target, document::Value* stored = nullptr);
  /// The object with this `uid` ("": any). NotFound is no error.
  net::Task<base::Result<void>> Delete(kube::ObjectRef ref, std::string uid, kube::Propagation propagation);

 private:
  struct Step;
  net::Task<void> Take(Step& step);
  net::Task<base::Result<void>> Apply(const document::Value& target, document::Value* stored);
  net::Task<base::Result<document::Value>> SendApply(const document::Value& target);
  net::Task<base::Result<document::Value>> UpgradeManager(const document::Value& target, document::Value answer);
  net::Task<base::Result<void>> Change(const document::Value* original, const document::Value& target, const document::Value& live);
  net::Task<base::Result<bool>> ChangeOnce(const document::Value* original, const document::Value& target, const document::Value& live);
  net::Task<base::Result<void>> RunAll(std::vector<Step>& steps, std::size_t begin, std::size_t end);
  net::Task<void> Remove(std::vector<kube::ObjectRef> refs, std::vector<std::string>& errors);

  kube::Client& client_;
  Follower& follower_;
  WriterOptions options_;
};

/// What makes objects the same in an upgrade: group, kind, namespace and name.
std::set<document::ObjectId> IdsOf(const std::vector<document::Value>& objects);

}  // namespace sluice::releases
