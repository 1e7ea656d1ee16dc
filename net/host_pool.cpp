// HostPool: all books are kept on the I/O thread. A call gets a thread when it begins, and the thread ends with it: that costs microseconds where an answer takes
// milliseconds, and nothing is kept for calls that nobody makes.
#include "net/host_pool.h"

#include <deque>
#include <map>
#include <set>
#include <system_error>
#include <thread>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "net/await.h"
#include "net/job.h"

namespace sluice::net {
namespace asio = boost::asio;

namespace {

struct HostJob : Job {
  std::string host;
  std::thread thread;
  bool refused = false;  ///< there was no thread to be had
};
using SharedJob = std::shared_ptr<HostJob>;

struct Host {
  std::deque<SharedJob> queue;
  std::size_t active = 0;
};

}  // namespace

struct HostPool::Impl : std::enable_shared_from_this<Impl> {
  Impl(asio::io_context& context, HostPoolOptions opts) : io(context), options(opts) {}

  asio::io_context& io;
  const HostPoolOptions options;
  std::map<std::string, Host> hosts;  ///< those with calls
  std::deque<std::string> turns;      ///< those whose calls wait, each once
  std::set<SharedJob> running;
  bool closing = false;

  void Add(const SharedJob& job) {
    Host& host = hosts[job->host];
    if (host.queue.empty()) turns.push_back(job->host);
    host.queue.push_back(job);
    Pump();
  }

  bool HasRoom(const Host& host) const { return host.active < (running.size() < options.calls / 2 ? options.share : 1); }

  /// Begins what may begin. Looks at each host once after the last that could.
  void Pump() {
    std::size_t looked = 0;
    while (looked < turns.size() && running.size() < options.calls) {
      const std::string name = std::move(turns.front());
      turns.pop_front();
      Host& host = hosts.at(name);
      if (!HasRoom(host) || !Begin(host)) {
        turns.push_back(name);
        ++looked;
        continue;
      }
      if (host.queue.empty())
        Tidy(name);
      else
        turns.push_back(name);
      looked = 0;
    }
  }

  /// False: there is no thread to be had now. The next call that ends makes room for one; where none is under way, the caller is told.
  bool Begin(Host& host) {
    const SharedJob job = host.queue.front();
    try {
      running.insert(job);
      job->thread = std::thread([self = shared_from_this(), job] { Work(self, job); });
    } catch (const std::system_error&) {
      running.erase(job);
      if (!running.empty()) return false;
      job->refused = true;
      host.queue.pop_front();
      job->waiter->Finish();
      return true;
    }
    host.queue.pop_front();
    ++host.active;
    return true;
  }

  static void Work(const std::shared_ptr<Impl>& self, const SharedJob& job) {
    job->Do();
    asio::post(self->io, [self, job] { self->End(job); });
  }

  void End(const SharedJob& job) {
    if (job->thread.joinable()) job->thread.join();  // it has nothing left to do
    running.erase(job);
    --hosts.at(job->host).active;
    Tidy(job->host);
    if (job->waiter) job->waiter->Finish();
    if (!closing) Pump();
  }

  void Tidy(const std::string& name) {
    const auto at = hosts.find(name);
    if (at->second.queue.empty() && at->second.active == 0) hosts.erase(at);
  }

  void Abandon(const SharedJob& job) {
    const auto at = hosts.find(job->host);
    if (at == hosts.end() || std::erase(at->second.queue, job) == 0) return;
    if (at->second.queue.empty()) std::erase(turns, job->host);
    Tidy(job->host);
  }

  void Close() {
    closing = true;
    for (const SharedJob& job : running) job->stop.request_stop();
    for (auto& [name, host] : hosts) {
      for (const SharedJob& job : std::exchange(host.queue, {}))
        if (job->waiter) job->waiter->Finish(Wake::Canceled);
    }
    turns.clear();
    for (const SharedJob& job : running) job->thread.join();
  }
};

HostPool::HostPool(asio::io_context& io, HostPoolOptions options) : impl_(std::make_shared<Impl>(io, options)) {}
HostPool::~HostPool() { impl_->Close(); }

std::size_t HostPool::active() const { return impl_->running.size(); }

std::size_t HostPool::queued() const {
  std::size_t count = 0;
  for (const auto& [name, host] : impl_->hosts) count += host.queue.size();
  return count;
}

Task<base::Result<void>> HostPool::Run(std::string host, Call call) {
  const std::shared_ptr<Impl> impl = impl_;  // the pool may go while we wait
  auto job = std::make_shared<HostJob>();
  job->host = std::move(host);
  job->work = std::move(call);
  Task<base::Result<void>> waiting = Await(job, [impl, job] { impl->Add(job); }, [impl, job] { impl->Abandon(job); });
  CO_TRY(co_await std::move(waiting));
  if (job->refused) co_return base::MakeError(base::Reason::Unavailable, "there is no thread to be had for a call to " + job->host);
  co_return base::Result<void>{};
}

}  // namespace sluice::net
