#include "sources/git/upload_pack.h"

#include <algorithm>

#include "sources/git/objects.h"

namespace sluice::sources {
namespace {

using base::Error;
using base::Reason;
using base::Result;

constexpr std::size_t kMaxCapabilities = 200;
constexpr std::string_view kPeeled = "^{}";

bool HasWord(std::string_view words, std::string_view word) {
  while (!words.empty()) {
    const std::size_t end = words.find(' ');
    if (words.substr(0, end) == word) return true;
    words = end == std::string_view::npos ? std::string_view() : words.substr(end + 1);
  }
  return false;
}

bool IsId(std::string_view text) { return ParseObjectId(text).has_value(); }

bool Asked(const ListQuery& query, std::string_view name) {
  return query.prefixes.empty() ||
         std::any_of(query.prefixes.begin(), query.prefixes.end(), [&](const std::string& p) { return name.starts_with(p); });
}

/// `<id> <name> [symref-target:…] [peeled:<id>]`; nullopt for an unborn HEAD or what is not understood.
std::optional<RemoteRef> ParseRefV2(std::string_view line) {
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos || !IsId(line.substr(0, space))) return std::nullopt;
  RemoteRef ref;
  ref.object = line.substr(0, space);
  line.remove_prefix(space + 1);
  const std::size_t end = std::min(line.find(' '), line.size());
  ref.name = line.substr(0, end);
  const std::size_t peeled = line.find(" peeled:", end);
  if (peeled != std::string_view::npos && IsId(line.substr(peeled + 8, 40))) ref.peeled = line.substr(peeled + 8, 40);
  return ref;
}

}  // namespace

std::string_view HostProfile::Value(std::string_view name) const {
  for (std::string_view capability : capabilities)
    if (capability.starts_with(name) && capability.substr(name.size()).starts_with('=')) return capability.substr(name.size() + 1);
  return {};
}

bool HostProfile::Has(std::string_view name) const {
  return std::any_of(capabilities.begin(), capabilities.end(),
                     [&](std::string_view c) { return c.starts_with(name) && (c.size() == name.size() || c[name.size()] == '='); });
}

bool HostProfile::HasFeature(std::string_view name, std::string_view feature) const { return HasWord(Value(name), feature); }

UploadPack::UploadPack(Transport& transport, const TransportContext& context) : transport_(transport), context_(context), reader_({}) {
  ResetReader();
}

void UploadPack::ResetReader() {
  reader_ = PktReader([&transport = transport_](std::span<char> buffer) { return transport.Read(buffer); });
}

bool UploadPack::can_filter() const { return profile_.version == 2 ? profile_.HasFeature("fetch", "filter") : profile_.Has("filter"); }
bool UploadPack::can_shallow() const { return profile_.version == 2 ? profile_.HasFeature("fetch", "shallow") : profile_.Has("shallow"); }
bool UploadPack::can_want_any() const {
  return profile_.version == 2 || profile_.Has("allow-any-sha1-in-want") || profile_.Has("allow-reachable-sha1-in-want");
}

/// What a host writes instead of an answer, in an ERR packet or on the error band.
Error UploadPack::HostSays(std::string_view text) const {
  const std::string quoted = "the host says '" + Cleaned(text, context_.credentials) + "'";
  const auto says = [&](std::string_view words) { return text.find(words) != std::string_view::npos; };
  if (says("not our ref") || says("unadvertised object") || says("no such remote ref") || says("bad object"))
    return Fail(Reason::NotFound, "the commit is not there (any more): " + quoted);
  if (says("not found") || says("not exported") || says("does not appear to be"))
    return Fail(Reason::NotFound, "repository not found: " + quoted + ": check the URL and the rights of the account");
  if (says("denied") || says("forbidden")) return Fail(Reason::Forbidden, "the host forbids access: " + quoted);
  return Fail(Reason::Unavailable, quoted);
}

/// The next packet; an ERR packet is an error.
Result<Pkt> UploadPack::Next() {
  auto pkt = reader_.Read();
  if (!pkt && pkt.error().message.starts_with(context_.url.text)) return std::move(pkt).error();
  if (!pkt) return Fail(pkt.error().reason, pkt.error().message);
  if (pkt->kind == PktKind::Data && pkt->data.starts_with("ERR ")) return HostSays(pkt->line().substr(4));
  return pkt;
}

Result<void> UploadPack::Connect(std::size_t max_refs) {
  profile_ = {};
  refs_.clear();
  ResetReader();
  TRY(transport_.Advertise());
  return ReadAdvertisement(max_refs);
}

