// Objects are looked at in the order of their offsets. Of each is known where its base lies, so the links up to the next object whose number of links is known
// already are followed, at most `max_links` of them, and then counted on the way back: each object is passed twice, and a chain that bites its own tail is too long.
#include "sources/git/delta_chains.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

namespace sluice::sources {
namespace {

using base::Invalid;
using base::MakeError;
using base::Reason;
using base::Result;

constexpr std::size_t kIdBytes = 20, kFanoutBytes = 256 * 4, kIndexHead = 8 + kFanoutBytes, kTrailers = 2 * kIdBytes;
constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
constexpr unsigned kOffsetDelta = 6, kReferenceDelta = 7;

base::Error Broken(const std::string& stem, std::string_view what) { return Invalid(stem + ": " + std::string(what)); }

std::uint64_t BigEndian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

/// An index of version 2: ids in order, and where their objects are in the pack.
class PackIndex {
 public:
  static Result<PackIndex> Read(const std::string& stem) {
    std::ifstream file(stem + ".idx", std::ios::binary);
    PackIndex out;
    out.bytes_.assign(std::istreambuf_iterator<char>(file), {});
    if (!file.is_open() || file.bad()) return MakeError(Reason::Unavailable, "cannot read " + stem + ".idx");
    if (out.bytes_.size() < kIndexHead + kTrailers || !out.bytes_.starts_with(std::string_view("\377tOc\0\0\0\2", 8)))
      return Broken(stem, "its index is not of version 2");
    out.count_ = BigEndian(out.Field(kIndexHead - 4, 4));
    if (out.bytes_.size() < kIndexHead + out.count_ * (kIdBytes + 8) + kTrailers) return Broken(stem, "its index is cut off");
    return out;
  }

  std::size_t count() const { return count_; }

  /// nullopt: beyond the index.
  std::optional<std::uint64_t> Offset(std::size_t i) const {
    const std::size_t offsets = kIndexHead + count_ * (kIdBytes + 4);
    const std::uint64_t near = BigEndian(Field(offsets + i * 4, 4));
    if (!(near >> 31)) return near;
    const std::size_t far = offsets + count_ * 4 + (near & 0x7fffffff) * 8;
    if (far + 8 + kTrailers > bytes_.size()) return std::nullopt;
    return BigEndian(Field(far, 8));
  }

  std::optional<std::size_t> Find(std::string_view id) const {
    std::size_t low = 0, high = count_;
    while (low < high) {
      const std::size_t middle = (low + high) / 2;
      const int order = Field(kIndexHead + middle * kIdBytes, kIdBytes).compare(id);
      if (order == 0) return middle;
      (order < 0 ? low : high) = order < 0 ? middle + 1 : middle;
    }
    return std::nullopt;
  }

 private:
  std::string_view Field(std::size_t at, std::size_t size) const { return std::string_view(bytes_).substr(at, size); }

  std::string bytes_;
  std::size_t count_ = 0;
};

/// What the header of a packed object says of its base.
struct Base {
  enum class Kind { None, Offset, Id } kind = Kind::None;
  std::uint64_t back = 0;  ///< bytes before the object itself
  std::string_view id;
};

std::optional<Base> ParseHeader(std::string_view header) {
  std::size_t at = 0;
  const unsigned type = header.empty() ? 0 : static_cast<unsigned char>(header[0]) >> 4 & 7;
  while (at < header.size() && (header[at] & 0x80)) ++at;
  if (++at > header.size()) return std::nullopt;
  if (type == kReferenceDelta) {
    if (header.size() - at < kIdBytes) return std::nullopt;
    return Base{.kind = Base::Kind::Id, .id = header.substr(at, kIdBytes)};
  }
  if (type != kOffsetDelta) return Base{};
  std::uint64_t back = 0;
  for (bool more = true, first = true; more; first = false) {
    if (at >= header.size() || back >> 56) return std::nullopt;
    const auto byte = static_cast<unsigned char>(header[at++]);
    back = first ? byte & 0x7f : (back + 1) << 7 | (byte & 0x7f);
    more = byte & 0x80;
  }
  return Base{.kind = Base::Kind::Offset, .back = back};
}

class PackFile {
 public:
  explicit PackFile(const std::string& stem) : fd_(open((stem + ".pack").c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~PackFile() {
    if (fd_ >= 0) close(fd_);
  }
  PackFile(const PackFile&) = delete;
  PackFile& operator=(const PackFile&) = delete;

  /// The longest header is ten bytes of size and twenty of an id; empty: unreadable.
  std::string_view HeaderAt(std::uint64_t offset) {
    const ssize_t got = fd_ < 0 ? -1 : pread(fd_, buffer_.data(), buffer_.size(), static_cast<off_t>(offset));
    return {buffer_.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
  }

 private:
  const int fd_;
  std::array<char, 32> buffer_{};
};

/// For each object, in the order of offsets, the place of its base in that order, or kNone.
Result<std::vector<std::uint32_t>> Bases(const std::string& stem, const PackIndex& index) {
  std::vector<std::uint64_t> offsets;
  for (std::size_t i = 0; i < index.count(); ++i) {
    const auto offset = index.Offset(i);
    if (!offset) return Broken(stem, "its index is cut off");
    offsets.push_back(*offset);
  }
  std::sort(offsets.begin(), offsets.end());
  PackFile pack(stem);
  std::vector<std::uint32_t> bases(offsets.size(), kNone);
  for (std::size_t i = 0; i < offsets.size(); ++i) {
    const auto base = ParseHeader(pack.HeaderAt(offsets[i]));
    if (!base) return Broken(stem, "an object has no header");
    if (base->kind == Base::Kind::None) continue;
    const auto entry = base->kind == Base::Kind::Id ? index.Find(base->id) : std::nullopt;
    const std::uint64_t wanted = entry ? index.Offset(*entry).value_or(0) : offsets[i] - base->back;
    const auto found = std::lower_bound(offsets.begin(), offsets.end(), wanted);
    if (found == offsets.end() || *found != wanted) return Broken(stem, "the base of a delta is not there");
    bases[i] = static_cast<std::uint32_t>(found - offsets.begin());
  }
  return bases;
}

}  // namespace

Result<void> CheckDeltaChains(const std::string& stem, std::size_t max_links) {
  TRY(const PackIndex index, PackIndex::Read(stem));
  TRY(const std::vector<std::uint32_t> bases, Bases(stem, index));
  std::vector<std::uint32_t> links(bases.size(), kNone);
  std::vector<std::uint32_t> way;
  for (std::uint32_t start = 0; start < bases.size(); ++start) {
    way.clear();
    std::uint32_t at = start;
    for (; links[at] == kNone && bases[at] != kNone && way.size() <= max_links; at = bases[at]) way.push_back(at);
    const std::size_t known = links[at] == kNone ? 0 : links[at];
    if (known + way.size() > max_links)
      return MakeError(Reason::TooLarge, "the pack has a chain of more than " + std::to_string(max_links) +
                                             " deltas: repack the repository on the host with a smaller --depth, or raise the limit");
    links[at] = static_cast<std::uint32_t>(known);
    for (std::size_t i = way.size(); i-- > 0;) links[way[i]] = static_cast<std::uint32_t>(known + way.size() - i);
  }
  return {};
}

}  // namespace sluice::sources
