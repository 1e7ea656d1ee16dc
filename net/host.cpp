#include "net/host.h"

#include <netdb.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <optional>

namespace sluice::net {

base::Result<std::string> LowestAddressOf(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failed = getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (failed != 0) return base::NotFound("lookup " + host + ": " + gai_strerror(failed));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, freeaddrinfo);
  std::optional<boost::asio::ip::address> lowest;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    if (each->ai_family != AF_INET && each->ai_family != AF_INET6) continue;
    boost::asio::ip::tcp::endpoint endpoint;
    if (each->ai_addrlen > endpoint.capacity()) continue;
    std::copy_n(reinterpret_cast<const unsigned char*>(each->ai_addr), each->ai_addrlen, reinterpret_cast<unsigned char*>(endpoint.data()));
    if (!lowest || endpoint.address() < *lowest) lowest = endpoint.address();
  }
  if (!lowest) return base::NotFound("lookup " + host + ": no address");
  return lowest->to_string();
}

}  // namespace sluice::net
