// releases/storage.h: the records of one namespace's releases, as Helm's Secret driver keeps them. Errors are those of kube::Client; messages in Helm's words
// where Helm has some. Belongs to the I/O thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "helm/release/history.h"
#include "helm/release/secret.h"
#include "kube/client.h"
#include "net/task.h"

namespace sluice::releases {

class Storage {
 public:
  struct Options {
    std::string ns;                ///< where the records are
    std::string manager = "helm";  ///< field manager: "helm-controller" for HelmReleases
    kube::Impersonate as;
    std::string owner;  ///< ReleaseProgress::owner of what is written here
    /// Told of every record that was written (created, updated) or deleted, after it was. Must not wait. May be empty.
    std::function<void(const helm::ReleaseRecord& record, bool deleted)> observer;
  };
  /// `client`, `clock` and `pool` outlive it.
  Storage(kube::Client& client, const base::Clock& clock, helm::ChartPool& pool, Options options)
      : client_(client), clock_(clock), pool_(pool), options_(std::move(options)) {}

  /// What becomes of records that cannot be decoded: Helm passes over them. A release whose newest record is one is not the one before it, nor none at all.
  enum class Unreadable { PassOver, RefuseTheNewest };
  /// All revisions of `name`, oldest first; one request. Empty: there is none. Invalid: a record that may not be passed over; the message names its Secret.
  net::Task<base::Result<helm::History>> LoadHistory(std::string name, Unreadable unreadable = Unreadable::PassOver);
  /// Every release of the namespace, or of all if the namespace is "".
  net::Task<base::Result<std::vector<helm::ReleaseRecord>>> LoadAll();
  /// NotFound `release: not found`.
  net::Task<base::Result<helm::ReleaseRecord>> Load(std::string name, int version);

  /// Writes `record` as a new one and sets its resource_version. AlreadyExists `release: already exists`. Large records: see helm/release/secret.h.
  net::Task<base::Result<void>> Create(helm::ReleaseRecord& record);
  /// Writes it over the version it was read or written as; Conflict if somebody else wrote it since (what this owner wrote is written over: its answer was
  /// lost). NotFound.
  net::Task<base::Result<void>> Update(helm::ReleaseRecord& record);
  /// Marks an older revision superseded, whoever wrote it since, as Helm does. Ok too if it is gone.
  net::Task<base::Result<void>> Supersede(helm::ReleaseRecord& record, std::string description = "");
  /// Ok too if it is gone.
  net::Task<base::Result<void>> Delete(const helm::ReleaseRecord& record);

  const Options& options() const { return options_; }

 private:
  net::Task<base::Result<helm::ReleaseRecord>> Read(document::Value secret);
  net::Task<base::Result<void>> Put(helm::ReleaseRecord& record);
  net::Task<base::Result<void>> WriteParts(const std::vector<document::Value>& parts);
  net::Task<void> RemoveParts(helm::ReleaseRecord record);

  kube::Client& client_;
  const base::Clock& clock_;
  helm::ChartPool& pool_;
  Options options_;
};

}  // namespace sluice::releases
