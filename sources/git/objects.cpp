#include "sources/git/objects.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <limits>
#include <optional>

#include "base/digest.h"

namespace sluice::sources {
namespace {

using base::Invalid;
using base::Result;

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// The file type is in the upper bits, permissions in the lower; old repositories hold 100664 and the like.
std::optional<TreeEntryKind> KindOfMode(std::string_view mode) {
  unsigned bits = 0;
  const auto [end, error] = std::from_chars(mode.data(), mode.data() + mode.size(), bits, 8);
  if (error != std::errc() || end != mode.data() + mode.size()) return std::nullopt;
  switch (bits & 0170000u) {
    case 0040000u: return TreeEntryKind::Directory;
    case 0100000u: return (bits & 0111u) ? TreeEntryKind::Executable : TreeEntryKind::File;
    case 0120000u: return TreeEntryKind::Symlink;
    case 0160000u: return TreeEntryKind::Submodule;
    default: return std::nullopt;
  }
}

bool IsEntryName(std::string_view name) { return !name.empty() && name != "." && name != ".." && name.find('/') == std::string_view::npos; }

/// A name for a message: at most 64 bytes, control characters as `?`.
std::string Shown(std::string_view name) {
  std::string out(name.substr(0, 64));
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  return out;
}

/// Takes one `mode SP name NUL id` off `rest`.
Result<TreeEntry> TakeEntry(std::string_view& rest) {
  const std::size_t space = rest.find(' ');
  const std::size_t nul = rest.find('\0');
  if (space == std::string_view::npos || nul == std::string_view::npos || nul < space || rest.size() - nul < 21)
    return Invalid("damaged tree object");
  const std::optional<TreeEntryKind> kind = KindOfMode(rest.substr(0, space));
  TreeEntry entry;
  entry.name = rest.substr(space + 1, nul - space - 1);
  if (!kind) return Invalid("tree entry '" + Shown(entry.name) + "' has an unknown mode");
  if (!IsEntryName(entry.name)) return Invalid("tree entry with the forbidden name '" + Shown(entry.name) + "'");
  entry.kind = *kind;
  std::memcpy(entry.id.data(), rest.data() + nul + 1, entry.id.size());
  rest.remove_prefix(nul + 21);
  return entry;
}

/// `key value` lines up to a blank line; a line that begins with a blank goes on with the one before.
struct Header {
  std::string_view key;
  std::string_view value;          ///< of continued lines with their line breaks and leading blanks
  std::size_t begin = 0, end = 0;  ///< of the whole header in the object, its last line break included
};

struct Parsed {
  std::vector<Header> headers;
  std::string_view message;
  const Header* Find(std::string_view key) const {
    const auto it = std::find_if(headers.begin(), headers.end(), [&](const Header& h) { return h.key == key; });
    return it == headers.end() ? nullptr : &*it;
  }
};

Result<Parsed> ParseHeaders(std::string_view raw) {
  Parsed out;
  std::size_t at = 0;
  while (at < raw.size() && raw[at] != '\n') {
    const std::size_t begin = at;
    do {
      at = raw.find('\n', at);
      if (at == std::string_view::npos) return Invalid("damaged header");
      ++at;
    } while (at < raw.size() && raw[at] == ' ');
    const std::string_view line = raw.substr(begin, at - begin - 1);
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos) return Invalid("damaged header");
    out.headers.push_back({line.substr(0, space), line.substr(space + 1), begin, at});
  }
  out.message = raw.substr(std::min(at + 1, raw.size()));
  return out;
}

/// `Name <email> 1700000000 +0100`; the time is UTC seconds, the zone is dropped.
Result<Identity> ParseIdentity(std::string_view text) {
  const std::size_t open = text.find('<'), close = text.rfind('>');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return Invalid("damaged identity");
  Identity out;
  std::string_view name = text.substr(0, open);
  while (name.ends_with(' ')) name.remove_suffix(1);
  out.name = name;
  out.email = text.substr(open + 1, close - open - 1);
  std::string_view time = text.substr(close + 1);
  time.remove_prefix(std::min(time.find_first_not_of(' '), time.size()));
  std::int64_t seconds = 0;
  std::from_chars(time.data(), time.data() + time.size(), seconds);  // no time at all reads as 0, as in Git
  constexpr std::int64_t kFarthest = 9'000'000'000;                  // what nanoseconds in 64 bits can hold, year 2255
  out.time = base::TimePoint(std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, kFarthest)));
  return out;
}

/// A continued value without the blank that starts each further line.
std::string Unfold(std::string_view value) {
  std::string out;
  for (std::size_t i = 0; i < value.size(); ++i) {
    out += value[i];
    if (value[i] == '\n' && i + 1 < value.size() && value[i + 1] == ' ') ++i;
  }
  return out;
}

