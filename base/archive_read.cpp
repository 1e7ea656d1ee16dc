// Archives of strangers. tar is read by hand: it is one format of a few hundred lines, fuzzed here, where libarchive would bring readers for
// dozens and their own idea of names and types. Every number of a header is checked before it is used, and budgets count the bytes that really come.
#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <vector>

#include "base/archive.h"
#include "base/gzip.h"

namespace sluice::base {

namespace {

constexpr std::size_t kBlock = 512;
constexpr std::uint64_t kMaxExtensionBytes = 1u << 20;  // of one PAX header or long name, as Go's archive/tar
using Block = std::array<char, kBlock>;

Error Damaged(const std::string& what) { return Invalid("tar: " + what); }

std::string_view Field(const Block& block, std::size_t at, std::size_t width) { return {block.data() + at, width}; }

std::string_view CString(std::string_view field) { return field.substr(0, std::min(field.find('\0'), field.size())); }

std::string_view Trim(std::string_view text) {
  const auto is_pad = [](char c) { return c == ' ' || c == '\0'; };
  while (!text.empty() && is_pad(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_pad(text.back())) text.remove_suffix(1);
  return text;
}

// Octal digits, or GNU's base 256 when the top bit of the first byte is set.
Result<std::uint64_t> ParseNumber(std::string_view field) {
  const auto first = static_cast<unsigned char>(field.front());
  if (first & 0x80) {
    if (first & 0x7f) return Damaged("number out of range");  // negative, or beyond 88 bits
    std::uint64_t value = 0;
    for (const char c : field.substr(1)) {
      if (value >> 55) return Damaged("number out of range");
      value = value << 8 | static_cast<unsigned char>(c);
    }
    return value;
  }
  const std::string_view digits = Trim(field);
  std::uint64_t value = 0;
  const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), value, 8);
  if (!digits.empty() && (end.ec != std::errc() || end.ptr != digits.data() + digits.size()))
    return Damaged("malformed number in a header");
  return value;
}

bool ChecksumMatches(const Block& block) {
  std::int64_t as_unsigned = 0, as_signed = 0;
  for (std::size_t i = 0; i < kBlock; ++i) {
    const char c = i >= 148 && i < 156 ? ' ' : block[i];
    as_unsigned += static_cast<unsigned char>(c);
    as_signed += static_cast<signed char>(c);
  }
  const Result<std::uint64_t> want = ParseNumber(Field(block, 148, 8));
  return want && (static_cast<std::int64_t>(*want) == as_unsigned || static_cast<std::int64_t>(*want) == as_signed);
}

bool IsZero(const Block& block) {
  return std::all_of(block.begin(), block.end(), [](char c) { return c == '\0'; });
}

// The name as it stands in the header itself.
std::string HeaderName(const Block& block) {
  std::string name(CString(Field(block, 0, 100)));
  const std::string_view prefix = CString(Field(block, 345, 155));
  const bool posix = Field(block, 257, 6) == std::string_view("ustar\0", 6);
  return posix && !prefix.empty() ? std::string(prefix) + "/" + name : name;
}

// What extension headers say of the next entry.
struct Overrides {
  std::optional<std::string> path;
  std::optional<std::uint64_t> size;
};

Result<void> ApplyPax(std::string_view key, std::string_view value, Overrides& overrides) {
  if (key.starts_with("GNU.sparse.")) return Damaged("sparse files are not supported");
  if (key == "path" && !value.empty()) overrides.path = std::string(value);
  if (key == "size" && !value.empty()) {
    std::uint64_t size = 0;
    const auto end = std::from_chars(value.data(), value.data() + value.size(), size);
    if (end.ec != std::errc() || end.ptr != value.data() + value.size() || size >> 63) return Damaged("malformed size in a PAX header");
    overrides.size = size;
  }
  return {};
}

// Records `<length> <key>=<value>\n`.
Result<void> ParsePax(std::string_view records, Overrides& overrides) {
  while (!records.empty()) {
    std::size_t length = 0;
    const auto end = std::from_chars(records.data(), records.data() + records.size(), length);
    const auto digits = static_cast<std::size_t>(end.ptr - records.data());
    if (end.ec != std::errc() || length > records.size() || length < digits + 3 || records[digits] != ' ' || records[length - 1] != '\n') {
      return Damaged("malformed PAX header");
    }
    const std::string_view record = records.substr(digits + 1, length - digits - 2);
    const std::size_t equals = record.find('=');
    if (equals == record.npos || equals == 0) return Damaged("malformed PAX header");
    TRY(ApplyPax(record.substr(0, equals), record.substr(equals + 1), overrides));
    records.remove_prefix(length);
  }
  return {};
}

std::string Quote(std::string_view name) {
  std::string out = "\"";
  for (const char c : name.substr(0, 100)) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  return out + (name.size() > 100 ? "...\"" : "\"");
}

// The name, normalised, if nothing about it could lead out of the place where it is unpacked.
Result<std::string> CheckName(std::string_view name, const ArchiveLimits& limits) {
  if (name.size() > limits.max_path_bytes) {
    return MakeError(Reason::TooLarge, "tar: name longer than " + std::to_string(limits.max_path_bytes) + " bytes: " + Quote(name));
  }
  if (name.empty()) return Damaged("entry without a name");
  if (name.starts_with('/')) return Damaged("absolute name " + Quote(name));
  if (name.find('\\') != name.npos) return Damaged("backslash in name " + Quote(name));
  if (name.find('\0') != name.npos) return Damaged("NUL in name " + Quote(name));
  std::size_t depth = 0;
  for (std::size_t at = 0; at <= name.size();) {
    const std::size_t end = std::min(name.find('/', at), name.size());
    const std::string_view part = name.substr(at, end - at);
    if (part == "..") return Damaged("name leaves the archive: " + Quote(name));
    if (!part.empty() && part != ".") ++depth;
    at = end + 1;
  }
  if (depth > limits.max_depth) {
    return MakeError(Reason::TooLarge, "tar: name deeper than " + std::to_string(limits.max_depth) + " directories: " + Quote(name));
  }
  return *NormalizePath(name);
}

}  // namespace

