// kube/mapper.h: which kinds the API server has, and where: GroupVersionKind to URL. Discovery takes two requests where the server
// aggregates it (Kubernetes 1.27, apidiscovery.k8s.io/v2), else one a group version. Belongs to the I/O thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "document/object.h"
#include "kube/transport.h"

namespace sluice::kube {

enum class Verb : std::uint8_t { Get = 1, List = 2, Watch = 4, Create = 8, Update = 16, Patch = 32, Delete = 64, DeleteCollection = 128 };

/// One kind as the server serves it. Immutable once shared.
struct Resource {
  document::GroupVersionKind gvk;
  std::string plural;  ///< "deployments"
  bool namespaced = false;
  std::uint8_t verbs = 0;                 ///< Verb bits
  std::vector<std::string> subresources;  ///< "status", "scale"
  std::vector<std::string> short_names;   ///< "deploy"

  bool Can(Verb verb) const { return (verbs & static_cast<std::uint8_t>(verb)) != 0; }
  bool HasSubresource(std::string_view name) const;
  std::string GroupResource() const;  ///< "deployments.apps", "services"
  /// "/apis/apps/v1/namespaces/<ns>/deployments/<name>". `ns` is left out for cluster-scoped kinds and if empty (all namespaces),
  /// `name` if empty (the collection). Both are percent-encoded.
  std::string Path(std::string_view ns, std::string_view name) const;
};
using ResourcePtr = std::shared_ptr<const Resource>;

struct MapperOptions {
  std::chrono::milliseconds min_refresh_interval{2'000};  ///< unknown kinds ask the server at most this often
};

class Mapper {
 public:
  Mapper(Transport& transport, MapperOptions options);
  ~Mapper();
  Mapper(const Mapper&) = delete;
  Mapper& operator=(const Mapper&) = delete;

  /// The resource of `gvk`. An unknown kind asks the server again, together with all others that ask meanwhile, and not more often than
  /// the refresh interval, for whose end it waits: a kind is never said to be absent because it was a moment ago. Errors: NotFound in Flux's words, `no matches for kind "Foo" in version "example.com/v1"`, only if the server's answer was
  /// whole for that group; Unavailable if it was not (an APIService is down: never "absent", threats R11); Unauthorized, Timeout.
  net::Task<base::Result<ResourcePtr>> Find(document::GroupVersionKind gvk);
  /// As Find, for a kind whose version is not known: the version the server prefers.
  net::Task<base::Result<ResourcePtr>> FindPreferred(document::GroupKind kind);
  /// As Find; where the server has the kind in other versions only, the one it prefers: for what was recorded long ago.
  net::Task<base::Result<ResourcePtr>> FindServed(document::GroupVersionKind gvk);
  /// Every version of every kind, sorted by group, kind and preference (preferred first). Asks the server if it was never asked.
  net::Task<base::Result<std::vector<ResourcePtr>>> All();

  /// What is known without asking; nullptr if it is not.
  ResourcePtr Cached(const document::GroupVersionKind& gvk) const;
  ResourcePtr CachedPreferred(const document::GroupKind& kind) const;

  /// After a CRD or APIService was applied: the next Find of an unknown kind asks at once, and for ten seconds each Find of one asks again
  /// for up to two seconds before it says NotFound, since discovery lags a little behind.
  void Invalidate();
  /// After a 404 for the kind itself: the next Find of it asks.
  void Forget(const document::GroupVersionKind& gvk);
  /// Asks now, or together with others that ask. Kinds that are gone are forgotten.
  net::Task<base::Result<void>> Refresh();
  std::uint64_t refreshes() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::kube
