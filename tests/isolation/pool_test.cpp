// Jobs of a real worker process (sample_worker.cpp), which do what a captured parser might.
#include "isolation/pool.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <set>
#include <thread>

#include "base/sanitized.h"
#include "isolation/sandbox.h"

namespace sluice::isolation {
namespace {

using base::Reason;
using base::Result;

PoolOptions Options(std::size_t workers = 1) {
  PoolOptions options;
  options.command = {SLUICE_SAMPLE_WORKER};
  options.workers = workers;
  options.job_deadline = std::chrono::minutes(5);
  return options;
}

/// What a job answers to `order`; the error of the pool, with its reason in front.
std::string Ask(Pool& pool, const std::string& order, const std::string& key = "", std::stop_token stop = {}) {
  std::string answer;
  const Result<void> done = pool.Run(
      key,
      [&](Channel& channel) -> Result<void> {
        TRY(channel.Send(1, {order}));
        TRY(Frame frame, channel.Receive());
        answer = std::move(frame.bytes);
        return {};
      },
      std::move(stop));
  return done ? answer : std::string(ToString(done.error().reason)) + ": " + done.error().message;
}

#ifdef SLUICE_SANITIZED
constexpr bool kConfined = false;
#else
constexpr bool kConfined = true;
#endif

/// A file with a secret in it, as a token is.
class Token {
 public:
  Token() {
    close(mkstemp(path_));
    std::ofstream(path_) << "secret";
  }
  ~Token() { unlink(path_); }
  std::string path() const { return path_; }

