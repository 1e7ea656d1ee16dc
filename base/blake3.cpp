// A message is cut into chunks of 1,024 bytes, each a chain of blocks of 64; the chunks are the leaves of a binary tree whose left side is always a
// whole power of two. So while chunks arrive, the finished subtrees on the left form a stack, like the bits of a counter: a chunk whose number
// ends in k one bits closes k subtrees.
#include "base/blake3.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/digest.h"

namespace sluice::base {
namespace {

using Words8 = std::array<std::uint32_t, 8>;
using Words16 = std::array<std::uint32_t, 16>;

constexpr std::size_t kBlock = 64, kChunk = 1024;
constexpr std::uint32_t kChunkStart = 1, kChunkEnd = 2, kParent = 4, kRoot = 8;
constexpr Words8 kStart{0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19};
constexpr std::array<std::size_t, 16> kPermutation{2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8};

/// What one call of the compression function takes.
struct Input {
  Words8 chain = kStart;
  Words16 block{};
  std::uint64_t counter = 0;
  std::uint32_t size = kBlock;
  std::uint32_t flags = 0;
};

void Mix(Words16& v, std::size_t a, std::size_t b, std::size_t c, std::size_t d, std::uint32_t x, std::uint32_t y) {
  v[a] += v[b] + x;
  v[d] = std::rotr(v[d] ^ v[a], 16);
  v[c] += v[d];
  v[b] = std::rotr(v[b] ^ v[c], 12);
  v[a] += v[b] + y;
  v[d] = std::rotr(v[d] ^ v[a], 8);
  v[c] += v[d];
  v[b] = std::rotr(v[b] ^ v[c], 7);
}

void Round(Words16& v, const Words16& m) {
  for (std::size_t i = 0; i < 4; ++i) Mix(v, i, i + 4, i + 8, i + 12, m[2 * i], m[2 * i + 1]);
  for (std::size_t i = 0; i < 4; ++i) Mix(v, i, (i + 1) % 4 + 4, (i + 2) % 4 + 8, (i + 3) % 4 + 12, m[2 * i + 8], m[2 * i + 9]);
}

Words8 Compress(const Input& in) {
  Words16 v{};
  std::copy(in.chain.begin(), in.chain.end(), v.begin());
  std::copy(kStart.begin(), kStart.begin() + 4, v.begin() + 8);
  v[12] = static_cast<std::uint32_t>(in.counter);
  v[13] = static_cast<std::uint32_t>(in.counter >> 32);
  v[14] = in.size;
  v[15] = in.flags;
  Words16 m = in.block;
  for (int round = 0; round < 7; ++round) {
    Round(v, m);
    Words16 next{};
    for (std::size_t i = 0; i < next.size(); ++i) next[i] = m[kPermutation[i]];
    m = next;
  }
  Words8 out{};
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = v[i] ^ v[i + 8];
  return out;
}

Words16 WordsOf(std::string_view bytes) {
  Words16 out{};
  for (std::size_t i = 0; i < bytes.size(); ++i)
    out[i / 4] |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i])) << (8 * (i % 4));
  return out;
}

/// The last step of a chunk, all blocks before it done: what is left to decide is whether it is the root.
Input LastOfChunk(std::string_view chunk, std::uint64_t number) {
  Input in{.counter = number, .flags = kChunkStart};
  while (chunk.size() > kBlock) {
    in.block = WordsOf(chunk.substr(0, kBlock));
    in.chain = Compress(in);
    in.flags = 0;
    chunk.remove_prefix(kBlock);
  }
  in.block = WordsOf(chunk);
  in.size = static_cast<std::uint32_t>(chunk.size());
  in.flags |= kChunkEnd;
  return in;
}

Input ParentOf(const Words8& left, const Words8& right) {
  Input in{.flags = kParent};
  std::copy(left.begin(), left.end(), in.block.begin());
  std::copy(right.begin(), right.end(), in.block.begin() + 8);
  return in;
}

}  // namespace

std::string Blake3Hex(std::string_view bytes) {
  std::vector<Words8> subtrees;
  std::uint64_t number = 0;
  for (; bytes.size() > kChunk; bytes.remove_prefix(kChunk), ++number) {
    Words8 tree = Compress(LastOfChunk(bytes.substr(0, kChunk), number));
    for (std::uint64_t closed = number; (closed & 1) != 0; closed >>= 1) {
      tree = Compress(ParentOf(subtrees.back(), tree));
      subtrees.pop_back();
    }
    subtrees.push_back(tree);
  }
  Input last = LastOfChunk(bytes, number);
  for (; !subtrees.empty(); subtrees.pop_back()) last = ParentOf(subtrees.back(), Compress(last));
  last.flags |= kRoot;
  std::string raw;
  for (const std::uint32_t word : Compress(last)) {
    for (int shift = 0; shift < 32; shift += 8) raw += static_cast<char>(word >> shift & 0xFFU);
  }
  return HexEncode(raw);
}

}  // namespace sluice::base
