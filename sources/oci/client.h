// sources/oci/client.h: one repository of a registry, over the distribution specification (v2, 1.1): manifests, blobs and tags, read only. Logs in as
// the registry asks (Basic, or a token of its service); credentials go to the registry's own host, to token services that are known to be its
// own, and to those that the docker config names, and nowhere else (threats T18). Everything that is read is checked against its digest. Belongs to
// the I/O thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/http.h"
#include "net/task.h"
#include "sources/oci/docker_config.h"
#include "sources/oci/manifest.h"
#include "sources/oci/name.h"

namespace sluice::sources::oci {

/// What a registry may make us read.
struct RegistryLimits {
  std::size_t max_tags = 50'000;                       ///< `--oci-max-tags`: of one repository
  std::size_t max_tag_pages = 100;                     ///< `--oci-max-tag-pages`: that list them
  std::size_t max_signatures = 50;                     ///< `--oci-max-signatures`: of one artifact that are looked at
  std::size_t max_manifest_bytes = kMaxManifestBytes;  ///< `--oci-max-manifest-bytes`
  net::AnswerLimits answers;
};

struct ClientOptions {
  net::TlsOptions tls;
  std::string proxy;
  bool insecure = false;                      ///< `spec.insecure`: plain http where https does not answer, with credentials too
  std::chrono::milliseconds timeout{60'000};  ///< of one request
  std::uint64_t max_blob_bytes = 256u << 20;
  RegistryLimits limits;
};

class Client {
 public:
  Client(boost::asio::io_context& io, Repository repository, DockerConfig logins, ClientOptions options);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// `reference` below is a tag or a digest. Errors of all calls: Unauthorized (login refused, or credentials would have to go where they may not),
  /// Forbidden, NotFound, Unavailable (with `retry_after` as sent), Timeout, TooLarge, Invalid (an answer that is none, a wrong digest), Canceled.
  /// Messages name method, URL and the registry's own words, never credentials.

  /// The digest that `reference` stands for now.
  net::Task<base::Result<std::string>> Resolve(std::string reference);
  /// The manifest, its text checked if `reference` is a digest.
  net::Task<base::Result<Manifest>> ReadManifest(std::string reference);
  /// The manifest of one image: of an index that of linux/amd64, as go-containerregistry chooses.
  net::Task<base::Result<Manifest>> ReadImage(std::string reference);
  /// Whole and checked. A connection that breaks is taken up where it broke.
  net::Task<base::Result<std::string>> ReadBlob(Descriptor blob);
  /// All tags, page by page, in the registry's order.
  net::Task<base::Result<std::vector<std::string>>> ListTags();
  /// The digests of what refers to `digest` with this artifact type: by the referrers API, else by the tag that stands in for it. None is no error.
  net::Task<base::Result<std::vector<Descriptor>>> ListReferrers(std::string digest, std::string artifact_type);
  const RegistryLimits& limits() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Whether a token service at `realm` may be given the credentials for `registry` (both with scheme). Pure.
bool MayReceiveCredentials(std::string_view registry_url, std::string_view realm_url, const DockerConfig& logins);

}  // namespace sluice::sources::oci
