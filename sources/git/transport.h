// sources/git/transport.h: a conversation with `git-upload-pack` on a host: over http(s) each request stands alone, over ssh all share one
// connection. Used by one thread; every call ends by the waiter's deadline or stop.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "sources/git/credentials.h"
#include "sources/git/repository.h"
#include "sources/git/shared_resources.h"
#include "sources/git/url.h"
#include "sources/git/waiter.h"

namespace sluice::sources {

/// What a transport is made from; all of it outlives the transport.
struct TransportContext {
  const GitUrl& url;
  const Credentials& credentials;
  const GitClientOptions& options;
  const Waiter& waiter;
  SharedResources& shared;  ///< its connections are used again by the next transport to the same URL with the same credentials

  /// `<url>: <text>`, cleaned of the credentials.
  base::Error Fail(base::Reason reason, std::string_view text) const;
};

class Transport {
 public:
  virtual ~Transport() = default;
  /// Connects and asks what the host offers, preferring protocol version 2; Read gives the answer.
  virtual base::Result<void> Advertise() = 0;
  /// Sends one request; Read gives its answer. (http(s): the rest of an answer before is dropped, and Advertise need not have been called.)
  virtual base::Result<void> Request(std::string_view body) = 0;
  /// Fills a part of `buffer`, says how many bytes; 0 at the end of the answer. The last error of an ssh host comes with that end.
  virtual base::Result<std::size_t> Read(std::span<char> buffer) = 0;
  virtual bool stateless() const = 0;
  /// Another address answered for this one; requests without Advertise would miss it.
  virtual bool redirected() const { return false; }
};

/// http(s), over libcurl's multi interface with one transfer. (net/ has a client too, but on the I/O thread, where the indexing of a pack
/// has no business; here the worker thread pulls, and a slow reader slows the sender.) Redirects are followed for Advertise only, so many as options allow,
/// never from https to http; to another host or port without credentials.
std::unique_ptr<Transport> MakeHttpTransport(const TransportContext& context);

/// ssh, over libssh. The host's key must be in known_hosts (only key types that it lists are asked for), RSA keys have 2,048 bits or more, no SHA-1
/// or DSA signatures; the identity is the only method of authentication; no configuration file, agent or environment is read.
std::unique_ptr<Transport> MakeSshTransport(const TransportContext& context);

}  // namespace sluice::sources
