// The sandbox container of every pod on a real test node: holds the pod's namespaces open until it is told to end, and reaps
// what is left to it when pods share a process namespace. Linked statically; it is the whole of its image.
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

int main(void) {
  sigset_t awaited;
  sigemptyset(&awaited);
  sigaddset(&awaited, SIGTERM);
  sigaddset(&awaited, SIGINT);
  sigaddset(&awaited, SIGCHLD);
  sigprocmask(SIG_BLOCK, &awaited, 0);
  for (;;) {
    const int received = sigwaitinfo(&awaited, 0);
    if (received == SIGTERM || received == SIGINT) {
      return 0;
    }
    while (waitpid(-1, 0, WNOHANG) > 0) {
    }
  }
}
