#include "tests/sources/fixture.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <stdexcept>

#include "sources/git/library.h"

namespace sluice::sources {
namespace {

namespace fs = std::filesystem;

/// libgit2 for the whole run, as cli/ has it.
class LibraryEnvironment : public testing::Environment {
 public:
  void SetUp() override { library_ = std::make_unique<GitLibrary>(); }
  void TearDown() override { library_.reset(); }

 private:
  std::unique_ptr<GitLibrary> library_;
};
[[maybe_unused]] testing::Environment* const kLibrary = testing::AddGlobalTestEnvironment(new LibraryEnvironment);

}  // namespace

TemporaryDirectory::TemporaryDirectory() {
  std::string pattern = fs::temp_directory_path().string() + "/sluice-sources-XXXXXX";
  if (!mkdtemp(pattern.data())) throw std::runtime_error("mkdtemp");
  path_ = pattern;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code error;
  fs::remove_all(path_, error);
}

std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

void WriteFile(const std::string& path, std::string_view text) {
  fs::create_directories(fs::path(path).parent_path());
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

std::string Shell(const std::string& command) {
  FILE* pipe = popen(("exec 2>&1; " + command).c_str(), "r");
  std::string out;
  char buffer[4096];
  while (const std::size_t got = fread(buffer, 1, sizeof buffer, pipe)) out.append(buffer, got);
  if (pclose(pipe) != 0) throw std::runtime_error(command + ": " + out);
  while (out.ends_with('\n')) out.pop_back();
  return out;
}

TestRepository::TestRepository(const std::string& root, const std::string& name) : name_(name), bare_(root + "/" + name + ".git") {
  Shell("git init -q --bare -b main " + bare_);
}

std::string TestRepository::Git(const std::string& arguments) const {
  return Shell("export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null GIT_DIR=" + bare_ + " GIT_WORK_TREE=" + work() +
               "; cd $GIT_WORK_TREE; git -c core.bare=false -c user.name=Fleet -c user.email=fleet@example.com -c gc.auto=0 " + arguments);
}

std::string TestRepository::Commit(const std::string& message, long time) const {
  const std::string date = std::to_string(time) + " +0000";
  Shell("export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null GIT_DIR=" + bare_ + " GIT_WORK_TREE=" + work() +
        " GIT_AUTHOR_DATE='" + date + "' GIT_COMMITTER_DATE='" + date +
        "'; cd $GIT_WORK_TREE; git -c core.bare=false add -A -f . && git -c core.bare=false -c gc.auto=0 -c user.name=Fleet " +
        "-c user.email=fleet@example.com commit -q --allow-empty -m '" + message + "'");
  return Git("rev-parse HEAD");
}

Program::Program(const std::string& command) {
  int out[2];
  if (pipe(out) != 0) throw std::runtime_error("pipe");
  pid_ = fork();
  if (pid_ == 0) {
    dup2(out[1], STDOUT_FILENO);
    close(out[0]);
    close(out[1]);
    execl("/bin/sh", "sh", "-c", ("exec " + command).c_str(), nullptr);
    _exit(127);
  }
  close(out[1]);
  for (char c; read(out[0], &c, 1) == 1 && c != '\n';) line_ += c;
  close(out[0]);
  if (line_.empty()) throw std::runtime_error("did not start: " + command);
}

Program::~Program() {
  kill(pid_, SIGTERM);
  waitpid(pid_, nullptr, 0);
}

TestServer::TestServer(const std::string& flags)
    : program_(std::string("python3 ") + SLUICE_SOURCE_DIR + "/tests/fixtures/git_server.py serve --root " + root_.path() +
               " --owner-pid " + std::to_string(getpid()) + " " + flags) {
  const std::regex pair("\"(\\w+)\": \"([^\"]*)\"");
  const std::string& line = program_.line();
  for (std::sregex_iterator it(line.begin(), line.end(), pair), end; it != end; ++it) state_[(*it)[1]] = (*it)[2];
}

std::string TestServer::operator[](const std::string& key) const { return state_.at(key); }

GitUrl TestServer::Url(const std::string& scheme, const TestRepository& repository) const {
  return ParseGitUrl(state_.at(scheme) + "/" + repository.name() + ".git").value();
}

Credentials TestServer::Ssh() const {
  Credentials credentials;
  credentials.identity = ReadFile(state_.at("identity"));
  credentials.known_hosts = ReadFile(state_.at("known_hosts"));
  return credentials;
}

std::string Shown(const base::Files& files, const std::string& directory) {
  const auto entries = files.List(directory);
  if (!entries) return "error: " + entries.error().message + "\n";
  std::string out;
  for (const base::FileInfo& entry : *entries) {
    const std::string path = directory == "." ? entry.name : directory + "/" + entry.name;
    if (entry.type == base::FileType::Directory) {
      const std::string below = Shown(files, path);
      out += below.empty() ? path + "/\n" : below;
    } else if (entry.type == base::FileType::Symlink) {
      out += path + " -> link\n";
    } else {
      out += path + (entry.executable ? "*" : "") + "=" + files.Read(path).value_or("unreadable") + "\n";
    }
  }
  return out;
}

}  // namespace sluice::sources