/// Where an armored signature begins at the start of a line; npos if none.
std::size_t FindSignature(std::string_view message) {
  std::size_t found = std::string_view::npos;
  for (std::string_view mark :
       {"-----BEGIN PGP SIGNATURE-----", "-----BEGIN PGP MESSAGE-----", "-----BEGIN SSH SIGNATURE-----", "-----BEGIN SIGNED MESSAGE-----"})
    for (std::size_t at = message.find(mark); at != std::string_view::npos; at = message.find(mark, at + 1))
      if (at == 0 || message[at - 1] == '\n') {
        found = std::min(found, at);
        break;
      }
  return found;
}

}  // namespace

std::string ToHex(const ObjectId& id) {
  std::string bytes(id.size(), '\0');
  std::memcpy(bytes.data(), id.data(), id.size());
  return base::HexEncode(bytes);
}

Result<ObjectId> ParseObjectId(std::string_view hex) {
  ObjectId id{};
  if (hex.size() != 40) return Invalid("an object id has 40 hex digits");
  for (std::size_t i = 0; i < id.size(); ++i) {
    const int high = HexDigit(hex[2 * i]), low = HexDigit(hex[2 * i + 1]);
    if (high < 0 || low < 0) return Invalid("an object id has 40 hex digits");
    id[i] = static_cast<unsigned char>(high * 16 + low);
  }
  return id;
}

Result<std::shared_ptr<const Tree>> Tree::Parse(std::string raw) {
  std::shared_ptr<Tree> tree(new Tree);
  tree->raw_ = std::move(raw);
  for (std::string_view rest = tree->raw_; !rest.empty();) {
    TRY(TreeEntry entry, TakeEntry(rest));
    tree->entries_.push_back(entry);
  }
  const auto by_name = [](const TreeEntry& a, const TreeEntry& b) { return a.name < b.name; };
  std::sort(tree->entries_.begin(), tree->entries_.end(), by_name);  // Git sorts directories as if their names ended in '/'
  const auto same = [](const TreeEntry& a, const TreeEntry& b) { return a.name == b.name; };
  const auto twice = std::adjacent_find(tree->entries_.begin(), tree->entries_.end(), same);
  if (twice != tree->entries_.end()) return Invalid("tree holds '" + Shown(twice->name) + "' twice");
  tree->entries_.shrink_to_fit();
  return std::shared_ptr<const Tree>(std::move(tree));
}

const TreeEntry* Tree::Find(std::string_view name) const {
  const auto it =
      std::lower_bound(entries_.begin(), entries_.end(), name, [](const TreeEntry& e, std::string_view n) { return e.name < n; });
  return it == entries_.end() || it->name != name ? nullptr : &*it;
}

Result<CommitInfo> ParseCommit(std::string_view id, std::string_view raw) {
  TRY(const Parsed parsed, ParseHeaders(raw));
  const Header *tree = parsed.Find("tree"), *author = parsed.Find("author"), *committer = parsed.Find("committer");
  if (!tree || !author || !committer || !ParseObjectId(tree->value)) return Invalid("damaged commit object");
  CommitInfo out;
  out.commit = id;
  out.tree = tree->value;
  TRY(out.author, ParseIdentity(author->value));
  TRY(out.committer, ParseIdentity(committer->value));
  out.message = parsed.message;
  for (const Header& header : parsed.headers)
    if (header.key == "parent") out.parents.emplace_back(header.value);
  if (const Header* signature = parsed.Find("gpgsig")) {
    out.signature = Unfold(signature->value);
    out.signed_payload = std::string(raw.substr(0, signature->begin)) + std::string(raw.substr(signature->end));
  }
  return out;
}

Result<TagInfo> ParseTag(std::string_view id, std::string_view raw) {
  TRY(const Parsed parsed, ParseHeaders(raw));
  const Header *object = parsed.Find("object"), *name = parsed.Find("tag"), *tagger = parsed.Find("tagger");
  if (!object || !name || !ParseObjectId(object->value)) return Invalid("damaged tag object");
  TagInfo out;
  out.object = id;
  out.target = object->value;
  out.name = name->value;
  if (tagger) {
    TRY(out.tagger, ParseIdentity(tagger->value));
  }
  const std::size_t signature = FindSignature(parsed.message);
  out.message = parsed.message.substr(0, signature);
  if (signature == std::string_view::npos) return out;
  out.signature = parsed.message.substr(signature);
  out.signed_payload = raw.substr(0, raw.size() - out.signature.size());
  return out;
}

}  // namespace sluice::sources
