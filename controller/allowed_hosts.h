// controller/allowed_hosts.h: to which hosts the owner of a Secret lets it be sent (threats T54): `sluice.dev/allowed-hosts: git.example.com, *.example.org,
// [::1]:8443` on the Secret. Without that annotation it goes wherever an object of its namespace says, as Flux sends it. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "document/value.h"
#include "net/url.h"

namespace sluice::controller {

inline constexpr std::string_view kAllowedHosts = "sluice.dev/allowed-hosts";

class AllowedHosts {
 public:
  AllowedHosts() = default;  ///< all
  static AllowedHosts Of(const document::Value& secret);

  /// A name allows every port of that host, `name:port` that one; `*.example.org` every name below example.org. What is no name allows nothing.
  bool Allows(const net::Url& url) const;

 private:
  std::optional<std::vector<std::string>> entries_;
};

/// The host that an address of a source leads to (`https://…`, `oci://…`, `ssh://…`, or `host:port` alone); one that is no address leads to the host "".
net::Url HostOf(std::string_view address);

}  // namespace sluice::controller
