#include "sources/git/pkt_line.h"

#include <charconv>

namespace sluice::sources {
namespace {

using base::Invalid;
using base::MakeError;
using base::Reason;
using base::Result;

constexpr std::size_t kLengthBytes = 4;
constexpr std::size_t kReadBytes = 64u << 10;

}  // namespace

std::string PktLine(std::string_view text) {
  constexpr char kDigits[] = "0123456789abcdef";
  const std::size_t length = text.size() + kLengthBytes;
  std::string out;
  for (int shift = 12; shift >= 0; shift -= 4) out += kDigits[(length >> shift) & 15];
  return out += text;
}

Result<bool> PktReader::Fill(std::size_t bytes) {
  if (buffer_.size() - begin_ >= bytes) return true;
  buffer_.erase(0, begin_);
  begin_ = 0;
  while (buffer_.size() < bytes) {
    const std::size_t had = buffer_.size();
    buffer_.resize(had + kReadBytes);
    auto got = source_(std::span(buffer_).subspan(had));
    buffer_.resize(had + (got ? *got : 0));
    if (!got) return std::move(got).error();
    if (*got > 0) continue;
    if (buffer_.empty()) return false;
    return MakeError(Reason::Unavailable, "the answer ended within a packet");
  }
  return true;
}

Result<Pkt> PktReader::Read() {
  TRY(const bool more, Fill(kLengthBytes));
  if (!more) return Pkt{};
  const char* digits = buffer_.data() + begin_;
  unsigned length = 0;
  if (std::from_chars(digits, digits + kLengthBytes, length, 16).ptr != digits + kLengthBytes || length == 3)
    return Invalid("the answer is not in Git's format");
  if (length < kLengthBytes) {
    begin_ += kLengthBytes;
    constexpr PktKind kKinds[] = {PktKind::Flush, PktKind::Delimiter, PktKind::ResponseEnd};
    return Pkt{kKinds[length], {}};
  }
  TRY(Fill(length));
  const std::string_view data = std::string_view(buffer_).substr(begin_ + kLengthBytes, length - kLengthBytes);
  begin_ += length;
  return Pkt{PktKind::Data, data};
}

}  // namespace sluice::sources
