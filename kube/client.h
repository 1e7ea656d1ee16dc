// kube/client.h: the verbs of the Kubernetes API on whole objects, whatever their kind. One Client is one API server and one identity;
// `as` in the options of a call acts on somebody's behalf. Errors of every call: those named beside it, and Unauthorized, Forbidden,
// Timeout (it may have been done), Unavailable (429, 5xx, no connection; `retry_after` as sent), TooLarge, Canceled (the task was, or the
// write gate is shut), NotFound (no such object, namespace or kind). Messages are the server's, without the values of Secrets; the causes
// of an Invalid are joined by "; ". All references passed in outlive the call. Belongs to the I/O thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "document/object.h"
#include "document/value.h"
#include "kube/mapper.h"
#include "kube/transport.h"

namespace sluice::kube {

/// One object of one version of its kind.
struct ObjectRef {
  document::GroupVersionKind gvk;
  std::string ns, name;
  auto operator<=>(const ObjectRef&) const = default;
  static ObjectRef Of(const document::Value& object);
  document::ObjectId Id() const { return {gvk.group, gvk.kind, ns, name}; }
};

struct ReadOptions {
  Impersonate as;
  bool metadata_only = false;            ///< PartialObjectMetadata: apiVersion, kind and metadata of the object asked for, nothing else
  std::chrono::milliseconds timeout{0};  ///< of one try; 0: the transport's
  bool for_lease = false;                ///< of leases alone: before all other requests
};

struct WriteOptions {
  std::string manager;  ///< field manager, 1-128 printable characters
  bool dry_run = false;
  std::string subresource;  ///< "status", "token"; empty: the object itself
  Impersonate as;
  bool metadata_only = false;  ///< of the answer
  std::chrono::milliseconds timeout{0};
  bool for_lease = false;        ///< of leases alone: before all other requests and past the write gate
  bool patient = false;          ///< gives way, for some seconds at most, while many others are under way
  std::string field_validation;  ///< "Strict", "Warn", "Ignore"; empty: the server's own (Warn)
};

struct ApplyOptions {
  std::string manager;   ///< 1-128 printable characters
  bool force = true;     ///< take fields over from other managers instead of failing with Conflict
  bool dry_run = false;  ///< the server answers what it would store, webhooks included, and stores nothing
  std::string subresource;
  Impersonate as;
  bool metadata_only = false;
  std::chrono::milliseconds timeout{0};
  std::string field_validation;  ///< as in WriteOptions
};

enum class PatchType { Merge, Json, StrategicMerge };
enum class Propagation { Background, Foreground, Orphan };

struct DeleteOptions {
  Propagation propagation = Propagation::Background;
  std::string uid;               ///< if set, only this incarnation: another one is a Conflict and survives
  std::string resource_version;  ///< if set, only this version
  bool dry_run = false;
  Impersonate as;
};

struct ListOptions {
  std::string ns;  ///< empty: all namespaces
  std::string label_selector, field_selector;
  std::size_t page_size = 500;  ///< objects a request
  bool metadata_only = false;
  Impersonate as;
  std::chrono::milliseconds timeout{60'000};  ///< of one page
};

/// Receives a list as it arrives, one object at a time. What it was given counts only once List has returned without an error: a list
/// that breaks is an error, never a short list.
struct ListSink {
  std::function<void(document::Value object)> item;  ///< with apiVersion and kind, which list items lack on the wire
  std::function<void()> restart;                     ///< forget the items so far: the pages expired (410) and the list begins again
};

struct ServerVersion {
  std::string git_version, major, minor;  ///< "v1.34.4", "1", "34"
};

class Client {
 public:
  Client(Environment environment, ClusterConfig config, TransportOptions options = {});
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  net::Task<base::Result<document::Value>> Get(const ObjectRef& ref, const ReadOptions& options);
  net::Task<base::Result<document::Value>> Get(const ObjectRef& ref);  ///< as ourselves, whole

  /// The list's resourceVersion, from which a watch goes on. Consistent (never from a stale cache) and paged.
  net::Task<base::Result<std::string>> List(const document::GroupVersionKind& gvk, const ListOptions& options, const ListSink& sink);
  /// As above, collected. For kinds of which there are few.
  net::Task<base::Result<std::vector<document::Value>>> ListAll(const document::GroupVersionKind& gvk, const ListOptions& options);

  /// Errors: AlreadyExists, Invalid. Not repeated after an answer that was lost.
  net::Task<base::Result<document::Value>> Create(const document::Value& object, const WriteOptions& options);
  /// PUT: the whole object; `metadata.resourceVersion`, if it has one, must still be the stored one, else Conflict.
  net::Task<base::Result<document::Value>> Replace(const document::Value& object, const WriteOptions& options);
  /// Server-side apply of `object` as `options.manager`; returns what the server stored (or would, in a dry run). Applying twice is
  /// applying once, so it is tried again after a failure that may pass. Errors: Conflict (another manager owns a field: the message names both;
  /// only without `force`), Invalid. Applying a CustomResourceDefinition or APIService makes the mapper look again.
  net::Task<base::Result<document::Value>> Apply(const document::Value& object, const ApplyOptions& options);
  /// A JSON Patch is only repeated if the server refused to begin (429); a merge patch also after a broken connection.
  net::Task<base::Result<document::Value>> Patch(const ObjectRef& ref, PatchType type, const document::Value& patch,
                                                 const WriteOptions& options);
  /// Ok also if the object now waits for finalizers. Conflict: a precondition does not hold.
  net::Task<base::Result<void>> Delete(const ObjectRef& ref, const DeleteOptions& options);

  /// The text at `path` (with query): pod logs, /metrics, /version. At most `max_bytes`, else TooLarge.
  net::Task<base::Result<std::string>> GetText(const std::string& path, const Impersonate& as, std::size_t max_bytes);
  net::Task<base::Result<ServerVersion>> Version();

  Mapper& mapper();
  Transport& transport();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::kube
