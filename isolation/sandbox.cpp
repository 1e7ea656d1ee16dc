// Three layers, each enough by itself for most of what a captured process might try: Landlock takes the file system away, seccomp the system calls that would reach
// anything else, and the descriptors that are open are what the parent left open: /dev/null and one socket.
//
// The seccomp filter is a list of what is allowed, in the kernel's classic BPF: the number of the call is compared with one entry after the other, and what
// matches none ends the process. Some entries look at one argument as well: no executable memory, no signal but to oneself, no fork but a plain one. Only numbers
// are looked at, never what a pointer points to, since that could change after the look.
#include "isolation/sandbox.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <vector>

#include "base/errno_text.h"
#include "base/sanitized.h"

namespace sluice::isolation {
namespace {

using base::Result;

base::Error Failed(const std::string& what) { return base::MakeError(base::Reason::Unavailable, what + ": " + base::ErrnoText(errno)); }

// ---- Landlock --------------------------------------------------------------------------------------------------------------------------

// Numbers and layout of linux/landlock.h, of which a distribution's headers may know an older edition than the kernel.
constexpr long kCreateRuleset = 444, kRestrictSelf = 446;
constexpr unsigned kAskVersion = 1;
struct Ruleset {
  std::uint64_t files, network, scoped;
};

Ruleset AllThatAbiKnows(long abi) {
  Ruleset rules{.files = (1ULL << 13) - 1, .network = 0, .scoped = 0};  // execute, write, read, list, remove and make of each type
  if (abi >= 2) rules.files |= 1ULL << 13;                              // link and rename across directories
  if (abi >= 3) rules.files |= 1ULL << 14;                              // truncate
  if (abi >= 4) rules.network = 3;                                      // bind and connect of TCP
  if (abi >= 5) rules.files |= 1ULL << 15;                              // ioctl on devices
  if (abi >= 6) rules.scoped = 3;                                       // abstract sockets and signals, of others
  return rules;
}

std::size_t SizeOfRules(long abi) { return abi >= 6 ? sizeof(Ruleset) : abi >= 4 ? offsetof(Ruleset, scoped) : offsetof(Ruleset, network); }

// ---- seccomp ---------------------------------------------------------------------------------------------------------------------------

#ifdef SLUICE_SANITIZED
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
#error "isolation/sandbox.cpp knows the system calls of x86-64 and arm64"
#endif

constexpr std::uint32_t kX32 = 0x40000000;  ///< where x86-64 numbers the calls of its third ABI

constexpr std::uint32_t Low(unsigned argument) { return offsetof(seccomp_data, args) + argument * sizeof(std::uint64_t); }

class Filter {
 public:
  Filter() {
    Add(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch));
    Jump(BPF_JEQ, kArchitecture, 1, 0);
    Kill();
    LoadNumber();
    Jump(BPF_JGE, kX32, 0, 1);
    Kill();
  }
  void Allow(std::initializer_list<long> calls) {
    for (const long call : calls) {
      Jump(BPF_JEQ, static_cast<std::uint32_t>(call), 0, 1);
      Allow();
    }
  }
  /// Only where the argument is `value` (both are 32 bits wide; the kernel takes no more of them).
  void AllowIf(long call, unsigned argument, std::uint32_t value) { AllowWhere(call, argument, BPF_JEQ, value, true); }
  /// Only where the argument has none of `bits`.
  void AllowWithout(long call, unsigned argument, std::uint32_t bits) { AllowWhere(call, argument, BPF_JSET, bits, false); }
  Result<void> Install() {
    Kill();
    const sock_fprog program{.len = static_cast<unsigned short>(code_.size()), .filter = code_.data()};
    if (syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) return Failed("seccomp");
    return {};
  }

 private:
  void AllowWhere(long call, unsigned argument, int test, std::uint32_t operand, bool outcome) {
    Jump(BPF_JEQ, static_cast<std::uint32_t>(call), 0, 4);
    Add(BPF_LD | BPF_W | BPF_ABS, Low(argument));
    Jump(test, operand, outcome ? 0 : 1, outcome ? 1 : 0);
    Allow();
    Kill();
  }
  void Add(int code, std::uint32_t k) { code_.push_back({static_cast<unsigned short>(code), 0, 0, k}); }
  void Jump(int test, std::uint32_t k, unsigned char if_so, unsigned char if_not) {
    code_.push_back({static_cast<unsigned short>(BPF_JMP | test | BPF_K), if_so, if_not, k});
  }
  void LoadNumber() { Add(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)); }
  void Allow() { Add(BPF_RET | BPF_K, SECCOMP_RET_ALLOW); }
  void Kill() { Add(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS); }

  std::vector<sock_filter> code_;
};

