#include <string>

#include "sources/git/upload_pack.h"

namespace sluice::sources {

using base::Reason;
using base::Result;

// "thin-pack" is not for the deltas alone: without it git computes the difference to a shallow `have` from commits only, and sends every file again
// (git 2.39, measured: 219 ms of our CPU instead of 2 for a one-file commit in 10,000 files).
std::string UploadPack::FetchRequestV2(const PackQuery& query) const {
  std::string request = PktLine("command=fetch\n") + PktLine("agent=git/sluice\n");
  if (profile_.Has("object-format")) request += PktLine("object-format=sha1\n");
  request += std::string(kDelimiterPkt) + PktLine("thin-pack\n") + PktLine("no-progress\n") + PktLine("ofs-delta\n");
  for (const std::string& want : query.wants) request += PktLine("want " + want + "\n");
  if (!query.history && can_shallow()) {
    for (const std::string& have : query.haves) request += PktLine("shallow " + have + "\n");
    request += PktLine("deepen 1\n");
    for (const std::string& have : query.haves) request += PktLine("have " + have + "\n");
  }
  if (query.commits_only) request += PktLine("filter tree:0\n");
  return request + PktLine("done\n") + std::string(kFlushPkt);
}

std::string UploadPack::FetchRequestV0(const PackQuery& query) const {
  std::string capabilities;
  for (const char* name : {"side-band-64k", "ofs-delta", "thin-pack", "no-progress", "multi_ack_detailed"})
    if (profile_.Has(name)) capabilities += std::string(" ") + name;
  const bool shallow = !query.history && can_shallow();
  if (shallow) capabilities += " shallow";
  if (query.commits_only) capabilities += " filter";
  std::string request;
  for (const std::string& want : query.wants) {
    request += PktLine("want " + want + capabilities + " agent=git/sluice\n");
    capabilities.clear();
  }
  if (shallow) {
    for (const std::string& have : query.haves) request += PktLine("shallow " + have + "\n");
    request += PktLine("deepen 1\n");
  }
  if (query.commits_only) request += PktLine("filter tree:0\n");
  request += kFlushPkt;
  if (shallow)
    for (const std::string& have : query.haves) request += PktLine("have " + have + "\n");
  return request + PktLine("done\n");
}

/// Version 2 answers in named sections; all before the pack tell us nothing that we did not ask for.
Result<void> UploadPack::SkipToPackV2() {
  for (;;) {
    TRY(const Pkt pkt, Next());
    if (pkt.kind == PktKind::Data && pkt.line() == "packfile") return {};
    if (pkt.kind == PktKind::Flush || pkt.kind == PktKind::End) return Fail(Reason::Unavailable, "the answer holds no pack");
  }
}

/// Version 0: with a depth first `shallow …` lines and a flush, then acknowledgments, of which the last is NAK or a bare `ACK <id>`.
Result<void> UploadPack::SkipToPackV0(const PackQuery& query) {
  if (!query.history && can_shallow()) {
    for (;;) {
      TRY(const Pkt pkt, Next());
      if (pkt.kind == PktKind::Flush) break;
      if (pkt.kind != PktKind::Data) return Fail(Reason::Unavailable, "the answer holds no pack");
    }
  }
  for (;;) {
    TRY(const Pkt pkt, Next());
    const std::string_view line = pkt.line();
    if (line == "NAK" || (line.starts_with("ACK ") && line.size() == 44)) return {};
    if (!line.starts_with("ACK ")) return Fail(Reason::Unavailable, "the answer holds no pack");
  }
}

/// Band 1 carries the pack, 2 progress, 3 the host's last words.
Result<void> UploadPack::ReadSideband(const std::function<Result<void>(std::string_view)>& sink) {
  for (;;) {
    TRY(const Pkt pkt, Next());
    if (pkt.kind == PktKind::Flush) return {};
    if (pkt.kind != PktKind::Data) return Fail(Reason::Unavailable, "the pack was cut off");
    if (pkt.data.empty()) continue;
    if (pkt.data[0] == 3) return HostSays(pkt.line().substr(1));
    if (pkt.data[0] != 1) continue;
    if (auto taken = sink(pkt.data.substr(1)); !taken) return std::move(taken).error();
    if (auto ok = context_.waiter.Check(); !ok) return Fail(ok.error().reason, ok.error().message);
  }
}

Result<void> UploadPack::Pack(const PackQuery& query, const std::function<Result<void>(std::string_view)>& sink) {
  if (profile_.version == 2) {
    TRY(transport_.Request(FetchRequestV2(query)));
    TRY(SkipToPackV2());
    return ReadSideband(sink);
  }
  if (!profile_.Has("side-band-64k")) return Fail(Reason::Unsupported, "the host's Git is too old (no side-band-64k)");
  TRY(transport_.Request(FetchRequestV0(query)));
  TRY(SkipToPackV0(query));
  return ReadSideband(sink);
}

}  // namespace sluice::sources