Result<void> UploadPack::ReadAdvertisement(std::size_t max_refs) {
  TRY(Pkt pkt, Next());
  if (pkt.kind == PktKind::Data && pkt.line() == "# service=git-upload-pack") {  // http's own first line, and a flush
    TRY(pkt, Next());
    if (pkt.kind == PktKind::Flush) {
      TRY(pkt, Next());
    }
  }
  if (pkt.kind == PktKind::Data && pkt.line() == "version 1") {
    TRY(pkt, Next());
  }
  if (pkt.kind != PktKind::Data || pkt.line() != "version 2") return ReadV0Refs(pkt, max_refs);
  profile_.version = 2;
  for (;;) {
    TRY(pkt, Next());
    if (pkt.kind != PktKind::Data) break;
    if (profile_.capabilities.size() < kMaxCapabilities) profile_.capabilities.emplace_back(pkt.line());
  }
  TRY(CheckFormat());
  if (!profile_.Has("ls-refs") || !profile_.Has("fetch"))
    return Fail(Reason::Invalid, "the host speaks Git's protocol 2 without ls-refs or fetch");
  return {};
}

Result<std::vector<RemoteRef>> UploadPack::ListV2(const ListQuery& query) {
  std::string request = PktLine("command=ls-refs\n") + PktLine("agent=git/sluice\n");
  if (profile_.Has("object-format")) request += PktLine("object-format=sha1\n");
  request += std::string(kDelimiterPkt) + PktLine("peel\n") + PktLine("symrefs\n");
  for (const std::string& prefix : query.prefixes) request += PktLine("ref-prefix " + prefix + "\n");
  request += kFlushPkt;
  TRY(transport_.Request(request));
  std::vector<RemoteRef> refs;
  for (;;) {
    TRY(const Pkt pkt, Next());
    if (pkt.kind == PktKind::End) return Fail(Reason::Unavailable, "the list of references was cut off");
    if (pkt.kind != PktKind::Data) return refs;
    if (auto ref = ParseRefV2(pkt.line())) refs.push_back(*std::move(ref));
    if (refs.size() >= query.enough && transport_.stateless()) {  // the next request drops the rest of this answer
      ResetReader();
      return refs;
    }
    if (refs.size() > query.enough) refs.pop_back();  // on a shared connection it must be read past
    if (refs.size() > query.max_refs) return TooMany(query.max_refs);
  }
}

Result<void> UploadPack::CheckFormat() const {
  const std::string_view format = profile_.Value("object-format");
  if (format.empty() || format == "sha1") return {};
  return Fail(Reason::Unsupported, "the repository uses " + Cleaned(format, {}) + " object ids; only SHA-1 is supported");
}

Error UploadPack::TooMany(std::size_t max_refs) const {
  return Fail(Reason::TooLarge, "more than " + std::to_string(max_refs) + " references: delete old ones on the host, or raise the limit");
}

void UploadPack::TakeCapabilities(std::string_view words) {
  while (!words.empty() && profile_.capabilities.size() < kMaxCapabilities) {
    const std::size_t end = std::min(words.find(' '), words.size());
    if (end > 0) profile_.capabilities.emplace_back(words.substr(0, end));
    words.remove_prefix(std::min(end + 1, words.size()));
  }
}

/// `<id> <name>`; a tag's commit follows as `<id> <name>^{}`.
Result<void> UploadPack::TakeV0Ref(std::string_view line) {
  if (line.starts_with("shallow ")) return {};
  if (line.size() < 42 || line[40] != ' ' || !IsId(line.substr(0, 40)))
    return Fail(Reason::Invalid, "the answer is not in Git's format: check the URL");
  const std::string_view name = line.substr(41);
  if (!name.ends_with(kPeeled)) {
    refs_.push_back({std::string(name), std::string(line.substr(0, 40)), ""});
  } else if (!refs_.empty() && refs_.back().name == name.substr(0, name.size() - kPeeled.size())) {
    refs_.back().peeled = line.substr(0, 40);
  }
  return {};
}

/// Reads version 0's list, which comes by itself, with the capabilities after a NUL on its first line.
Result<void> UploadPack::ReadV0Refs(Pkt pkt, std::size_t max_refs) {
  for (bool first = true; pkt.kind != PktKind::Flush; first = false) {
    if (pkt.kind != PktKind::Data) return Fail(Reason::Unavailable, "the list of references was cut off");
    const std::string_view line = pkt.line();
    const std::size_t nul = first ? std::min(line.find('\0'), line.size()) : line.size();
    if (nul < line.size()) TakeCapabilities(line.substr(nul + 1));
    TRY(TakeV0Ref(line.substr(0, nul)));
    if (refs_.size() > max_refs) return TooMany(max_refs);
    TRY(pkt, Next());
  }
  return CheckFormat();
}

Result<std::vector<RemoteRef>> UploadPack::List(const ListQuery& query) {
  if (profile_.version == 2) return ListV2(query);
  std::vector<RemoteRef> refs;
  for (const RemoteRef& ref : refs_) {
    if (Asked(query, ref.name)) refs.push_back(ref);
    if (refs.size() >= query.enough) break;
  }
  return refs;
}

}  // namespace sluice::sources
