#include "sources/git/pkt_line.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "tests/sources/fixture.h"

namespace sluice::sources {
namespace {

/// A stream that gives at most `step` bytes at a time.
PktReader::Source Drip(std::string text, std::size_t step) {
  return [text = std::move(text), step, at = std::size_t{0}](std::span<char> buffer) mutable -> base::Result<std::size_t> {
    const std::size_t count = std::min({buffer.size(), step, text.size() - at});
    std::memcpy(buffer.data(), text.data() + at, count);
    at += count;
    return count;
  };
}

std::string ReadAll(const std::string& text, std::size_t step) {
  PktReader reader(Drip(text, step));
  std::string out;
  for (;;) {
    const auto pkt = reader.Read();
    if (!pkt) return out + "error: " + pkt.error().message;
    constexpr const char* kNames[] = {"", "flush", "delim", "end", "."};
    out += pkt->kind == PktKind::Data ? "'" + std::string(pkt->line()) + "' " : std::string(kNames[static_cast<int>(pkt->kind)]) + " ";
    if (pkt->kind == PktKind::End) return out;
  }
}

TEST(PktLine, WritesLengths) {
  EXPECT_EQ(PktLine("hi\n"), "0007hi\n");
  EXPECT_EQ(PktLine(std::string(0xfff0 - 4, 'x')).substr(0, 4), "fff0");
}

TEST(PktLine, ReadsWhateverThePieces) {
  struct Row {
    std::string text, want;
  };
  const Row kRows[] = {
      {"", ". "},
      {PktLine("hi\n") + PktLine("no line end") + "0000" + "0001" + "0002", "'hi' 'no line end' flush delim end . "},
      {"0004", "'' . "},
      {"000", "error: the answer ended within a packet"},
      {"0009hi", "error: the answer ended within a packet"},
      {"0003", "error: the answer is not in Git's format"},
      {"<html>", "error: the answer is not in Git's format"},
      {"-001", "error: the answer is not in Git's format"},
      {PktLine("a") + "zzzz", "'a' error: the answer is not in Git's format"},
      {PktLine(std::string(65516, 'x')).substr(0, 65520) + "0000", "'" + std::string(65516, 'x') + "' flush . "},
  };
  for (const Row& row : kRows)
    for (std::size_t step : {1u, 3u, 100000u}) EXPECT_EQ(ReadAll(row.text, step), row.want);
}

}  // namespace
}  // namespace sluice::sources
