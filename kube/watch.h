// kube/watch.h: the objects of one kind, all of them once and then every change, for as long as it runs. Lists page by page, watches with
// bookmarks, resumes where it stopped after a broken connection, lists again after 410 (Expired), and tells what was deleted meanwhile.
// The rules are client-go's reflector's (tools/cache/reflector.go). Belongs to the I/O thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "document/object.h"
#include "document/value.h"
#include "kube/client.h"

namespace sluice::kube {

/// Who hears of the objects. Called on the I/O thread; a call must not wait and must not destroy the Reflector.
/// A list is told as OnListBegin, OnObject for each, OnListEnd. An object that arrives during a list is true at once; what was not told
/// between begin and end is gone when the end comes. A list that breaks has no end (the next OnListBegin starts over), so nothing is ever
/// taken for deleted because of it.
class WatchListener {
 public:
  virtual ~WatchListener() = default;
  virtual void OnListBegin() = 0;
  virtual void OnObject(document::Value object) = 0;              ///< exists, new or changed
  virtual void OnDeleted(document::Value object) = 0;             ///< its last state
  virtual void OnListEnd(std::string_view resource_version) = 0;  ///< the list was whole as of this version
  /// The server went back in time (etcd restored from a backup): versions told so far are of another history, and nothing is younger because its version is
  /// higher. A whole list follows.
  virtual void OnRewound() {}
  /// A list or watch failed and will be tried again; for health reports. `synced()` stays as it was.
  virtual void OnTrouble(const base::Error& error) { (void)error; }
};

struct ReflectorOptions {
  std::string ns;  ///< empty: all namespaces
  std::string label_selector, field_selector;
  std::size_t page_size = 500;
  Impersonate as;
  bool metadata_only = false;                     ///< PartialObjectMetadata: apiVersion, kind and metadata, nothing else
  std::chrono::seconds min_watch{290};            ///< the server is asked to end a watch after between this
  std::chrono::seconds max_watch{580};            ///< and this, evenly, so that watches do not end together
  std::chrono::milliseconds stall{150'000};       ///< no byte, not even a bookmark (sent each minute), for so long: connect again
  std::chrono::milliseconds first_backoff{200};   ///< decorrelated jitter: between this and three times the last wait,
  std::chrono::milliseconds max_backoff{30'000};  ///< at most this
  std::size_t max_event_bytes = 8u << 20;         ///< a longer event ends the watch and lists again
  /// List again when the watch ends and the last list is so old, though nothing went wrong: heals what an event that never came has left
  /// wrong (threats R10). 0: never.
  std::chrono::seconds relist{0};
};

struct ReflectorStats {
  std::uint64_t lists = 0, watches = 0, events = 0, bookmarks = 0, expired = 0, failures = 0, stalls = 0;
};

class Reflector {
 public:
  /// `client` and `listener` outlive it.
  Reflector(Client& client, document::GroupVersionKind gvk, ReflectorOptions options, WatchListener& listener);
  ~Reflector();  ///< as Stop()
  Reflector(const Reflector&) = delete;
  Reflector& operator=(const Reflector&) = delete;

  void Start();             ///< once
  void Stop();              ///< the listener hears nothing any more, from now on; what runs is cancelled
  net::Task<void> Close();  ///< as Stop(), and waits until it has ended
  bool synced() const;      ///< one list was whole
  /// Ok once synced. NotFound, Forbidden, Unauthorized, Invalid: what the first list met, at once (it goes on trying). Timeout, Canceled.
  net::Task<base::Result<void>> WaitSynced(std::chrono::nanoseconds timeout);
  const ReflectorStats& stats() const;
  const std::string& resource_version() const;  ///< up to which all is told
  const document::GroupVersionKind& gvk() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace sluice::kube
