// base/blake3.h: the BLAKE3 hash (github.com/BLAKE3-team/BLAKE3-specs), unkeyed, 256 bits: one of the digests that Flux can name an artifact by.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::base {

/// Incremental. Input is cut into chunks of 1,024 bytes, which are the leaves of a binary tree.
class Blake3 {
 public:
  Blake3();
  void Update(std::string_view bytes);
  std::string Hex() const;  ///< of what came so far: 64 lower-case hex digits

 private:
  using Words = std::array<std::uint32_t, 8>;
  struct Chunk {
    Words value{};
    std::uint64_t number = 0;
    std::array<unsigned char, 64> block{};
    std::size_t in_block = 0, blocks = 0;
    std::size_t size() const { return blocks * 64 + in_block; }
  };
  void UpdateChunk(std::string_view bytes);
  void CloseChunk();

  Chunk chunk_;
  std::vector<Words> stack_;  ///< roots of whole subtrees, largest first
};

}  // namespace sluice::base
