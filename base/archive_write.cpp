// Our archives: ustar headers with every field that could differ between two packings fixed, a PAX record where a name is too long for one.
#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "base/archive.h"
#include "base/digest.h"
#include "base/gzip.h"

namespace sluice::base {

namespace {

constexpr std::size_t kBlock = 512;
using Header = std::array<char, kBlock>;

void Put(Header& header, std::size_t at, std::string_view text) { std::memcpy(header.data() + at, text.data(), text.size()); }

// `value` in `width` - 1 octal digits and a NUL.
void PutOctal(Header& header, std::size_t at, std::size_t width, std::uint64_t value) {
  for (std::size_t i = width - 1; i-- > 0; value >>= 3) header[at + i] = static_cast<char>('0' + (value & 7));
}

void PutChecksum(Header& header) {
  Put(header, 148, "        ");
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  PutOctal(header, 148, 7, sum);
  header[154] = '\0';
}

struct SplitName {
  std::string_view prefix, name;
  bool fits = false;
};

// ustar keeps 100 bytes of name and, before a slash, 155 of prefix.
SplitName Split(std::string_view path) {
  if (path.size() <= 100) return {"", path, true};
  const std::size_t slash = path.find('/', path.size() - 101);
  if (slash == path.npos || slash > 155) return {"", path.substr(0, 100), false};
  return {path.substr(0, slash), path.substr(slash + 1), true};
}

// `<length> path=<path>\n`, whose length counts itself.
std::string PaxRecord(std::string_view key, std::string_view value) {
  const std::size_t rest = key.size() + value.size() + 3;
  std::size_t length = rest + 1;
  while (std::to_string(length).size() + rest != length) ++length;
  return std::to_string(length) + " " + std::string(key) + "=" + std::string(value) + "\n";
}

Header MakeHeader(const SplitName& name, char type, unsigned mode, std::uint64_t size) {
  Header header{};
  Put(header, 0, name.name);
  PutOctal(header, 100, 8, mode);
  PutOctal(header, 108, 8, 0);  // uid
  PutOctal(header, 116, 8, 0);  // gid
  PutOctal(header, 124, 12, size);
  PutOctal(header, 136, 12, 0);  // mtime
  header[156] = type;
  Put(header, 257, std::string_view("ustar\00000", 8));
  PutOctal(header, 329, 8, 0);  // device numbers
  PutOctal(header, 337, 8, 0);
  Put(header, 345, name.prefix);
  PutChecksum(header);
  return header;
}

constexpr std::uint64_t kMaxUstarSize = (std::uint64_t{1} << 33) - 1;  // eleven octal digits

}  // namespace

struct ArchiveWriter::Impl {
  explicit Impl(ByteSink s)
      : sink(std::move(s)), gzip([this](std::string_view bytes) -> Result<void> {
          digest.Update(bytes);
          size += bytes.size();
          return sink(bytes);
        }) {}

  Result<void> Pad(std::uint64_t written) {
    const std::string zeros((kBlock - written % kBlock) % kBlock, '\0');
    return gzip.Write(zeros);
  }

  Result<void> WriteHeader(std::string_view path, char type, unsigned mode, std::uint64_t bytes) {
    const SplitName name = Split(path);
    if (!name.fits) {
      const std::string record = PaxRecord("path", path);
      const Header pax = MakeHeader({"", "PaxHeaders.0", true}, 'x', 0, record.size());
      TRY(gzip.Write({pax.data(), pax.size()}));
      TRY(gzip.Write(record));
      TRY(Pad(record.size()));
    }
    const Header header = MakeHeader(name, type, mode, bytes);
    return gzip.Write({header.data(), header.size()});
  }

  ByteSink sink;
  Sha256 digest;
  std::uint64_t size = 0;
  GzipWriter gzip;
};

ArchiveWriter::ArchiveWriter(ByteSink sink) : impl_(std::make_unique<Impl>(std::move(sink))) {}
ArchiveWriter::~ArchiveWriter() = default;

Result<void> ArchiveWriter::AddDirectory(std::string_view path) { return impl_->WriteHeader(path, '5', 0750, 0); }

Result<void> ArchiveWriter::AddFile(std::string_view path, std::string_view bytes, bool executable) {
  if (bytes.size() > kMaxUstarSize) return MakeError(Reason::TooLarge, std::string(path) + ": too large for an archive");
  TRY(impl_->WriteHeader(path, '0', executable ? 0700 : 0600, bytes.size()));
  TRY(impl_->gzip.Write(bytes));
  return impl_->Pad(bytes.size());
}

Result<PackedArchive> ArchiveWriter::Finish() {
  const std::string end(2 * kBlock, '\0');
  TRY(impl_->gzip.Write(end));
  TRY(impl_->gzip.Finish());
  return PackedArchive{.sha256 = impl_->digest.Hex(), .size = impl_->size};
}

namespace {

Result<void> PackDirectory(const Files& tree, const std::string& path, const PackOptions& options, ArchiveWriter& writer);

Result<void> PackEntry(const Files& tree, const std::string& path, const FileInfo& entry, const PackOptions& options,
                       ArchiveWriter& writer) {
  if (options.canceled && options.canceled()) return MakeError(Reason::Canceled, "packing canceled");
  const bool directory = entry.type == FileType::Directory;
  if (!directory && entry.type != FileType::Regular) return {};
  const bool ignored = options.ignored && options.ignored(path, directory);
  if (!directory) {
    if (ignored) return {};
    TRY(const std::string bytes, tree.Read(path));
    return writer.AddFile(path, bytes, entry.executable);
  }
  if (ignored && options.prune_ignored) return {};
  if (!ignored) TRY(writer.AddDirectory(path));
  return PackDirectory(tree, path, options, writer);
}

Result<void> PackDirectory(const Files& tree, const std::string& path, const PackOptions& options, ArchiveWriter& writer) {
  TRY(const std::vector<FileInfo> entries, tree.List(path));
  for (const FileInfo& entry : entries) {
    const std::string child = path == "." ? entry.name : path + "/" + entry.name;
    TRY(PackEntry(tree, child, entry, options, writer));
  }
  return {};
}

}  // namespace

Result<PackedArchive> PackTree(const Files& tree, const PackOptions& options, const ByteSink& sink) {
  ArchiveWriter writer(sink);
  TRY(writer.AddDirectory("."));
  TRY(PackDirectory(tree, ".", options, writer));
  return writer.Finish();
}

}  // namespace sluice::base
