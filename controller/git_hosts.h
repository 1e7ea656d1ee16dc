// controller/git_hosts.h: how reconcilers call Git hosts, and plugins of kubeconfigs: on threads that wait, never on those that compute. For .cpp files, since it
// awaits.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/await.h"
#include "net/host_pool.h"
#include "sources/git/url.h"

namespace sluice::controller {

/// What calls for the same purpose to the same host have in common, for net::HostPool. `what`: "look" (short) or "fetch".
inline std::string HostOf(std::string_view what, const sources::GitUrl& url) {
  return std::string(what) + " " + url.host + ":" + std::to_string(url.port);
}

/// `call`, which blocks and owns what it uses, with a thread of `pool`. `on_wait` hears before and after, so that the run gives its place to others meanwhile.
/// Errors: the call's; those of HostPool::Run.
template <class T>
net::Task<base::Result<T>> AskHost(net::HostPool& pool, std::string host, std::function<void(bool)> on_wait,
                                   std::function<base::Result<T>(std::stop_token)> call) {
  auto answer = std::make_shared<std::optional<base::Result<T>>>();
  auto ask = [answer, call = std::move(call)](std::stop_token stop) { answer->emplace(call(std::move(stop))); };
  on_wait(true);
  net::Task<base::Result<void>> asking = pool.Run(std::move(host), std::move(ask));
  base::Result<void> asked = co_await std::move(asking);
  on_wait(false);
  if (!asked) co_return std::move(asked).error();
  co_return *std::move(*answer);
}

}  // namespace sluice::controller
