#include "cli/hardening.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace sluice::cli {
namespace {

/// What a process that was hardened finds of itself; 0: all as it should be.
int LookInside(const std::string& file) {
  const bool closed = KeepSecretsInside();
  rlimit core{};
  if (getrlimit(RLIMIT_CORE, &core) != 0 || core.rlim_cur != 0 || core.rlim_max != 0) return 1;
  const int fd = open(file.c_str(), O_WRONLY | O_CREAT, 0666);
  struct stat made{};
  if (fd < 0 || fstat(fd, &made) != 0 || (made.st_mode & 0777) != 0600) return 2;
  return (prctl(PR_GET_DUMPABLE) == 0) == closed ? 0 : 3;
}

// T6, T58
TEST(Hardening, T58NoCoreNoLookInsideNoFileForOthers) {
  char folder[] = "/tmp/sluice-hardening-XXXXXX";
  ASSERT_NE(mkdtemp(folder), nullptr);
  const std::string file = std::string(folder) + "/made";
  const pid_t child = fork();  // the test's own process stays as it is
  if (child == 0) _exit(LookInside(file));
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0) << "1: core files, 2: modes of files, 3: dumpable";
  unlink(file.c_str());
  rmdir(folder);
}

}  // namespace
}  // namespace sluice::cli
