// tests/sources/git_repositories.h: a repository of its own for each test, on servers that all share: lighttpd with git http-backend (protocol 2)
// and sshd (which hands no GIT_PROTOCOL on: version 0).
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "tests/sources/fixture.h"

namespace sluice::sources {

class GitRepositories : public testing::Test {
 protected:
  static void SetUpTestSuite() { server_ = new TestServer("--tls --ssh"); }
  static void TearDownTestSuite() {
    delete server_;
    server_ = nullptr;
  }

  GitRepositories()
      : remote(server_->root(), testing::UnitTest::GetInstance()->current_test_info()->name()), cache(directory.path() + "/cache") {}

  std::shared_ptr<Repository> Open(const std::string& scheme = "http") { return cache.Open(server_->Url(scheme, remote)); }
  /// Resolves and fetches; "" or the error.
  static std::string Get(Repository& repository, const Reference& reference, const Credentials& credentials, Resolution* out = nullptr) {
    const auto found = repository.Resolve(reference, credentials);
    if (!found) return found.error().message;
    if (out) *out = *found;
    const auto done = repository.Fetch(*found, credentials);
    return done ? "" : done.error().message;
  }
  /// The bare repository in the cache.
  std::string Folder() const {
    for (const auto& entry : std::filesystem::directory_iterator(directory.path() + "/cache")) {
      for (const auto& inner : std::filesystem::directory_iterator(entry.path()))
        if (inner.path().extension() == ".git") return inner.path().string();
    }
    return "";
  }

  static inline TestServer* server_ = nullptr;
  const TestRepository remote;
  const TemporaryDirectory directory;
  GitCache cache;
};

}  // namespace sluice::sources
