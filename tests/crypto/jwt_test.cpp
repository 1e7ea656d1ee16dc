#include "crypto/jwt.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace sluice::crypto {
namespace {

std::string Shell(const std::string& command) {
  FILE* pipe = popen(command.c_str(), "r");
  std::string out;
  char buffer[4096];
  while (const std::size_t got = fread(buffer, 1, sizeof buffer, pipe)) out.append(buffer, got);
  EXPECT_EQ(pclose(pipe), 0) << command;
  return out;
}

TEST(Jwt, Base64UrlHasNoPaddingAndNoReservedCharacters) {
  EXPECT_EQ(Base64Url(""), "");
  EXPECT_EQ(Base64Url("\xfb\xff"), "-_8");
  EXPECT_EQ(Base64Url("abcd"), "YWJjZA");
}

// openssl made the keys and judges the signatures.
TEST(Jwt, OpensslFindsTheSignatureGood) {
  const std::string folder = std::filesystem::temp_directory_path().string() + "/sluice-jwt-XXXXXX";
  std::string name = folder;
  ASSERT_TRUE(mkdtemp(name.data()));
  Shell("cd " + name +
        " && openssl genrsa -out pkcs8 2048 2>/dev/null && openssl rsa -in pkcs8 -traditional -out pkcs1 2>/dev/null && "
        "openssl rsa -in pkcs8 -pubout -out public 2>/dev/null");
  for (const std::string form : {"pkcs8", "pkcs1"}) {
    std::ifstream in(name + "/" + form);
    std::stringstream pem;
    pem << in.rdbuf();
    const auto token = SignRs256(pem.str(), R"({"iss":"1"})");
    ASSERT_TRUE(token) << token.error().message;
    EXPECT_TRUE(token->starts_with("eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiIxIn0.")) << *token;
    std::string signature = token->substr(token->rfind('.') + 1);
    for (char& c : signature) c = c == '-' ? '+' : c == '_' ? '/' : c;
    while (signature.size() % 4 != 0) signature += '=';
    std::ofstream(name + "/text") << token->substr(0, token->rfind('.'));
    EXPECT_EQ(
        Shell("cd " + name + " && echo " + signature + " | base64 -d > sig && openssl dgst -sha256 -verify public -signature sig text"),
        "Verified OK\n");
  }
  std::filesystem::remove_all(name);
}

TEST(Jwt, WhatIsNoRsaKeyIsRefusedWithoutAWordOfIt) {
  const std::string ec = Shell("openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 2>/dev/null");
  const std::string locked = Shell("openssl genrsa -aes128 -passout pass:canary 2048 2>/dev/null");
  for (const std::string& key : {std::string(), std::string("canary"), ec, locked, std::string(70'000, 'x')}) {
    const auto token = SignRs256(key, "{}");
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().message, "could not parse private key: it is no RSA key in PEM form without a passphrase");
  }
}

}  // namespace
}  // namespace sluice::crypto
