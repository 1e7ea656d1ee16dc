// controller/kustomization/journal.h: what is about to be created, on record before it is, so that a crash leaves no object that nobody knows of.
// Usually the Kustomization's own status says it. Where many Kustomizations are at work, that is a write each, with which they hold each other up;
// then they share one write of a ConfigMap beside the controller, and their statuses follow at the end of their runs. Whoever leads next reads it first.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "document/object.h"
#include "kube/client.h"
#include "net/executor.h"
#include "rollout/inventory.h"

namespace sluice::controller::kustomization {

struct JournalOptions {
  std::string ns, name;                ///< of the ConfigMap; where there is no such namespace (a program on a desk) it is in "default"
  std::string manager;                 ///< field manager
  std::size_t max_bytes = 256 * 1024;  ///< of all that is on record together
  base::Duration tidy_after = std::chrono::seconds(10);  ///< what statuses hold by now is taken out so much later
  base::Duration rest = std::chrono::seconds(60);        ///< after a write that failed: until then callers are sent to their own statuses
  /// Whether there still is that Kustomization; what is on record of another is taken out. Not asked before the first `tidy_after`.
  std::function<bool(const document::NamespacedName&, std::string_view uid)> exists;
};

/// Belongs to the I/O thread. One writer at a time: the leader.
class Journal {
 public:
  Journal(kube::Client& client, JournalOptions options);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  /// Has read what the process before this one left; to be awaited before Find. Goes on trying while the server does not answer; a ConfigMap that may not be
  /// read is told of once and left alone, one that says nothing that can be understood is told of and is empty. Errors: Canceled.
  net::Task<base::Result<void>> Open();
  bool is_open() const { return open_; }

  /// What is on record of that Kustomization beyond its status; nullptr if nothing. Valid until the next call.
  const rollout::Inventory* Find(const document::NamespacedName& key, std::string_view uid) const;
  /// On record, in place of what was there of this Kustomization, when this returns. Errors: Canceled; TooLarge and whatever the server says: nothing may be taken
  /// to be on record, and nothing of it hurts if it is.
  net::Task<base::Result<void>> Record(document::NamespacedName key, std::string uid, rollout::Inventory inventory);
  /// Its status has it all by now.
  void Settle(const document::NamespacedName& key);

  net::Task<void> Close();

 private:
  struct Entry {
    std::string uid;
    rollout::Inventory inventory;
    std::string text;  ///< as in the ConfigMap
    bool settled = false;
  };
  /// Those who wait for one write.
  struct Batch {
    net::Event written{net::Event::Kind::Latch};
    base::Result<void> result;
    bool wanted = false;
  };

  net::Task<base::Result<std::vector<document::Value>>> Look(std::string ns);
  net::Task<void> Load();
  void Read(const document::Value& config_map);
  static Entry EntryFor(std::string uid, rollout::Inventory inventory);
  std::size_t BytesWith(const document::NamespacedName& key, const Entry& entry) const;
  void Put(const document::NamespacedName& key, Entry entry);
  net::Task<void> WriteAll();
  net::Task<base::Result<void>> Write();
  net::Task<base::Result<document::Value>> Send(const std::string& text);
  net::Task<void> Tidy();
  bool AnySettled() const;
  void TidySoon();

  kube::Client& client_;
  JournalOptions options_;
  std::map<document::NamespacedName, Entry> entries_;
  std::size_t bytes_ = 0;
  std::string version_;  ///< of the ConfigMap as we know it; "" where we do not: then it is written whatever it is
  std::shared_ptr<Batch> next_;
  bool opening_ = false, open_ = false, writing_ = false, tidying_ = false;
  base::TimePoint resting_until_;
  net::Event opened_{net::Event::Kind::Latch};
  net::Scope scope_;
};

}  // namespace sluice::controller::kustomization
