// isolation/packed.h: numbers and texts as the bytes of a frame, and back. Numbers are 8 bytes, little endian; a text is its length, then itself. Who unpacks takes the
// bytes for hostile: what does not fit is noted, and everything after it reads as 0 or "".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::isolation {

class Packer {
 public:
  Packer& Number(std::uint64_t value) {
    for (unsigned i = 0; i < 8; ++i) bytes_ += static_cast<char>(value >> (8 * i));
    return *this;
  }
  Packer& Text(std::string_view text) {
    Number(text.size());
    bytes_ += text;
    return *this;
  }
  std::string Take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

class Unpacker {
 public:
  /// `bytes` outlive it.
  explicit Unpacker(std::string_view bytes) : rest_(bytes) {}
  std::uint64_t Number() {
    if (rest_.size() < 8) return Spoil();
    std::uint64_t value = 0;
    for (unsigned i = 0; i < 8; ++i) value |= std::uint64_t{static_cast<unsigned char>(rest_[i])} << (8 * i);
    rest_.remove_prefix(8);
    return value;
  }
  /// A number that is at most `highest`.
  std::uint64_t Number(std::uint64_t highest) {
    const std::uint64_t value = Number();
    return value <= highest ? value : Spoil();
  }
  /// Of `bytes`, so nothing is copied.
  std::string_view Text() {
    const std::uint64_t size = Number();
    if (size > rest_.size()) return Spoil(), std::string_view();
    const std::string_view text = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return text;
  }
  /// How many things follow, each of at least `least` bytes.
  std::uint64_t Count(std::uint64_t least) { return Number(rest_.size() < 8 ? 0 : (rest_.size() - 8) / least); }
  bool good() const { return good_; }
  bool finished() const { return good_ && rest_.empty(); }  ///< nothing was wrong, and nothing is left

 private:
  std::uint64_t Spoil() {
    good_ = false;
    rest_ = {};
    return 0;
  }
  std::string_view rest_;
  bool good_ = true;
};

}  // namespace sluice::isolation