/// Memory, time, talking over what is open, ending: what any program is made of.
void AllowComputing(Filter& filter) {
  filter.Allow({__NR_recvfrom,       __NR_sendmsg,      __NR_futex,        __NR_munmap,
                __NR_mremap,         __NR_madvise,      __NR_brk,          __NR_clock_gettime,
                __NR_gettimeofday,   __NR_getrandom,    __NR_sched_yield,  __NR_restart_syscall,
                __NR_rt_sigprocmask, __NR_rt_sigaction, __NR_rt_sigreturn, __NR_sigaltstack,
                __NR_getpid,         __NR_gettid,       __NR_close,        __NR_exit,
                __NR_exit_group,     __NR_ppoll,
#ifdef __NR_poll
                __NR_poll,
#endif
                __NR_read,           __NR_write});
  filter.AllowWithout(__NR_mmap, 2, PROT_EXEC);
  filter.AllowWithout(__NR_mprotect, 2, PROT_EXEC);
}

void AllowServing(Filter& filter) {
  filter.Allow({__NR_recvmsg, __NR_wait4, __NR_getppid, __NR_set_robust_list});
  filter.AllowIf(__NR_clone, 0, CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD);  // fork() of glibc, nothing shared
  filter.AllowIf(__NR_prctl, 0, PR_SET_PDEATHSIG);
  filter.AllowIf(__NR_seccomp, 0, SECCOMP_SET_MODE_FILTER);
}

// ---- Limits ----------------------------------------------------------------------------------------------------------------------------

Result<void> Limit(int what, rlim_t soft, rlim_t hard, const std::string& name) {
  const rlimit limit{.rlim_cur = soft, .rlim_max = hard};
  if (setrlimit(static_cast<__rlimit_resource>(what), &limit) != 0) return Failed("setrlimit(" + name + ")");
  return {};
}

/// Bytes of address space that are mapped now.
Result<std::size_t> MappedBytes() {
  std::FILE* file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return Failed("/proc/self/statm");
  unsigned long pages = 0;
  const int read = std::fscanf(file, "%lu", &pages);
  std::fclose(file);
  if (read != 1) return Failed("/proc/self/statm");
  return pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

Result<bool> LimitMemory(std::size_t bytes) {
  if (kSanitized) return false;
  TRY(const std::size_t mapped, MappedBytes());
  TRY(Limit(RLIMIT_AS, mapped + bytes, mapped + bytes, "AS"));
  return true;
}

}  // namespace

Result<int> LockOutFiles() {
  const long abi = syscall(kCreateRuleset, nullptr, 0, kAskVersion);
  if (abi < 0 && (errno == ENOSYS || errno == EOPNOTSUPP || errno == EPERM)) return 0;  // EPERM: the filter of an older container runtime
  if (abi < 0) return Failed("landlock_create_ruleset");
  const Ruleset rules = AllThatAbiKnows(abi);
  const long ruleset = syscall(kCreateRuleset, &rules, SizeOfRules(abi), 0);
  if (ruleset < 0) return Failed("landlock_create_ruleset");
  const long done = syscall(kRestrictSelf, ruleset, 0);
  const int why = errno;
  close(static_cast<int>(ruleset));
  errno = why;
  if (done != 0) return Failed("landlock_restrict_self");
  return static_cast<int>(abi);
}

Result<void> RestrictSystemCalls(Role role) {
  Filter filter;
  AllowComputing(filter);
  if (role == Role::ForkServer) {
    AllowServing(filter);
    filter.Allow({__NR_tgkill});  // of itself; a job's own filter, which knows its process id, is stricter
  } else {
    filter.AllowIf(__NR_tgkill, 0, static_cast<std::uint32_t>(getpid()));
  }
  return filter.Install();
}

Result<Confinement> Confine(const Limits& limits) {
  constexpr rlim_t kDescriptors = 16;
  Confinement out;
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return Failed("prctl(PR_SET_NO_NEW_PRIVS)");
  if (!kSanitized && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return Failed("prctl(PR_SET_DUMPABLE)");
  TRY(Limit(RLIMIT_CORE, 0, 0, "CORE"));
  TRY(Limit(RLIMIT_NOFILE, kDescriptors, kDescriptors, "NOFILE"));
  const auto cpu = static_cast<rlim_t>(limits.cpu.count());
  TRY(Limit(RLIMIT_CPU, cpu, cpu + 1, "CPU"));
  TRY(out.memory, LimitMemory(limits.memory_bytes));  // while /proc can still be read
  TRY(out.landlock, LockOutFiles());
  if (!kSanitized) {
    TRY(RestrictSystemCalls(Role::ForkServer));
    out.syscalls = true;
  }
  return out;
}

}  // namespace sluice::isolation