struct ArchiveReader::Impl {
  Impl(ByteSource source, ArchiveOptions o) : options(o), gzip(std::move(source), o.limits) {}

  // Fills `buffer` unless the stream ends before.
  Result<std::size_t> Fill(std::span<char> buffer) {
    std::size_t used = 0;
    while (used < buffer.size()) {
      TRY(const std::size_t got, gzip.Read(buffer.subspan(used)));
      if (got == 0) break;
      used += got;
    }
    return used;
  }

  Result<void> Skip(std::uint64_t count) {
    std::vector<char> scratch(static_cast<std::size_t>(std::min<std::uint64_t>(count, 64u << 10)));
    while (count > 0) {
      const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(count, scratch.size()));
      TRY(const std::size_t got, Fill(std::span(scratch).first(want)));
      if (got < want) return Damaged("unexpected end");
      count -= want;
    }
    return {};
  }

  // `size` bytes and their padding. Memory grows with what comes, not with what was announced.
  Result<std::string> Take(std::uint64_t size) {
    std::string bytes;
    while (bytes.size() < size) {
      const std::size_t used = bytes.size();
      bytes.resize(static_cast<std::size_t>(std::min<std::uint64_t>(size, std::max<std::uint64_t>(used * 2, 64u << 10))));
      TRY(const std::size_t got, Fill(std::span(bytes).subspan(used)));
      if (used + got < bytes.size()) return Damaged("unexpected end");
    }
    TRY(Skip(Padding(size)));
    return bytes;
  }

  static std::uint64_t Padding(std::uint64_t size) { return (kBlock - size % kBlock) % kBlock; }

  // The next header that is not zero; nullopt at the end.
  Result<std::optional<Block>> NextHeader() {
    Block block;
    for (int zeros = 0; zeros < 2; ++zeros) {
      TRY(const std::size_t got, Fill(block));
      if (got == 0) return std::optional<Block>();
      if (got < kBlock) return Damaged("unexpected end");
      if (IsZero(block)) continue;
      if (zeros > 0 || !ChecksumMatches(block)) return Damaged("invalid header");
      return std::optional<Block>(block);
    }
    return std::optional<Block>();
  }

  Result<void> ReadExtension(char type, std::uint64_t size, Overrides& overrides) {
    if (size > kMaxExtensionBytes)
      return MakeError(Reason::TooLarge, "tar: extension header of more than " + std::to_string(kMaxExtensionBytes) + " bytes");
    TRY(const std::string bytes, Take(size));
    if (type == 'x') return ParsePax(bytes, overrides);
    if (type == 'L') overrides.path = std::string(CString(bytes));
    return {};  // a global header, or the long name of a link, changes nothing that we read
  }

  Result<std::optional<ArchiveEntry>> Next();
  Result<std::optional<ArchiveEntry>> Entry(const Block& header, const Overrides& overrides, std::uint64_t size);

  ArchiveOptions options;
  GzipReader gzip;
  std::uint64_t entries = 0;
  std::uint64_t unread = 0;  // bytes of the current file, padding not counted
};

