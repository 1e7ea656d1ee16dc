// sources/git/upload_pack.h: the client's side of `git-upload-pack`: what references are there, and a pack of the objects we lack. The formats are those
// of gitprotocol-v2(5), and of gitprotocol-pack(5) (version 0) for hosts that know no better. Every request is one round: what we have is said at once
// and with "done", so the host never asks back.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sources/git/pkt_line.h"
#include "sources/git/reference.h"
#include "sources/git/transport.h"

namespace sluice::sources {

/// What a host said it can do. Kept, it saves the question the next time (http(s) only).
struct HostProfile {
  int version = 0;
  std::vector<std::string> capabilities;  ///< as sent: `name` or `name=value`
  bool Has(std::string_view name) const;
  /// The value of `name=value`; "" without.
  std::string_view Value(std::string_view name) const;
  bool HasFeature(std::string_view name, std::string_view feature) const;  ///< `feature` is a word of the value
};

struct ListQuery {
  std::vector<std::string>
      prefixes;                    ///< of full names; empty: all. The answer may hold more in version 2, the caller looks for what it wants
  std::size_t max_refs = 100'000;  ///< TooLarge beyond
  std::size_t enough = SIZE_MAX;   ///< more need not be read
};

struct PackQuery {
  std::vector<std::string> wants;  ///< object ids
  std::vector<std::string> haves;  ///< commits whose trees we have whole, and whose parents we lack
  bool history = false;            ///< all ancestors too, instead of the wanted commits alone; `haves` are then not sent
  bool commits_only = false;       ///< without trees and files (needs can_filter)
};

class UploadPack {
 public:
  /// Both outlive it.
  UploadPack(Transport& transport, const TransportContext& context);

  /// Connects and learns what the host can do. TooLarge: version 0, and it lists more than `max_refs` references.
  base::Result<void> Connect(std::size_t max_refs = 100'000);
  /// Instead: believes what it said before. Only for stateless transports.
  void Assume(const HostProfile& profile) { profile_ = profile; }
  const HostProfile& profile() const { return profile_; }

  bool can_filter() const;
  bool can_shallow() const;
  /// Any object may be wanted by its id; else only what is listed.
  bool can_want_any() const;

  base::Result<std::vector<RemoteRef>> List(const ListQuery& query);
  /// Hands the pack's bytes to `sink`, in order. NotFound: the host does not have, or show, a wanted object (any more).
  base::Result<void> Pack(const PackQuery& query, const std::function<base::Result<void>(std::string_view)>& sink);

 private:
  base::Result<void> ReadAdvertisement(std::size_t max_refs);
  base::Result<void> ReadV0Refs(Pkt pkt, std::size_t max_refs);
  void TakeCapabilities(std::string_view words);
  base::Result<void> TakeV0Ref(std::string_view line);
  base::Result<void> CheckFormat() const;
  base::Error TooMany(std::size_t max_refs) const;
  base::Result<std::vector<RemoteRef>> ListV2(const ListQuery& query);
  std::string FetchRequestV2(const PackQuery& query) const;
  std::string FetchRequestV0(const PackQuery& query) const;
  base::Result<void> SkipToPackV2();
  base::Result<void> SkipToPackV0(const PackQuery& query);
  base::Result<void> ReadSideband(const std::function<base::Result<void>(std::string_view)>& sink);
  base::Result<Pkt> Next();
  void ResetReader();
  base::Error Fail(base::Reason reason, std::string_view text) const { return context_.Fail(reason, text); }
  base::Error HostSays(std::string_view text) const;

  Transport& transport_;
  const TransportContext context_;
  PktReader reader_;
  HostProfile profile_;
  std::vector<RemoteRef> refs_;  // of version 0, which lists them when it is connected to
};

}  // namespace sluice::sources
