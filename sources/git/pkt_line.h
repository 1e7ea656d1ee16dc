// sources/git/pkt_line.h: Git's framing (gitprotocol-common, "pkt-line"): four hex digits of length, then so many bytes less four. Pure.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::sources {

enum class PktKind { Data, Flush, Delimiter, ResponseEnd, End };  ///< End: the stream is over between two packets

struct Pkt {
  PktKind kind = PktKind::End;
  std::string_view data;  ///< valid until the next Read
  /// `data` without one line break at its end.
  std::string_view line() const { return data.ends_with('\n') ? data.substr(0, data.size() - 1) : data; }
};

std::string PktLine(std::string_view text);  ///< `text` is at most 65,516 bytes
inline constexpr std::string_view kFlushPkt = "0000";
inline constexpr std::string_view kDelimiterPkt = "0001";

/// Reads packets from a stream that is pulled.
class PktReader {
 public:
  /// Fills a part of the buffer, says how many bytes; 0 at the end of the stream.
  using Source = std::function<base::Result<std::size_t>(std::span<char>)>;
  explicit PktReader(Source source) : source_(std::move(source)) {}

  /// Invalid: a malformed length. Unavailable: the stream ends within a packet. And the source's errors.
  base::Result<Pkt> Read();

 private:
  base::Result<bool> Fill(std::size_t bytes);  ///< false: the stream ended before the first of them
  Source source_;
  std::string buffer_;
  std::size_t begin_ = 0;
};

}  // namespace sluice::sources
