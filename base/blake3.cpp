// The specification's tree: every chunk and every inner node is compressed to eight words; a node's two children are hashed together. Whole subtrees
// wait on a stack: after chunk n, as many are joined as n has zero bits at its end. What is last becomes the root, with a flag of its own.
#include "base/blake3.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace sluice::base {
namespace {

using Words = std::array<std::uint32_t, 8>;
using Block = std::array<std::uint32_t, 16>;

constexpr Words kStart = {0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19};
constexpr std::array<std::size_t, 16> kPermutation = {2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8};
constexpr std::uint32_t kChunkStart = 1, kChunkEnd = 2, kParent = 4, kRoot = 8;
constexpr std::size_t kBlockBytes = 64, kChunkBytes = 1024;

void Mix(Block& s, std::size_t a, std::size_t b, std::size_t c, std::size_t d, std::uint32_t x, std::uint32_t y) {
  s[a] += s[b] + x;
  s[d] = std::rotr(s[d] ^ s[a], 16);
  s[c] += s[d];
  s[b] = std::rotr(s[b] ^ s[c], 12);
  s[a] += s[b] + y;
  s[d] = std::rotr(s[d] ^ s[a], 8);
  s[c] += s[d];
  s[b] = std::rotr(s[b] ^ s[c], 7);
}

Words Compress(const Words& value, Block message, std::uint64_t counter, std::size_t length, std::uint32_t flags) {
  Block s;
  std::copy(value.begin(), value.end(), s.begin());
  std::copy_n(kStart.begin(), 4, s.begin() + 8);
  s[12] = static_cast<std::uint32_t>(counter);
  s[13] = static_cast<std::uint32_t>(counter >> 32);
  s[14] = static_cast<std::uint32_t>(length);
  s[15] = flags;
  for (int round = 0; round < 7; ++round) {
    for (std::size_t i = 0; i < 4; ++i) Mix(s, i, 4 + i, 8 + i, 12 + i, message[2 * i], message[2 * i + 1]);
    for (std::size_t i = 0; i < 4; ++i)
      Mix(s, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4, message[8 + 2 * i], message[9 + 2 * i]);
    Block permuted;
    for (std::size_t i = 0; i < 16; ++i) permuted[i] = message[kPermutation[i]];
    message = permuted;
  }
  Words out;
  for (std::size_t i = 0; i < 8; ++i) out[i] = s[i] ^ s[i + 8];
  return out;
}

Block ToBlock(const unsigned char* bytes) {
  Block out;
  for (std::size_t i = 0; i < 16; ++i, bytes += 4)
    out[i] = std::uint32_t{bytes[0]} | std::uint32_t{bytes[1]} << 8 | std::uint32_t{bytes[2]} << 16 | std::uint32_t{bytes[3]} << 24;
  return out;
}

Words Join(const Words& left, const Words& right, std::uint32_t flags) {
  Block both;
  std::copy(left.begin(), left.end(), both.begin());
  std::copy(right.begin(), right.end(), both.begin() + 8);
  return Compress(kStart, both, 0, kBlockBytes, kParent | flags);
}

}  // namespace

Blake3::Blake3() { chunk_.value = kStart; }

void Blake3::UpdateChunk(std::string_view bytes) {
  while (!bytes.empty()) {
    if (chunk_.in_block == kBlockBytes) {  // only now is it known not to be the last
      const std::uint32_t flags = chunk_.blocks == 0 ? kChunkStart : 0;
      chunk_.value = Compress(chunk_.value, ToBlock(chunk_.block.data()), chunk_.number, kBlockBytes, flags);
      ++chunk_.blocks;
      chunk_.in_block = 0;
    }
    const std::size_t count = std::min(bytes.size(), kBlockBytes - chunk_.in_block);
    std::memcpy(chunk_.block.data() + chunk_.in_block, bytes.data(), count);
    chunk_.in_block += count;
    bytes.remove_prefix(count);
  }
}

namespace {

Words CloseBlock(const Words& value, std::array<unsigned char, 64> block, std::size_t in_block, std::size_t blocks, std::uint64_t number,
                 std::uint32_t flags) {
  std::fill(block.begin() + static_cast<std::ptrdiff_t>(in_block), block.end(), static_cast<unsigned char>(0));
  return Compress(value, ToBlock(block.data()), number, in_block, flags | kChunkEnd | (blocks == 0 ? kChunkStart : 0));
}

}  // namespace

void Blake3::CloseChunk() {
  Words value = CloseBlock(chunk_.value, chunk_.block, chunk_.in_block, chunk_.blocks, chunk_.number, 0);
  const std::uint64_t chunks = chunk_.number + 1;
  for (std::uint64_t left = chunks; left % 2 == 0; left /= 2) {
    value = Join(stack_.back(), value, 0);
    stack_.pop_back();
  }
  stack_.push_back(value);
  chunk_ = Chunk{};
  chunk_.value = kStart;
  chunk_.number = chunks;
}

void Blake3::Update(std::string_view bytes) {
  while (!bytes.empty()) {
    if (chunk_.size() == kChunkBytes) CloseChunk();
    const std::size_t count = std::min(bytes.size(), kChunkBytes - chunk_.size());
    UpdateChunk(bytes.substr(0, count));
    bytes.remove_prefix(count);
  }
}

std::string Blake3::Hex() const {
  const std::uint32_t root = stack_.empty() ? kRoot : 0;
  Words value = CloseBlock(chunk_.value, chunk_.block, chunk_.in_block, chunk_.blocks, chunk_.number, root);
  for (std::size_t i = stack_.size(); i-- > 0;) value = Join(stack_[i], value, i == 0 ? kRoot : 0);
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const std::uint32_t word : value)
    for (int shift = 0; shift < 32; shift += 8) {
      const std::uint32_t byte = word >> shift & 0xFF;
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    }
  return out;
}

}  // namespace sluice::base