Result<std::optional<ArchiveEntry>> ArchiveReader::Impl::Next() {
  TRY(Skip(unread + Padding(unread)));
  unread = 0;
  Overrides overrides;
  while (true) {
    TRY(const std::optional<Block> header, NextHeader());
    if (!header) return std::optional<ArchiveEntry>();
    if (++entries > options.limits.max_entries) {
      return MakeError(Reason::TooLarge, "tar: more than " + std::to_string(options.limits.max_entries) + " entries");
    }
    TRY(const std::uint64_t stated, ParseNumber(Field(*header, 124, 12)));
    const char type = (*header)[156];
    if (type == 'x' || type == 'g' || type == 'L' || type == 'K') {
      TRY(ReadExtension(type, stated, overrides));
      continue;
    }
    TRY(std::optional<ArchiveEntry> entry, Entry(*header, overrides, overrides.size.value_or(stated)));
    if (entry) return entry;
    overrides = {};  // a skipped link
  }
}

// What `header` announces; nullopt if it is to be skipped.
Result<std::optional<ArchiveEntry>> ArchiveReader::Impl::Entry(const Block& header, const Overrides& overrides, std::uint64_t size) {
  const char type = header[156];
  const std::string name = overrides.path ? *overrides.path : HeaderName(header);
  TRY(std::string path, CheckName(name, options.limits));
  if (type == '2' && options.symlinks == Symlinks::Skip) return std::optional<ArchiveEntry>();
  if (type == '2') return Damaged("symbolic link " + Quote(name));
  const bool directory = type == '5' || (type == '\0' && name.ends_with('/'));
  const bool regular = type == '0' || type == '7' || (type == '\0' && !directory);
  if (!directory && !regular) return Damaged("entry " + Quote(name) + " is neither file nor directory");
  if (regular && (path == "." || name.ends_with('/'))) return Damaged("file " + Quote(name) + " has a directory's name");
  if (regular && size > options.limits.max_file_bytes) {
    return MakeError(Reason::TooLarge,
                     "tar: " + Quote(name) + " is larger than " + std::to_string(options.limits.max_file_bytes) + " bytes");
  }
  TRY(const std::uint64_t mode, ParseNumber(Field(header, 100, 8)));
  unread = directory ? 0 : size;
  return std::optional<ArchiveEntry>(
      {.path = std::move(path), .directory = directory, .executable = regular && (mode & 0111) != 0, .size = unread});
}

ArchiveReader::ArchiveReader(ByteSource source, ArchiveOptions options) : impl_(std::make_unique<Impl>(std::move(source), options)) {}
ArchiveReader::~ArchiveReader() = default;
Result<std::optional<ArchiveEntry>> ArchiveReader::Next() { return impl_->Next(); }

Result<std::string> ArchiveReader::Contents() {
  const std::uint64_t size = std::exchange(impl_->unread, 0);
  return impl_->Take(size);
}

Result<std::unique_ptr<Files>> ArchiveFiles(std::string_view tar_gz, const ArchiveOptions& options) {
  ArchiveReader reader(SourceOf(tar_gz), options);
  std::map<std::string, std::string> files;
  std::set<std::string> directories, executables;
  while (true) {
    TRY(const std::optional<ArchiveEntry> entry, reader.Next());
    if (!entry) break;
    for (std::string_view parent = DirName(entry->path); parent != "."; parent = DirName(parent)) {
      if (!directories.emplace(parent).second) break;
    }
    if (entry->directory) {
      directories.insert(entry->path);
      continue;
    }
    TRY(files[entry->path], reader.Contents());
    if (entry->executable)
      executables.insert(entry->path);
    else
      executables.erase(entry->path);
  }
  for (const auto& [path, bytes] : files) {
    if (directories.contains(path)) return Damaged(Quote(path) + " is both file and directory");
  }
  return MemoryFiles(std::move(files), directories, std::move(executables));
}

}  // namespace sluice::base
