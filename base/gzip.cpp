#include "base/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <vector>

namespace sluice::base {

namespace {

constexpr int kGzipWindow = 15 + 16;  // the largest window, with gzip's header and trailer
constexpr std::size_t kChunk = 64u << 10;

Bytef* AsBytes(char* data) { return reinterpret_cast<Bytef*>(data); }
Bytef* AsBytes(const char* data) { return reinterpret_cast<Bytef*>(const_cast<char*>(data)); }  // zlib reads it only

}  // namespace

struct GzipReader::Impl {
  ByteSource source;
  ArchiveLimits limits;
  z_stream stream{};
  std::vector<char> packed = std::vector<char>(kChunk);
  std::uint64_t packed_bytes = 0, unpacked_bytes = 0;
  bool in_member = false, ended = false;

  ~Impl() { inflateEnd(&stream); }

  Result<void> Fill() {
    if (stream.avail_in > 0) return {};
    TRY(const std::size_t got, source(packed));
    stream.next_in = AsBytes(packed.data());
    stream.avail_in = static_cast<uInt>(got);
    packed_bytes += got;
    return {};
  }

  Result<void> Account(std::size_t got) {
    unpacked_bytes += got;
    if (unpacked_bytes > limits.max_unpacked_bytes) {
      return MakeError(Reason::TooLarge, "archive unpacks to more than " + std::to_string(limits.max_unpacked_bytes) + " bytes");
    }
    const std::uint64_t read = packed_bytes - stream.avail_in;
    if (unpacked_bytes > limits.ratio_free_bytes && unpacked_bytes / limits.max_ratio > read) {
      return MakeError(Reason::TooLarge, "archive unpacks to more than " + std::to_string(limits.max_ratio) + " times its size");
    }
    return {};
  }

  // One call of inflate(): bytes written, 0 if it only made progress inside.
  Result<std::size_t> Inflate(std::span<char> buffer) {
    stream.next_out = AsBytes(buffer.data());
    stream.avail_out = static_cast<uInt>(std::min<std::size_t>(buffer.size(), 1u << 30));
    const uInt room = stream.avail_out;
    const int code = inflate(&stream, Z_NO_FLUSH);
    if (code == Z_STREAM_END) {
      in_member = false;
      inflateReset(&stream);
    } else if (code != Z_OK && code != Z_BUF_ERROR) {
      return Invalid(std::string("gzip: ") + (stream.msg ? stream.msg : "damaged stream"));
    }
    const std::size_t got = room - stream.avail_out;
    TRY(Account(got));
    return got;
  }
};

GzipReader::GzipReader(ByteSource source, const ArchiveLimits& limits) : impl_(std::make_unique<Impl>()) {
  impl_->source = std::move(source);
  impl_->limits = limits;
  if (inflateInit2(&impl_->stream, kGzipWindow) != Z_OK) throw std::runtime_error("zlib: no memory");
}
GzipReader::~GzipReader() = default;

Result<std::size_t> GzipReader::Read(std::span<char> buffer) {
  while (!impl_->ended) {
    TRY(impl_->Fill());
    if (impl_->stream.avail_in == 0) {
      if (impl_->in_member || impl_->packed_bytes == 0) return Invalid("gzip: unexpected end");
      impl_->ended = true;
      break;
    }
    impl_->in_member = true;
    TRY(const std::size_t got, impl_->Inflate(buffer));
    if (got > 0) return got;
  }
  return std::size_t{0};
}

struct GzipWriter::Impl {
  ByteSink sink;
  z_stream stream{};
  std::array<char, kChunk> packed;

  ~Impl() { deflateEnd(&stream); }

  Result<void> Deflate(int flush) {
    int code = Z_OK;
    do {
      stream.next_out = AsBytes(packed.data());
      stream.avail_out = static_cast<uInt>(packed.size());
      code = deflate(&stream, flush);
      if (code == Z_STREAM_ERROR) throw std::runtime_error("zlib: misused");
      const std::size_t got = packed.size() - stream.avail_out;
      if (got > 0) TRY(sink({packed.data(), got}));
    } while (stream.avail_out == 0 || (flush == Z_FINISH && code != Z_STREAM_END));
    return {};
  }
};

GzipWriter::GzipWriter(ByteSink sink) : impl_(std::make_unique<Impl>()) {
  impl_->sink = std::move(sink);
  if (deflateInit2(&impl_->stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::runtime_error("zlib: no memory");
  }
}
GzipWriter::~GzipWriter() = default;

Result<void> GzipWriter::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, 1u << 30);
    bytes.remove_prefix(piece.size());
    impl_->stream.next_in = AsBytes(piece.data());
    impl_->stream.avail_in = static_cast<uInt>(piece.size());
    TRY(impl_->Deflate(Z_NO_FLUSH));
  }
  return {};
}

Result<void> GzipWriter::Finish() { return impl_->Deflate(Z_FINISH); }

ByteSource SourceOf(std::string_view bytes) {
  return [bytes](std::span<char> buffer) mutable -> Result<std::size_t> {
    const std::size_t count = bytes.copy(buffer.data(), buffer.size());
    bytes.remove_prefix(count);
    return count;
  };
}

Result<std::string> Gunzip(const ByteSource& source, const ArchiveLimits& limits) {
  GzipReader reader(source, limits);
  std::string out;
  std::vector<char> buffer(kChunk);
  while (true) {
    TRY(const std::size_t got, reader.Read(buffer));
    if (got == 0) return out;
    out.append(buffer.data(), got);
  }
}

std::string Gzip(std::string_view bytes) {
  std::string out;
  GzipWriter writer([&out](std::string_view piece) -> Result<void> {
    out += piece;
    return {};
  });
  const Result<void> written = writer.Write(bytes);
  const Result<void> finished = writer.Finish();
  if (!written || !finished) throw std::logic_error("a string refused bytes");
  return out;
}

}  // namespace sluice::base