 private:
  char path_[32] = "/tmp/sluice-token-XXXXXX";
};

TEST(Pool, AJobIsTalkedTo) {
  Pool pool(Options(), base::Logger::Null());
  EXPECT_EQ(Ask(pool, "echo hello"), "hello");
  EXPECT_EQ(Ask(pool, "echo " + std::string(3'000'000, 'x')), std::string(3'000'000, 'x'));
  EXPECT_EQ(Ask(pool, "echo "), "");
}

TEST(Pool, AJobStartsFromNothing) {
  setenv("SLUICE_TEST_SECRET", "secret", 1);
  Pool pool(Options(), base::Logger::Null());
  EXPECT_EQ(Ask(pool, "environment"), "empty");
  EXPECT_EQ(Ask(pool, "descriptors"), "fffs") << "three times /dev/null and one socket";
}

// T84: a captured job reaches nothing.
TEST(Pool, T84WhatAJobHasNoNeedOfEndsIt) {
  if (!kConfined) GTEST_SKIP() << "seccomp is off under sanitizers";
  const Token token;
  Pool pool(Options(), base::Logger::Null());
  const std::string self = std::to_string(getpid());
  for (const std::string& deed :
       {std::string("socket"), std::string("execve"), "open " + token.path(),
        std::string("open /var/run/secrets/kubernetes.io/serviceaccount/token"), "unlink " + token.path(), std::string("fork"),
        std::string("thread"), std::string("ptrace"), std::string("process_vm_readv"), "kill " + self, "tgkill " + self,
        std::string("executable"), std::string("setrlimit"), std::string("io_uring"), std::string("unshare")}) {
    EXPECT_EQ(Ask(pool, deed), "Internal: the process ended by SIGSYS: a system call that it has no need of") << deed;
    EXPECT_EQ(Ask(pool, "echo next"), "next") << "after " << deed;
  }
  EXPECT_EQ(access(token.path().c_str(), R_OK), 0);
}

/// What a forked process, which may shut itself in, ends with.
int InAProcess(const std::function<int()>& what) {
  const pid_t child = fork();
  if (child == 0) _exit(what());
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

// T84: files are out of reach without seccomp, too.
TEST(Sandbox, T84NoFileCanBeOpened) {
  const Token token;
  const int outcome = InAProcess([&] {
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return 2;
    const Result<int> abi = LockOutFiles();
    if (!abi) return 3;
    if (*abi == 0) return 4;
    const bool read = open(token.path().c_str(), O_RDONLY) < 0 && errno == EACCES;
    const bool made = open("/tmp/sluice-made-behind-landlock", O_WRONLY | O_CREAT, 0600) < 0 && errno == EACCES;
    return read && made ? 0 : 1;
  });
  if (outcome == 4) GTEST_SKIP() << "this kernel has no Landlock";
  EXPECT_EQ(outcome, 0);
}

TEST(Pool, AFailedJobIsOneProcess) {
  Pool pool(Options(), base::Logger::Null());
  EXPECT_EQ(Ask(pool, "exit"), "Internal: the process ended with code 3");
  if (kConfined) {
    EXPECT_EQ(Ask(pool, "abort"), "Internal: the process ended by SIGABRT");
    EXPECT_EQ(Ask(pool, "overflow"), "Internal: the process ended by SIGSEGV");
  }
  EXPECT_EQ(Ask(pool, "echo alive"), "alive");
}

TEST(Pool, MemoryHasALimit) {
  if (!kConfined) GTEST_SKIP() << "the limit is off under sanitizers";
  Pool pool(Options(), base::Logger::Null());
  EXPECT_EQ(Ask(pool, "allocate 48"), "done");
  EXPECT_EQ(Ask(pool, "allocate 80"), "no memory");
}

TEST(Pool, T78TimeHasALimit) {
  PoolOptions options = Options();
  options.job_deadline = std::chrono::milliseconds(300);
  Pool pool(options, base::Logger::Null());
  EXPECT_EQ(Ask(pool, "spin"), "Internal: the process gave no result within 300ms");
  EXPECT_EQ(Ask(pool, "echo alive"), "alive");
  options.job_deadline = std::chrono::minutes(10);  // however busy the machine is
  Pool patient(options, base::Logger::Null());
  EXPECT_EQ(Ask(patient, "spin"), "Internal: the process ended by SIGKILL") << "no CPU time is left, and the warning was ignored";
}

TEST(Pool, AFrameThatIsTooLongEndsTheConversation) {
  Pool pool(Options(), base::Logger::Null());
  EXPECT_EQ(Ask(pool, "huge"), "Internal: a frame of 2147483647 bytes is over the limit of 83886080");
  EXPECT_EQ(Ask(pool, "echo alive"), "alive");
}

TEST(Pool, T84AProcessSeesJobsOfOneKeyOnly) {
  Pool pool(Options(), base::Logger::Null());
  const std::string first = Ask(pool, "pid", "a");
  EXPECT_EQ(Ask(pool, "remember ours", "a"), "");
  EXPECT_EQ(Ask(pool, "remember more", "a"), "ours");
  EXPECT_EQ(Ask(pool, "pid", "a"), first);
  EXPECT_EQ(Ask(pool, "remember theirs", "b"), "") << "another key";
  EXPECT_EQ(Ask(pool, "remember again", "a"), "") << "the process is gone";
  EXPECT_EQ(Ask(pool, "remember secret"), "") << "without a key each job is alone";
  EXPECT_EQ(Ask(pool, "remember secret"), "");
}

TEST(Pool, AProcessIsReplacedInTime) {
  PoolOptions options = Options();
  options.jobs_per_process = 3;
  options.bytes_per_process = 10'000;
  options.jobs_per_server = 4;
  Pool pool(options, base::Logger::Null());
  std::set<std::string> seen;
  for (int i = 0; i < 6; ++i) seen.insert(Ask(pool, "pid", "a"));
  EXPECT_EQ(seen.size(), 2u);
  Ask(pool, "remember x", "b");
  EXPECT_EQ(Ask(pool, "echo " + std::string(10'000, 'x'), "b").size(), 10'000u);
  EXPECT_EQ(Ask(pool, "remember y", "b"), "") << "so many bytes";
  for (int i = 0; i < 10; ++i) EXPECT_EQ(Ask(pool, "echo " + std::to_string(i)), std::to_string(i)) << "several fork servers";
}

TEST(Pool, JobsRunSideBySide) {
  Pool pool(Options(2), base::Logger::Null());
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) {
        const std::string text = std::to_string(t) + "-" + std::to_string(i);
        right += Ask(pool, "echo " + text, i % 3 == 0 ? "" : "key " + std::to_string(t)) == text ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 80);
}

TEST(Pool, T78JobsThatTakeLongHoldUpNoOther) {
  PoolOptions options = Options(1);
  options.patience = std::chrono::milliseconds(30);
  Pool pool(options, base::Logger::Null());
  std::stop_source source;
  std::atomic<int> ended = 0;
  std::vector<std::thread> hung;
  for (int i = 1; i < 4; ++i) {
    hung.emplace_back([&] {
      EXPECT_EQ(Ask(pool, "spin", "", source.get_token()), "Canceled: the job was given up");
      ++ended;
    });
    for (int j = 0; j < 3; ++j) EXPECT_EQ(Ask(pool, "echo alive"), "alive");
  }
  EXPECT_EQ(ended, 0);
  source.request_stop();
  for (std::thread& thread : hung) thread.join();
  EXPECT_EQ(Ask(pool, "echo alive"), "alive");
}

TEST(Pool, AJobIsGivenUp) {
  Pool pool(Options(), base::Logger::Null());
  std::stop_source source;
  std::thread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    source.request_stop();
  });
  EXPECT_EQ(Ask(pool, "spin", "", source.get_token()), "Canceled: the job was given up");
  stopper.join();
  EXPECT_EQ(Ask(pool, "echo alive"), "alive");
}

/// The state of a process (R, S, Z, ...) and its parent, from /proc; state 0 if there is none.
struct ProcessState {
  char state = 0;
  pid_t parent = 0;
  bool runs() const { return state != 0 && state != 'Z' && state != 'X'; }
};

ProcessState StateOf(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(file, text);
  const std::size_t end = text.rfind(')');
  if (end == std::string::npos) return {};
  return {text[end + 2], std::stoi(text.substr(end + 4))};
}

/// Whether `pid` is gone before `patience` has passed.
bool Goes(pid_t pid, std::chrono::milliseconds patience) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (StateOf(pid).runs()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

TEST(Pool, AKilledServerIsReplaced) {
  Pool pool(Options(), base::Logger::Null());
  const pid_t job = std::stoi(Ask(pool, "pid", "a")), server = StateOf(job).parent;
  ASSERT_EQ(StateOf(server).parent, getpid());
  kill(server, SIGKILL);
  EXPECT_TRUE(Goes(job, std::chrono::seconds(5))) << "the job ends with its server";
  EXPECT_EQ(Ask(pool, "echo cut off", "a"), "Internal: the process ended by SIGKILL");
  EXPECT_EQ(Ask(pool, "echo alive", "a"), "alive");
}

TEST(Pool, WhatCannotBeStartedIsSaid) {
  PoolOptions options = Options();
  options.command = {"/nonexistent/sluice"};
  Pool absent(options, base::Logger::Null());
  EXPECT_EQ(Ask(absent, "echo x"), "Unavailable: a worker process cannot be started: /nonexistent/sluice: No such file or directory");
  options.command = {SLUICE_SAMPLE_WORKER, "mute"};
  Pool mute(options, base::Logger::Null());
  EXPECT_EQ(Ask(mute, "echo x"), "Unavailable: a worker process cannot be confined: it ended with code 0");
}

// SIGKILL of the parent: nothing of it is left.
TEST(Pool, WorkersEndWithTheirParent) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t parent = fork();
  if (parent == 0) {
    Pool pool(Options(), base::Logger::Null());
    const std::string job = Ask(pool, "pid", "a") + "\n";
    if (write(ends[1], job.data(), job.size()) < 0) _exit(1);
    Ask(pool, "spin", "a");
    _exit(0);
  }
  close(ends[1]);
  char text[32] = {};
  ASSERT_GT(read(ends[0], text, sizeof text - 1), 0);
  close(ends[0]);
  const pid_t job = std::atoi(text);
  ASSERT_TRUE(StateOf(job).runs());
  const pid_t server = StateOf(job).parent;
  kill(parent, SIGKILL);
  waitpid(parent, nullptr, 0);
  EXPECT_TRUE(Goes(job, std::chrono::milliseconds(700))) << "it has CPU time for longer";
  EXPECT_TRUE(Goes(server, std::chrono::milliseconds(700)));
}

}  // namespace
}  // namespace sluice::isolation
