// tests/sources/fixture.h: real repositories, made with git, and real servers over them (tests/fixtures/git_server.py).
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "sources/git/credentials.h"
#include "sources/git/reference.h"
#include "sources/git/repository.h"
#include "sources/git/url.h"

namespace sluice::sources {

/// A directory that goes when the object does.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string ReadFile(const std::string& path);
void WriteFile(const std::string& path, std::string_view text);

/// Runs a shell command and returns its output without the last line break; throws if it fails.
std::string Shell(const std::string& command);

/// A bare repository `<root>/<name>.git` with a working directory of its own beside it.
class TestRepository {
 public:
  TestRepository(const std::string& root, const std::string& name);
  const std::string& name() const { return name_; }
  std::string bare() const { return bare_; }
  std::string work() const { return work_.path(); }
  /// `git <arguments>` there; quoting is the caller's.
  std::string Git(const std::string& arguments) const;
  /// Writes a file into the working directory.
  void Write(const std::string& path, std::string_view text) const { WriteFile(work() + "/" + path, text); }
  /// Commits everything as it is in the working directory to the current branch, at `time` (seconds since 1970); returns the commit.
  std::string Commit(const std::string& message, long time = 1'700'000'000) const;

 private:
  std::string name_, bare_;
  TemporaryDirectory work_;
};

/// A program that runs until destroyed, and the first line it printed.
class Program {
 public:
  explicit Program(const std::string& command);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  const std::string& line() const { return line_; }

 private:
  int pid_ = -1;
  std::string line_;
};

/// git_server.py.
class TestServer {
 public:
  /// `flags` as of git_server.py, e.g. "--tls --ssh".
  explicit TestServer(const std::string& flags);
  const std::string& root() const { return root_.path(); }
  /// A value of the line that it prints: "http", "https", "ca", "ssh", "identity", "known_hosts".
  std::string operator[](const std::string& key) const;
  GitUrl Url(const std::string& scheme, const TestRepository& repository) const;
  Credentials Ssh() const;

 private:
  TemporaryDirectory root_;
  Program program_;
  std::map<std::string, std::string> state_;
};

/// The error's message, or what is wrong with the test.
template <class T>
std::string MessageOf(const base::Result<T>& result) {
  return result ? "no error" : result.error().message;
}
template <class T>
std::string ReasonOf(const base::Result<T>& result) {
  return result ? "none" : std::string(base::ToString(result.error().reason));
}

/// `path=content` (or `path/` for an empty directory; `*` after an executable), one a line, sorted: all that a tree shows.
std::string Shown(const base::Files& files, const std::string& directory = ".");

}  // namespace sluice::sources
