#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

namespace sluice::net {

namespace {

using V6 = std::array<std::uint8_t, 16>;

struct V4Net {
  std::uint32_t address;
  int bits;
};
constexpr std::uint32_t V4(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) { return a << 24 | b << 16 | c << 8 | d; }
constexpr bool Holds(V4Net net, std::uint32_t address) { return net.bits == 0 || (address ^ net.address) >> (32 - net.bits) == 0; }

// AWS, Azure, GCP, OpenStack and others; ECS and EKS task credentials; Azure's wire server; Alibaba; Oracle at 192.0.0.192.
constexpr V4Net kMetadataV4[] = {{V4(169, 254, 169, 254), 32}, {V4(169, 254, 170, 2), 32}, {V4(169, 254, 170, 23), 32},
                                 {V4(169, 254, 169, 253), 32}, {V4(168, 63, 129, 16), 32}, {V4(100, 100, 100, 200), 32},
                                 {V4(192, 0, 0, 192), 32}};
// RFC 6890's special purpose blocks, with multicast and reserved.
constexpr V4Net kNotPublicV4[] = {{V4(0, 0, 0, 0), 8},      {V4(10, 0, 0, 0), 8},    {V4(100, 64, 0, 0), 10},   {V4(127, 0, 0, 0), 8},
                                  {V4(169, 254, 0, 0), 16}, {V4(172, 16, 0, 0), 12}, {V4(192, 0, 0, 0), 24},    {V4(192, 0, 2, 0), 24},
                                  {V4(192, 168, 0, 0), 16}, {V4(198, 18, 0, 0), 15}, {V4(198, 51, 100, 0), 24}, {V4(203, 0, 113, 0), 24},
                                  {V4(224, 0, 0, 0), 4},    {V4(240, 0, 0, 0), 4}};
constexpr V6 kMetadataV6[] = {{0xfd, 0x00, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54},   // fd00:ec2::254 (AWS)
                              {0xfd, 0x00, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x23},      // fd00:ec2::23 (EKS)
                              {0xfd, 0x20, 0x00, 0xce, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54}};  // fd20:ce::254 (GCP)

bool IsAllowedV4(std::uint32_t address, Addresses policy) {
  if (policy == Addresses::Any) return true;
  auto holds = [address](V4Net net) { return Holds(net, address); };
  if (std::any_of(std::begin(kMetadataV4), std::end(kMetadataV4), holds)) return false;
  return policy == Addresses::NoMetadata || std::none_of(std::begin(kNotPublicV4), std::end(kNotPublicV4), holds);
}

bool IsZero(const V6& a, std::size_t from, std::size_t to) {
  return std::all_of(a.begin() + static_cast<std::ptrdiff_t>(from), a.begin() + static_cast<std::ptrdiff_t>(to),
                     [](std::uint8_t b) { return b == 0; });
}

std::uint32_t V4At(const V6& a, std::size_t at) { return V4(a[at], a[at + 1], a[at + 2], a[at + 3]); }

std::optional<std::uint32_t> EmbeddedV4(const V6& a) {
  const bool mapped = IsZero(a, 0, 10) && a[10] == 0xff && a[11] == 0xff;          // ::ffff:0:0/96
  const bool compatible = IsZero(a, 0, 12) && !(IsZero(a, 12, 15) && a[15] <= 1);  // ::/96, but not :: and ::1
  const bool nat64 = a[0] == 0 && a[1] == 0x64 && a[2] == 0xff && a[3] == 0x9b && (IsZero(a, 4, 12) || (a[4] == 0 && a[5] == 1));
  if (mapped || compatible || nat64) return V4At(a, 12);
  if (a[0] == 0x20 && a[1] == 0x02) return V4At(a, 2);  // 2002::/16
  return std::nullopt;
}

bool IsAllowedV6(const V6& address, Addresses policy) {
  if (policy == Addresses::Any) return true;
  if (const std::optional<std::uint32_t> v4 = EmbeddedV4(address)) return IsAllowedV4(*v4, policy);
  if (std::find(std::begin(kMetadataV6), std::end(kMetadataV6), address) != std::end(kMetadataV6)) return false;
  return policy == Addresses::NoMetadata || (address[0] & 0xe0) == 0x20;  // 2000::/3 is what is public
}

}  // namespace

bool IsAllowed(const sockaddr& address, Addresses policy) {
  if (address.sa_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, &address, sizeof v4);
    return IsAllowedV4(ntohl(v4.sin_addr.s_addr), policy);
  }
  if (address.sa_family != AF_INET6) return false;
  sockaddr_in6 v6;
  std::memcpy(&v6, &address, sizeof v6);
  V6 bytes;
  std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
  return IsAllowedV6(bytes, policy);
}

std::string FormatAddress(const sockaddr& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.sa_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, &address, sizeof v4);
    inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    return text;
  }
  if (address.sa_family != AF_INET6) return "(unknown address)";
  sockaddr_in6 v6;
  std::memcpy(&v6, &address, sizeof v6);
  inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
  return "[" + std::string(text) + "]";
}

}  // namespace sluice::net
