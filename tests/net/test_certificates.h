// tests/net/test_certificates.h: a certificate authority for a test: keys and certificates as PEM texts, valid for an hour.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace sluice::net {

class TestAuthority {
 public:
  explicit TestAuthority(const std::string& name = "Test CA");
  ~TestAuthority();
  TestAuthority(const TestAuthority&) = delete;
  TestAuthority& operator=(const TestAuthority&) = delete;

  const std::string& ca_pem() const { return ca_pem_; }
  struct Identity {
    std::string cert_pem, key_pem;
  };
  /// For a server (or client) called `name`; `alternatives` like "DNS:localhost", "IP:127.0.0.1". `expired`: since a minute ago.
  Identity Issue(const std::string& name, const std::vector<std::string>& alternatives, bool expired = false) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  std::string ca_pem_;
};

}  // namespace sluice::net
