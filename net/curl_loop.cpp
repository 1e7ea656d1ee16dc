#include "net/curl_loop.h"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>

namespace sluice::net {
namespace asio = boost::asio;

/// A socket of curl's, lent to Asio. At most one wait a direction; a wait that curl has lost interest in runs out unheard.
struct CurlLoop::Watch {
  Watch(asio::io_context& io, curl_socket_t s) : socket(s), descriptor(io, s) {}
  ~Watch() { Release(); }
  void Release() {
    if (descriptor.is_open()) descriptor.release();
  }
  bool Wants(bool write) const { return (want & (write ? CURL_POLL_OUT : CURL_POLL_IN)) != 0; }

  const curl_socket_t socket;
  asio::posix::stream_descriptor descriptor;
  int want = 0;                    ///< CURL_POLL_IN, CURL_POLL_OUT, both, or none
  bool armed[2] = {false, false};  ///< read, write
};

CurlLoop::CurlLoop(asio::io_context& io, long connections_per_host, OnDone on_done)
    : io_(io), timer_(io), on_done_(std::move(on_done)), multi_(curl_multi_init()) {
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &CurlLoop::SocketCallback);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &CurlLoop::TimerCallback);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_MAX_HOST_CONNECTIONS, connections_per_host);
}

// Sockets go back to curl before it closes them, and it is not to call us while we go.
CurlLoop::~CurlLoop() {
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, nullptr);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, nullptr);
  for (auto& [socket, watch] : watches_) {
    watch->want = 0;
    watch->Release();
  }
  curl_multi_cleanup(multi_);
}

int CurlLoop::SocketCallback(CURL*, curl_socket_t socket, int what, void* self, void*) {
  return static_cast<CurlLoop*>(self)->OnSocket(socket, what);
}

int CurlLoop::TimerCallback(CURLM*, long timeout_ms, void* self) {
  static_cast<CurlLoop*>(self)->OnTimer(timeout_ms);
  return 0;
}

int CurlLoop::OnSocket(curl_socket_t socket, int what) {
  const auto found = watches_.find(socket);
  if (what == CURL_POLL_REMOVE) {
    if (found == watches_.end()) return 0;
    found->second->want = 0;
    found->second->Release();
    watches_.erase(found);
    return 0;
  }
  try {
    std::shared_ptr<Watch> watch = found != watches_.end() ? found->second : std::make_shared<Watch>(io_, socket);
    if (found == watches_.end()) watches_.emplace(socket, watch);
    watch->want = what;
    Arm(watch, false);
    Arm(watch, true);
    return 0;
  } catch (const std::exception&) {  // epoll is full: curl fails the transfer
    return -1;
  }
}

void CurlLoop::Arm(const std::shared_ptr<Watch>& watch, bool write) {
  if (!watch->Wants(write) || watch->armed[write]) return;
  watch->armed[write] = true;
  const auto wait = write ? asio::posix::stream_descriptor::wait_write : asio::posix::stream_descriptor::wait_read;
  watch->descriptor.async_wait(wait, [weak = weak_from_this(), watch, write](const boost::system::error_code& error) {
    watch->armed[write] = false;
    const std::shared_ptr<CurlLoop> self = weak.lock();
    if (self && error != asio::error::operation_aborted) self->Ready(watch, write);
  });
}

// Acting may remove the watch (then it wants nothing) or change what it wants.
void CurlLoop::Ready(const std::shared_ptr<Watch>& watch, bool write) {
  if (!watch->Wants(write)) return;
  Act(watch->socket, write ? CURL_CSELECT_OUT : CURL_CSELECT_IN);
  Arm(watch, write);
}

// Curl forbids to act inside its callback, so even "now" waits for the next turn.
void CurlLoop::OnTimer(long timeout_ms) {
  const std::uint64_t turn = ++timer_turn_;
  timer_.cancel();
  if (timeout_ms < 0) return;
  auto act = [weak = weak_from_this(), turn](const boost::system::error_code& error) {
    const std::shared_ptr<CurlLoop> self = weak.lock();
    if (self && !error && self->timer_turn_ == turn) self->Act(CURL_SOCKET_TIMEOUT, 0);
  };
  if (timeout_ms == 0) {
    asio::post(io_, [act = std::move(act)] { act(boost::system::error_code()); });
    return;
  }
  timer_.expires_after(std::chrono::milliseconds(timeout_ms));
  timer_.async_wait(std::move(act));
}

void CurlLoop::Act(curl_socket_t socket, int events) {
  int running = 0;
  curl_multi_socket_action(multi_, socket, events, &running);
  ReportEnded();
}

void CurlLoop::ReportEnded() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg == CURLMSG_DONE) on_done_(message->easy_handle, message->data.result);
  }
}

}  // namespace sluice::net
