// A fork server whose jobs are captured: each frame names something to do, which is done, and what came of it is the answer. The first argument may be a
// file to open before the sandbox closes.
#include <fcntl.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "isolation/fork_server.h"

namespace {

using sluice::isolation::Channel;

std::string remembered;  // by one job, for the next to find
volatile char sink = 0;

std::string Outcome(long result) { return result < 0 ? std::string("refused: ") + std::strerror(errno) : "done"; }

std::string Connect() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  return Outcome(fd);
}

std::string Execute() {
  char name[] = "/bin/true", *arguments[] = {name, nullptr}, *environment[] = {nullptr};
  return Outcome(execve(name, arguments, environment));
}

std::string Open(const std::string& path) { return Outcome(open(path.c_str(), O_RDONLY)); }

int Nothing(void*) { return 0; }

std::string Thread() {
  static char stack[64 << 10];
  return Outcome(
      clone(Nothing, stack + sizeof stack, CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM, nullptr));
}

std::string ReadMemoryOfParent() {
  char byte = 0;
  const iovec here{&byte, 1}, there{&byte, 1};
  return Outcome(process_vm_readv(getpid(), &here, 1, &there, 1, 0));
}

std::string MakeExecutable() {
  void* page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return Outcome(mprotect(page, 4096, PROT_READ | PROT_EXEC));
}

std::string Allocate(std::size_t bytes) {
  try {
    const auto block = std::make_unique<char[]>(bytes);
    sink = block[bytes / 2];
    return "done";
  } catch (const std::bad_alloc&) {
    return "no memory";
  }
}

std::string Overflow(int depth) {
  char room[4096];
  std::memset(room, depth & 1, sizeof room);
  sink = room[depth & 4095];
  return depth < 0 ? std::string() : Overflow(depth + 1) + room[0];
}

std::string Ignored() {
  signal(SIGXCPU, SIG_IGN);
  while (true) sink = sink + 1;
}

std::string Descriptors() {
  std::string open;
  for (int fd = 0; fd < 64; ++fd) {
    char byte;
    if (recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || errno == EAGAIN)
      open += "s";  // a socket
    else if (errno == ENOTSOCK)
      open += "f";  // anything else that is open
  }
  return open;
}

std::string Environment() { return environ == nullptr || *environ == nullptr ? "empty" : *environ; }

const std::map<std::string, std::function<std::string(const std::string&)>>& Deeds() {
  static const std::map<std::string, std::function<std::string(const std::string&)>> deeds = {
      {"echo", [](const std::string& text) { return text; }},
      {"remember", [](const std::string& text) { return std::exchange(remembered, text); }},
      {"pid", [](const std::string&) { return std::to_string(getpid()); }},
      {"descriptors", [](const std::string&) { return Descriptors(); }},
      {"environment", [](const std::string&) { return Environment(); }},
      {"socket", [](const std::string&) { return Connect(); }},
      {"execve", [](const std::string&) { return Execute(); }},
      {"open", Open},
      {"unlink", [](const std::string& path) { return Outcome(unlink(path.c_str())); }},
      {"fork", [](const std::string&) { return Outcome(fork()); }},
      {"thread", [](const std::string&) { return Thread(); }},
      {"ptrace", [](const std::string&) { return Outcome(ptrace(PTRACE_TRACEME, 0, nullptr, nullptr)); }},
      {"process_vm_readv", [](const std::string&) { return ReadMemoryOfParent(); }},
      {"kill", [](const std::string& pid) { return Outcome(kill(std::atoi(pid.c_str()), 0)); }},
      {"tgkill", [](const std::string& pid) { return Outcome(syscall(SYS_tgkill, std::atoi(pid.c_str()), std::atoi(pid.c_str()), 0)); }},
      {"executable", [](const std::string&) { return MakeExecutable(); }},
      {"setrlimit",
       [](const std::string&) {
         const rlimit all{RLIM_INFINITY, RLIM_INFINITY};
         return Outcome(setrlimit(RLIMIT_AS, &all));
       }},
      {"io_uring", [](const std::string&) { return Outcome(syscall(425, 1, nullptr)); }},
      {"unshare", [](const std::string&) { return Outcome(unshare(CLONE_NEWUSER)); }},
      {"allocate", [](const std::string& mebibytes) { return Allocate(std::stoul(mebibytes) << 20); }},
      {"overflow", [](const std::string&) { return Overflow(1); }},
      {"abort", [](const std::string&) -> std::string { std::abort(); }},
      {"spin", [](const std::string&) { return Ignored(); }},
      {"exit", [](const std::string&) -> std::string { _exit(3); }},
  };
  return deeds;
}

void Job(Channel& channel) {
  while (true) {
    const auto frame = channel.Receive();
    if (!frame) return;
    const std::size_t space = frame->bytes.find(' ');
    const std::string word = frame->bytes.substr(0, space), rest = space == std::string::npos ? "" : frame->bytes.substr(space + 1);
    if (word == "huge") {  // announces more than it sends
      const char header[] = {'\xff', '\xff', '\xff', '\x7f', 1};
      for (int fd = 3; fd < 8 && write(fd, header, sizeof header) < 0;) ++fd;  // the only one that is open
      continue;
    }
    if (!channel.Send(frame->type, {Deeds().at(word)(rest)})) return;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "mute") return 0;
  sluice::isolation::ForkServerOptions options;
  options.limits = {.memory_bytes = 64u << 20, .cpu = std::chrono::seconds(1)};
  options.job = Job;
  options.prepare = [] { Deeds(); };
  return sluice::isolation::ServeForks(options);
}
