#include "sources/oci/signatures.h"

#include "net/await.h"
#include "sources/oci/cosign.h"

namespace sluice::sources::oci {
namespace {

using base::Result;

/// Simple signing: a manifest under a tag of its own, a layer for each signature.
net::Task<Result<bool>> CheckTagged(Client& client, const std::string& digest, const std::vector<PublicKey>& keys, std::size_t& seen) {
  net::Task<Result<Manifest>> reading = client.ReadManifest(SignatureTag(digest));
  const Result<Manifest> signatures = co_await std::move(reading);
  if (!signatures && signatures.error().reason == base::Reason::NotFound) co_return false;
  if (!signatures) co_return signatures.error();
  for (const Descriptor& layer : signatures->layers) {
    const auto signature = layer.annotations.find(std::string(kSignatureAnnotation));
    if (signature == layer.annotations.end() || ++seen > client.limits().max_signatures) continue;
    net::Task<Result<std::string>> downloading = client.ReadBlob(layer);
    CO_TRY(const std::string payload, co_await std::move(downloading));
    for (const PublicKey& key : keys) {
      if (CheckSimpleSigning(key, payload, signature->second, digest)) co_return true;
    }
  }
  co_return false;
}

/// Bundles: manifests that refer to the artifact.
net::Task<Result<bool>> CheckReferrers(Client& client, const std::string& digest, const std::vector<PublicKey>& keys, std::size_t& seen) {
  net::Task<Result<std::vector<Descriptor>>> listing = client.ListReferrers(digest, std::string(kBundleType));
  CO_TRY(const std::vector<Descriptor> referrers, co_await std::move(listing));
  for (const Descriptor& referrer : referrers) {
    if (++seen > client.limits().max_signatures) break;
    net::Task<Result<Manifest>> reading = client.ReadManifest(referrer.digest);
    CO_TRY(const Manifest manifest, co_await std::move(reading));
    if (manifest.layers.empty()) continue;
    net::Task<Result<std::string>> downloading = client.ReadBlob(manifest.layers[0]);
    CO_TRY(const std::string bundle, co_await std::move(downloading));
    for (const PublicKey& key : keys) {
      if (CheckBundle(key, bundle, digest)) co_return true;
    }
  }
  co_return false;
}

}  // namespace

net::Task<Result<SignatureCheck>> CheckSignatures(Client& client, std::string digest, std::vector<std::string> pems) {
  std::vector<PublicKey> keys;
  for (const std::string& pem : pems) {
    CO_TRY(PublicKey key, PublicKey::Parse(pem));
    keys.push_back(std::move(key));
  }
  SignatureCheck check;
  net::Task<Result<bool>> tagged = CheckTagged(client, digest, keys, check.seen);
  CO_TRY(check.good, co_await std::move(tagged));
  if (check.good) co_return check;
  net::Task<Result<bool>> referring = CheckReferrers(client, digest, keys, check.seen);
  CO_TRY(check.good, co_await std::move(referring));
  if (const std::size_t most = client.limits().max_signatures; !check.good && check.seen > most)
    check.left_out = ", of which only the first " + std::to_string(most) + " were looked at (--oci-max-signatures)";
  co_return check;
}

}  // namespace sluice::sources::oci
