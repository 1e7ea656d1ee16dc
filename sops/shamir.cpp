#include "sops/shamir.h"

#include <cstdint>
#include <set>

namespace sluice::sops {
namespace {

using base::Invalid;

/// In GF(2^8) modulo x^8 + x^4 + x^3 + x + 1.
std::uint8_t Multiply(std::uint8_t left, std::uint8_t right) {
  unsigned product = 0, shifted = left;
  for (unsigned bit = 0; bit < 8; ++bit) {
    if (((right >> bit) & 1) != 0) product ^= shifted;
    shifted = (shifted << 1) ^ ((shifted & 0x80) != 0 ? 0x11B : 0);
  }
  return static_cast<std::uint8_t>(product);
}

/// value^254, which undoes a multiplication by `value`.
std::uint8_t Inverse(std::uint8_t value) {
  std::uint8_t out = 1;
  for (int i = 0; i < 254; ++i) out = Multiply(out, value);
  return out;
}

std::uint8_t PlaceOf(const std::string& share) { return static_cast<std::uint8_t>(share.back()); }

/// What share `index` counts for at zero: the product of x / (x - own place) over the other places x, where minus is exclusive-or.
std::uint8_t WeightAtZero(std::span<const std::string> shares, std::size_t index) {
  std::uint8_t weight = 1;
  for (std::size_t other = 0; other < shares.size(); ++other) {
    if (other == index) continue;
    const std::uint8_t difference = PlaceOf(shares[index]) ^ PlaceOf(shares[other]);
    weight = Multiply(weight, Multiply(PlaceOf(shares[other]), Inverse(difference)));
  }
  return weight;
}

}  // namespace

base::Result<std::string> CombineShares(std::span<const std::string> shares) {
  if (shares.size() < 2) return Invalid("less than two parts cannot be used to reconstruct the secret");
  if (shares[0].size() < 2) return Invalid("parts must be at least two bytes");
  std::set<std::uint8_t> places;
  for (const std::string& share : shares) {
    if (share.size() != shares[0].size()) return Invalid("all parts must be the same length");
    if (!places.insert(PlaceOf(share)).second) return Invalid("duplicate part detected");
  }
  std::string secret(shares[0].size() - 1, '\0');
  for (std::size_t i = 0; i < shares.size(); ++i) {
    const std::uint8_t weight = WeightAtZero(shares, i);
    for (std::size_t byte = 0; byte < secret.size(); ++byte) {
      secret[byte] =
          static_cast<char>(static_cast<std::uint8_t>(secret[byte]) ^ Multiply(static_cast<std::uint8_t>(shares[i][byte]), weight));
    }
  }
  return secret;
}

}  // namespace sluice::sops
